// SPDX-License-Identifier: GPL-2.0
/* What several machines must agree on: the clock that counts epochs, and the file's key. */
#include <string.h>
#include <time.h>

#include "keys.h"

#define NS_PER_S 1000000000ULL

enum { CLOCK_TOLERANCE = 10 }; /* part of a second */

__u64 keys_clock_of(__u64 realtime_ns, __u32 hz, __u64 jiffies)
{
	return realtime_ns / NS_PER_S * hz + realtime_ns % NS_PER_S * hz / NS_PER_S - jiffies;
}

__u64 keys_clock_now(__u32 hz, __u64 jiffies)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return keys_clock_of((__u64)now.tv_sec * NS_PER_S + (__u64)now.tv_nsec, hz, jiffies);
}

__u64 keys_clock_choose(__u64 old, __u64 now, __u32 hz)
{
	const __s64 by = (__s64)(now - old), tolerance = hz / CLOCK_TOLERANCE;

	return by >= -tolerance && by <= tolerance ? old : now;
}

int keys_same_source(const struct keys *ring, const struct keyfile *file)
{
	if (!file)
		return !ring->shared;
	return ring->shared && ring->epoch_mask == file->epoch_mask &&
	       !memcmp(ring->slot[ring->turn & 1], file->key, sizeof(file->key));
}
