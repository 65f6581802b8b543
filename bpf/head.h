/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_HEAD_H
#define XRING_BPF_HEAD_H

/* Templates: which of the two counts, and what its head and its struct xring_rare say. */

/* The parts of a template's head, which is read in one load as the daemon may write it. */
static __always_inline __u64 head_read(const struct xring_template *t)
{
	return *(const volatile __u64 *)&t->head;
}

static __always_inline __u32 head_ifindex(__u64 head)
{
	return head;
}

static __always_inline __u32 head_mtu(__u64 head)
{
	return head >> 48;
}

static __always_inline __u8 head_kind(__u64 head)
{
	return head >> 32;
}

/*
 * The template that counts, by the head of the first. Without a branch: the verifier then
 * need not walk all that follows once for each of the two.
 */
static __always_inline const struct xring_template *
template_that_counts(const struct xring_backend *backend, __u64 head)
{
	return (const void *)backend + (head_kind(head) << 3 & sizeof(struct xring_template));
}

/* The first template, for loads that have to be done after that of its head. */
static __always_inline const struct xring_template *after_head(const struct xring_backend *backend,
							       __u64 head)
{
	return XRING_LOADS_IN_ORDER ? &backend->t[0] : template_that_counts(backend, head);
}

/* The head that counts, by that of the first, which is read once: it may change meanwhile. */
static __always_inline __u64 head_that_counts(const struct xring_backend *backend, __u64 head)
{
	__u64 second = -(__u64)(head_kind(head) / XRING_SECOND & 1);

	asm volatile("" : "+r"(second));	/* or clang makes it a branch */
	return (head & ~second) | (head_read(template_that_counts(backend, head)) & second);
}

/* The bits of the inner traffic class that an outer header gets. */
static __always_inline __u8 head_dscp(__u64 head)
{
	return head >> 40;
}

/* The head of the kind that a rare one is, but for its tags. */
static __always_inline __u64 head_untagged(__u64 head)
{
	return head & ~((__u64)XRING_TAGGED << 32);
}

/* template_rare() of a kind that is not rare. */
static __always_inline __u64 head_rare(__u64 head)
{
	return (head >> 48) << 32;
}

/*
 * The struct xring_rare of a template in one word; of a kind that is not rare it has the MTU alone.
 * Not static: the verifier walks it once.
 */
__noinline __u64 template_rare(const struct xring_template *t, __u64 head)
{
	const struct xring_rare *rare;

	if (!t || head_kind(head) < XRING_RARE)
		return head_rare(head);
	rare = (const void *)(t->ip + xring_rare_at(head_kind(head)));
	return (head_kind(head) & XRING_TAGGED ? rare->tags : 0) | (__u64)rare->mtu << 32 |
	       (__u64)rare->port << 48;
}

static __always_inline __u32 rare_mtu(__u64 rare)
{
	return (__u16)(rare >> 32);
}

#endif
