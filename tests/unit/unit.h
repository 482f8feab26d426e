/* SPDX-License-Identifier: GPL-2.0 */
/* What every unit test includes: cmocka with what it wants before it, and repeatable randomness. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <linux/types.h>

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

/* xorshift64* (Vigna, 2016). */
static inline __u64 rng(void)
{
	static __u64 state = 0x9e3779b97f4a7c15ULL;

	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dULL;
}

static inline void rng_fill(void *p, size_t len)
{
	__u8 *bytes = p;

	for (size_t i = 0; i < len; i++)
		bytes[i] = (__u8)(rng() >> 32);
}

#endif
