// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The order in which the daemon's parts are opened; they are closed in the opposite order.
 * The socket comes first: if another daemon answers there, nothing may be changed. The file
 * is next, because nothing may be changed either before the file is known to be right; it is read
 * by the user who will have to read it again. Homes must be known before the first flush, because
 * routes depend on them; health follows the backends from then on, and begins to probe them when
 * the datapath's program has taken over. What devices receive is counted before that program is attached.
 */
#include "daemon/start.h"

#include <string.h>

#include "daemon/control/parts.h"
#include "daemon/control/socket.h"
#include "daemon/control/verbs.h"
#include "daemon/privileges.h"

static char *answer(void *context, unsigned uid, void **kept, const char *line, size_t len,
		    struct later *ret_later)
{
	struct daemon *d = context;
	struct parts *parts = *kept;
	char *text;

	events_asked_by(&d->events, &uid);
	text = verbs_answer(d, &parts, line, len, ret_later);
	events_asked_by(&d->events, NULL);
	*kept = parts;
	return text;
}

static void forget(void *kept)
{
	parts_free(kept);
}

int start_file(struct loop *loop, const struct start_options *options, struct start *ret)
{
	struct daemon *d = &ret->daemon;
	const struct control_answers answers = { answer, forget, d };

	const struct privileges_paths paths = { options->engine.bpffs, options->engine.state };

	*ret = (struct start){};
	return events_begin(loop, &d->events) ?: control_open(loop, options->socket, &answers, &ret->control) ?:
	       privileges_become(options->user, &paths) ?:
	       engine_open(&options->engine, loop, &d->engine) ?:
	       events_open(&d->events, d->engine->state) ?:
	       file_open(d->engine, options->file, &d->file);
}

int start_maps(struct start *s)
{
	struct daemon *d = &s->daemon;
	int err = file_begin(&d->file) ?: homes_open(d->engine, &d->homes);

	if (err)
		return err;
	health_open(d->engine, &d->health);
	err = agents_open(d->engine, &d->agents) ?: received_open(d->engine, &d->received) ?:
	       samples_open(d->engine, &d->samples) ?:
	       engine_start(d->engine) ?: hot_open(d->engine, &d->hot) ?:
	       loads_open(d->engine, &d->loads) ?: flows_open(d->engine, &d->flows) ?:
	       egress_open(d->engine, &d->egress) ?: asked_open(d->engine, &d->asked) ?:
	       doctor_open(d->engine, &d->doctor) ?: explainer_open(d->engine, &d->explainer);
	if (!err)
		events_keep(&d->events);
	return err;
}

int start_checks(struct start *s)
{
	return health_start(&s->daemon.health) ?: agents_start(&s->daemon.agents);
}

void start_close(struct start *s)
{
	struct daemon *d = &s->daemon;

	if (d->engine)
		engine_stop(d->engine);
	explainer_close(&d->explainer);
	doctor_close(&d->doctor);
	asked_close(&d->asked);
	egress_close(&d->egress);
	flows_close(&d->flows);
	loads_close(&d->loads);
	hot_close(&d->hot);
	samples_close(&d->samples);
	received_close(&d->received);
	agents_close(&d->agents);
	health_close(&d->health);
	homes_close(&d->homes);
	file_close(&d->file);
	events_close(&d->events);
	if (d->engine)
		engine_close(d->engine);
	if (s->control)
		control_close(s->control);
}
