/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel's own socket knows about a connection: the tracker starts from it where it has
 * not seen the handshake, and is put right by it before anything is dropped on the tracker's word.
 */
#ifndef SYNGUARD_SOCKREAD_H
#define SYNGUARD_SOCKREAD_H

#include <bpf/bpf_core_read.h>

#include "conns.h"
#include "ksock.h"
#include "window.h"

/* libbpf's macro writes its result in a switch over the field's size, which always has a case. */
/* NOLINTBEGIN(clang-analyzer-core.uninitialized.Assign) */

/* The two sides as this host sees them. */
INLINE void side_options(struct conn_side *side, const struct tcp_sock *tp, __u32 wscale)
{
	side->acked = 1;
	side->scaling = BPF_CORE_READ_BITFIELD(tp, rx_opt.wscale_ok);
	side->wscale = wscale;
	side->sack = BPF_CORE_READ_BITFIELD(tp, rx_opt.sack_ok) != 0;
	side->tstamp = BPF_CORE_READ_BITFIELD(tp, rx_opt.tstamp_ok);
	side->ecn = (tp->ecn_flags & K_TCP_ECN_OK) != 0;
}

/*
 * What the other side has sent: a segment that came in the same batch as the one the socket is
 * looking at, or with it, has been seen by XDP and not yet by the socket.
 */
INLINE __u32 remote_end(const struct conn_side *remote, __u32 rcv_nxt, __u32 rcv_wnd)
{
	return remote->max_win && remote->end - rcv_nxt <= rcv_wnd ? remote->end : rcv_nxt;
}

/* Sequence numbers, windows and options of c, whatever it had before; counts stay. */
static __noinline int conn_read_sock(struct conn *c, const struct tcp_sock *tp, int opened_here)
{
	struct conn_side *remote = opened_here ? &c->server : &c->client;
	struct conn_side *local = opened_here ? &c->client : &c->server;
	const __u32 rcv_nxt = tp->rcv_nxt, snd_nxt = tp->snd_nxt, snd_una = tp->snd_una;

	remote->end = remote_end(remote, rcv_nxt, tp->rcv_wnd);
	remote->max_end = rcv_nxt + tp->rcv_wnd;
	remote->max_ack = snd_una;
	remote->max_win = tp->snd_wnd ? tp->snd_wnd : 1;
	local->end = snd_nxt;
	local->max_end = snd_una + tp->snd_wnd;
	local->max_ack = rcv_nxt;
	local->max_win = tp->rcv_wnd ? tp->rcv_wnd : 1;
	side_options(remote, tp, BPF_CORE_READ_BITFIELD(tp, rx_opt.snd_wscale));
	side_options(local, tp, BPF_CORE_READ_BITFIELD(tp, rx_opt.rcv_wscale));
	if (!remote->mss)
		remote->mss = tp->rx_opt.mss_clamp;
	/* The kernel has taken the timestamps off; the option in the SYN-ACK had not. */
	if (!local->mss)
		local->mss = tp->advmss + (local->tstamp ? TS_OPTION_LEN : 0);
	return 0;
}
/* NOLINTEND(clang-analyzer-core.uninitialized.Assign) */

#endif
