/* SPDX-License-Identifier: GPL-2.0 */
/* What the benchmark tells its wrapper program: which frame to restore, and whom to give it to. */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <linux/types.h>

enum bench_target { TARGET_NOTHING, TARGET_FLOOR, TARGET_SYNGUARD, TARGETS };

enum bench_limits { FRAME_ROOM = 128, FRAMES_MAX = 8192 };

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
};

#endif
