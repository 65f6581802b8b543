/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_TEST_ZIPF_H
#define XRING_TEST_ZIPF_H

#include <stdint.h>

/* Keys 0 to n - 1, key i with a chance in proportion to 1 / (i + 1)^s. */
struct zipf {
	double *below;			/* chance of a key up to i */
	uint32_t *guide;		/* where to begin to look */
	uint32_t n;
	uint64_t random;		/* xorshift's state */
};

void zipf_new(uint32_t n, double s, uint64_t seed, struct zipf *ret);
void zipf_clear(struct zipf *z);

uint32_t zipf_draw(struct zipf *z);
double zipf_share(const struct zipf *z, uint32_t key);
uint64_t zipf_random(struct zipf *z);	/* any 64 bits */

#endif
