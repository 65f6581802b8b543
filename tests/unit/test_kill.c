// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A daemon is killed at every numbered step of a change: of live_apply(), and of all that
 * follows it until nothing is under way. The next life adopts what it finds and goes on to the
 * same end as one that was never killed.
 *
 * Each death is a child process that kills itself in step() (base/step.h) and leaves the maps,
 * which are shared memory; the next life is in the parent, which puts the maps back thereafter.
 *
 * What is compared are answers and names. Ids, generations, places of rings and of classes, and
 * the times at which something began to move, are those that the next life comes to: it may
 * take another id where the dead one had begun to take one, and a cell may move for longer.
 *
 * XRING_KILLS=40 takes so many of the steps, spread evenly.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/step.h"
#include "base/util.h"
#include "daemon/live/backends.h"
#include "daemon/live/hot_keys.h"
#include "daemon/live/services.h"
#include "life.h"
#include "map_answers.h"
#include "models.h"

static const struct dp_options sizes = { .cells = 1 << 15, .backends = 32, .lines = 256 };

/* A change of the maps: to another model, of a key, of health. */
struct change {
	struct model before, after;
	void (*prepare)(struct life *life);		/* done before the change; may be NULL */
	/* The change: done twice it is done once. */
	void (*act)(struct life *life, const struct model *after);
};

/* Of the never killed life: after the change, and at the end. */
struct course {
	char *was, *newest, *old;
	char *end, *tables, *room;
};

/* What a child tells before it dies. */
struct note {
	uint64_t steps;			/* it took, if it was not killed */
	bool applied;			/* the change was done, and time went on */
};

static struct note *note;

static const struct model *const *models_of(const struct change *c)
{
	static const struct model *models[2];

	models[0] = &c->before;
	models[1] = &c->after;
	return models;
}

static char *answers(const struct life *life, const struct change *c, bool old)
{
	return answers_text(life->dp, models_of(c), 2, old);
}

static char *tables(const struct life *life, const struct change *c)
{
	return tables_text(life->dp, models_of(c), 2);
}

/* The life in which the model before the change runs, and all has settled. */
static struct life *life_before(struct memory *memory, const struct change *c)
{
	struct life *life;

	*memory->now = 1000 * NS_PER_S;
	life = life_begin(memory, &c->before);
	assert_int_equal(life_apply(life, &c->before), 0);
	if (c->prepare)
		c->prepare(life);
	life_settle(life);
	return life;
}

static struct course course_of(const struct change *c)
{
	struct memory *memory = memory_new(&sizes);
	struct life *life = life_before(memory, c);
	struct course ret = { .was = answers(life, c, false) };

	c->act(life, &c->after);
	assert_true(rings_asked(life) > 0);
	ret.newest = answers(life, c, false);
	ret.old = answers(life, c, true);
	life_settle(life);
	ret.end = answers(life, c, false);
	ret.tables = tables(life, c);
	ret.room = room_text(life);
	life_end(life);
	memory_free(memory);
	return ret;
}

static void course_clear(struct course *c)
{
	free(c->was);
	free(c->newest);
	free(c->old);
	free(c->end);
	free(c->tables);
	free(c->room);
}

/* ---- what is found ---- */

/* Words of two texts, one beside the other; false: there are no more. */
static bool words(const char **a, const char **b, char ret[2][200])
{
	const char **from[2] = { a, b };

	for (int i = 0; i < 2; i++) {
		size_t len;

		*from[i] += strspn(*from[i], " \n");
		len = strcspn(*from[i], " \n");
		assert_true(len < sizeof(ret[0]));
		memcpy(ret[i], *from[i], len);
		ret[i][len] = 0;
		*from[i] += len;
	}
	return ret[0][0];
}

/*
 * Where a flow is that is older than the change: where it was, or where the change puts it. The
 * life that makes a change knows the rule of a ring that is not wanted any more, and cuts from it
 * whom the rule forbids; the next one does not know it and leaves the ring as it is. On the way
 * a backend that a strict rule will forbid is forbidden before the ring has another for its keys.
 */
static void flows_are_kept(const char *found, const char *was, const char *old, bool on_the_way,
			   uint64_t step)
{
	char word[2][200], done[2][200];
	const char *again = found;

	while (words(&found, &was, word) && words(&again, &old, done))
		if (strncmp(word[0], word[1], strlen(word[1])) && strcmp(word[0], done[1]) &&
		    strcmp(word[1], "unknown") &&
		    (!on_the_way || strcmp(word[0], "forbidden")))
			fail_msg("step %lu: a flow is at %s, was at %s, will be at %s",
				 (unsigned long)step, word[0], word[1], done[1]);
}

/* What the dead daemon leaves, before another one comes. */
static void found_is_right(struct memory *memory, const struct change *c, const struct course *course,
			   uint64_t step)
{
	struct dp *dp = memory_dp(memory);
	_free_ char *newest = answers_text(dp, models_of(c), 2, false);
	_free_ char *old = answers_text(dp, models_of(c), 2, true);

	if (strstr(newest, "~elsewhere") || strstr(old, "~elsewhere"))
		fail_msg("step %lu: replies of a backend get another VIP: %s%s",
			 (unsigned long)step, newest, old);
	if (strstr(newest, "~untemplated") || strstr(old, "~untemplated"))
		fail_msg("step %lu: packets are sent to a backend that has no template: %s",
			 (unsigned long)step, newest);
	if (!note->applied)
		flows_are_kept(old, course->was, course->old, true, step);
	memory_dp_close(dp);
}

/* ---- dying ---- */

/*
 * A child that makes the change and lets time pass, until the step. It goes on with that life;
 * NULL: with a new one, which adopts what is there. True: it died; otherwise all was done before.
 */
static bool dies(struct life *life, struct memory *memory, const struct change *c, uint64_t step)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (!child) {
		step_fatal = step;
		life = life ?: life_begin(memory, &c->after);
		c->act(life, &c->after);
		note->applied = true;
		life_settle(life);
		note->steps = step - step_fatal;
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status))
		assert_int_equal(WTERMSIG(status), SIGKILL);
	else
		assert_int_equal(WEXITSTATUS(status), 0);
	return WIFSIGNALED(status);
}

/* For diff(1): what is, and what should be, in files IS and WANT of that directory. */
static void texts_write(const char *is, const char *want)
{
	const char *const texts[2] = { is, want };

	for (int i = 0; i < 2; i++) {
		char path[300];
		FILE *to;

		snprintf(path, sizeof(path), "%s/%s", getenv("XRING_TEXTS"), i ? "WANT" : "IS");
		to = fopen(path, "we");
		if (to)
			fputs(texts[i], to);
		if (to)
			fclose(to);
	}
}

static void assert_text(const char *is, const char *want, const char *what, uint64_t step)
{
	const char *a = is, *b = want;
	char word[2][200];

	if (!strcmp(is, want))
		return;
	while (words(&a, &b, word) && !strcmp(word[0], word[1]))
		;
	if (getenv("XRING_TEXTS"))
		texts_write(is, want);
	fail_msg("step %lu: %s: %s, want %s", (unsigned long)step, what, word[0], word[1]);
}

/* Backends that waited get their share one after the other, as time goes on. */
static void new_flows_are_on_the_way(const char *is, const struct course *course, uint64_t step)
{
	char word[2][200], end[2][200];
	const char *newest = course->newest, *at_end = course->end, *again = is;

	while (words(&is, &newest, word) && words(&again, &at_end, end))
		if (strcmp(word[0], word[1]) && strcmp(word[0], end[1]))
			fail_msg("step %lu: new flows: %s, want %s, and %s at the end",
				 (unsigned long)step, word[0], word[1], end[1]);
}

static void next_life(struct memory *memory, const struct change *c, const struct course *course,
		      uint64_t step)
{
	bool applied = note->applied;
	struct life *life = life_begin(memory, &c->after);
	_free_ char *newest = NULL, *old = NULL, *end = NULL, *here = NULL, *room = NULL;
	static void *copy;
	const char *differs;

	c->act(life, &c->after);
	newest = answers(life, c, false);
	old = answers(life, c, true);
	if (applied)
		new_flows_are_on_the_way(newest, course, step);
	else
		assert_text(newest, course->newest, "new flows", step);
	if (!applied)
		flows_are_kept(old, course->was, course->old, false, step);
	rings_asked(life);
	copy = memory_copy(memory, copy);
	c->act(life, &c->after);
	differs = memory_difference(memory, copy, true);
	if (differs || life->cells)
		fail_msg("step %lu: applied again it writes %s, %lu cells", (unsigned long)step,
			 differs, (unsigned long)life->cells);
	life_settle(life);
	rings_asked(life);
	end = answers(life, c, false);
	here = tables(life, c);
	room = room_text(life);
	assert_text(end, course->end, "at the end, flows", step);
	assert_text(here, course->tables, "at the end, tables", step);
	assert_text(room, course->room, "at the end, what is taken", step);
	life_end(life);
}

/* How far it is from one kill to the next. */
static double stride(uint64_t steps)
{
	const char *kills = getenv("XRING_KILLS");
	double count = kills ? atof(kills) : 0;

	return count > 0 && count < steps ? steps / count : 1;
}

/* Each eighth of the next lives is killed, too, somewhere. */
static void one_kill(struct life *life, const struct change *c, const struct course *course,
		     uint64_t step, uint64_t steps)
{
	struct memory *memory = life->memory;

	*note = (struct note){};
	assert_true(dies(life, memory, c, step));
	found_is_right(memory, c, course, step);
	if (step % 8 == 0 && dies(NULL, memory, c, 1 + step * 7919 % steps))
		found_is_right(memory, c, course, step);
	next_life(memory, c, course, step);
}

static void change_killed(const struct change *c)
{
	struct course course = course_of(c);
	struct memory *memory = memory_new(&sizes);
	struct life *life = life_before(memory, c);
	void *copy = memory_copy(memory, NULL);
	uint64_t steps, kills = 0;

	assert_false(dies(life, memory, c, UINT64_MAX));
	steps = note->steps;
	assert_true(steps > 0);
	for (double at = 1; at <= steps; at += stride(steps), kills++) {
		memory_restore(memory, copy);
		one_kill(life, c, &course, at, steps);
	}
	printf("killed at %lu of %lu steps\n", (unsigned long)kills, (unsigned long)steps);
	munmap(copy, memory->size);
	life_end(life);
	memory_free(memory);
	course_clear(&course);
}

static void killed_at_every_step(const char *before, const char *after,
				 void (*prepare)(struct life *life),
				 void (*act)(struct life *life, const struct model *after))
{
	struct change c = { model_of(before), model_of(after), prepare, act };

	change_killed(&c);
	model_clear(&c.before);
	model_clear(&c.after);
}

/* ---- changes ---- */

static void act_apply(struct life *life, const struct model *after)
{
	assert_int_equal(life_apply(life, after), 0);
}

/* Newest sides of three keys of a service: shards, or a backend for the second one. */
static void keys_set(struct life *life, bool split)
{
	static const uint8_t hosts[] = { 1, 7, 200 };
	struct live_service *s = live_service(life->live, "users");
	const struct vip *vip = &model_service(life->model, "users")->vips[0];

	for (unsigned i = 0; i < ARRAY_SIZE(hosts); i++) {
		struct address client = { .family = AF_INET, .bytes = { 192, 0, 2, hosts[i] } };
		struct xring_flow flow = map_flow(&client, 1000, vip);
		uint64_t side = i == 1 ? XRING_HOT_SIDE(0, live_backend(s, "a")->id) :
					 XRING_HOT_SIDE(64, 0);

		assert_int_equal(live_key_set(life->live, s, &flow, split ? side : 0,
					      *life->memory->now), 0);
	}
	life_vips(life);
}

static void prepare_split(struct life *life)
{
	keys_set(life, true);
}

static void act_split(struct life *life, const struct model *after)
{
	act_apply(life, after);
	keys_set(life, true);
}

static void act_heal(struct life *life, const struct model *after)
{
	act_apply(life, after);
	keys_set(life, false);
}

static void health_set(struct life *life, enum health_state state)
{
	struct live_backend *backend = live_backend(live_service(life->live, "users"), "b");

	backend->health.state = backend->owner->health = state;
	assert_int_equal(life_apply(life, life->model), 0);
}

static void prepare_death(struct life *life)
{
	health_set(life, HEALTH_DOWN);
}

static void act_death(struct life *life, const struct model *after)
{
	(void)after;
	health_set(life, HEALTH_DOWN);
}

static void act_return(struct life *life, const struct model *after)
{
	(void)after;
	health_set(life, HEALTH_UP);
}

static void killed_while_rules_come_the_next_life_ends_alike(void **state)
{
	(void)state;
	killed_at_every_step(MODEL_PLAIN, MODEL_RULES, NULL, act_apply);
}

static void killed_while_rules_go_the_next_life_ends_alike(void **state)
{
	(void)state;
	killed_at_every_step(MODEL_RULES, MODEL_PLAIN, NULL, act_apply);
}

static void killed_while_backends_are_weighed_and_drained_the_next_life_ends_alike(void **state)
{
	(void)state;
	killed_at_every_step(MODEL_PLAIN, MODEL_WEIGHTS, NULL, act_apply);
}

static void killed_while_keys_are_split_the_next_life_ends_alike(void **state)
{
	(void)state;
	killed_at_every_step(MODEL_PLAIN, MODEL_PLAIN, NULL, act_split);
}

static void killed_while_keys_are_healed_the_next_life_ends_alike(void **state)
{
	(void)state;
	killed_at_every_step(MODEL_PLAIN, MODEL_PLAIN, prepare_split, act_heal);
}

static void killed_while_a_backend_dies_the_next_life_ends_alike(void **state)
{
	(void)state;
	killed_at_every_step(MODEL_CHECKED, MODEL_CHECKED, NULL, act_death);
}

static void killed_while_a_backend_returns_the_next_life_ends_alike(void **state)
{
	(void)state;
	killed_at_every_step(MODEL_CHECKED, MODEL_CHECKED, prepare_death, act_return);
}

static void killed_while_nat_backends_change_services_the_next_life_ends_alike(void **state)
{
	(void)state;
	killed_at_every_step(MODEL_NAT, MODEL_NAT_TURNED, NULL, act_apply);
}

static int note_open(void **state)
{
	(void)state;
	note = mmap(NULL, sizeof(*note), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return note == MAP_FAILED;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_while_rules_come_the_next_life_ends_alike),
		cmocka_unit_test(killed_while_rules_go_the_next_life_ends_alike),
		cmocka_unit_test(killed_while_backends_are_weighed_and_drained_the_next_life_ends_alike),
		cmocka_unit_test(killed_while_keys_are_split_the_next_life_ends_alike),
		cmocka_unit_test(killed_while_keys_are_healed_the_next_life_ends_alike),
		cmocka_unit_test(killed_while_a_backend_dies_the_next_life_ends_alike),
		cmocka_unit_test(killed_while_a_backend_returns_the_next_life_ends_alike),
		cmocka_unit_test(killed_while_nat_backends_change_services_the_next_life_ends_alike),
	};

	return cmocka_run_group_tests(tests, note_open, NULL);
}
