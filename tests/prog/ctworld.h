/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A router with nf_conntrack: a network namespace of the test's own that forwards between two tun
 * interfaces, the client's and the server's.  No TCP endpoint takes part.  A packet is written into
 * the tun of its side; when the write returns, the packet has come out at the other one or has been
 * dropped, and conntrack's entry is what the packet made of it.  All of it goes with the process.
 */
#ifndef TESTS_PROG_CTWORLD_H
#define TESTS_PROG_CTWORLD_H

#include <linux/types.h>

#include "abi.h"
#include "pkt.h"

enum ctside { CT_CLIENT = 0, CT_SERVER = 1 };

struct mnl_socket;

struct ctworld {
	int tun[2]; /* by enum ctside */
	struct mnl_socket *netlink;
	__u32 queries;
};

/* Conntrack's entry of a tuple. */
struct ctentry {
	int there;
	enum conn_state state; /* NONE when not there */
	enum ctside opener;    /* who sent the packet that made it */
	__u32 timeout_s;       /* left until it goes */
	__u32 status;          /* enum ip_conntrack_status */
};

/* Leaves the process in the new namespace, with conntrack's settings at the kernel's defaults. */
void ctworld_make(struct ctworld *w);
void ctworld_end(struct ctworld *w);

/* Conntrack's default timeouts, as set. */
extern const struct timeouts ctworld_timeouts;

/* A segment between the two sides, for pkt_build(); client_port tells the connection. */
struct pkt ctworld_pkt(int v6, enum ctside from, __u16 client_port, __u8 flags);

/*
 * Route a frame of pkt_build() that the side sends.  Returns 1 if it came out at the other side,
 * 0 if not: conntrack calls it invalid.
 */
int ctworld_route(struct ctworld *w, enum ctside from, const __u8 *frame, unsigned int len);

/* Read or remove the connection's entry. */
void ctworld_entry(struct ctworld *w, int v6, __u16 client_port, struct ctentry *ret_entry);
void ctworld_forget(struct ctworld *w, int v6, __u16 client_port);

#endif
