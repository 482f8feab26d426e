/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hand-off: a handshake that a cookie has proven becomes a request socket of the kernel's TCP,
 * once.  Decides on one packet at tc ingress; knows nothing of how it got there.
 */
#ifndef SYNGUARD_HANDOFF_H
#define SYNGUARD_HANDOFF_H

#include "cookies.h"
#include "kernel_ask.h"
#include "skb.h"

/* The kfunc's argument (kernel include/net/tcp.h). */
struct bpf_tcp_req_attrs {
	__u32 rcv_tsval;
	__u32 rcv_tsecr;
	__u16 mss;
	__u8 rcv_wscale;
	__u8 snd_wscale;
	__u8 ecn_ok;
	__u8 wscale_ok;
	__u8 sack_ok;
	__u8 tstamp_ok;
	__u8 usec_ts_ok;
	__u8 reserved[3];
};

struct tcp_sock;
struct sock;

extern int bpf_sk_assign_tcp_reqsk(struct __sk_buff *skb, struct sock *sk,
				   struct bpf_tcp_req_attrs *attrs, int attrs__sz) __ksym;

/* One look at one packet. */
struct look {
	struct room *room;
	struct packet *pkt; /* in it */
	struct config *cfg;
	struct runtime *rt;
	__u64 now; /* jiffies */
	enum mark mark;
};

/* What XDP, in this packet's pass, wrote in front of it. */
INLINE enum mark mark_read(const struct __sk_buff *skb, const struct config *cfg)
{
	const __u32 *meta = (const __u32 *)(long)skb->data_meta;

	if ((const void *)(meta + 1) > (const void *)(long)skb->data)
		return MARK_NONE;
	if (*meta == (cfg->mark ^ MARK_PROVEN))
		return MARK_PROVEN;
	return *meta == (cfg->mark ^ MARK_PENDING) ? MARK_PENDING : MARK_NONE;
}

/*
 * Has a request socket been made for this tuple a moment ago?  This hook sees every packet of a
 * NAPI batch before TCP sees the first, so a second one would be made for data right behind the
 * ACK, and that data be lost.  A tenth of a second covers any batch, and is shorter than any
 * retransmission.
 */
INLINE int assigned_lately(const struct conn *conn, const struct config *cfg, __u64 now)
{
	return stamp_is_recent(cfg, conn->assigned_at, now, ticks_per_s(cfg) / 10);
}

static __noinline enum cookie_verdict look_check(struct look *l)
{
	return ack_check(l->room, l->cfg, l->rt, l->now);
}

/*
 * Is the handshake proven?  Where XDP has just said so, its entry tells what was agreed; else the
 * cookie is checked here.  On 1, l->room->offer is filled.
 */
INLINE int look_proven(struct look *l, const struct conn *conn)
{
	if (l->mark == MARK_PROVEN && conn && conn->server.end == l->pkt->ack) {
		offer_of(conn, &l->room->offer);
		return 1;
	}
	return look_check(l) == COOKIE_VALID;
}

INLINE void attrs_fill(const struct look *l, const struct listener *lst,
		       struct bpf_tcp_req_attrs *attrs)
{
	const struct tcp_offer *o = &l->room->offer;

	attrs->mss = o->mss;
	attrs->ecn_ok = o->ecn;
	attrs->sack_ok = o->sack;
	attrs->tstamp_ok = o->tstamp;
	if (o->tstamp) {
		attrs->rcv_tsval = l->room->opts.tsval;
		attrs->rcv_tsecr = l->room->opts.tsecr;
	}
	attrs->wscale_ok = o->wscale != WSCALE_NONE;
	if (attrs->wscale_ok) {
		attrs->snd_wscale = o->wscale;
		attrs->rcv_wscale = lst->rcv_wscale;
	}
}

/*
 * Would the listener refuse the child?  Its accept queue does not show yet what was handed off in
 * this very batch; so what this CPU has under way counts as well (handoffs_pending()).
 */
INLINE int backlog_full(const struct sock *sk, __u64 now)
{
	struct budget *b = handoffs_pending(now);

	if (!b)
		return 0;
	if (sk->sk_ack_backlog + b->handoffs > sk->sk_max_ack_backlog)
		return 1;
	b->handoffs++;
	return 0;
}

/* tp: the listener. */
INLINE enum reason listener_assign(struct __sk_buff *skb, struct look *l, struct tcp_sock *tp)
{
	struct bpf_tcp_req_attrs attrs = {};
	struct listener lst = {};

	if (backlog_full(&tp->inet_conn.icsk_inet.sk, l->now))
		return REASON_handoff_backlog;
	listener_fill(skb, tp, l->pkt->is_v6, l->cfg, &lst);
	/* The kernel would take the packet here, and then reset the client. */
	if (!lst.allow_cookie)
		return REASON_handoff_failed;
	attrs_fill(l, &lst, &attrs);
	if (tp->rx_opt.user_mss && tp->rx_opt.user_mss < attrs.mss)
		attrs.mss = tp->rx_opt.user_mss;
	if (bpf_sk_assign_tcp_reqsk(skb, (struct sock *)tp, &attrs, sizeof(attrs)))
		return REASON_handoff_failed;
	return REASON_handoff_ok;
}

enum { TCP_FLAGS_AT = 12, TCP_CSUM_AT = 16 };

/*
 * The kernel has a request of its own for the tuple: the client's SYN came once in an attack, and
 * once more, before the answer was there, after it.  The client has the first answer, which is proven
 * here, so the request is the one that nobody will finish, and would answer this ACK with a RST.  The
 * segment becomes a RST from the client, which ends it; the client's next one is handed off.  Its
 * options become data of the RST, since kernels from 6.15 on take none whose timestamp echoes what
 * they have not sent.
 */
static __noinline int request_end(struct __sk_buff *skb, const struct packet *pkt)
{
	const __u32 at = pkt->l4_off + TCP_FLAGS_AT;
	__u16 was, now;

	if (bpf_skb_load_bytes(skb, at, &was, sizeof(was)))
		return -1;
	now = __builtin_bswap16(TCP_LEN / 4 << 12 | TCP_RST);
	if (bpf_l4_csum_replace(skb, pkt->l4_off + TCP_CSUM_AT, was, now, sizeof(now)))
		return -1;
	return (int)bpf_skb_store_bytes(skb, at, &now, sizeof(now), 0);
}

/* The handshake is proven: make the kernel's request socket out of it. */
static __noinline enum reason handoff(struct __sk_buff *skb, struct look *l)
{
	enum reason r = REASON_conn_packet;
	struct tcp_sock *tp;
	struct bpf_sock *sk;
	int stale;

	sk = sock_find(skb, l->pkt, 0);
	if (!sk)
		return REASON_handoff_closed;
	stale = sk->state == K_TCP_NEW_SYN_RECV;
	if (sk->state == K_TCP_LISTEN) {
		tp = bpf_skc_to_tcp_sock(sk);
		r = tp ? listener_assign(skb, l, tp) : REASON_handoff_failed;
	}
	bpf_sk_release(sk);
	if (stale)
		r = request_end(skb, l->pkt) ? REASON_handoff_failed : REASON_handoff_stale;
	return r;
}

/*
 * Has the kernel the socket, though its entry is pending? Should the socket watcher have missed
 * that it was established, the entry is open from now on.  The socket may close at this very
 * moment, so it is looked for once more, after the entry says that it is there: one of the two sees
 * the end.
 */
INLINE int conn_recover(struct __sk_buff *skb, struct look *l, struct conn *conn)
{
	const enum sock_found found = kernel_socket(skb, l->pkt);
	struct conn_head was, head;

	if (found < SOCK_HALF_OPEN)
		return 0;
	if (found == SOCK_HALF_OPEN)
		return 1;
	conn->seen = (__u32)l->now;
	was = conn->head;
	head = was;
	head.socket = SOCKET_OPEN;
	if (was.socket != SOCKET_PENDING || !head_swap(conn, was, head))
		return 1;
	if (kernel_socket(skb, l->pkt) >= SOCK_HALF_OPEN)
		return 1;
	was = head;
	head.socket = SOCKET_GONE;
	head_swap(conn, was, head);
	return 0;
}

/* REASON_conn_packet: nothing to do here, the packet is the kernel's. */
INLINE enum reason look_decide(struct __sk_buff *skb, struct look *l)
{
	struct conn *conn = conn_get(&l->pkt->key, l->cfg);
	enum reason r;

	if (conn && conn->head.socket != SOCKET_PENDING)
		return REASON_conn_packet;
	if (conn && assigned_lately(conn, l->cfg, l->now))
		return REASON_conn_packet;
	skb_options(skb, l->pkt, &l->room->opts);
	if (!look_proven(l, conn))
		return conn && !conn_recover(skb, l, conn) ? REASON_handoff_pending
							   : REASON_conn_packet;
	r = handoff(skb, l);
	if (r != REASON_handoff_ok)
		return r;
	if (conn)
		conn->assigned_at = stamp_now(l->cfg, l->now);
	else
		handshake_enter(l->rt, l->cfg, l->pkt, &l->room->offer, stamp_now(l->cfg, l->now));
	return r;
}

#endif
