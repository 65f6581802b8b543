// SPDX-License-Identifier: GPL-2.0-or-later
/* What the datapath would do with a packet, step by step, in the words of the manual. */
#include <errno.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <xring/abi.h>
#include <xring/told.h>

#include "base/clock.h"
#include "core/model/mode.h"
#include "daemon/engine/engine.h"
#include "daemon/live/backends.h"
#include "daemon/live/live.h"
#include "daemon/live/services.h"
#include "daemon/net/devices.h"
#include "daemon/view/frame.h"
#include "daemon/view/parts.h"
#include "daemon/view/view.h"
#include "daemon/watch/daemon.h"
#include "dp/dp.h"
#include "dp/interfaces.h"
#include "dp/tell/tell.h"

/* An answer that grows step by step. */
struct teller {
	const struct daemon *daemon;
	json_t *steps;
	uint32_t key;			/* hash of the key */
	uint32_t cell;			/* that was told last, so that none is told twice */
	const struct live_service *service;	/* NULL: none is known */
	uint32_t backend;		/* the id that was selected; 0: none */
	uint32_t counter;
	bool udp;			/* the packet is */
	uint32_t leaves;		/* index of the device by which it goes; 0: it is not known */
	uint32_t class;			/* that was told last */
};

static void __attribute__((format(printf, 3, 4))) step(struct teller *t, const char *word,
						       const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	json_array_append_new(t->steps, json_pack("{s:s, s:s}", "step", word, "text", text));
}

static const struct live_backend *backend_of(const struct teller *t, uint32_t id)
{
	const struct engine *e = t->daemon->engine;

	return id && id < e->dp->backend_count ? e->live->by_id[id] : NULL;
}

#define BACKEND_WORDS (2 * NAME_BYTES + 16)
static const char *backend_words(const struct teller *t, uint32_t id, char ret[BACKEND_WORDS])
{
	const struct live_backend *backend = backend_of(t, id);

	if (backend)
		snprintf(ret, BACKEND_WORDS, "%s of %s", backend->name, backend->service->name);
	else
		snprintf(ret, BACKEND_WORDS, id ? "a backend that is gone (id %u)" : "no backend", id);
	return ret;
}

/* ---- steps ---- */

static void tell_service(struct teller *t, uint32_t number, uint64_t flags)
{
	t->service = live_service_of_number(t->daemon->engine->live, number);
	step(t, "service", "%s%s", t->service ? t->service->name : "one that is gone",
	     flags & XRING_SERVICE_PACKET ? ", each datagram by itself, to a random position" : "");
}

static void tell_uncommon(struct teller *t, uint64_t family, uint64_t what)
{
	static const char *const kinds[] = {
		"with options or extension headers", "the first fragment of a datagram",
		"a later fragment of a datagram", "",
	};

	step(t, "parse", "IPv%u, %s", (unsigned)family,
	     what & 256 ? "an ICMP error about a flow" : kinds[what & 3]);
}

static void tell_hot(struct teller *t, uint64_t answer)
{
	uint32_t id = xring_hot_backend(answer), shards = xring_hot_shards(answer);
	const char *moving = answer & XRING_HOT_MOVING ? ", which a change moves" : "";
	char words[BACKEND_WORDS];

	if (id)
		step(t, "hot", "an entry gives the key to %s%s", backend_words(t, id, words), moving);
	else if (shards)
		step(t, "hot", "an entry splits the key over %u shards%s", shards, moving);
	else if (answer)
		step(t, "hot", "an entry leaves the key whole%s", moving);
}

static void tell_cell(struct teller *t, uint32_t cell, uint64_t word)
{
	if (t->cell == cell)
		return;
	t->cell = cell;
	step(t, "cell", "%u%s%s", cell, word & XRING_MOVING ? ", which a change moves" : "",
	     word & XRING_LOOK ? ", where flows may have pins" : "");
}

static void tell_open(struct teller *t, uint64_t flags, uint64_t ids)
{
	char newest[BACKEND_WORDS], old[BACKEND_WORDS];

	backend_words(t, ids & 0xffffffff, newest);
	backend_words(t, ids >> 32, old);
	if (flags & XRING_OPEN_MOVING)
		step(t, "change", "new flows go to %s, older ones stay at %s%s%s", newest, old,
		     flags & XRING_OPEN_HELD ? ", also those without a pin: there was no room" : "",
		     flags & XRING_OPEN_UDP_NEW && t->udp ? "; a UDP flow without a pin is a new one" : "");
	else
		step(t, "change", "none is under way here; the ring says %s", newest);
	if (flags & XRING_OPEN_ALONE)
		step(t, "change", "no daemon lives: what is over ends by itself");
}

static void tell_pin(struct teller *t, uint32_t id, uint64_t seen)
{
	uint64_t now = engine_now(t->daemon->engine);
	char words[BACKEND_WORDS];

	step(t, "pin", "the flow is kept at %s, seen %.1f s ago", backend_words(t, id, words),
	     now > seen ? (now - seen) / 1e9 : 0.0);
}

static void tell_load(struct teller *t, uint32_t id, uint64_t load)
{
	char words[BACKEND_WORDS];

	if (load && t->service)
		step(t, "bound", "%s has %.3f of what it may have", backend_words(t, id, words),
		     load / 1000.0);
}

static void tell_backend(struct teller *t, uint32_t id)
{
	const struct live_backend *backend = backend_of(t, id);
	char address[ADDRESS_TEXT];

	t->backend = id;
	if (!backend)
		step(t, "backend", "%s", id ? "one that is gone" : "none");
	else
		step(t, "backend", "%s %s%s%s", backend->name,
		     address_print(&backend->address, address),
		     *backend->region ? ", region " : "", backend->region);
}

/* By the template of the backend, which the datapath copies. */
static void tell_head(struct teller *t, uint32_t id)
{
	const struct dp *dp = t->daemon->engine->dp;
	uint64_t head = id && id < dp->backend_count ? xring_template(&dp->backends[id])->head : 0;
	uint32_t kind = head >> 32 & 0xff & ~XRING_TAGGED, mtu = head >> 48;
	const struct live_backend *backend = backend_of(t, id);
	const char *why = backend ? backend_why(backend->service, backend) : NULL;
	char device[32];

	if (!id)
		return;			/* there is no backend, which was told */
	if (kind == XRING_NONE || kind == XRING_UNRESOLVED) {
		step(t, "next hop", "%s", why ?: "not known");
		return;
	}
	t->leaves = head;
	device_name(t->daemon->engine, (uint32_t)head, device);
	if (mtu)
		step(t, "next hop", "by %s, for packets of at most %u bytes%s", device, mtu,
		     head >> 32 & XRING_TAGGED ? ", with VLAN tags" : "");
	else
		step(t, "next hop", "by %s%s", device,
		     head >> 32 & XRING_TAGGED ? ", with VLAN tags" : "");
}

/* enum of bpf_fib_lookup(), linux/bpf.h */
static void tell_route(struct teller *t, uint64_t answer, uint32_t ifindex)
{
	static const char *const words[] = {
		[BPF_FIB_LKUP_RET_BLACKHOLE] = "a blackhole route",
		[BPF_FIB_LKUP_RET_UNREACHABLE] = "an unreachable route",
		[BPF_FIB_LKUP_RET_PROHIBIT] = "a prohibit route",
		[BPF_FIB_LKUP_RET_NOT_FWDED] = "to this host itself",
		[BPF_FIB_LKUP_RET_FWD_DISABLED] = "this host does not forward at the interface",
		[BPF_FIB_LKUP_RET_UNSUPP_LWT] = "a route that encapsulates",
		[BPF_FIB_LKUP_RET_NO_NEIGH] = "the MAC address of the next hop is not known",
		[BPF_FIB_LKUP_RET_FRAG_NEEDED] = "larger than the link",
	};
	char device[32];

	t->leaves = answer ? 0 : ifindex;
	if (!answer)
		step(t, "route", "to the client by %s", device_name(t->daemon->engine, ifindex, device));
	else
		step(t, "route", "to the client: %s",
		     answer < sizeof(words) / sizeof(words[0]) && words[answer] ? words[answer] : "none");
}

static void tell_event(struct teller *t, uint64_t event)
{
	static const char *const words[] = {
		[XRING_EVENT_VOID] = "a pin was void: its backend was cut",
		[XRING_EVENT_CONFIRMED] = "the handshake would be confirmed",
		[XRING_EVENT_SHED] = "the flow goes elsewhere: the backend is over its bound",
		[XRING_EVENT_OVER] = "every backend that was tried is over its bound: the least bad one",
		[XRING_EVENT_FORBIDDEN] = "the flow was where a rule of its client's forbids it",
	};

	if (event < sizeof(words) / sizeof(words[0]) && words[event])
		step(t, event == XRING_EVENT_SHED || event == XRING_EVENT_OVER ? "bound" : "pin", "%s",
		     words[event]);
}

static void tell_end(struct teller *t, uint64_t counter)
{
	if (counter >= XRING_CNT_MAX)
		return;
	t->counter = counter;
	step(t, "verdict", "%s: %s", counter_name(counter), counter_help(counter));
}

/* Steps about the flow's pins and handshakes; of any other step nothing is told. */
static void tell_pin_step(struct teller *t, uint32_t what, uint64_t a, uint64_t b)
{
	char words[BACKEND_WORDS];

	switch (what) {
	case XRING_STEP_KEPT:
		tell_pin(t, a, b);
		break;
	case XRING_STEP_CLAIM:
		step(t, "pin", "a flow was opened at %s%s", backend_words(t, a, words),
		     b >> 32 ? ", and is closing" : "");
		break;
	case XRING_STEP_SHAKING:
		step(t, "pin", "its SYN went to %s", backend_words(t, a, words));
		break;
	case XRING_STEP_PINS:
		step(t, "pin", "one would be made, at %s", backend_words(t, a, words));
		break;
	case XRING_STEP_REMEMBERS:
		step(t, "pin", "the SYN would be remembered, at %s", backend_words(t, a, words));
		break;
	case XRING_STEP_FULL:
		step(t, "pin", "there is no room for one");
		break;
	case XRING_STEP_EVENT:
		tell_event(t, a);
		break;
	}
}

static void tell_step(struct teller *t, uint32_t what, uint64_t a, uint64_t b)
{
	char words[BACKEND_WORDS], device[32];

	switch (what) {
	case XRING_STEP_TAGS:
		step(t, "tags", "%u taken off; it counts as coming in at %s", (unsigned)a,
		     device_name(t->daemon->engine, b, device));
		break;
	case XRING_STEP_COMMON:
		step(t, "parse", "plain IPv%u", (unsigned)a);
		break;
	case XRING_STEP_UNCOMMON:
		tell_uncommon(t, a, b);
		break;
	case XRING_STEP_SERVICE:
		tell_service(t, a, b);
		break;
	case XRING_STEP_REPLY:
		step(t, "service", "a reply of %s", a ? backend_words(t, a, words) : "a nat backend");
		break;
	case XRING_STEP_CLASS:
		if (t->class == a)
			break;
		t->class = a;
		step(t, "client", "of class %u%s", (unsigned)a,
		     b & XRING_CLASS_MOVING ? ", which a change moves" : b ? "" : ", which is none: no backend may have it");
		break;
	case XRING_STEP_KEY:
		t->key = a;
		step(t, "key", "hash %u", (unsigned)a);
		break;
	case XRING_STEP_HOT:
		tell_hot(t, a);
		break;
	case XRING_STEP_POSITION:
		if (a != t->key)
			step(t, "shard", "hash %u", (unsigned)a);
		t->key = a;
		break;
	case XRING_STEP_CELL:
		tell_cell(t, a, b);
		break;
	case XRING_STEP_OPEN:
		tell_open(t, a, b);
		break;
	case XRING_STEP_LOAD:
		tell_load(t, a, b);
		break;
	case XRING_STEP_FRAGMENT:
		step(t, "fragment", a ? "its datagram's first one went to %s" :
					"the first one of its datagram was not seen, or came from a backend",
		     backend_words(t, a, words));
		break;
	case XRING_STEP_NOTES:
		step(t, "fragment", "its datagram would be remembered");
		break;
	case XRING_STEP_BACKEND:
		tell_backend(t, a);
		tell_head(t, a);
		break;
	case XRING_STEP_ROUTE:
		tell_route(t, a, b);
		break;
	case XRING_STEP_END:
		tell_end(t, a);
		break;
	default:
		tell_pin_step(t, what, a, b);
	}
}

/* ---- the packet itself ---- */

static void tell_packet(struct teller *t, const uint8_t *frame, size_t len, uint32_t ifindex)
{
	struct frame_words words;
	char device[32];

	frame_print(frame, len, &words);
	t->udp = !strcmp(words.protocol, "udp");
	if (*words.protocol)
		step(t, "packet", "%s %s > %s, %zu bytes, in by %s", words.protocol, words.from,
		     words.to, len, device_name(t->daemon->engine, ifindex, device));
	else
		step(t, "packet", "no IP, %zu bytes, in by %s", len,
		     device_name(t->daemon->engine, ifindex, device));
}

/* Does the program run where the packet is said to come in? */
static void tell_entrance(struct teller *t, uint32_t ifindex)
{
	const struct engine *e = t->daemon->engine;
	const struct device *device = devices_at(e->devices, ifindex);
	uint32_t program;
	char name[32];

	if (device && dp_attached(e->dp, device->name, ifindex, &program) != DP_OURS)
		step(t, "warning", "xring does not run on %s: it sees no packet that comes in there",
		     device_name(e, ifindex, name));
}

/* By which device it leaves, and what is known of that one. */
static void tell_leaving(struct teller *t, const struct dp_told *told)
{
	const struct egress_watch *w = &t->daemon->egress;
	struct frame_words words;

	if (told->verdict != XDP_TX && told->verdict != XDP_REDIRECT)
		return;
	frame_print(told->frame, told->len, &words);
	step(t, "leaves", "%s %s > %s, %u bytes", words.protocol, words.from, words.to, told->len);
	for (size_t i = 0; told->verdict == XDP_REDIRECT && i < w->count; i++)
		if (w->list[i].ifindex == t->leaves && (*w->list[i].why || *w->list[i].losing))
			step(t, "warning", "%s",
			     *w->list[i].why ? w->list[i].why : w->list[i].losing);
}

static json_t *frame_hex(const struct dp_told *told)
{
	char *text = malloc(2 * (size_t)told->len + 1);
	json_t *ret;

	if (!text)
		return NULL;
	text[0] = 0;
	for (uint32_t i = 0; i < told->len; i++)
		sprintf(text + 2 * i, "%02x", told->frame[i]);
	ret = json_string(text);
	free(text);
	return ret;
}

static const char *verdict_word(uint32_t verdict)
{
	static const char *const words[] = {
		[XDP_ABORTED] = "aborted", [XDP_DROP] = "drop", [XDP_PASS] = "pass", [XDP_TX] = "tx",
		[XDP_REDIRECT] = "redirect",
	};

	return verdict <= XDP_REDIRECT ? words[verdict] : "?";
}

int view_tell(const struct daemon *d, const uint8_t *frame, size_t len, uint32_t ifindex, json_t **ret)
{
	struct teller t = { .daemon = d, .steps = json_array(), .cell = ~0u };
	struct dp_told *told = malloc(sizeof(*told));
	const struct live_backend *backend;
	int err = told ? dp_tell(d->explainer.tell, frame, len, ifindex, told) : -ENOMEM;

	if (err) {
		json_decref(t.steps);
		free(told);
		return err;
	}
	tell_packet(&t, frame, len, ifindex);
	tell_entrance(&t, ifindex);
	for (uint64_t i = 0; i < told->told.count && i < XRING_STEPS; i++)
		tell_step(&t, told->told.step[i].step, told->told.step[i].a, told->told.step[i].b);
	tell_leaving(&t, told);
	backend = backend_of(&t, t.backend);
	*ret = json_pack("{s:o, s:s, s:s, s:s?, s:s?, s:o}", "steps", t.steps, "verdict",
			 verdict_word(told->verdict), "counter", counter_name(t.counter), "service",
			 t.service ? t.service->name : NULL, "backend", backend ? backend->name : NULL,
			 "out", frame_hex(told));
	free(told);
	return 0;
}
