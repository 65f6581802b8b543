// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asked.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xring/abi.h>
#include <xring/told.h>

#include "dp/tell/tell.h"

struct asked {
	struct dp_tell *tell;
	struct dp_told told;
	uint8_t in[DP_TELL_ASKED];
	size_t len;
	uint64_t count;
};

static int fd_of(const void *context, const char *name)
{
	const struct bpf_map *map = bpf_object__find_map_by_name(context, name);

	return map ? fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 3) : -ENOENT;
}

struct asked *asked_open(const struct bpf_object *serving, bool clock_stopped)
{
	const struct dp_tell_maps maps = { fd_of, serving, clock_stopped };
	struct asked *ret = calloc(1, sizeof(*ret));

	assert_non_null(ret);
	assert_int_equal(dp_tell_open_on(&maps, &ret->tell), 0);
	return ret;
}

void asked_close(struct asked *asked)
{
	if (!asked)
		return;
	dp_tell_close(asked->tell);
	free(asked);
}

void asked_ask(struct asked *asked, const void *frame, size_t len, uint32_t ifindex)
{
	assert_in_range(len, 1, sizeof(asked->in));
	memcpy(asked->in, frame, len);
	asked->len = len;
	assert_int_equal(dp_tell(asked->tell, frame, len, ifindex, &asked->told), 0);
}

/* Each datagram of such a service goes to a random position. */
static bool is_random(const struct xring_told *told)
{
	for (uint64_t i = 0; i < told->count && i < XRING_STEPS; i++)
		if (told->step[i].step == XRING_STEP_SERVICE &&
		    told->step[i].b & XRING_SERVICE_PACKET)
			return true;
	return false;
}

/* An answer to the sender, for which the program that serves has a budget. */
static bool is_answer(const struct xring_told *told)
{
	for (uint64_t i = 0; i < told->count && i < XRING_STEPS; i++)
		if (told->step[i].step == XRING_STEP_END &&
		    (told->step[i].a == XRING_CNT_TX_ECHO || told->step[i].a == XRING_CNT_TX_TTL ||
		     told->step[i].a == XRING_CNT_TX_TOO_BIG))
			return true;
	return false;
}

static void print_hex(const char *what, const uint8_t *bytes, size_t len)
{
	fprintf(stderr, "%s ", what);
	for (size_t i = 0; i < len && i < 128; i++)
		fprintf(stderr, "%02x", bytes[i]);
	fputc('\n', stderr);
}

void asked_compare(struct asked *asked, uint32_t verdict, const void *frame, size_t len)
{
	const struct dp_told *told = &asked->told;

	asked->count++;
	if (is_random(&told->told) || (verdict == XDP_DROP && is_answer(&told->told)))
		return;
	if (told->verdict == verdict && told->len == len && !memcmp(told->frame, frame, len))
		return;
	print_hex("packet   ", asked->in, asked->len);
	print_hex("explained", told->frame, told->len);
	print_hex("served   ", frame, len);
	for (uint64_t i = 0; i < told->told.count && i < XRING_STEPS; i++)
		fprintf(stderr, "step %u: %llx %llx\n", told->told.step[i].step,
			(unsigned long long)told->told.step[i].a,
			(unsigned long long)told->told.step[i].b);
	fail_msg("packet %lu: explained as verdict %u, %u bytes; served as %u, %zu bytes", asked->count,
		 told->verdict, told->len, verdict, len);
}

uint64_t asked_count(const struct asked *asked)
{
	return asked->count;
}
