// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/engine/interfaces.h"

#include <string.h>

#include "base/log.h"
#include "base/why.h"
#include "core/model/model.h"
#include "daemon/engine/engine.h"
#include "dp/dp.h"
#include "dp/interfaces.h"

void interfaces_attach(struct engine *e, const struct model *before)
{
	for (size_t i = 0; i < e->model.interface_count; i++) {
		const char *name = e->model.interfaces[i].name, *mode;
		struct why why;

		if (model_interface(before, name))
			continue;
		if (dp_attach(e->dp, name, DP_MODE_ANY, &mode, &why))
			log_warn("attach %s", why.text);
		else
			log_info("attached to %s (%s)", name, mode);
	}
}

static void interfaces_detach(struct engine *e, const struct model *before)
{
	struct why why;

	for (size_t i = 0; i < before->interface_count; i++)
		if (!model_interface(&e->model, before->interfaces[i].name) &&
		    dp_detach(e->dp, before->interfaces[i].name, &why))
			log_warn("detach %s", why.text);
}

void interfaces_follow(struct engine *e, const struct model *before)
{
	interfaces_detach(e, before);
	interfaces_attach(e, before);
}
