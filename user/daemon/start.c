// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The order in which the daemon's parts are opened, and closed in the other order. The
 * socket comes first: where another daemon answers, nothing is touched. Then the file, for
 * nothing is touched either before it is known to be right. Homes are known before the
 * first flush, as routes hang on them, and health hears of backends from then on; it begins
 * to check them when the datapath's program has taken over.
 */
#include "daemon/start.h"

#include <string.h>

#include "daemon/control/socket.h"
#include "daemon/control/verbs.h"

static char *answer(void *context, const char *line, size_t len)
{
	return verbs_answer(context, line, len);
}

int start_file(struct loop *loop, const struct start_options *options, struct start *ret)
{
	struct daemon *d = &ret->daemon;

	*ret = (struct start){};
	return control_open(loop, options->socket, answer, d, &ret->control) ?:
	       engine_open(&options->engine, loop, &d->engine) ?:
	       file_open(d->engine, options->file, &d->file);
}

int start_maps(struct start *s)
{
	struct daemon *d = &s->daemon;
	int err = file_begin(&d->file) ?: homes_open(d->engine, &d->homes);

	if (err)
		return err;
	health_open(d->engine, &d->health);
	return engine_start(d->engine) ?: hot_open(d->engine, &d->hot) ?:
	       loads_open(d->engine, &d->loads) ?: flows_open(d->engine, &d->flows);
}

int start_checks(struct start *s)
{
	return health_start(&s->daemon.health);
}

void start_close(struct start *s)
{
	struct daemon *d = &s->daemon;

	if (d->engine)
		engine_stop(d->engine);
	flows_close(&d->flows);
	loads_close(&d->loads);
	hot_close(&d->hot);
	health_close(&d->health);
	homes_close(&d->homes);
	file_close(&d->file);
	if (d->engine)
		engine_close(d->engine);
	if (s->control)
		control_close(s->control);
}
