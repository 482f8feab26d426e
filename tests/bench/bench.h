/* SPDX-License-Identifier: GPL-2.0 */
/* What the benchmark tells its wrapper program: which frame to restore, and whom to give it to. */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <linux/types.h>

enum bench_target { TARGET_NOTHING, TARGET_FLOOR, TARGET_SYNGUARD, TARGET_TOUCH, TARGETS };

enum bench_limits { FRAME_ROOM = 128, FRAMES_MAX = 8192 };

/* Sources from all over the address space, on a list of a million prefixes, or beside those. */
enum bench_spread { SPREAD_NONE, SPREAD_LISTED, SPREAD_UNLISTED };

enum { BENCH_LIST = 1000000 };

struct bench_frame {
	__u32 len; /* bytes, even */
	__u32 pad;
	__u8 bytes[FRAME_ROOM + 8]; /* the verifier sees the copy reach that far */
};

struct bench_control {
	__u32 target;
	__u32 frames;    /* cycled through, a power of two */
	__u32 next;      /* counts up with every run */
	__u32 randomise; /* 4 or 6: new source address, port and ISN each time; 0: as it is */
	__u32 spread;    /* enum bench_spread; instead of what randomise does to the address */
	__u32 pick;  /* a power of two: one of so many sources, see bench_source(); 0: as it is */
	__u32 chain; /* what bench_touch() read last */
	__u32 slots; /* of the connection table */
};

/* The i-th of the sources that bench_control.pick chooses from: 10/8 address and port. */
static inline __u32 bench_source(__u32 i)
{
	return 10U << 24 | (i & 0xffffff);
}

static inline __u16 bench_source_port(__u32 i)
{
	return (__u16)(1024 + (i * 7 & 0x7fff));
}

/* MurmurHash3's finalizer. */
static inline __u32 bench_mix(__u32 x)
{
	x = (x ^ x >> 16) * 0x85ebca6bU;
	x = (x ^ x >> 13) * 0xc2b2ae35U;
	return x ^ x >> 16;
}

/* The i-th address on the list, host order; the one above it is not on it. */
static inline __u32 bench_spread_v4(__u32 i)
{
	const __u32 x = bench_mix(i);

	return (16 + (x >> 24) % 96) << 24 | (x & 0xfffffe);
}

/* The two words of the i-th /64 on the list: in as many /32s as there are providers. */
static inline __u32 bench_spread_v6_high(__u32 i)
{
	return 0x20010000 + bench_mix(i) % 5000;
}

static inline __u32 bench_spread_v6_low(__u32 i)
{
	return bench_mix(i + 0x9e3779b9U) & ~1U;
}

#endif
