/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where traced packets come from: the switch that makes the programs report them, and the ring
 * buffer that they arrive in.  The switch goes off by itself within TRACE_LEASE_MS if this process
 * dies, and the lock that keeps a second trace out goes with the process.
 */
#ifndef SYNGUARD_TRACE_SOURCE_H
#define SYNGUARD_TRACE_SOURCE_H

#include <stdbool.h>

#include "error.h"
#include "instance.h"

/* A turn of trace_source_wait() visits no more than TRACE_TURN packets, however fast they come. */
enum { TRACE_LEASE_MS = 2000, TRACE_RENEW_MS = 500, TRACE_TURN = 1024 };

struct ring_buffer;

struct trace_source {
	int lock_fd;
	int ring_fd;
	int runtime_fd;
	struct runtime *runtime; /* shared with the programs */
	struct ring_buffer *ring;
	__u32 hz;
	__u64 started_at; /* ns of CLOCK_BOOTTIME; what is older was for an earlier trace */
	__u64 renewed_at; /* the same */
	__u64 until;      /* jiffies: when the switch goes off by itself */
	__u64 paused_ms;  /* for how long it was off, because what visits stood still */
	__u64 lost_before;
	unsigned int turn; /* packets that this turn may still visit */
	int (*visit)(const struct trace_event *event, void *context);
	void *context;
};

/*
 * Starts reporting what the filter wants to source->visit, which is set with source->context
 * before; it returns 0, or an -errno that ends the read. -EBUSY: somebody else traces this
 * interface.
 */
int trace_source_open(const struct instance *instance, const struct trace_filter *filter,
		      struct trace_source *source, struct error *error);

/*
 * Waits up to half of TRACE_RENEW_MS for packets, visits those that have come, and renews the
 * switch when it is time. 0, -EINTR after a signal, or the -errno that visit returned.
 */
int trace_source_wait(struct trace_source *source);

/* Switches reporting off, and visits what has come until then if drain is true. */
void trace_source_stop(struct trace_source *source, bool drain);

/* Frees all; switches reporting off if that was not done. */
void trace_source_close(struct trace_source *source);

/* Packets that could not be reported since the start.  Not after trace_source_close(). */
__u64 trace_source_lost(const struct trace_source *source);

#endif
