/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The decision on a SYN, from facts alone.  The order is the policy: what the kernel must see comes
 * before what a cookie could answer, and nothing that the hand-off would refuse ever gets a cookie.
 *
 * TCP Fast Open: such a SYN is answered without TFO, its data unacknowledged (RFC 7413 allows the
 * server that), because a flood of TFO SYNs would otherwise pass.  The client repeats its data.
 */
#ifndef SYNGUARD_DECIDE_H
#define SYNGUARD_DECIDE_H

#include "cookie.h"

struct syn_facts {
	__u8 conn_exists; /* the kernel has a socket for this very tuple */
	__u8 is_signed;   /* TCP-MD5 or TCP-AO, in the SYN or required by the listener */
	__u8 mptcp;       /* an MPTCP listener */
	__u8 cookies;     /* mode and sysctl allow cookies */
	__u8 is_v6;
	__u8 dst_unicast;
	__u16 mss; /* offered, or the family's default */
};

INLINE enum reason decide_syn(const struct syn_facts *f)
{
	if (!f->dst_unicast)
		return REASON_dst_not_unicast;
	if (f->conn_exists)
		return REASON_syn_conn_exists;
	if (f->is_signed)
		return REASON_syn_md5_ao;
	if (f->mptcp)
		return REASON_syn_mptcp;
	if (f->mss < (f->is_v6 ? MSS_FLOOR_V6 : MSS_FLOOR_V4))
		return REASON_syn_mss_small;
	if (!f->cookies)
		return REASON_syn_passed;
	return REASON_syn_cookie_sent;
}

/* Does a SYN with this outcome leave the kernel with a handshake of its own to finish? */
INLINE int reason_kernel_handshake(enum reason r)
{
	return r == REASON_syn_conn_exists || r == REASON_syn_md5_ao || r == REASON_syn_mptcp ||
	       r == REASON_syn_mss_small || r == REASON_syn_passed;
}

#endif
