/* SPDX-License-Identifier: GPL-2.0 */
/* What a connection's fields mean to people: names, and times reckoned from now.  Pure. */
#ifndef SYNGUARD_CONNS_VIEW_H
#define SYNGUARD_CONNS_VIEW_H

#include <stdbool.h>

#include "abi.h"

/* When "now" is, and how long connections live. */
struct conn_clock {
	__u32 jiffies;    /* low 32 bits */
	__u32 hz;         /* not 0 */
	__u32 boottime_s; /* CLOCK_BOOTTIME */
	struct timeouts timeouts;
};

/* ESTABLISHED, TIME_WAIT, ...; "UNKNOWN" for what is no state. */
const char *conn_state_name(enum conn_state state);

/* cookie, kernel, adopted */
const char *conn_kind_name(enum conn_kind kind);

/* none, pending, half-open, open, time-wait, gone */
const char *conn_socket_name(enum conn_socket socket);

__u32 conn_age_s(const struct conn *conn, const struct conn_clock *clock);

/*
 * Since the last packet that counted.  Jiffies in 32 bits come round, after 49 days with 1000 of
 * them per second: what has been idle for longer than that seems to have been so for less.
 */
__u32 conn_idle_s(const struct conn *conn, const struct conn_clock *clock);

/*
 * Until it is forgotten if no packet comes; 0: as soon as the sweeper gets there.  Fails if that
 * does not happen: while the kernel has an open socket for it.
 */
bool conn_expires_s(const struct conn *conn, const struct conn_clock *clock, __u32 *ret_seconds);

/* Is the client, who sent the SYN, this host? */
bool conn_opened_here(const struct conn *conn);

/* The side of the key that opened the connection, and the other. */
const __u8 *conn_client_addr(const struct conn *conn);
__u16 conn_client_port(const struct conn *conn);
const __u8 *conn_server_addr(const struct conn *conn);
__u16 conn_server_port(const struct conn *conn);

/* Both directions. */
__u64 conn_packets(const struct conn *conn);
__u64 conn_bytes(const struct conn *conn);

#endif
