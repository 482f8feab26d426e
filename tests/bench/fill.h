/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Connections by the million, straight into the memory of a table that no traffic uses meanwhile:
 * for benchmarks, which want a table of a size and not what led there.
 */
#ifndef TESTS_BENCH_FILL_H
#define TESTS_BENCH_FILL_H

#include "abi.h"

struct fill {
	struct conn *slots;     /* of the map conns, mapped */
	__u32 n_slots;          /* config.slots */
	struct tuple_key tuple; /* keys.tuple */
	__u64 *presence;        /* of the map presence, mapped */
};

/* The key of the i-th client (bench_source()) to a server's IPv4 address and port. */
struct conn_key fill_key(__u32 i, __be32 server, __u16 port);

/* One that has been open, or over, since seen (jiffies). */
struct conn fill_open(__u32 seen);
struct conn fill_closed(__u32 seen);

/* The first n clients, each as in conn; returns how many found a place. */
__u32 fill_clients(struct fill *f, __u32 n, __be32 server, __u16 port, const struct conn *conn);

#endif
