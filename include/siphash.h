/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SipHash-2-4 (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012), fed word by word so
 * that the caller hashes what it has in registers instead of a buffer.  Words are little-endian, as
 * the paper defines; the last one carries the input's length in bytes in its top byte.
 */
#ifndef SYNGUARD_SIPHASH_H
#define SYNGUARD_SIPHASH_H

#include <linux/types.h>

#include "compiler.h"

struct siphash {
	__u64 v0, v1, v2, v3;
};

INLINE __u64 siphash_rotl(__u64 x, int bits)
{
	return (x << bits) | (x >> (64 - bits));
}

INLINE void siphash_round(struct siphash *s)
{
	s->v0 += s->v1;
	s->v1 = siphash_rotl(s->v1, 13) ^ s->v0;
	s->v0 = siphash_rotl(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = siphash_rotl(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = siphash_rotl(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = siphash_rotl(s->v1, 17) ^ s->v2;
	s->v2 = siphash_rotl(s->v2, 32);
}

/* key: 128 bits as two little-endian words. */
INLINE void siphash_init(struct siphash *s, const __u64 key[2])
{
	s->v0 = key[0] ^ 0x736f6d6570736575ULL;
	s->v1 = key[1] ^ 0x646f72616e646f6dULL;
	s->v2 = key[0] ^ 0x6c7967656e657261ULL;
	s->v3 = key[1] ^ 0x7465646279746573ULL;
}

INLINE void siphash_word(struct siphash *s, __u64 word)
{
	s->v3 ^= word;
	siphash_round(s);
	siphash_round(s);
	s->v0 ^= word;
}

/* last: the remaining 0 to 7 bytes, with (length & 0xff) << 56. */
INLINE __u64 siphash_finish(struct siphash *s, __u64 last)
{
	siphash_word(s, last);
	s->v2 ^= 0xff;
	siphash_round(s);
	siphash_round(s);
	siphash_round(s);
	siphash_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

#endif
