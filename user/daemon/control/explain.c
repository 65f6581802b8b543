// SPDX-License-Identifier: GPL-2.0-or-later
/* What the datapath would do with a frame. */
#include <errno.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/control/request.h"
#include "daemon/control/verbs.h"
#include "daemon/engine/engine.h"
#include "daemon/net/devices.h"
#include "daemon/view/view.h"
#include "daemon/watch/daemon.h"
#include "dp/tell/tell.h"
#include "proto/proto.h"

/* The device of that name; or, without one, the first interface that runs the program. */
static const struct device *entrance(const struct daemon *d, const char *name, struct answer *a)
{
	const struct engine *e = d->engine;
	const struct device *ret = NULL;

	if (name) {
		ret = devices_named(e->devices, name);
		if (!ret)
			answer_no(a, EXIT_NO, "%.20s: no such device", name);
		return ret;
	}
	for (size_t i = 0; i < e->wishes.count && !ret; i++)
		ret = e->wishes.list[i].ifindex ? devices_at(e->devices, e->wishes.list[i].carrier) : NULL;
	if (!ret)
		answer_no(a, EXIT_NO, "no interface runs the program: want --in DEVICE");
	return ret;
}

static int hex_read(const char *text, uint8_t *ret, size_t most, size_t *ret_len)
{
	size_t len = strlen(text) / 2;

	if (strlen(text) % 2 || len > most || strspn(text, "0123456789abcdefABCDEF") != 2 * len)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		const char digits[3] = { text[2 * i], text[2 * i + 1] };

		ret[i] = strtoul(digits, NULL, 16);
	}
	*ret_len = len;
	return 0;
}

/* "ours": the frame's receiver is to be the device, whatever it says. */
int verb_tell(struct daemon *d, const json_t *request, struct answer *a)
{
	const char *hex = request_need(request, "frame", a);
	uint8_t frame[DP_TELL_ASKED];
	const struct device *device;
	json_t *data;
	size_t len;
	int err;

	if (!hex)
		return -EINVAL;
	if (hex_read(hex, frame, sizeof(frame), &len) || len < ETH_HLEN)
		return answer_no(a, EXIT_WORDS, "frame: want %u to %u bytes in hexadecimal digits", ETH_HLEN,
				 DP_TELL_ASKED);
	device = entrance(d, request_text(request, "in"), a);
	if (!device)
		return -EINVAL;
	if (!d->explainer.tell && explainer_load(&d->explainer, d->engine->dp) && !d->explainer.tell)
		return answer_no(a, EXIT_NO, "the kernel did not take the program that explains: the log says why");
	if (request_flag(request, "ours"))
		memcpy(frame, device->mac, sizeof(device->mac));
	err = view_tell(d, frame, len, device->ifindex, &data);
	if (err == -EINVAL)
		return answer_no(a, EXIT_NO, "%s: the kernel does not take a frame of %zu bytes there: want a "
				 "device that is up and runs an XDP program", device->name, len);
	if (err)
		return answer_no(a, EXIT_NO, "%s: %s", device->name, errno_text(err));
	return answer_data(a, data);
}
