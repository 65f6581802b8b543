/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_HISTORY_H
#define XRING_HISTORY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bpf/bpf.h>

#include <xring/abi.h>

#include "core/cells.h"
#include "core/hot.h"
#include "rule.h"

/*
 * One random history: the datapath and its maps, brought from change to change as the
 * daemon does it, and the model beside it; and clients who talk all the while.
 */
#define FLOWS 10000
#define CELLS (1u << 18)
#define SPILLS (1u << 14)
#define TCP_IDLE 90000u
#define UDP_IDLE 20000u
#define STEP_MS 4000u			/* the longest step */
#define VNODES 20
#define CLIENTS 200			/* addresses, where the key is the client */
#define NUMBER 7			/* of the service */
struct node {
	char name[16];
	uint16_t id;			/* 0: not there */
	uint32_t points;		/* that it is to have */
	bool dead, leaving, cut;
	uint64_t leaves;		/* ms */
};

enum life { CLIENT_NEW, CLIENT_SYN, CLIENT_OPEN, CLIENT_CLOSING };

/* A client's end of a flow, and what the promise says of it. */
struct client {
	bool udp, v6;
	uint32_t addr;
	uint16_t port;
	enum life life;
	uint32_t seq;
	uint64_t last;			/* ms: its last packet */
	uint16_t backend, generation;	/* where it lives; 0: nowhere yet */
	bool excused;			/* silent for too long */
	bool attacked;			/* while its handshake was under way */
};

/* What a history is like. */
struct history_kind {
	uint32_t pins;			/* room for */
	bool hot;			/* the key is the client; keys are split, given away, healed; bounds */
};

struct history {
	struct history_kind kind;
	struct xring_bpf *skel;
	struct xring_config *config;
	struct xring_backend *backends;
	uint64_t *words;
	uint32_t words_used;
	struct spill_pool spills;
	struct ring ring;
	struct cells cells;
	uint32_t *since;
	struct node nodes[RULE_NODES];
	uint32_t weights_before[RULE_NODES];	/* for a cancellation */
	uint16_t ids;
	uint16_t generations[RULE_IDS];
	struct rule_model rule;
	struct xring_hot *hot;
	uint64_t *loads;
	struct rule_key keys[2 * CLIENTS];	/* of each address in both families */
	uint32_t key_hash[2 * CLIENTS];
	struct rule_side wanted[2 * CLIENTS];
	struct client clients[FLOWS];
	struct rule_flow flows[FLOWS];
	struct bpf_test_run_opts opts;
	uint8_t in[96], out[256];
	uint64_t random;
	uint64_t packets, moved, changes, deaths, forged, spoilt, splits;
};

uint32_t draw(struct history *h, uint32_t below);
bool chance(struct history *h, uint32_t permille);

/* history.c: the maps and their changes */
void history_open(struct history *h, uint64_t seed, const struct history_kind *kind);
void history_close(struct history *h);
void history_begin(struct history *h);		/* the first ring */
void history_settle(struct history *h);		/* what is due now */
void history_change(struct history *h);		/* one, by chance */
/* crash: the daemon dies after some of its writes, and the next one finds the rest. */
void history_flush(struct history *h, bool crash);
void history_walk(struct history *h);
void history_restart(struct history *h);
void history_loads(struct history *h);		/* some backends are over their bounds, some no more */
void history_compare(struct history *h, unsigned step);	/* every flag */

/* The key's hash of flow i, by core/. */
struct path history_path(const struct history *h, const struct xring_flow *flow);

/* clients.c: each of them has its turn */
void clients_begin(struct history *h);
void clients_step(struct history *h);

#endif
