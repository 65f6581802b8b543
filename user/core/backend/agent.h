/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_BACKEND_AGENT_H
#define XRING_CORE_BACKEND_AGENT_H

#include <stdbool.h>
#include <stdint.h>

struct standing;

/*
 * What a backend's own agent says of it, in lines like those of HAProxy's agent-check: words of
 * ASCII, separated by blanks, tabs or commas, up to the end of the line or a #.
 *
 *     75%                   so much of the configured weight, 0% to 100%
 *     ready, drain, maint   as `xring backend undrain`, `drain` and `maintenance`
 *     up, down              as a health check; `fail`, `failed` and `stopped` mean `down`
 *     maxconn:N             nothing: xring counts no connections
 *
 * A line changes only what it names: the weight, the state, or whether the backend is up. All
 * zero is a backend whose agent has said nothing.
 */
enum agent_state {
	AGENT_READY,
	AGENT_DRAIN,
	AGENT_MAINT,
	AGENT_STATES
};

struct agent_word {
	uint8_t less;			/* percent of the configured weight that are taken off */
	uint8_t state;			/* enum agent_state */
	bool down;
};

/* A difference of weight that is smaller, in percent of the configured weight, changes nothing. */
#define AGENT_LEAST 5

/* Applies a line to *word. -EINVAL: the line has another word or none, and *word is as it was. */
int agent_parse(const char *line, struct agent_word *word);
/*
 * Must a backend that stands by `now` be changed, as its agent says `said`? Weights by the rule
 * above, but 0%, which ends new flows, is always taken.
 */
bool agent_changes(const struct agent_word *now, const struct agent_word *said);

/* As "75%", "75% drain" or "100% down". */
#define AGENT_TEXT 24
const char *agent_print(const struct agent_word *word, char buf[AGENT_TEXT]);
const char *agent_state_print(enum agent_state state);

/* A backend with that word. The operator's drain and maintenance go before the agent's state. */
void agent_weigh(const struct agent_word *word, struct standing *st);

#endif
