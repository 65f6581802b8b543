// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "daemon/control/request.h"
#include "daemon/control/verbs.h"
#include "daemon/engine/vlans.h"
#include "daemon/engine/wishes.h"
#include "daemon/net/abilities.h"
#include "daemon/net/devices.h"
#include "daemon/watch/daemon.h"
#include "dp/dp.h"
#include "dp/interfaces.h"
#include "proto/proto.h"

/* What the interface needs beside, for people; null: nothing is known. */
static json_t *attach_note(const struct engine *e, const char *name)
{
	const struct device *device = devices_named(e->devices, name);
	struct ability ability;

	if (!device || ability_get(device->ifindex, &ability) || strcmp(ability.kind, "veth"))
		return json_null();
	return json_sprintf("%s: a veth: its far end must finish checksums and send no trains of "
			    "segments: want `ethtool -K DEV tx off` there", name);
}

int verb_attach(struct daemon *d, const json_t *request, struct answer *a)
{
	const char *name = request_need(request, "interface", a), *mode, *became;
	enum dp_mode wanted = DP_MODE_ANY;
	int err;

	if (!name)
		return -EINVAL;
	mode = request_text(request, "mode");
	if (mode && !strcmp(mode, "native"))
		wanted = DP_MODE_NATIVE;
	else if (mode && !strcmp(mode, "generic"))
		wanted = DP_MODE_GENERIC;
	else if (mode)
		return answer_wrong(a, "mode", mode, "native or generic");
	engine_attaching(d->engine);
	if (engine_keeps(d->engine, &a->why) ||
	    dp_attach(d->engine->dp, vlans_carrier_name(d->engine, name), wanted, &became, &a->why)) {
		a->code = EXIT_NO;
		return -EINVAL;
	}
	a->data = json_pack("{s:s, s:s, s:o}", "interface", name, "mode", became, "note",
			    attach_note(d->engine, name));
	err = change_do(d, request, edit_attach, 0, a);
	engine_attaching(d->engine);
	wishes_look(d->engine);		/* from now on, who takes the program off is another hand */
	return err;
}

int verb_detach(struct daemon *d, const json_t *request, struct answer *a)
{
	const char *name = request_need(request, "interface", a);
	const struct interface *interface;
	const struct device *carrier;
	int err;

	if (!name)
		return -EINVAL;
	interface = model_interface(&d->engine->model, name);
	if (interface && interface->no_program)
		return answer_no(a, EXIT_NO, "%s: not attached: it is configured with `attach: false`",
				 name);
	engine_attaching(d->engine);
	carrier = vlans_carrier(d->engine, name);
	/* What is not attached may be wished still: that ends then. */
	err = engine_keeps(d->engine, &a->why);
	if (!err && (!carrier || !vlans_is_carrier(d->engine, &d->engine->model, carrier->ifindex, name)))
		err = dp_detach(d->engine->dp, carrier ? carrier->name : name, &a->why);
	if (err && (err != -ENOENT || !model_interface(&d->engine->model, name))) {
		a->code = EXIT_NO;
		return -EINVAL;
	}
	return change_do(d, request, edit_detach, 0, a);
}
