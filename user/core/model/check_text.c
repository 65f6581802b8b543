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
	enum check_kind kind = check_type_parse(text);

	if (kind == CHECK_NONE)
		return -EINVAL;
	c->kind = kind;
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

static int set_program(struct check *c, const char *text)
{
	char path[256];

	if (parse_path(text, path) || strlen(path) >= sizeof(c->program))
		return -EINVAL;
	strcpy(c->program, path);
	return 0;
}

/* Adds an argument. */
static int set_arg(struct check *c, const char *text)
{
	size_t at = strlen(c->args), len = strlen(text);

	if (at + len + 2 > sizeof(c->args))
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return -EINVAL;
	memcpy(c->args + at, text, len);
	strcpy(c->args + at + len, "\n");
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

#define WANT_PROGRAM "/ and at most 126 printable ASCII characters without spaces after it"
#define WANT_ARGS "arguments without control characters, 255 bytes with one for each"
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
	[CHECK_KEY_PROGRAM] = { "program", WANT_PROGRAM, set_program },
	[CHECK_KEY_ARGS] = { "args", WANT_ARGS, set_arg },
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
	if (!check_has_key(c->kind, CHECK_KEY_PATH))
		return;
	if (!(given & 1u << CHECK_KEY_PATH))
		strcpy(c->path, "/");
	if (!(given & 1u << CHECK_KEY_EXPECT)) {
		c->status_min = STATUS_MIN;
		c->status_max = STATUS_MAX;
	}
}

/* Under which key of a service the kind stands. */
static const char *noun(enum check_kind kind)
{
	return kind == CHECK_AGENT ? check_kind_word(kind) : "check";
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

	if (c.kind == CHECK_NONE)
		return wrong(CHECK_KEY_TYPE, ret_key, why,
			     "check without a type: want %s", check_type_want());
	if (senseless != CHECK_KEYS)
		return wrong(senseless, ret_key, why,
			     "check %s %.64s: want none, as a check of type %s has no %s",
			     keys[senseless].word, check_print(&c, senseless, text),
			     check_kind_word(c.kind), keys[senseless].word);
	set_defaults(&c, d->given);
	if (check_has_key(c.kind, CHECK_KEY_PROGRAM) && !c.program[0])
		return wrong(CHECK_KEY_TYPE, ret_key, why,
			     "check exec without a program: want " WANT_PROGRAM);
	if (c.kind == CHECK_AGENT && !c.port)
		return wrong(CHECK_KEY_TYPE, ret_key, why, "agent without a port: want " WANT_PORT);
	if (c.ca[0] && !c.verify)
		return wrong(CHECK_KEY_CA, ret_key, why,
			     "check ca %.200s: want verify true beside it", c.ca);
	if (c.timeout_ms > c.interval_ms)
		return wrong(CHECK_KEY_TIMEOUT, ret_key, why,
			     "%s timeout %s: want at most the interval, %s", noun(c.kind),
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
	    key == CHECK_KEY_CA || key == CHECK_KEY_SNI || key == CHECK_KEY_PROGRAM ||
	    key == CHECK_KEY_ARGS)
		return !*check_print(c, key, text);
	if (key == CHECK_KEY_VERIFY)
		return !c->verify;
	if (key == CHECK_KEY_VIA)
		return !c->via_vip;
	set_defaults(&normal, ~(1u << key));
	return !strcmp(check_print(c, key, text), check_print(&normal, key, normal_text));
}

#define AGENT_KEYS "port, interval, timeout or jitter"

/* Parses one KEY=VALUE into the draft; writes a NUL over the equals sign. */
static int parse_pair(struct check_draft *d, char *pair, struct why *why)
{
	char *value = strchr(pair, '=');
	const char *what = noun(d->check.kind);
	bool is_agent = d->check.kind == CHECK_AGENT;
	char words[WORDS_TEXT];
	enum check_key key, ignored;

	if (!value)
		return wrong(CHECK_KEY_TYPE, &ignored, why, "%s %.64s: want KEY=VALUE", what, pair);
	*value++ = '\0';
	if (check_key_parse(pair, &key) || key == CHECK_KEY_TYPE ||
	    (is_agent && !check_has_key(CHECK_AGENT, key)))
		return wrong(CHECK_KEY_TYPE, &ignored, why, "%s key %.64s: want %s", what, pair,
			     is_agent ? AGENT_KEYS : words_print(keys + 1, sizeof(*keys),
								 CHECK_KEYS - 1, words));
	if (is_given(d, key))
		return wrong(key, &ignored, why, "%s %s: want it once", what, keys[key].word);
	if (check_set(d, key, value))
		return wrong(key, &ignored, why, "%s %s %.64s: want %s", what, keys[key].word,
			     value, check_key_want(key));
	return 0;
}

struct check_draft agent_draft(void)
{
	return (struct check_draft){ .check.kind = CHECK_AGENT };
}

/* Parses the pairs of `rest` into the draft, and makes a check of it. */
static int parse_pairs(struct check_draft *d, char *rest, struct check *ret, struct why *why)
{
	enum check_key ignored;
	char *part;

	while ((part = strsep(&rest, ",")))
		if (parse_pair(d, part, why))
			return -EINVAL;
	return check_finish(d, ret, &ignored, why);
}

int check_parse_agent(const char *text, struct check *ret, struct why *why)
{
	_free_ char *copy = strdup(text);
	struct check_draft d = agent_draft();

	if (!copy)
		return why_set(why, -ENOMEM, "out of memory");
	if (strcmp(text, "none"))
		return parse_pairs(&d, copy, ret, why);
	*ret = (struct check){ 0 };
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
	return parse_pairs(&d, rest, ret, why);
}
