/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The decision on a SYN, from facts alone.  The order is the policy: what the kernel must see comes
 * before what a cookie could answer, and nothing that the hand-off would refuse ever gets a cookie.
 *
 * A flood of SYNs with a tiny MSS would so pass to the kernel: in an attack they get three
 * quarters of the listener's backlog, and the rest is dropped.  An MPTCP listener, or one with keys, has its SYNs
 * all the same, since they are all that it has.
 *
 * TCP Fast Open: a SYN that gets a cookie is answered without TFO, its data unacknowledged (RFC 7413 allows the
 * server that), because a flood of TFO SYNs would otherwise pass.  The client repeats its data.
 */
#ifndef SYNGUARD_DECIDE_H
#define SYNGUARD_DECIDE_H

#include "cookie.h"

/* Is the service to be taken for one under attack? */
INLINE int mode_attacked(enum mode mode, int active)
{
	return mode == MODE_ALWAYS || active;
}

/* Something about it that most SYNs have not: what of it decides? */
INLINE enum reason decide_odd_syn(const struct syn_facts *f)
{
	if (f->conn_exists)
		return REASON_syn_conn_exists;
	if (f->allowed)
		return REASON_syn_allowed;
	if (f->new_limited)
		return REASON_syn_new_limited;
	if (f->accept_full)
		return REASON_syn_accept_full;
	if (f->is_signed)
		return REASON_syn_md5_ao;
	return f->mptcp ? REASON_syn_mptcp : REASON_syn_mss_small;
}

INLINE enum reason decide_syn(const struct syn_facts *f)
{
	if (!f->dst_unicast)
		return REASON_dst_not_unicast;
	if (f->conn_exists | f->allowed | f->new_limited | f->accept_full | f->is_signed |
	    f->mptcp | f->listener_small)
		return decide_odd_syn(f);
	if (f->mss < (f->is_v6 ? MSS_FLOOR_V6 : MSS_FLOOR_V4))
		return f->attacked && !f->queue_room ? REASON_syn_small_limited
						     : REASON_syn_mss_small;
	if (!f->attacked || !f->allow_cookie)
		return REASON_syn_passed;
	if (f->proven && f->queue_room)
		return REASON_syn_proven;
	return REASON_syn_cookie_sent;
}

/*
 * Will this SYN have a SYN-ACK that its source's prefix may get only so many of?  What the kernel
 * has a socket for it answers with an ACK, and limits itself.
 */
INLINE int reason_brings_synack(enum reason r)
{
	return r == REASON_syn_cookie_sent || r == REASON_syn_passed || r == REASON_syn_proven ||
	       r == REASON_syn_allowed || r == REASON_syn_md5_ao || r == REASON_syn_mptcp ||
	       r == REASON_syn_mss_small;
}

/* Does a SYN with this outcome leave the kernel with a handshake of its own to finish? */
INLINE int reason_kernel_handshake(enum reason r)
{
	return r == REASON_syn_conn_exists || r == REASON_syn_md5_ao || r == REASON_syn_mptcp ||
	       r == REASON_syn_mss_small || r == REASON_syn_passed || r == REASON_syn_allowed ||
	       r == REASON_syn_proven;
}

#endif
