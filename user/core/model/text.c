// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "core/model/text.h"

#define PREFIX4_DEFAULT 24
#define PREFIX6_DEFAULT 56
#define PREFIX "client-prefix"

/* <ctype.h> follows the locale, configurations do not. */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/*
 * Digits without a leading zero (which some would read as octal), at most max.
 * Returns what follows them, or NULL.
 */
static const char *digits_parse(const char *text, uint32_t max, uint32_t *ret)
{
	uint64_t value = 0;

	if (!is_digit(*text) || (*text == '0' && is_digit(text[1])))
		return NULL;
	for (; is_digit(*text); text++) {
		value = value * 10 + (uint64_t)(*text - '0');
		if (value > max)
			return NULL;
	}
	*ret = (uint32_t)value;
	return text;
}

int unsigned_parse(const char *text, uint32_t min, uint32_t max, uint32_t *ret)
{
	const char *end;
	uint32_t value;

	end = digits_parse(text, max, &value);
	if (!end || *end || value < min)
		return -EINVAL;
	*ret = value;
	return 0;
}

static int family_parse(const char *text, int family, struct address *ret)
{
	struct address a = { .family = family };

	if (inet_pton(family, text, a.bytes) != 1)
		return -EINVAL;
	*ret = a;
	return 0;
}

int address_parse(const char *text, struct address *ret)
{
	return family_parse(text, strchr(text, ':') ? AF_INET6 : AF_INET, ret);
}

/* ADDRESS:PORT of len bytes, where an IPv6 address, and only that, has brackets. */
static int pair_parse(const char *text, size_t len, uint32_t port_min,
		      struct address *ret, uint16_t *ret_port)
{
	char buf[ENDPOINT_TEXT];
	char *host = buf, *colon;
	int family = AF_INET;
	uint32_t port;

	if (len >= sizeof(buf))
		return -EINVAL;
	memcpy(buf, text, len);
	buf[len] = '\0';
	colon = strrchr(buf, ':');
	if (!colon || unsigned_parse(colon + 1, port_min, UINT16_MAX, &port))
		return -EINVAL;
	*colon = '\0';
	if (buf[0] == '[') {
		if (colon[-1] != ']')
			return -EINVAL;
		colon[-1] = '\0';
		host++;
		family = AF_INET6;
	}
	if (family_parse(host, family, ret))
		return -EINVAL;
	*ret_port = (uint16_t)port;
	return 0;
}

int endpoint_parse(const char *text, struct address *ret, uint16_t *ret_port)
{
	if (address_parse(text, ret))
		return pair_parse(text, strlen(text), 1, ret, ret_port);
	*ret_port = 0;
	return 0;
}

int vip_parse(const char *text, struct vip *ret)
{
	const char *slash = strchr(text, '/');
	struct vip vip = { 0 };

	if (!slash)
		return -EINVAL;
	if (!strcmp(slash, "/tcp"))
		vip.protocol = IPPROTO_TCP;
	else if (!strcmp(slash, "/udp"))
		vip.protocol = IPPROTO_UDP;
	else
		return -EINVAL;
	if (pair_parse(text, (size_t)(slash - text), 0, &vip.address, &vip.port))
		return -EINVAL;
	*ret = vip;
	return 0;
}

static const char *const modes[] = {
	[MODE_NAT] = "nat",
	[MODE_L2] = "l2",
	[MODE_IPIP] = "ipip",
};

static const char *const states[] = {
	[BACKEND_ACTIVE] = "active",
	[BACKEND_DRAINING] = "draining",
	[BACKEND_MAINTENANCE] = "maintenance",
};

static const char *const all_downs[] = {
	[ALL_DOWN_DROP] = "drop",
	[ALL_DOWN_PASS] = "pass",
	[ALL_DOWN_KEEP] = "keep",
};

/* Its number among the words, or -EINVAL. */
static int word_parse(const char *text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(text, words[i]))
			return (int)i;
	return -EINVAL;
}

int mode_parse(const char *text, enum mode *ret)
{
	int i = word_parse(text, modes, ARRAY_SIZE(modes));

	if (i < 0)
		return i;
	*ret = (enum mode)i;
	return 0;
}

int state_parse(const char *text, enum backend_state *ret)
{
	int i = word_parse(text, states, ARRAY_SIZE(states));

	if (i < 0)
		return i;
	*ret = (enum backend_state)i;
	return 0;
}

int all_down_parse(const char *text, enum all_down *ret)
{
	int i = word_parse(text, all_downs, ARRAY_SIZE(all_downs));

	if (i < 0)
		return i;
	*ret = (enum all_down)i;
	return 0;
}

/* What may follow "client-prefix": nothing, /N or /N,N6. */
static int prefix_parse(const char *text, struct key *ret)
{
	uint32_t bits4 = PREFIX4_DEFAULT, bits6 = PREFIX6_DEFAULT;

	if (*text == '/') {
		text = digits_parse(text + 1, 32, &bits4);
		if (text && *text == ',')
			text = digits_parse(text + 1, 128, &bits6);
	}
	if (!text || *text)
		return -EINVAL;
	*ret = (struct key){
		.kind = KEY_CLIENT_PREFIX,
		.prefix4 = (uint8_t)bits4,
		.prefix6 = (uint8_t)bits6,
	};
	return 0;
}

int key_parse(const char *text, struct key *ret)
{
	if (!strcmp(text, "flow"))
		*ret = (struct key){ .kind = KEY_FLOW };
	else if (!strcmp(text, "client"))
		*ret = (struct key){ .kind = KEY_CLIENT };
	else if (!strcmp(text, "client-port"))
		*ret = (struct key){ .kind = KEY_CLIENT_PORT };
	else if (!strncmp(text, PREFIX, strlen(PREFIX)))
		return prefix_parse(text + strlen(PREFIX), ret);
	else
		return -EINVAL;
	return 0;
}

/*
 * A number with at most 3 decimals, in thousandths, whose whole part is at most
 * max. Returns what follows it, or NULL.
 */
static const char *decimal_parse(const char *text, uint32_t max, uint64_t *ret)
{
	uint32_t whole, step = 1000;
	uint64_t value;

	text = digits_parse(text, max, &whole);
	if (!text)
		return NULL;
	value = (uint64_t)whole * step;
	if (*text == '.') {
		if (!is_digit(*++text))
			return NULL;
		for (; is_digit(*text) && step > 1; text++) {
			step /= 10;
			value += (uint64_t)(*text - '0') * step;
		}
	}
	*ret = value;
	return text;
}

int thousandths_parse(const char *text, uint32_t min, uint32_t max, uint32_t *ret)
{
	uint64_t value;

	text = decimal_parse(text, max / 1000, &value);
	if (!text || *text || value < min || value > max)
		return -EINVAL;
	*ret = (uint32_t)value;
	return 0;
}

int weight_parse(const char *text, uint32_t *ret)
{
	return thousandths_parse(text, 0, WEIGHT_MAX, ret);
}

int share_parse(const char *text, uint32_t *ret)
{
	return thousandths_parse(text, 0, 1000, ret);
}

static const struct unit {
	const char *word;
	uint32_t ms;
} units[] = {
	{ "ms", 1 },
	{ "s", 1000 },
	{ "m", 60 * 1000 },
	{ "h", 60 * 60 * 1000 },
	{ "d", 24 * 60 * 60 * 1000 },
};

/* Milliseconds of a unit, 0: there is none of that name. */
static uint32_t unit_parse(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (!strcmp(word, units[i].word))
			return units[i].ms;
	return 0;
}

int duration_parse(const char *text, uint32_t min_ms, uint32_t max_ms, uint32_t *ret_ms)
{
	uint64_t value, ms;
	uint32_t unit;

	text = decimal_parse(text, UINT32_MAX, &value);
	if (!text)
		return -EINVAL;
	unit = *text || value ? unit_parse(text) : 1;
	/* Beyond the limit by its whole part alone: the product might not fit. */
	if (!unit || value / 1000 > max_ms / unit || value * unit % 1000)
		return -EINVAL;
	ms = value * unit / 1000;
	if (ms < min_ms || ms > max_ms)
		return -EINVAL;
	*ret_ms = (uint32_t)ms;
	return 0;
}

int vnodes_parse(const char *text, uint32_t *ret)
{
	return unsigned_parse(text, 1, VNODES_MAX, ret);
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -EINVAL;
}

int hash_key_parse(const char *text, uint8_t ret[HASH_KEY_BYTES])
{
	uint8_t key[HASH_KEY_BYTES];

	if (strlen(text) != 2 * sizeof(key))
		return -EINVAL;
	for (size_t i = 0; i < sizeof(key); i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		key[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(ret, key, sizeof(key));
	return 0;
}

bool name_valid(const char *text)
{
	size_t len = strnlen(text, NAME_BYTES);

	if (len == NAME_BYTES || !is_alnum(text[0]))
		return false;
	for (size_t i = 1; i < len; i++)
		if (!is_alnum(text[i]) && !strchr("._:-", text[i]))
			return false;
	return true;
}

const char *address_print(const struct address *a, char buf[ADDRESS_TEXT])
{
	if (!inet_ntop(a->family, a->bytes, buf, ADDRESS_TEXT))
		snprintf(buf, ADDRESS_TEXT, "none");
	return buf;
}

/* ADDRESS:PORT, also where the port is 0. */
static const char *pair_print(const struct address *a, unsigned port, char buf[ENDPOINT_TEXT])
{
	char text[ADDRESS_TEXT];

	snprintf(buf, ENDPOINT_TEXT, a->family == AF_INET6 ? "[%s]:%u" : "%s:%u",
		 address_print(a, text), port);
	return buf;
}

const char *endpoint_print(const struct address *a, uint16_t port, char buf[ENDPOINT_TEXT])
{
	return port ? pair_print(a, port, buf) : address_print(a, buf);
}

const char *vip_print(const struct vip *vip, char buf[VIP_TEXT])
{
	char pair[ENDPOINT_TEXT];

	snprintf(buf, VIP_TEXT, "%s/%s", pair_print(&vip->address, vip->port, pair),
		 vip->protocol == IPPROTO_UDP ? "udp" : "tcp");
	return buf;
}

const char *mode_print(enum mode mode)
{
	return modes[mode];
}

const char *state_print(enum backend_state state)
{
	return states[state];
}

const char *all_down_print(enum all_down all_down)
{
	return all_downs[all_down];
}

const char *key_print(const struct key *key, char buf[KEY_TEXT])
{
	static const char *const names[] = {
		[KEY_FLOW] = "flow",
		[KEY_CLIENT] = "client",
		[KEY_CLIENT_PREFIX] = PREFIX,
		[KEY_CLIENT_PORT] = "client-port",
	};

	if (key->kind == KEY_CLIENT_PREFIX)
		snprintf(buf, KEY_TEXT, PREFIX "/%u,%u", key->prefix4, key->prefix6);
	else
		snprintf(buf, KEY_TEXT, "%s", names[key->kind]);
	return buf;
}

/* 1, 2.5, 0.001; the length. */
static int decimal_print(uint64_t value, char *buf, size_t size)
{
	int len = snprintf(buf, size, "%llu.%03u", (unsigned long long)(value / 1000),
			   (unsigned)(value % 1000));

	while (buf[len - 1] == '0')
		buf[--len] = '\0';
	if (buf[len - 1] == '.')
		buf[--len] = '\0';
	return len;
}

const char *thousandths_print(uint32_t value, char buf[WEIGHT_TEXT])
{
	decimal_print(value, buf, WEIGHT_TEXT);
	return buf;
}

const char *weight_print(uint32_t weight, char buf[WEIGHT_TEXT])
{
	return thousandths_print(weight, buf);
}

const char *share_print(uint32_t share, char buf[WEIGHT_TEXT])
{
	return thousandths_print(share, buf);
}

/* Of texts of one length the one of the smaller unit: 150m, not 2.5h. */
const char *duration_print(uint32_t ms, char buf[DURATION_TEXT])
{
	size_t shortest = DURATION_TEXT;

	snprintf(buf, DURATION_TEXT, "0s");
	for (size_t i = 0; ms && i < ARRAY_SIZE(units); i++) {
		uint64_t thousandths = (uint64_t)ms * 1000;
		char text[32];
		size_t len;

		if (thousandths % units[i].ms)
			continue;
		len = (size_t)decimal_print(thousandths / units[i].ms, text, sizeof(text));
		len += strlen(units[i].word);
		if (len >= shortest)
			continue;
		shortest = len;
		snprintf(buf, DURATION_TEXT, "%.*s%s", DURATION_TEXT - 4, text, units[i].word);
	}
	return buf;
}
