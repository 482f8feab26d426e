/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Limits per prefix: leaky buckets in a table of fixed size, by a keyed hash.  Each packet fills
 * its prefix's bucket, time empties it.  Nothing is allocated and nothing evicted, so a flood
 * cannot make room for itself; prefixes whose hashes collide share a limit, and which do, nobody
 * knows without the key.
 *
 * What a spoofed flood can fill is the buckets of the prefixes that it claims to come from.  So
 * what an empty or full bucket decides must leave an honest neighbour in such a prefix its way in:
 * each use says how (bpf/limits.h).
 */
#ifndef SYNGUARD_BUCKET_H
#define SYNGUARD_BUCKET_H

#include "abi.h"
#include "addr.h"

/*
 * A keyed hash of the source's prefix: /24, or /56 of IPv6, the smallest that is handed out to one
 * customer or network.  secret: 64 random bits.
 */
INLINE __u32 prefix_hash(__u64 secret, const __u8 addr[16])
{
	const __u64 odd = secret | 1;
	__u32 low = addr_word(addr, 1) & __builtin_bswap32(0xffffff00U);
	__u64 x;

	if (addr_is_v4(addr))
		low = addr_word(addr, 3) & __builtin_bswap32(0xffffff00U);
	x = ((__u64)addr_word(addr, 0) << 32 | low) * (odd * 0x9e3779b97f4a7c15ULL | 1);
	x = (x ^ x >> 32) * odd;
	return (__u32)(x >> 32);
}

/* By so many jiffies, at most, another CPU's clock may be ahead. */
enum { BUCKET_AHEAD = 1000 };

/*
 * What is left in it now.  Jiffies come round: a bucket that looks ahead by more than another CPU
 * can be was left alone for weeks, and is empty.
 */
INLINE __u32 bucket_level(const struct bucket *b, const struct rate_limit *limit, __u32 now)
{
	const __u32 at = b->at, fill = b->fill, passed = now - at;
	__u64 drained;

	if (at - now <= BUCKET_AHEAD)
		return fill;
	drained = (__u64)passed * limit->rate;
	return drained >= fill ? 0 : fill - (__u32)drained;
}

/* The most that may be in it: packets times hz, as far as that can be told. */
INLINE __u32 bucket_room(const struct rate_limit *limit, __u32 hz)
{
	const __u64 room = (__u64)limit->burst * hz;

	return room > 0x7fffffff ? 0x7fffffff : (__u32)room;
}

/* Is it too full for another packet? */
INLINE int bucket_full(const struct bucket *b, const struct rate_limit *limit, __u32 now, __u32 hz)
{
	return limit->rate && b->fill && bucket_level(b, limit, now) + hz > bucket_room(limit, hz);
}

/*
 * One packet more.  Returns 1 if it was within the limit.  Two CPUs at once may lose one of two
 * packets, never more.
 */
INLINE int bucket_add(struct bucket *b, const struct rate_limit *limit, __u32 now, __u32 hz)
{
	const __u32 fill = bucket_level(b, limit, now) + hz;

	if (!limit->rate)
		return 1;
	if (fill > bucket_room(limit, hz))
		return 0;
	b->at = now;
	b->fill = fill;
	return 1;
}

#endif
