/* SPDX-License-Identifier: GPL-2.0 */
/* What the benchmark tells its wrapper programs: which frame to restore, and whom to give it to. */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <linux/types.h>

/* *_BIG: with the large connection table. */
enum bench_target {
	TARGET_NOTHING,
	TARGET_FLOOR,
	TARGET_SYNGUARD,
	TARGET_SYNGUARD_BIG,
	TARGET_TOUCH,
	TARGET_TOUCH_BIG,
	TARGET_PASS,
	TARGETS
};

enum bench_limits { FRAME_ROOM = 128, FRAMES_MAX = 8192, BENCH_LIST = 1000000 };

/* Where a frame's source address, port and sequence number come from. */
enum bench_source {
	SOURCE_FRAME,    /* as in the frame */
	SOURCE_ANY,      /* random */
	SOURCE_LISTED,   /* random of BENCH_LIST prefixes all over the address space */
	SOURCE_UNLISTED, /* beside those */
	SOURCE_CONNS,    /* random of the connections in the table; the sequence number stays */
};

struct bench_frame {
	__u32 len; /* bytes, even */
	__u32 pad;
	__u8 bytes[FRAME_ROOM + 16]; /* the verifier sees the copy reach that far */
};

struct bench_control {
	__u32 target; /* enum bench_target */
	__u32 frames; /* cycled through, a power of two */
	__u32 next;   /* counts up with every run */
	__u32 source; /* enum bench_source */
	__u32 v6;
	__u32 tagged; /* an IPv4 frame with a VLAN tag */
	__u32 conns;  /* how many SOURCE_CONNS picks from */
	__u32 marks;  /* the program under test writes metadata */
	__u32 chain;  /* what bench_touch() read last */
	__u32 slots;  /* of the connection table */
};

/* Address and port of the i-th connection in the table: 11/8, host order. */
static inline __u32 bench_source(__u32 i)
{
	return 11U << 24 | (i & 0xffffff);
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
