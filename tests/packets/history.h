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

#include "core/ring/cells.h"
#include "core/ring/ring.h"
#include "core/ring/spills.h"
#include "core/hot/entries.h"
#include "core/lpm/lpm.h"
#include "rule.h"

/*
 * One random history: the datapath and its maps, brought from change to change as the
 * daemon does it, and the model beside it; and clients who talk all the while.
 */
#define FLOWS 10000
#define CELLS (1u << 19)
#define SPILLS (1u << 14)
#define TCP_IDLE 90000u
#define UDP_IDLE 20000u
#define STEP_MS 4000u			/* the longest step */
#define VNODES 20
#define PORT_FIRST 1024			/* of flow 0 */
#define LINES (1u << 13)		/* of the prefix table */
#define CLIENTS 200			/* addresses, where the key is the client */
#define NUMBER 7			/* of the service */
#define REGIONS 4			/* numbered from 1 */
#define INGRESSES 2				/* interfaces that have a region */

struct node {
	char name[16];
	uint16_t id;			/* 0: not there */
	uint32_t points;		/* that it is to have */
	bool dead, leaving, cut;
	uint64_t leaves;		/* ms */
	unsigned region;
	uint64_t gains;			/* ms: from then on the rings of its region may have it */
};

/* A ring of the service: its only one, or that of a rule. */
struct table {
	struct ring ring;
	struct cells cells;
	uint32_t regions;		/* in which its backends may be, a bit each */
	uint32_t percent[REGIONS + 1];	/* of a node's points, by region: the schedule says so */
};

/*
 * The clients of a network, who have a class for each ingress at which they may come in, and
 * one for elsewhere. The first of these homes is that of all whom no network names.
 */
#define HOMES 40
#define SIDES (1 + INGRESSES)
#define CLASSES (1 + HOMES * SIDES)
#define HOME_SELF 0

struct network {
	struct prefix prefix;
	bool there;
	bool fresh;			/* nobody was told of it yet */
	bool leaving;			/* removed, but its flows are not done */
	bool ingresses;			/* where its clients come in matters */
	uint8_t wanted[SIDES];		/* tables */
};

enum life { CLIENT_NEW, CLIENT_SYN, CLIENT_OPEN, CLIENT_CLOSING };

/* A client's end of a flow, and what the promise says of it. */
struct client {
	bool udp, v6;
	unsigned ingress;			/* 0: none that is known */
	uint32_t addr;
	uint16_t port;
	enum life life;
	uint32_t seq, opened;		/* the next number; that of its SYN */
	uint64_t last;			/* ms: its last packet */
	uint16_t backend, generation;	/* where it lives; 0: nowhere yet */
	bool excused;			/* silent for too long */
	bool attacked;			/* while its handshake was under way */
};

/* What a history is like. */
struct history_kind {
	uint32_t pins;			/* room for */
	unsigned least;			/* backends that live */
	unsigned flows;			/* 0: FLOWS of them */
	bool hot;			/* the key is the client: keys are split, given, healed; bounds */
	unsigned rules;			/* permille of the changes; 0: clients are not told apart */
	bool ingresses;			/* with rules: where clients come in may matter */
	bool asked;			/* of each packet the program that explains is asked, too */
};

struct history {
	struct history_kind kind;
	struct xring_bpf *skel;
	struct asked *asked;		/* NULL: nobody is */
	struct xring_vips *vips;
	struct xring_config *config;	/* in *vips */
	struct xring_backend *backends;
	uint64_t *words;
	uint32_t words_used;
	struct spill_pool spills;
	struct table tables[RULE_RINGS];
	unsigned table_count;
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
	struct xring_class *classes;
	uint64_t *places;
	union xring_lpm_line *lines;
	struct lpm_pool pool;
	struct lpm lpm;
	struct network homes[HOMES];
	struct rule_class rule_classes[CLASSES];	/* as they are numbered in the map */
	uint8_t region_of[RULE_IDS];
	uint32_t ingress_ifindex[SIDES];
	struct client clients[FLOWS];
	struct rule_flow flows[FLOWS];
	struct bpf_test_run_opts opts;
	uint8_t in[96], out[256];
	uint64_t random;
	uint64_t away;			/* flows that went another way for a while */
	uint64_t packets, moved, changes, deaths, forged, spoilt, splits;
	uint64_t guessed;		/* flows whose numbers a stranger has guessed */
	uint64_t returns, drains, bounds, restarts;
	uint64_t moves, schedules, relocations;	/* of homes, of weights by region, of backends */
	uint64_t dropped, leaks;	/* leaks: sent to a region that the client's rule forbids */
};

uint32_t draw(struct history *h, uint32_t below);
bool chance(struct history *h, uint32_t permille);

/* history.c: what happens */
void history_open(struct history *h, uint64_t seed, const struct history_kind *kind);
void history_close(struct history *h);
void history_begin(struct history *h);		/* the first rings */
void history_settle(struct history *h);		/* what is due now */
bool history_change(struct history *h);		/* one, by chance; false: it was none */
/* crash: the daemon dies after some of its writes, and the next one finds the rest. */
void history_flush(struct history *h, bool crash);
void history_walk(struct history *h);
void history_restart(struct history *h);
void history_loads(struct history *h);		/* some backends are over their bounds, some no more */
void history_compare(struct history *h, unsigned step);	/* every flag */
/* Packets that the datapath counted as sent, none to a region that its ring is not to use. */
uint64_t homes_counted(const struct history *h, uint64_t *ret_dropped);
void history_events(const struct history *h, uint64_t ret[XRING_EVENT_MAX]);

/* clients.c */
void clients_begin(struct history *h);
void clients_step(struct history *h);		/* each of them has its turn */
void clients_away(struct history *h);		/* some go another way for a while */
void client_speak(struct history *h, size_t i);
void clients_excuse(struct history *h);		/* those whose rule now forbids where they live */

#endif
