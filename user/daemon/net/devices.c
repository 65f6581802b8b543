// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/net/devices.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/log.h"
#include "base/loop.h"
#include "daemon/net/rtnl.h"

#define AGAIN_MS 1000		/* after a question without an answer */

struct devices {
	struct loop *loop;
	struct mnl_socket *events;
	struct loop_source source;
	struct loop_timer again;
	void (*changed)(void *context);
	void *context;
	struct device *list;		/* sorted by index */
	size_t count;
};

/* Where the device of that index is in the list, or would be. */
static size_t position(const struct devices *ds, uint32_t ifindex)
{
	size_t low = 0, high = ds->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (ds->list[middle].ifindex < ifindex)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(const struct devices *ds, size_t at, uint32_t ifindex)
{
	return at < ds->count && ds->list[at].ifindex == ifindex;
}

/* 1: the list has changed; 0: the device was there like that. */
static int put(struct devices *ds, const struct device *device)
{
	size_t at = position(ds, device->ifindex);
	struct device *list;

	if (is_at(ds, at, device->ifindex)) {
		if (!memcmp(&ds->list[at], device, sizeof(*device)))
			return 0;
		ds->list[at] = *device;
		return 1;
	}
	list = reallocarray(ds->list, ds->count + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	ds->list = list;
	memmove(&list[at + 1], &list[at], (ds->count++ - at) * sizeof(*list));
	list[at] = *device;
	return 1;
}

static int take(struct devices *ds, uint32_t ifindex)
{
	size_t at = position(ds, ifindex);

	if (!is_at(ds, at, ifindex))
		return 0;
	memmove(&ds->list[at], &ds->list[at + 1], (--ds->count - at) * sizeof(*ds->list));
	return 1;
}

/* ---- asking for all ---- */

struct fresh {
	struct devices devices;		/* only the list counts */
	int err;
};

static void on_device(void *context, const struct rtnl_device *device)
{
	struct fresh *fresh = context;
	int ret = put(&fresh->devices, &device->is);

	if (ret < 0)
		fresh->err = ret;
}

static int ask(struct fresh *fresh)
{
	struct mnl_socket *nl;
	int err = rtnl_open(&nl);

	if (err)
		return err;
	err = rtnl_devices(nl, on_device, fresh) ?: fresh->err;
	mnl_socket_close(nl);
	return err;
}

/* Asks for all devices. The list stays what it was where there is no answer. */
static void look(struct devices *ds)
{
	struct fresh fresh = {};

	if (ask(&fresh)) {
		free(fresh.devices.list);
		loop_timer_set(&ds->again, AGAIN_MS);
		return;
	}
	free(ds->list);
	ds->list = fresh.devices.list;
	ds->count = fresh.devices.count;
}

static void look_again(void *context)
{
	struct devices *ds = context;

	look(ds);
	ds->changed(ds->context);
}

/* ---- following ---- */

struct batch {
	struct devices *devices;
	bool changed;
};

static int on_event(const struct nlmsghdr *nlh, void *data)
{
	struct batch *batch = data;
	struct rtnl_device device;
	int ret;

	if (!rtnl_device_read(nlh, &device))
		return MNL_CB_OK;
	ret = device.gone ? take(batch->devices, device.is.ifindex) :
			    put(batch->devices, &device.is);
	if (ret < 0)
		loop_timer_set(&batch->devices->again, AGAIN_MS);
	batch->changed |= ret > 0;
	return MNL_CB_OK;
}

static void events_ready(void *context, uint32_t events)
{
	struct devices *ds = context;
	struct batch batch = { ds };
	char buf[16384];
	ssize_t len;

	(void)events;
	while ((len = mnl_socket_recvfrom(ds->events, buf, sizeof(buf))) > 0)
		mnl_cb_run(buf, len, 0, 0, on_event, &batch);
	if (len < 0 && errno != EAGAIN && errno != EINTR) {	/* events were lost */
		look(ds);
		batch.changed = true;
	}
	if (batch.changed)
		ds->changed(ds->context);
}

static int events_open(struct devices *ds)
{
	int group = RTNLGRP_LINK;

	ds->events = mnl_socket_open2(NETLINK_ROUTE, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (!ds->events || mnl_socket_bind(ds->events, 0, MNL_SOCKET_AUTOPID) ||
	    mnl_socket_setsockopt(ds->events, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
		return log_err(-errno, "rtnetlink");
	ds->source = (struct loop_source){ mnl_socket_get_fd(ds->events), events_ready, ds };
	return loop_add(ds->loop, &ds->source, EPOLLIN);
}

int devices_open(struct loop *loop, void (*changed)(void *context), void *context,
		 struct devices **ret)
{
	struct devices *ds = calloc(1, sizeof(*ds));
	int err;

	if (!ds)
		return -ENOMEM;
	ds->loop = loop;
	ds->changed = changed;
	ds->context = context;
	ds->again.source.fd = -1;
	err = events_open(ds) ?: loop_timer_new(loop, &ds->again, look_again, ds);
	if (err) {
		devices_close(ds);
		return err;
	}
	look(ds);
	*ret = ds;
	return 0;
}

void devices_close(struct devices *ds)
{
	if (ds->again.source.fd >= 0)
		loop_timer_close(ds->loop, &ds->again);
	if (ds->source.ready)
		loop_remove(ds->loop, &ds->source);
	if (ds->events)
		mnl_socket_close(ds->events);
	free(ds->list);
	free(ds);
}

const struct device *devices_list(const struct devices *devices, size_t *ret_count)
{
	*ret_count = devices->count;
	return devices->list;
}

const struct device *devices_named(const struct devices *devices, const char *name)
{
	for (size_t i = 0; i < devices->count; i++)
		if (!strcmp(devices->list[i].name, name))
			return &devices->list[i];
	return NULL;
}

const struct device *devices_at(const struct devices *devices, uint32_t ifindex)
{
	size_t at = position(devices, ifindex);

	return is_at(devices, at, ifindex) ? &devices->list[at] : NULL;
}
