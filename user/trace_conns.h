/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a trace remembers of each connection: its number, when it began, and what later numbers are
 * relative to.  The memory is bounded: of the four places that a connection may take, the one
 * unused for longest is given away, and a connection that comes back after that gets a new number.
 */
#ifndef SYNGUARD_TRACE_CONNS_H
#define SYNGUARD_TRACE_CONNS_H

#include "trace_decode.h"

enum { TRACE_CONN_SETS = 1024, TRACE_CONN_WAYS = 4 };

enum trace_side { SIDE_REMOTE, SIDE_LOCAL, TRACE_SIDES };

struct trace_conn {
	struct conn_key key;
	__u64 first_at; /* ns of CLOCK_BOOTTIME: its first event; 0: a free place */
	__u64 used;     /* counts uses, for the choice of the oldest */
	__u64 headed;   /* lines printed when its heading was; 0: never */
	__u32 id;       /* from 1 */
	__u32 isn[TRACE_SIDES];
	bool isn_known[TRACE_SIDES];
	bool scale_known;          /* both SYNs were seen, or a cookie told */
	bool offered[TRACE_SIDES]; /* its SYN was seen */
	__u8 wscale[TRACE_SIDES];  /* in its SYN: 0..14, or WSCALE_NONE */
	bool opened_here;          /* this host is the client */
};

struct trace_conns {
	struct trace_conn place[TRACE_CONN_SETS][TRACE_CONN_WAYS];
	__u64 uses;
	__u32 last_id;
};

/* Numbers of one packet as people read them: known after trace_conns_learn(). */
struct trace_numbers {
	bool seq_known, ack_known; /* relative ones are */
	bool window_known;         /* its scale is */
	__u32 seq;                 /* relative to the sender's ISN */
	__u32 ack;                 /* relative to the other side's */
	__u64 window;              /* bytes */
};

/* Finds or makes the connection of a packet and takes from it what later packets need. */
struct trace_conn *trace_conns_learn(struct trace_conns *conns, const struct trace_packet *packet);

struct trace_numbers trace_conn_numbers(const struct trace_conn *conn,
					const struct trace_packet *packet);

#endif
