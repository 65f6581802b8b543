// SPDX-License-Identifier: GPL-2.0-or-later
/* Checks as text, and compared. */
#include <stdio.h>
#include <string.h>

#include "core/model/check_text.h"
#include "core/value/number.h"

static void print_expect(const struct check *c, char buf[CHECK_VALUE_TEXT])
{
	if (c->status_min != c->status_max)
		snprintf(buf, CHECK_VALUE_TEXT, "%u-%u", c->status_min, c->status_max);
	else if (c->status_min)
		snprintf(buf, CHECK_VALUE_TEXT, "%u", c->status_min);
}

const char *check_arg(const struct check *c, const char *before, size_t *ret_len)
{
	const char *arg = before ? strchr(before, '\n') + 1 : c->args;

	if (!*arg)
		return NULL;
	*ret_len = strchr(arg, '\n') - arg;
	return arg;
}

/* For people: the arguments with blanks between. */
static void print_args(const struct check *c, char buf[CHECK_VALUE_TEXT])
{
	strcpy(buf, c->args);
	for (char *at = buf; (at = strchr(at, '\n'));)
		*at = at[1] ? ' ' : '\0';
}

const char *check_print(const struct check *c, enum check_key key, char buf[CHECK_VALUE_TEXT])
{
	buf[0] = '\0';
	switch (key) {
	case CHECK_KEY_TYPE:
		return strcpy(buf, check_kind_word(c->kind));
	case CHECK_KEY_PORT:
		if (c->port)
			snprintf(buf, CHECK_VALUE_TEXT, "%u", c->port);
		break;
	case CHECK_KEY_VIA:
		return strcpy(buf, c->via_vip ? "vip" : "address");
	case CHECK_KEY_PATH:
		return strcpy(buf, c->path);
	case CHECK_KEY_HOST:
		return strcpy(buf, c->host);
	case CHECK_KEY_EXPECT:
		print_expect(c, buf);
		break;
	case CHECK_KEY_VERIFY:
		return strcpy(buf, c->verify ? "true" : "false");
	case CHECK_KEY_CA:
		return strcpy(buf, c->ca);
	case CHECK_KEY_SNI:
		return strcpy(buf, c->sni);
	case CHECK_KEY_PROGRAM:
		return strcpy(buf, c->program);
	case CHECK_KEY_ARGS:
		print_args(c, buf);
		break;
	case CHECK_KEY_INTERVAL:
		return duration_print(c->interval_ms, buf);
	case CHECK_KEY_TIMEOUT:
		return duration_print(c->timeout_ms, buf);
	case CHECK_KEY_RISE:
		snprintf(buf, CHECK_VALUE_TEXT, "%u", c->rise);
		break;
	case CHECK_KEY_FALL:
		snprintf(buf, CHECK_VALUE_TEXT, "%u", c->fall);
		break;
	case CHECK_KEY_JITTER:
		return share_print(c->jitter, buf);
	case CHECK_KEYS:
		break;
	}
	return buf;
}

bool check_alike(const struct check *a, const struct check *b)
{
	return a->kind == b->kind && a->via_vip == b->via_vip && a->interval_ms == b->interval_ms &&
	       a->timeout_ms == b->timeout_ms && a->jitter == b->jitter &&
	       !strcmp(a->path, b->path) && !strcmp(a->host, b->host) &&
	       a->status_min == b->status_min && a->status_max == b->status_max &&
	       a->verify == b->verify && !strcmp(a->ca, b->ca) && !strcmp(a->sni, b->sni) &&
	       check_runs_same(a, b);
}

bool check_runs_same(const struct check *a, const struct check *b)
{
	return !strcmp(a->program, b->program) && !strcmp(a->args, b->args);
}

bool check_equal(const struct check *a, const struct check *b)
{
	return check_alike(a, b) && a->port == b->port && a->rise == b->rise && a->fall == b->fall;
}
