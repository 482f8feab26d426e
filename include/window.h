/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The receive window and scale that Linux would put into the SYN-ACK of a listener (its
 * tcp_openreq_init_rwin() and tcp_select_initial_window()), from the listener's and the host's
 * values. What the SYN-ACK promises must be what the socket will do, so this must not guess.
 */
#ifndef SYNGUARD_WINDOW_H
#define SYNGUARD_WINDOW_H

#include "tcpopt.h"

enum { TS_OPTION_LEN = 12 }; /* on every segment, padding included */

/* All in bytes unless said. */
struct window_input {
	__u32 rcvbuf;        /* SO_RCVBUF of the listener, as the kernel stores it (doubled) */
	__u32 scaling_ratio; /* share of rcvbuf that is payload, in 1/256 */
	__u32 clamp;         /* TCP_WINDOW_CLAMP, 0: none */
	__u32 rmem_max;      /* the larger of tcp_rmem[2] and rmem_max */
	__u8 rcvbuf_locked;  /* the application set SO_RCVBUF itself */
	__u8 signed_windows; /* sysctl tcp_workaround_signed_windows */
};

INLINE __u32 min_u32(__u32 a, __u32 b)
{
	return a < b ? a : b;
}

INLINE __u32 max_u32(__u32 a, __u32 b)
{
	return a > b ? a : b;
}

/* floor(log2(x)), x > 0. */
INLINE __u32 ilog2_u32(__u32 x)
{
	__u32 log = 0;

	UNROLL
	for (int shift = 16; shift; shift >>= 1) {
		if (x >> shift) {
			x >>= shift;
			log += (__u32)shift;
		}
	}
	return log;
}

/* Payload that fits the listener's buffer. */
INLINE __u32 window_space(const struct window_input *in)
{
	return (__u32)(((__u64)in->rcvbuf * in->scaling_ratio) >> 8);
}

/* mss: what a segment of this connection carries, timestamps taken off; > 0. */
INLINE __u32 window_bytes(const struct window_input *in, __u32 mss)
{
	__u32 clamp = in->clamp, space = window_space(in);

	if (in->rcvbuf_locked && (!clamp || clamp > space))
		clamp = space;
	if (clamp)
		space = min_u32(space, clamp);
	if (mss && space > mss)
		space -= space % mss;
	return in->signed_windows ? min_u32(space, 32767) : space;
}

/* The scale is chosen for the largest window that the socket may ever open. */
INLINE __u8 window_scale(const struct window_input *in)
{
	__u32 clamp = in->clamp, space = window_space(in), log;

	if (in->rcvbuf_locked && (!clamp || clamp > space))
		clamp = space;
	space = max_u32(space, in->rmem_max);
	space = min_u32(space, clamp ? clamp : 65535U << WSCALE_MAX);
	if (space < 65536)
		return 0;
	log = ilog2_u32(space) - 15;
	return (__u8)min_u32(log, WSCALE_MAX);
}

#endif
