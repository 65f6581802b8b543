// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whatever becomes of the state directory, the daemon starts on it: what is whole is kept, what
 * is damaged is set aside and said, and what cannot be written is written later.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/seal.h"
#include "base/util.h"
#include "core/hot/entries.h"
#include "core/model/model.h"
#include "core/place/homes.h"
#include "daemon/control/verbs.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/log.h"
#include "daemon/engine/state.h"
#include "daemon/live/live.h"
#include "daemon/live/services.h"
#include "host.h"

#define MODEL(weight) \
	"hash_key: 00112233445566778899aabbccddeeff\n" \
	"regions: {east: {}, west: {}}\n" \
	"services:\n" \
	"  users:\n" \
	"    vip: 10.200.1.1:80/tcp\n" \
	"    mode: ipip\n" \
	"    key: client\n" \
	"    vnodes: 12\n" \
	"    placement: [{home: follow, strategy: geo}]\n" \
	"    backends:\n" \
	"      a: {address: 10.0.0.1, region: east, weight: " weight "}\n" \
	"      b: {address: 10.0.0.2, region: west}\n"

#define ADD(name, address) "{\"do\":\"backend-add\",\"service\":\"users\",\"name\":\"" name \
	"\",\"address\":\"" address "\",\"now\":true}"

static const char *const names[STATE_FILES] = {
	"running.yaml", "loaded", "changes.json", "hot.json", "homes", "events.json",
};

/* ---- a state directory with something in each file ---- */

struct text {
	char *bytes;
	size_t size;
};

static struct {
	struct host host;
	void *maps;			/* as the daemon left them */
	struct text file[STATE_FILES];
} whole;

static void path_of(const char *name, char ret[128])
{
	snprintf(ret, 128, "%s/%s", whole.host.state, name);
}

static struct text text_read(const char *name)
{
	struct text text = {};
	char path[128];
	FILE *from;
	ssize_t got;
	size_t room = 0;

	path_of(name, path);
	from = fopen(path, "re");
	if (!from)
		fail_msg("no %s", path);
	got = getdelim(&text.bytes, &room, EOF, from);
	text.size = got > 0 ? got : 0;
	fclose(from);
	return text;
}

static void text_write(const char *name, const char *bytes, size_t size)
{
	char path[128];
	FILE *to;

	path_of(name, path);
	to = fopen(path, "we");
	assert_non_null(to);
	assert_int_equal(fwrite(bytes, 1, size, to), size);
	fclose(to);
}

static void whole_again(void)
{
	char command[160];

	snprintf(command, sizeof(command), "rm -rf %s", whole.host.state);
	assert_int_equal(system(command), 0);
	mkdir(whole.host.state, 0755);
	for (int i = 0; i < STATE_FILES; i++)
		text_write(names[i], whole.file[i].bytes, whole.file[i].size);
	memory_restore(whole.host.memory, whole.maps);
	host_file_put(&whole.host, MODEL("2"));
}

static int whole_open(void **state)
{
	static const char home[] = "users\t192.0.2.0/24\teast\twest\t70\t5\n";
	struct running r;

	(void)state;
	host_open(&whole.host, MODEL("2"));
	text_write("homes", home, strlen(home));
	daemon_begin(&whole.host, &r);
	do_it(&r, ADD("e", "10.0.0.5"));
	do_it(&r, "{\"do\":\"hot-split\",\"service\":\"users\",\"key\":\"192.0.2.7\",\"shards\":64}");
	daemon_end(&r);
	for (int i = 0; i < STATE_FILES; i++)
		whole.file[i] = text_read(names[i]);
	whole.maps = memory_copy(whole.host.memory, NULL);
	return 0;
}

static int whole_close(void **state)
{
	(void)state;
	for (int i = 0; i < STATE_FILES; i++)
		free(whole.file[i].bytes);
	munmap(whole.maps, whole.host.memory->size);
	host_close(&whole.host);
	return 0;
}

/* ---- a start, and what it finds ---- */

static char said[1 << 16];		/* by the last daemon_tried() */

/* Starts a daemon, which must begin to serve, and keeps what it says. */
static void daemon_tried(struct running *r, const char *what)
{
	char path[] = "/tmp/xring-said-XXXXXX";
	int log = mkstemp(path), screen = dup(STDERR_FILENO), err;
	ssize_t got;

	dup2(log, STDERR_FILENO);
	err = daemon_start(&whole.host, r);
	dup2(screen, STDERR_FILENO);
	got = pread(log, said, sizeof(said) - 1, 0);
	said[got > 0 ? got : 0] = '\0';
	close(log);
	close(screen);
	unlink(path);
	if (err)
		fail_msg("%s: no start (%d): %s", what, err, said);
}

/* Is there an event that begins so? */
static bool was_asked(const struct events *events, const char *text)
{
	for (uint64_t n = events->first; n < events->next; n++)
		if (!strncmp(events_at(events, n)->text, text, strlen(text)))
			return true;
	return false;
}

static bool is_kept(const struct running *r, enum state_name name)
{
	const struct engine *e = engine_of(r);
	const struct service *s = model_service(&e->model, "users");
	const struct live_service *live = live_service(e->live, "users");

	switch (name) {
	case STATE_RUNNING:
		return service_backend(s, "e");
	case STATE_LOADED:
		return e->loaded->known;
	case STATE_CHANGES:
		return e->changes->count && e->changes->list[0]->id == 1 &&
		       strstr(e->changes->list[0]->what[0], "e");
	case STATE_HOT:
		return r->start.daemon.hot.hand_count == 1;
	case STATE_HOMES:
		return live->home && homes_count(r->start.daemon.homes.engine ? live->home->homes :
						 NULL) == 1;
	case STATE_EVENTS:
		return was_asked(&r->start.daemon.events, "somebody asked for: backend add users e");
	case STATE_FILES:
		break;
	}
	return false;
}

static bool is_aside(const struct running *r, enum state_name name)
{
	char needle[64];

	snprintf(needle, sizeof(needle), ": %s: ", names[name]);
	return strstr(said, needle) && *engine_of(r)->state->file[name].aside;
}

/* ---- damages ---- */

struct damage {
	const char *what;
	void (*make)(const char *path, const struct text *was, unsigned seed);
	bool silent;			/* nothing is there that could be set aside */
};

static void bytes_put(const char *path, const void *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

static void make_empty(const char *path, const struct text *was, unsigned seed)
{
	(void)was, (void)seed;
	bytes_put(path, "", 0);
}

static void make_cut(const char *path, const struct text *was, unsigned seed)
{
	bytes_put(path, was->bytes, seed % was->size);
}

static void make_half(const char *path, const struct text *was, unsigned seed)
{
	(void)seed;
	bytes_put(path, was->bytes, was->size / 2);
}

static void make_zeros(const char *path, const struct text *was, unsigned seed)
{
	_free_ char *zeros = calloc(1, was->size);

	(void)seed;
	bytes_put(path, zeros, was->size);
}

/* As a file system leaves blocks that it could not write before a crash. */
static void make_zero_end(const char *path, const struct text *was, unsigned seed)
{
	_free_ char *bytes = calloc(1, was->size);

	memcpy(bytes, was->bytes, seed % was->size);
	if (!memcmp(bytes, was->bytes, was->size))
		bytes[0] = 1;
	bytes_put(path, bytes, was->size);
}

static void make_random(const char *path, const struct text *was, unsigned seed)
{
	_free_ char *bytes = malloc(was->size);

	for (size_t i = 0; i < was->size; i++)
		bytes[i] = (seed = seed * 1664525 + 1013904223) >> 24;
	bytes_put(path, bytes, was->size);
}

static void make_flip(const char *path, const struct text *was, unsigned seed)
{
	_free_ char *bytes = malloc(was->size);

	memcpy(bytes, was->bytes, was->size);
	bytes[seed / 8 % was->size] ^= 1 << seed % 8;
	bytes_put(path, bytes, was->size);
}

static void make_longer(const char *path, const struct text *was, unsigned seed)
{
	_free_ char *bytes = malloc(was->size + 5);

	(void)seed;
	memcpy(bytes, was->bytes, was->size);
	memcpy(bytes + was->size, "more\n", 5);
	bytes_put(path, bytes, was->size + 5);
}

static void make_huge(const char *path, const struct text *was, unsigned seed)
{
	(void)was, (void)seed;
	assert_int_equal(truncate(path, 1ll << 36), 0);
}

static void make_huge_zeros(const char *path, const struct text *was, unsigned seed)
{
	make_empty(path, was, seed);
	make_huge(path, was, seed);
}

static void make_gone(const char *path, const struct text *was, unsigned seed)
{
	(void)was, (void)seed;
	unlink(path);
}

static void make_directory(const char *path, const struct text *was, unsigned seed)
{
	(void)was, (void)seed;
	unlink(path);
	mkdir(path, 0755);
}

static void make_full_directory(const char *path, const struct text *was, unsigned seed)
{
	char inside[160];

	make_directory(path, was, seed);
	snprintf(inside, sizeof(inside), "%s/file", path);
	close(open(inside, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
}

static void make_dangling(const char *path, const struct text *was, unsigned seed)
{
	(void)was, (void)seed;
	unlink(path);
	assert_int_equal(symlink("/nowhere/at/all", path), 0);
}

static void make_loop(const char *path, const struct text *was, unsigned seed)
{
	(void)was, (void)seed;
	unlink(path);
	assert_int_equal(symlink(path, path), 0);
}

static void make_device(const char *path, const struct text *was, unsigned seed)
{
	(void)was, (void)seed;
	unlink(path);
	assert_int_equal(symlink("/dev/zero", path), 0);
}

static void make_fifo(const char *path, const struct text *was, unsigned seed)
{
	(void)was, (void)seed;
	unlink(path);
	mkfifo(path, 0644);
}

/* A place where a new file would be written. */
static void make_new_fifo(const char *path, const struct text *was, unsigned seed)
{
	char fresh[160];

	(void)was, (void)seed;
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	mkfifo(fresh, 0644);
}

static void make_new_directory(const char *path, const struct text *was, unsigned seed)
{
	char fresh[160];

	(void)was, (void)seed;
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	mkdir(fresh, 0755);
}

static const struct damage damages[] = {
	{ "empty", make_empty },
	{ "cut", make_cut },
	{ "half", make_half },
	{ "zeros", make_zeros },
	{ "zeros at the end", make_zero_end },
	{ "random", make_random },
	{ "a bit", make_flip },
	{ "longer", make_longer },
	{ "huge", make_huge },
	{ "huge zeros", make_huge_zeros },
	{ "gone", make_gone, .silent = true },
	{ "a directory", make_directory },
	{ "a full directory", make_full_directory },
	{ "a dangling link", make_dangling },
	{ "a link to itself", make_loop },
	{ "a device", make_device },
	{ "a pipe", make_fifo },
	{ "a pipe as .new", make_new_fifo, .silent = true },
	{ "a directory as .new", make_new_directory, .silent = true },
};

static unsigned tried;

static bool is_lost(const struct damage *d)
{
	return d && d->make != make_new_fifo && d->make != make_new_directory;
}

/* A hand and homes are of a service, which is there whatever happens: the file has it. */
static void start_with(const struct damage *const each[STATE_FILES], unsigned seed,
		       const char *what)
{
	struct running r;
	char path[128];

	whole_again();
	for (int i = 0; i < STATE_FILES; i++) {
		path_of(names[i], path);
		if (each[i])
			each[i]->make(path, &whole.file[i], seed + i * 77);
	}
	daemon_tried(&r, what);
	tried++;
	for (int i = 0; i < STATE_FILES; i++) {
		if (!is_lost(each[i]) && !is_kept(&r, i))
			fail_msg("%s: %s is not kept: %s", what, names[i], said);
		if (is_lost(each[i]) && !each[i]->silent && !is_aside(&r, i))
			fail_msg("%s: %s: %s: not a word: %s", what, names[i], each[i]->what, said);
	}
	do_it(&r, ADD("f", "10.0.0.6"));
	daemon_end(&r);
	daemon_tried(&r, what);		/* and all is whole again */
	assert_non_null(service_backend(model_service(&engine_of(&r)->model, "users"), "f"));
	if (strstr(said, "left out"))
		fail_msg("%s: again: %s", what, said);
	daemon_end(&r);
}

static void each_file_may_be_damaged(void **state)
{
	(void)state;
	for (size_t d = 0; d < ARRAY_SIZE(damages); d++) {
		for (int i = 0; i < STATE_FILES; i++) {
			const struct damage *each[STATE_FILES] = {};
			char what[96];

			each[i] = &damages[d];
			snprintf(what, sizeof(what), "%s: %s", names[i], damages[d].what);
			start_with(each, 12345 + d * 7919 + i, what);
		}
	}
}

static void all_files_may_be_damaged(void **state)
{
	unsigned seed = 1;

	(void)state;
	for (int n = 0; n < 120; n++) {
		const struct damage *each[STATE_FILES] = {};
		char what[32];

		snprintf(what, sizeof(what), "mixture %d", n);
		for (int i = 0; i < STATE_FILES; i++) {
			seed = seed * 1664525 + 1013904223;
			if (seed >> 16 & 3)
				each[i] = &damages[(seed >> 18) % ARRAY_SIZE(damages)];
		}
		start_with(each, seed, what);
	}
	print_message("%u damages\n", tried);
}

/* ---- the directory ---- */

static json_t *keeping(struct running *r, const char *key)
{
	json_t *status = ask(r, "{\"do\":\"status\"}");
	json_t *ret = json_incref(json_object_get(json_object_get(status, "keeping"), key));

	json_decref(status);
	return ret;
}

static void is_refused(struct running *r, const char *request, const char *sentence)
{
	struct parts *parts = NULL;
	_free_ char *text = verbs_answer(&r->start.daemon, &parts, request, strlen(request), NULL);

	if (!strstr(text, "\"ok\":false") && !strstr(text, "\"ok\": false"))
		fail_msg("%s: not refused: %s", request, text);
	if (!strstr(text, sentence))
		fail_msg("%s: %s", request, text);
}

/* What takes the directory's place; `mend` takes it away. */
static void start_without_directory(const char *what, void (*make)(const char *path))
{
	struct running r;
	char aside[64];
	json_t *kept;

	snprintf(aside, sizeof(aside), "%s/aside", whole.host.dir);
	whole_again();
	assert_int_equal(rename(whole.host.state, aside), 0);
	make(whole.host.state);
	daemon_tried(&r, what);
	kept = keeping(&r, "kept");
	assert_true(json_is_false(kept));
	json_decref(kept);
	assert_non_null(strstr(said, "changes are refused until it can be written"));
	is_refused(&r, ADD("f", "10.0.0.6"), "state directory ");
	is_refused(&r, "{\"do\":\"hot-exempt\",\"service\":\"users\",\"key\":\"192.0.2.9\"}",
		   "state directory ");
	is_refused(&r, "{\"do\":\"attach\",\"interface\":\"lo\"}", "state directory ");
	assert_int_equal(remove(whole.host.state), 0);
	/* The directory that comes is the old one, which nobody has read: it is not lost. */
	assert_int_equal(rename(aside, whole.host.state), 0);
	do_it(&r, ADD("f", "10.0.0.6"));
	kept = keeping(&r, "set_aside");
	assert_int_equal(json_array_size(kept), STATE_FILES);
	json_decref(kept);
	assert_int_equal(access(whole.host.state, F_OK), 0);
	daemon_end(&r);
	daemon_tried(&r, what);
	assert_non_null(service_backend(model_service(&engine_of(&r)->model, "users"), "f"));
	daemon_end(&r);
}

static void a_file_in_its_place(const char *path)
{
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
}

static void a_dangling_link_in_its_place(const char *path)
{
	assert_int_equal(symlink("/nowhere/at/all", path), 0);
}

static void a_pipe_in_its_place(const char *path)
{
	mkfifo(path, 0644);
}

static void the_directory_may_be_none(void **state)
{
	struct running r;
	char command[160];

	(void)state;
	start_without_directory("a file", a_file_in_its_place);
	start_without_directory("a dangling link", a_dangling_link_in_its_place);
	start_without_directory("a pipe", a_pipe_in_its_place);
	whole_again();
	snprintf(command, sizeof(command), "rm -r %s", whole.host.state);
	assert_int_equal(system(command), 0);
	daemon_tried(&r, "no directory");
	do_it(&r, ADD("f", "10.0.0.6"));
	assert_int_equal(system(command), 0);		/* it goes while the daemon runs */
	do_it(&r, ADD("g", "10.0.0.7"));
	daemon_end(&r);
	daemon_tried(&r, "again");
	assert_non_null(service_backend(model_service(&engine_of(&r)->model, "users"), "g"));
	daemon_end(&r);
}

/* ---- a full disk ---- */

static void disk_full(bool full)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = full ? 0 : limit.rlim_max;
	setrlimit(RLIMIT_FSIZE, &limit);
}

/* Its files are written as far as the disk has room, which is not at all. */
static void what_cannot_be_written_is_written_later(void **state)
{
	struct running r;
	struct text now;

	(void)state;
	whole_again();
	host_file_put(&whole.host, MODEL("3"));
	daemon_begin(&whole.host, &r);
	disk_full(true);
	is_refused(&r, ADD("f", "10.0.0.6"), "running.yaml: File too large");
	is_refused(&r, "{\"do\":\"hot-exempt\",\"service\":\"users\",\"key\":\"192.0.2.9\"}",
		   "File too large");
	is_refused(&r, "{\"do\":\"hot-clear\",\"service\":\"users\",\"key\":\"192.0.2.7\"}",
		   "File too large");
	assert_int_equal(r.start.daemon.hot.hand_count, 1);
	assert_null(service_backend(model_service(&engine_of(&r)->model, "users"), "f"));
	daemon_end(&r);
	assert_int_equal(daemon_start(&whole.host, &r), 0);	/* nor does a start need it */
	assert_true(is_kept(&r, STATE_RUNNING));
	is_refused(&r, ADD("f", "10.0.0.6"), "running.yaml: File too large");
	disk_full(false);
	assert_int_equal(state_retry(engine_of(&r)->state), 0);	/* as each second */
	do_it(&r, ADD("f", "10.0.0.6"));
	now = text_read("running.yaml");
	assert_non_null(strstr(now.bytes, "10.0.0.6"));
	free(now.bytes);
	daemon_end(&r);
}

/* ---- the files of version 0.3.0 ---- */

static void files_without_a_seal_are_read(void **state)
{
	uint32_t since[3] = { 0, 7, 9 };
	struct running r;
	const struct dp *dp;

	(void)state;
	whole_again();
	for (int i = 0; i < STATE_FILES; i++)
		text_write(names[i], whole.file[i].bytes + SEAL_BYTES,
			   whole.file[i].size - SEAL_BYTES);
	memset(whole.host.memory->maps.since, 0, 4096);
	memset(whole.host.memory->maps.keys, 0, HOT_PLACES * sizeof(struct xring_key_record));
	text_write("since", (char *)since, sizeof(since));
	text_write("keys", "", 0);
	daemon_tried(&r, "0.3.0");
	if (strstr(said, "left out"))
		fail_msg("%s", said);
	for (int i = 0; i < STATE_FILES; i++)
		assert_true(is_kept(&r, i));
	dp = engine_of(&r)->dp;
	assert_memory_equal(dp->since, since, sizeof(since));
	daemon_end(&r);
	/* The map that is in use is not overwritten by a file that could not be removed. */
	since[1] = 8;
	text_write("since", (char *)since, sizeof(since));
	daemon_tried(&r, "0.3.0 again");
	assert_int_equal(engine_of(&r)->dp->since[1], 7);
	daemon_end(&r);
}

/* Version 0.3.0 writes an empty file where nobody has a home. */
static void an_empty_list_of_homes_without_a_seal_is_right(void **state)
{
	struct running r;

	(void)state;
	whole_again();
	text_write("since", "", 0);
	text_write("homes", "", 0);
	daemon_tried(&r, "no homes");
	if (strstr(said, "left out"))
		fail_msg("%s", said);
	daemon_end(&r);
}

/* ---- what is lost ---- */

/* What commands changed is in running.yaml, and so it stays. */
static void what_commands_changed_outlives_a_lost_loaded(void **state)
{
	const struct service *s;
	struct running r;
	char path[128];

	(void)state;
	whole_again();
	path_of("loaded", path);
	unlink(path);
	host_file_put(&whole.host, MODEL("4"));
	daemon_tried(&r, "lost loaded");
	s = model_service(&engine_of(&r)->model, "users");
	assert_non_null(service_backend(s, "e"));
	assert_int_equal(service_backend(s, "a")->weight, 2000);
	assert_non_null(strstr(said, "all stays as it ran"));
	daemon_end(&r);
}

static void own_files_may_have_any_size(void **state)
{
	static const char line[] = "# a comment, as long as it takes to be more than the sixteen MiB "
				   "that a configuration may have\n";
	const struct text *was = &whole.file[STATE_RUNNING];
	size_t size = 17 << 20, len = was->size - SEAL_BYTES;
	_free_ char *bytes = malloc(SEAL_BYTES + size + sizeof(line) + len);
	struct running r;
	size_t at = SEAL_BYTES;

	(void)state;
	whole_again();
	while (at < size)
		at += (size_t)sprintf(bytes + at, "%s", line);
	memcpy(bytes + at, was->bytes + SEAL_BYTES, len);
	at += len;
	{
		char seal[SEAL_BYTES + 1];

		seal_print(bytes + SEAL_BYTES, at - SEAL_BYTES, seal);
		memcpy(bytes, seal, SEAL_BYTES);
	}
	text_write("running.yaml", bytes, at);
	daemon_tried(&r, "a large model");
	if (!is_kept(&r, STATE_RUNNING))
		fail_msg("%s", said);
	daemon_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_file_may_be_damaged),
		cmocka_unit_test(all_files_may_be_damaged),
		cmocka_unit_test(the_directory_may_be_none),
		cmocka_unit_test(what_cannot_be_written_is_written_later),
		cmocka_unit_test(files_without_a_seal_are_read),
		cmocka_unit_test(an_empty_list_of_homes_without_a_seal_is_right),
		cmocka_unit_test(what_commands_changed_outlives_a_lost_loaded),
		cmocka_unit_test(own_files_may_have_any_size),
	};

	return cmocka_run_group_tests(tests, whole_open, whole_close);
}
