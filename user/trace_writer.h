/* SPDX-License-Identifier: GPL-2.0 */
/* Traced packets to stdout or a file, in the form that was asked for. */
#ifndef SYNGUARD_TRACE_WRITER_H
#define SYNGUARD_TRACE_WRITER_H

#include <stdio.h>

#include "error.h"
#include "instance.h"
#include "trace_args.h"
#include "trace_conns.h"
#include "trace_ladder.h"
#include "trace_modes.h"

struct trace_writer {
	enum trace_output output; /* set before trace_writer_open() */
	FILE *file;
	__u64 shown;       /* packets written */
	__u64 wall_offset; /* ns from CLOCK_BOOTTIME to the time of day */
	struct ladder ladder;
	struct trace_conns conns;
	struct trace_modes modes;
};

/* path: of the pcapng file, "-": stdout; not used for the other outputs.  0 or -errno. */
int trace_writer_open(struct trace_writer *writer, const struct instance *instance,
		      const char *path, struct error *error);

/* 0, or -errno if it cannot be written. */
int trace_writer_add(struct trace_writer *writer, const struct trace_event *event);

/* Hands over what was added.  0, -EPIPE if nobody reads any more, or another -errno. */
int trace_writer_flush(struct trace_writer *writer);

int trace_writer_close(struct trace_writer *writer);

#endif
