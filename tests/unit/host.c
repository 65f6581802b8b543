// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/loop.h"
#include "base/util.h"
#include "daemon/control/verbs.h"
#include "daemon/doctor/facts.h"
#include "daemon/doctor/gather.h"
#include "daemon/net/marked.h"
#include "daemon/privileges.h"
#include "dp/check.h"
#include "dp/dp.h"

/* A test stays who it is. */
int privileges_become(const char *name, const struct privileges_paths *paths)
{
	(void)name, (void)paths;
	return 0;
}

/* Checks through the tunnel would need the host's routes. */
int marked_open(void)
{
	return -EPERM;
}

void marked_close(void)
{
}

int dp_check_attach(const struct dp *dp)
{
	(void)dp;
	return -EPERM;
}

/* Nothing is known of this host. */
int gather(const struct engine *e, enum gather_what what, struct facts *ret)
{
	(void)e, (void)what;
	facts_init(ret);
	return 0;
}

void dp_check_detach(void)
{
}

static const struct dp_options sizes = { .cells = 1 << 15, .backends = 32, .lines = 256 };

void host_file_put(const struct host *h, const char *yaml)
{
	FILE *to = fopen(h->file, "we");

	assert_non_null(to);
	fputs(yaml, to);
	fclose(to);
}

void host_open(struct host *h, const char *yaml)
{
	h->memory = memory_new(&sizes);
	strcpy(h->dir, "/tmp/xring-host-XXXXXX");
	assert_non_null(mkdtemp(h->dir));
	snprintf(h->file, sizeof(h->file), "%s/xring.yaml", h->dir);
	snprintf(h->state, sizeof(h->state), "%s/state", h->dir);
	snprintf(h->socket, sizeof(h->socket), "%s/socket", h->dir);
	mkdir(h->state, 0755);
	host_file_put(h, yaml);
}

static int unlink_it(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

void host_close(struct host *h)
{
	memory_free(h->memory);
	nftw(h->dir, unlink_it, 8, FTW_DEPTH | FTW_PHYS);
}

struct engine *engine_of(const struct running *r)
{
	return r->start.daemon.engine;
}

int daemon_start(struct host *h, struct running *r)
{
	struct start_options options = {
		.engine = { .bpffs = "/none", .state = h->state, .test_clock = true },
		.file = h->file,
		.socket = h->socket,
	};

	r->host = h;
	memory_offer(h->memory);
	assert_int_equal(loop_new(&r->loop), 0);
	assert_int_equal(start_file(r->loop, &options, &r->start), 0);
	return start_maps(&r->start);
}

void daemon_begin(struct host *h, struct running *r)
{
	assert_int_equal(daemon_start(h, r), 0);
}

void daemon_end(struct running *r)
{
	start_close(&r->start);
	loop_free(r->loop);
}

char *answer_of(struct running *r, const char *request)
{
	struct parts *parts = NULL;

	return verbs_answer(&r->start.daemon, &parts, request, strlen(request), NULL);
}

json_t *ask(struct running *r, const char *request)
{
	_free_ char *text = answer_of(r, request);
	json_t *answer = json_loads(text, 0, NULL), *data;

	if (!json_is_true(json_object_get(answer, "ok")))
		fail_msg("%s: %s", request, text);
	data = json_incref(json_object_get(answer, "data"));
	json_decref(answer);
	return data;
}

void do_it(struct running *r, const char *request)
{
	json_decref(ask(r, request));
}
