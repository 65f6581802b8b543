// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/model/check_text.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "base/why.h"
#include "core/value/address.h"
#include "core/value/number.h"
#include "core/value/word.h"

#define INTERVAL_MS 2000u
#define TIMEOUT_MS 1000u
#define RISE 2u
#define FALL 3u
#define JITTER 100u
#define STATUS_MIN 200u
#define STATUS_MAX 399u

#define MINUTE_MS (60 * 1000u)
#define TIMES_MAX 100u

/*
 * The kinds of health checks. A new kind is a row here; and in daemon/probe/ a file that
 * runs the check, and a row of kinds.c with the same word.
 */
static const struct kind {
	const char *word;
	bool has_port;			/* the check connects to a port */
	bool has_request;		/* the keys path, host and expect are allowed */
	bool has_tls;			/* the keys verify, ca and sni are allowed */
} kinds[] = {
	[CHECK_NONE] = { "none" },
	[CHECK_TCP] = { "tcp", .has_port = true },
	[CHECK_HTTP] = { "http", .has_port = true, .has_request = true },
	[CHECK_HTTPS] = { "https", .has_port = true, .has_request = true, .has_tls = true },
	[CHECK_ICMP] = { "icmp" },
};

const char *check_kind_word(enum check_kind kind)
{
	return kinds[kind].word;
}

const char *check_word(size_t i)
{
	return i + 1 < ARRAY_SIZE(kinds) ? kinds[i + 1].word : NULL;
}

const char *check_type_want(void)
{
	static char text[WORDS_TEXT];

	return words_print(kinds + 1, sizeof(*kinds), ARRAY_SIZE(kinds) - 1, text);
}

bool check_has_port(const struct check *c)
{
	return kinds[c->kind].has_port;
}

uint16_t check_port(const struct check *c, uint16_t backend)
{
	return !check_has_port(c) ? 0 : c->port ?: backend;
}

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

/* ---- one value ---- */

static int set_type(struct check *c, const char *text)
{
	int i = word_parse(text, kinds, sizeof(*kinds), ARRAY_SIZE(kinds));

	if (i <= CHECK_NONE)
		return -EINVAL;
	c->kind = (enum check_kind)i;
	return 0;
}

static int set_port(struct check *c, const char *text)
{
	uint32_t port;
	int err = unsigned_parse(text, 1, UINT16_MAX, &port);

	if (!err)
		c->port = (uint16_t)port;
	return err;
}

static int parse_path(const char *text, char path[256])
{
	if (text[0] != '/' || strlen(text) >= 256 || !is_printable(text))
		return -EINVAL;
	strcpy(path, text);
	return 0;
}

static const char *const vias[] = { "address", "vip" };

static int set_via(struct check *c, const char *text)
{
	int i = word_parse(text, vias, sizeof(*vias), ARRAY_SIZE(vias));

	c->via_vip = i > 0;
	return i < 0 ? -EINVAL : 0;
}

static int set_path(struct check *c, const char *text)
{
	return parse_path(text, c->path);
}

/*
 * Accepts letters, digits, dots, hyphens and underscores: what host names and IPv4
 * addresses consist of.
 */
static bool is_host_name(const char *text)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

	return *text && strspn(text, chars) == strlen(text);
}

/* Parses HOST or HOST:PORT. An IPv6 address must have brackets, other hosts must not. */
static int set_host(struct check *c, const char *text)
{
	char host[sizeof(c->host)], *colon;
	struct address address;
	size_t len = strlen(text);
	uint32_t port;

	if (len >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, len + 1);
	colon = strrchr(host, ':');
	if (colon && host[len - 1] != ']') {
		if (unsigned_parse(colon + 1, 1, UINT16_MAX, &port))
			return -EINVAL;
		*colon = '\0';
		len = strlen(host);
	}
	if (host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		if (address_parse(host + 1, &address) || address.family != AF_INET6)
			return -EINVAL;
	} else if (!is_host_name(host)) {
		return -EINVAL;
	}
	strcpy(c->host, text);
	return 0;
}

/* Parses STATUS or STATUS-STATUS. */
static int set_expect(struct check *c, const char *text)
{
	const char *dash = strchr(text, '-');
	char first[4] = "";
	uint32_t min, max;

	if (strlen(text) > 7 || (dash && dash - text != 3))
		return -EINVAL;
	memcpy(first, text, strnlen(text, 3));
	if (unsigned_parse(first, 100, 599, &min) ||
	    unsigned_parse(dash ? dash + 1 : text, min, 599, &max))
		return -EINVAL;
	c->status_min = (uint16_t)min;
	c->status_max = (uint16_t)max;
	return 0;
}

static int set_verify(struct check *c, const char *text)
{
	c->verify = !strcmp(text, "true");
	return c->verify || !strcmp(text, "false") ? 0 : -EINVAL;
}

static int set_ca(struct check *c, const char *text)
{
	return parse_path(text, c->ca);
}

/* TLS names no addresses (RFC 6066, section 3). */
static int set_sni(struct check *c, const char *text)
{
	struct address address;

	if (strlen(text) >= sizeof(c->sni) || !is_host_name(text) || !address_parse(text, &address))
		return -EINVAL;
	strcpy(c->sni, text);
	return 0;
}

static int set_interval(struct check *c, const char *text)
{
	return duration_parse(text, 100, 60 * MINUTE_MS, &c->interval_ms);
}

static int set_timeout(struct check *c, const char *text)
{
	return duration_parse(text, 10, MINUTE_MS, &c->timeout_ms);
}

static int set_rise(struct check *c, const char *text)
{
	return unsigned_parse(text, 1, TIMES_MAX, &c->rise);
}

static int set_fall(struct check *c, const char *text)
{
	return unsigned_parse(text, 1, TIMES_MAX, &c->fall);
}

static int set_jitter(struct check *c, const char *text)
{
	return share_parse(text, &c->jitter);
}

#define WANT_PATH "/ and at most 254 printable ASCII characters without spaces behind it"

static const struct key {
	const char *word;
	const char *want;
	int (*set)(struct check *c, const char *text);
} keys[CHECK_KEYS] = {
	[CHECK_KEY_TYPE] = { "type", NULL, set_type },
	[CHECK_KEY_PORT] = { "port", WANT_PORT, set_port },
	[CHECK_KEY_VIA] = { "via", "address or vip", set_via },
	[CHECK_KEY_PATH] = { "path", WANT_PATH, set_path },
	[CHECK_KEY_HOST] = { "host", "HOST or HOST:PORT of at most 255 bytes, an IPv6 address in brackets", set_host },
	[CHECK_KEY_EXPECT] = { "expect", "STATUS or STATUS-STATUS, 100 to 599", set_expect },
	[CHECK_KEY_VERIFY] = { "verify", "true or false", set_verify },
	[CHECK_KEY_CA] = { "ca", WANT_PATH, set_ca },
	[CHECK_KEY_SNI] = { "sni", "the name of a host, of at most 255 bytes", set_sni },
	[CHECK_KEY_INTERVAL] = { "interval", "100ms to 1h, as 500ms or 2s", set_interval },
	[CHECK_KEY_TIMEOUT] = { "timeout", "10ms to 1m, as 500ms or 2s", set_timeout },
	[CHECK_KEY_RISE] = { "rise", "1 to 100", set_rise },
	[CHECK_KEY_FALL] = { "fall", "1 to 100", set_fall },
	[CHECK_KEY_JITTER] = { "jitter", WANT_SHARE, set_jitter },
};

const char *check_key_word(enum check_key key)
{
	return keys[key].word;
}

const char *check_key_want(enum check_key key)
{
	return keys[key].want ?: check_type_want();
}

int check_key_parse(const char *word, enum check_key *ret)
{
	for (int i = 0; i < CHECK_KEYS; i++) {
		if (!strcmp(word, keys[i].word)) {
			*ret = (enum check_key)i;
			return 0;
		}
	}
	return -EINVAL;
}

int check_set(struct check_draft *d, enum check_key key, const char *value)
{
	int err = keys[key].set(&d->check, value);

	if (!err)
		d->given |= 1u << key;
	return err;
}

/* ---- all keys together ---- */

static bool is_given(const struct check_draft *d, enum check_key key)
{
	return d->given & 1u << key;
}

/*
 * Fills in the default of each key that the kind of c has, except of the keys in `given` (a
 * bit each).
 */
static void set_defaults(struct check *c, unsigned given)
{
	if (!(given & 1u << CHECK_KEY_INTERVAL))
		c->interval_ms = INTERVAL_MS;
	if (!(given & 1u << CHECK_KEY_TIMEOUT))
		c->timeout_ms = c->interval_ms < TIMEOUT_MS ? c->interval_ms : TIMEOUT_MS;
	if (!(given & 1u << CHECK_KEY_RISE))
		c->rise = RISE;
	if (!(given & 1u << CHECK_KEY_FALL))
		c->fall = FALL;
	if (!(given & 1u << CHECK_KEY_JITTER))
		c->jitter = JITTER;
	if (!kinds[c->kind].has_request)
		return;
	if (!(given & 1u << CHECK_KEY_PATH))
		strcpy(c->path, "/");
	if (!(given & 1u << CHECK_KEY_EXPECT)) {
		c->status_min = STATUS_MIN;
		c->status_max = STATUS_MAX;
	}
}

bool check_has_key(enum check_kind kind, enum check_key key)
{
	switch (key) {
	case CHECK_KEY_PORT:
	case CHECK_KEY_VIA:
		return kinds[kind].has_port;
	case CHECK_KEY_PATH:
	case CHECK_KEY_HOST:
	case CHECK_KEY_EXPECT:
		return kinds[kind].has_request;
	case CHECK_KEY_VERIFY:
	case CHECK_KEY_CA:
	case CHECK_KEY_SNI:
		return kinds[kind].has_tls;
	default:
		return true;
	}
}

/* The first key that was given and has no meaning for the kind; CHECK_KEYS: none. */
static enum check_key senseless_key(const struct check_draft *d)
{
	int key = 0;

	while (key < CHECK_KEYS && (!is_given(d, (enum check_key)key) ||
				    check_has_key(d->check.kind, (enum check_key)key)))
		key++;
	return (enum check_key)key;
}

__attribute__((format(printf, 4, 5)))
static int wrong(enum check_key key, enum check_key *ret_key, struct why *why,
		 const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	why_set_va(why, 0, fmt, ap);
	va_end(ap);
	*ret_key = key;
	return -EINVAL;
}

int check_finish(const struct check_draft *d, struct check *ret, enum check_key *ret_key,
		 struct why *why)
{
	struct check c = d->check;
	char text[CHECK_VALUE_TEXT], interval[DURATION_TEXT];
	enum check_key senseless = senseless_key(d);

	if (!is_given(d, CHECK_KEY_TYPE))
		return wrong(CHECK_KEY_TYPE, ret_key, why,
			     "check without a type: want %s", check_type_want());
	if (senseless != CHECK_KEYS)
		return wrong(senseless, ret_key, why,
			     "check %s %.64s: want none, as a check of type %s has no %s",
			     keys[senseless].word, check_print(&c, senseless, text),
			     kinds[c.kind].word, keys[senseless].word);
	set_defaults(&c, d->given);
	if (c.ca[0] && !c.verify)
		return wrong(CHECK_KEY_CA, ret_key, why,
			     "check ca %.200s: want verify true beside it", c.ca);
	if (c.timeout_ms > c.interval_ms)
		return wrong(CHECK_KEY_TIMEOUT, ret_key, why,
			     "check timeout %s: want at most the interval, %s",
			     duration_print(c.timeout_ms, text),
			     duration_print(c.interval_ms, interval));
	*ret = c;
	return 0;
}

bool check_is_default(const struct check *c, enum check_key key)
{
	struct check normal = *c;
	char text[CHECK_VALUE_TEXT], normal_text[CHECK_VALUE_TEXT];

	if (key == CHECK_KEY_PORT || key == CHECK_KEY_HOST || key == CHECK_KEY_TYPE ||
	    key == CHECK_KEY_CA || key == CHECK_KEY_SNI)
		return !*check_print(c, key, text);
	if (key == CHECK_KEY_VERIFY)
		return !c->verify;
	if (key == CHECK_KEY_VIA)
		return !c->via_vip;
	set_defaults(&normal, ~(1u << key));
	return !strcmp(check_print(c, key, text), check_print(&normal, key, normal_text));
}

/* Parses one KEY=VALUE into the draft; writes a NUL over the equals sign. */
static int parse_pair(struct check_draft *d, char *pair, struct why *why)
{
	char *value = strchr(pair, '=');
	char words[WORDS_TEXT];
	enum check_key key, ignored;

	if (!value)
		return wrong(CHECK_KEY_TYPE, &ignored, why, "check %.64s: want KEY=VALUE", pair);
	*value++ = '\0';
	if (check_key_parse(pair, &key) || key == CHECK_KEY_TYPE)
		return wrong(CHECK_KEY_TYPE, &ignored, why,
			     "check key %.64s: want %s", pair,
			     words_print(keys + 1, sizeof(*keys), CHECK_KEYS - 1, words));
	if (is_given(d, key))
		return wrong(key, &ignored, why, "check %s: want it once", keys[key].word);
	if (check_set(d, key, value))
		return wrong(key, &ignored, why, "check %s %.64s: want %s", keys[key].word, value,
			     check_key_want(key));
	return 0;
}

int check_parse(const char *text, struct check *ret, struct why *why)
{
	_free_ char *copy = strdup(text);
	struct check_draft d = { 0 };
	enum check_key ignored;
	char *rest = copy, *part;

	if (!copy)
		return wrong(CHECK_KEY_TYPE, &ignored, why, "out of memory");
	if (!strcmp(text, "none")) {
		*ret = (struct check){ 0 };
		return 0;
	}
	part = strsep(&rest, ",");
	if (check_set(&d, CHECK_KEY_TYPE, part))
		return wrong(CHECK_KEY_TYPE, &ignored, why,
			     "check type %.64s: want %s", part, check_type_want());
	while ((part = strsep(&rest, ",")))
		if (parse_pair(&d, part, why))
			return -EINVAL;
	return check_finish(&d, ret, &ignored, why);
}

/* ---- printing ---- */

static void print_expect(const struct check *c, char buf[CHECK_VALUE_TEXT])
{
	if (c->status_min != c->status_max)
		snprintf(buf, CHECK_VALUE_TEXT, "%u-%u", c->status_min, c->status_max);
	else if (c->status_min)
		snprintf(buf, CHECK_VALUE_TEXT, "%u", c->status_min);
}

const char *check_print(const struct check *c, enum check_key key, char buf[CHECK_VALUE_TEXT])
{
	buf[0] = '\0';
	switch (key) {
	case CHECK_KEY_TYPE:
		return strcpy(buf, kinds[c->kind].word);
	case CHECK_KEY_PORT:
		if (c->port)
			snprintf(buf, CHECK_VALUE_TEXT, "%u", c->port);
		break;
	case CHECK_KEY_VIA:
		return strcpy(buf, vias[c->via_vip]);
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
	       a->verify == b->verify && !strcmp(a->ca, b->ca) && !strcmp(a->sni, b->sni);
}

bool check_equal(const struct check *a, const struct check *b)
{
	return check_alike(a, b) && a->port == b->port && a->rise == b->rise && a->fall == b->fall;
}
