/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Was this SYN dropped a moment ago? Beyond a limit a SYN is dropped once, and its repetition, a
 * second or two later, is answered: a real client loses a second, a spoofed flood sends twice for
 * each answer.
 *
 * A bit per SYN, in one of two halves: each is in use for SLICE_S and still read for as long after.
 * A word holds the low bits of its slice's number and MARKS bits; a word of another slice counts as
 * empty, so nothing ever has to be cleared.  With a million SYNs dropped per slice one in five is
 * taken for a repetition that is none, and answered.
 */
#ifndef SYNGUARD_ONCE_H
#define SYNGUARD_ONCE_H

#include "abi.h"

enum once_shape {
	ONCE_SLICE_S = 2,
	ONCE_MARKS = 24,
	ONCE_MARK_MASK = (1 << ONCE_MARKS) - 1,
};

/* hash: 64 bits of the SYN's tuple and ISN.  slice: jiffies in units of ONCE_SLICE_S. */
INLINE __u32 once_index(__u64 hash)
{
	return (__u32)(hash >> 40) & (ONCE_WORDS - 1);
}

INLINE __u32 once_bit(__u64 hash)
{
	return 1U << ((__u32)hash % ONCE_MARKS);
}

INLINE __u32 once_bits(__u32 word, __u32 slice)
{
	return word >> ONCE_MARKS == (slice & 0xff) ? word & ONCE_MARK_MASK : 0;
}

/*
 * Returns 1 if it is known from this slice or the one before, and forgets it, or else a flood that
 * repeats one and the same SYN would have an answer to each; returns 0 if not, and remembers it.
 */
INLINE int once_seen(struct once *o, __u64 hash, __u32 slice)
{
	__u32 *now = &o->words[slice & 1][once_index(hash)];
	__u32 *before = &o->words[~slice & 1][once_index(hash)];
	const __u32 bit = once_bit(hash), bits = once_bits(*now, slice);

	if (bits & bit) {
		*now &= ~bit;
		return 1;
	}
	if (once_bits(*before, slice - 1) & bit) {
		*before &= ~bit;
		return 1;
	}
	*now = slice << ONCE_MARKS | bits | bit;
	return 0;
}

#endif
