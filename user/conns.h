/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading the table of connections and the half-open handshakes, while the programs write them.  A
 * million slots take some tens of milliseconds: the table is read through a memory map.
 */
#ifndef SYNGUARD_CONNS_H
#define SYNGUARD_CONNS_H

#include "abi.h"

enum { CONN_HALF_OPEN = 0xffffffff }; /* as a slot: from the map halfopen, which has none */

/* What was read of one connection; valid during the visit. */
struct conn_row {
	struct conn conn;
	__u32 slot; /* the key in the map conns, or CONN_HALF_OPEN */
};

/* Other than 0 ends the reading, which then returns it. */
typedef int (*conn_visit)(const struct conn_row *row, void *context);

/*
 * Calls visit with each connection in the maps conns and halfopen, half-open ones first.  Returns
 * 0, -errno, or what visit returned.
 *
 * There is no snapshot.  A connection that is made or ends meanwhile may be missing or there, and
 * one whose handshake finishes meanwhile may be there twice, as half-open and in the table.  Key
 * and head (state, kind, socket) of a row belong together; its counters and times may be of a
 * packet earlier or later than each other.  A slot whose state changed during both of two attempts
 * to copy it is left out.
 */
int conns_each(int conns_fd, int halfopen_fd, conn_visit visit, void *context);

#endif
