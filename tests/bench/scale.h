/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of `make bench-scale` that counts nanoseconds per packet: what of a busy host makes a packet
 * cost more.  scale_main.c runs it; scale_conns.c, scale_services.c, scale_prefixes.c and
 * scale_cpus.c have an axis each, scale_rows.c measures and reports.  The frames, the wrapper and how a
 * row is measured are those of `make bench` (packet.h).
 */
#ifndef TESTS_BENCH_SCALE_H
#define TESTS_BENCH_SCALE_H

#include <stdio.h>

#include "packet.h"

enum scale_limits { SCALE_ROUNDS = 9, SCALE_ROUNDS_QUICK = 1, SCALE_QUICK_MAX = 100000 };

struct scale {
	struct bench b;
	FILE *out; /* a JSON object per line */
	int quick;
};

/* TABLE_BIG anew, with room for so many, and the wrapper for it. */
void scale_table_open(struct scale *s, __u32 max_conns);
void scale_table_close(struct scale *s);

/* Open connections, for SOURCE_CONNS. */
void scale_conns_enter(struct shield *s, __u32 n);

/* What every axis looks at; name is the series in the plots. */
struct row scale_row_syn(const char *name, int v6);
struct row scale_row_known(const char *name);
struct row scale_row_bad_ack(const char *name);

/* Rounds of all rows in turn, then a line for each. */
void scale_measure(struct scale *s, const char *axis, __u32 size, struct row *rows, size_t n);

/* One number: printed for people, written for the plots. */
void scale_tell(struct scale *s, const char *axis, __u32 size, const char *series, const char *unit,
		const struct spread *value);

void scale_conns(struct scale *s);
void scale_services(struct scale *s);
void scale_prefixes(struct scale *s);
void scale_cpus(struct scale *s);

#endif
