// SPDX-License-Identifier: GPL-2.0-or-later
#include "zipf.h"

#include <math.h>
#include <stdlib.h>

#define GUIDE (1u << 16)

void zipf_new(uint32_t n, double s, uint64_t seed, struct zipf *ret)
{
	struct zipf z = { calloc(n, sizeof(double)), calloc(GUIDE, sizeof(uint32_t)), n,
			  seed * 0x9e3779b97f4a7c15ULL + 1 };
	double sum = 0;

	for (uint32_t i = 0; i < n; i++)
		z.below[i] = sum += pow(i + 1, -s);
	for (uint32_t i = 0; i < n; i++)
		z.below[i] /= sum;
	for (uint32_t g = 0, i = 0; g < GUIDE; g++) {
		while (i < n - 1 && z.below[i] <= (double)g / GUIDE)
			i++;
		z.guide[g] = i;
	}
	*ret = z;
}

void zipf_clear(struct zipf *z)
{
	free(z->below);
	free(z->guide);
}

/* Marsaglia's xorshift64. */
uint64_t zipf_random(struct zipf *z)
{
	uint64_t x = z->random;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return z->random = x;
}

uint32_t zipf_draw(struct zipf *z)
{
	double u = (zipf_random(z) >> 11) * 0x1p-53;
	uint32_t i = z->guide[(uint32_t)(u * GUIDE)];

	while (i < z->n - 1 && z->below[i] <= u)
		i++;
	return i;
}

double zipf_share(const struct zipf *z, uint32_t key)
{
	return z->below[key] - (key ? z->below[key - 1] : 0);
}
