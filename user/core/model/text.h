/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_TEXT_H
#define XRING_CORE_MODEL_TEXT_H

#include "core/model/model.h"

/*
 * Values as people write them. Parsers take the whole string or nothing: 0, or
 * -EINVAL with *ret untouched. What was wanted instead is in the WANT_ texts,
 * for messages of the form `WHAT VALUE: want WANT`. Printers fill a buffer of
 * the size named and return it.
 */
#define WANT_ADDRESS "an IPv4 or IPv6 address"
#define WANT_ENDPOINT "ADDRESS or ADDRESS:PORT, an IPv6 address with a port in brackets"
#define WANT_VIP "ADDRESS:PORT/tcp or /udp, an IPv6 address in brackets, port 0 for any"
#define WANT_MODE "nat, l2 or ipip"
#define WANT_KEY "flow, client, client-prefix/N[,N6] or client-port"
#define WANT_WEIGHT "0 to 1000 in steps of 0.001"
#define WANT_SHARE "0 to 1 in steps of 0.001"
#define WANT_STATE "active, draining or maintenance"
#define WANT_ALL_DOWN "drop, pass or keep"
#define WANT_VNODES "1 to 10000"
#define WANT_NAME "1 to 63 of the letters, digits and . _ : -, a letter or digit first"
#define WANT_PORT "1 to 65535"
#define WANT_TAG WANT_NAME
#define WANT_TAGS "at most 127 characters of tags in all"
#define WANT_CONSTRAINT "+region=NAME, -region=NAME, +tag=NAME or -tag=NAME"
#define WANT_STRATEGY "global, regional or geo"
#define WANT_HASH_KEY "32 hexadecimal digits"

#define ADDRESS_TEXT 48
#define ENDPOINT_TEXT 56
#define VIP_TEXT 64
#define KEY_TEXT 32
#define WEIGHT_TEXT 16
#define DURATION_TEXT 16
#define CONSTRAINT_TEXT (PLACE_NAME + 8)

int address_parse(const char *text, struct address *ret);
int endpoint_parse(const char *text, struct address *ret, uint16_t *ret_port);	/* port 0: none */
int vip_parse(const char *text, struct vip *ret);
int mode_parse(const char *text, enum mode *ret);
int key_parse(const char *text, struct key *ret);	/* client-prefix alone is /24,56 */
int weight_parse(const char *text, uint32_t *ret);	/* thousandths */
int share_parse(const char *text, uint32_t *ret);	/* thousandths */
int vnodes_parse(const char *text, uint32_t *ret);
int state_parse(const char *text, enum backend_state *ret);
int all_down_parse(const char *text, enum all_down *ret);
int constraint_parse(const char *text, struct constraint *ret);
int strategy_parse(const char *text, enum strategy *ret);	/* never STRATEGY_NONE */
int hash_key_parse(const char *text, uint8_t ret[HASH_KEY_BYTES]);
int unsigned_parse(const char *text, uint32_t min, uint32_t max, uint32_t *ret);
bool name_valid(const char *text);

/* A number with at most 3 decimals; all three are in thousandths. */
int thousandths_parse(const char *text, uint32_t min, uint32_t max, uint32_t *ret);

/*
 * A number with at most 3 decimals and its unit (ms, s, m, h or d), or 0, that
 * is a whole count of milliseconds from min to max.
 */
int duration_parse(const char *text, uint32_t min_ms, uint32_t max_ms, uint32_t *ret_ms);

const char *address_print(const struct address *a, char buf[ADDRESS_TEXT]);
const char *endpoint_print(const struct address *a, uint16_t port, char buf[ENDPOINT_TEXT]);
const char *vip_print(const struct vip *vip, char buf[VIP_TEXT]);
const char *mode_print(enum mode mode);
const char *key_print(const struct key *key, char buf[KEY_TEXT]);
const char *thousandths_print(uint32_t value, char buf[WEIGHT_TEXT]);	/* 1, 2.5, 0.001 */
const char *weight_print(uint32_t weight, char buf[WEIGHT_TEXT]);
const char *share_print(uint32_t share, char buf[WEIGHT_TEXT]);
const char *state_print(enum backend_state state);
const char *all_down_print(enum all_down all_down);
const char *constraint_print(const struct constraint *c, char buf[CONSTRAINT_TEXT]);
const char *strategy_print(enum strategy strategy);
/* The shortest of the exact texts: 1.5s, 90s, 15m; 0s. */
const char *duration_print(uint32_t ms, char buf[DURATION_TEXT]);

#endif
