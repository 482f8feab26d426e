/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's second opinion on a segment that the tracker takes to be out of the window, before
 * anything is dropped on the tracker's word.
 */
#ifndef SYNGUARD_OPINION_H
#define SYNGUARD_OPINION_H

#include "kernel_ask.h"
#include "tracking.h"

/* As the kernel's socket sees a segment that the tracker takes to be out of the window. */
enum sock_opinion { OPINION_NO_SOCKET, OPINION_INSIDE, OPINION_OUTSIDE };

/*
 * How far before the window a segment may begin that an honest peer repeats: the largest window
 * that this side has ever opened, and at least what nf_conntrack calls MAXACKWINDOW.
 */
enum { OLD_MARGIN = 66000 };

/* The socket knows its window of now; that it was once wider goes on to hold. */
INLINE void sock_reread(struct conn *c, const struct tcp_sock *tp, int opened_here, __u32 widest)
{
	struct conn_side *local = opened_here ? &c->client : &c->server;

	conn_read_sock(c, tp, opened_here);
	local->max_win = max_u32(local->max_win, widest);
}

/*
 * Ask the kernel's socket before anything is dropped on the tracker's word: it knows its window
 * even if some of its packets leave by another interface.  If the segment is inside after all, c is
 * put right.
 */
__noinline int sock_opinion(struct xdp_md *ctx, const struct packet *pkt, const struct passage *t,
			    struct conn *c)
{
	enum sock_opinion opinion = OPINION_NO_SOCKET;
	struct bpf_sock *sk;
	struct tcp_sock *tp;
	__u32 low, end, widest;
	int opened_here;

	if (!pkt || !t || !c)
		return opinion;
	opened_here = c->head.flags.opened_here;
	sk = sock_find(ctx, pkt, 0);
	if (!sk)
		return opinion;
	tp = sk->state == K_TCP_LISTEN ? 0 : bpf_skc_to_tcp_sock(sk);
	if (tp) {
		end = t->seg.seq + t->seg.len;
		widest = opened_here ? c->client.max_win : c->server.max_win;
		low = tp->rcv_nxt - max_u32(widest, OLD_MARGIN);
		opinion =
		    (__s32)(end - low) >= 0 && (__s32)(t->seg.seq - tp->rcv_nxt - tp->rcv_wnd) <= 0
			? OPINION_INSIDE
			: OPINION_OUTSIDE;
		if (opinion == OPINION_INSIDE)
			sock_reread(c, tp, opened_here, widest);
	} else if (sk->state != K_TCP_LISTEN) {
		opinion = OPINION_INSIDE; /* TIME_WAIT or a request: its business */
	}
	bpf_sk_release(sk);
	return opinion;
}

#endif
