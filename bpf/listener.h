/* SPDX-License-Identifier: GPL-2.0 */
/* What listens at a packet's destination, remembered for a second per CPU (struct listener). */
#ifndef SYNGUARD_LISTENER_H
#define SYNGUARD_LISTENER_H

#include "dry.h"
#include "kernel_ask.h"
#include "limits.h"

__noinline int listener_ask(struct xdp_md *ctx, const struct packet *pkt, const struct config *cfg,
			    struct listener *s)
{
	struct bpf_sock *sk;
	struct tcp_sock *tp;

	if (!pkt || !cfg || !s)
		return -1;
	s->listening = 0;
	s->local = (__u8)dst_is_local(ctx, pkt, cfg);
	if (!s->local)
		return 0;
	sk = sock_find(ctx, pkt, 1);
	if (!sk)
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (tp && sk->state == K_TCP_LISTEN)
		listener_fill(ctx, tp, pkt->is_v6, cfg, s);
	bpf_sk_release(sk);
	return 0;
}

/*
 * Keyed: what two ports that share a slot are sent pushes each other out of it, and each time what
 * was counted of a flood is forgotten.
 */
INLINE __u32 listener_slot(const struct conn_key *k)
{
	const __u64 odd = hash_secret() | 1;
	__u64 x = addr_word(k->local, 3) ^ addr_word(k->local, 2) ^ addr_word(k->local, 1);

	x = (x << 16 ^ k->local_port) * (odd * 0x9e3779b97f4a7c15ULL | 1);
	return (x ^ x >> 24) >> 32 & (LISTENER_SLOTS - 1);
}

/* Another address or port takes the slot: what was counted for the former one goes. */
INLINE void listener_reset(struct listener *s, const struct packet *pkt)
{
	copy_addr(s->addr, pkt->key.local);
	s->port = pkt->key.local_port;
	s->syns = 0;
}

/* Not from what the CPU remembers, which stays as it is. */
static __noinline struct listener *listener_dry(struct xdp_md *ctx, const struct packet *pkt,
						const struct config *cfg)
{
	struct dry_room *room = dry_room_get();

	if (!room)
		return 0;
	copy32(room->listener.addr, pkt->key.local, 4);
	room->listener.port = pkt->key.local_port;
	listener_ask(ctx, pkt, cfg, &room->listener);
	return &room->listener;
}

/*
 * What listens at the packet's destination; NULL only where a map look-up fails, which does not
 * happen.  A stale "nobody listens" lets a SYN through to the kernel for up to a second, never
 * more.
 */
INLINE struct listener *listener_get(struct xdp_md *ctx, const struct packet *pkt,
				     const struct config *cfg, const struct runtime *rt, __u64 now)
{
	const __u32 slot = listener_slot(&pkt->key);
	const __u32 gen = rt->listen_gen;
	struct listener *s;

	if (dry_run)
		return listener_dry(ctx, pkt, cfg);
	s = bpf_map_lookup_elem(&listeners, &slot);
	if (!s)
		return 0;
	if (s->port == pkt->key.local_port && s->listen_gen == gen &&
	    (__u32)now - s->asked_at < cfg->hz && s->asked_at &&
	    addr_equal(s->addr, pkt->key.local))
		return s;
	if (s->port != pkt->key.local_port || !addr_equal(s->addr, pkt->key.local))
		listener_reset(s, pkt);
	s->listen_gen = gen;
	s->queues_at = (__u32)now;
	s->passed = 0;
	s->asked_at = (__u32)now ? (__u32)now : 1;
	listener_ask(ctx, pkt, cfg, s);
	return s;
}

__noinline int listener_queues(struct xdp_md *ctx, const struct packet *pkt, struct listener *s)
{
	struct bpf_sock *sk;
	struct tcp_sock *tp;

	if (!pkt || !s)
		return -1;
	s->passed = 0;
	sk = sock_find(ctx, pkt, 1);
	if (!sk)
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (tp && sk->state == K_TCP_LISTEN)
		listener_queues_fill(tp, s);
	bpf_sk_release(sk);
	return 0;
}

__noinline int accept_queue_full(struct xdp_md *ctx, const struct packet *pkt)
{
	const struct sock *full;
	struct bpf_sock *sk;
	struct tcp_sock *tp;
	int is_full = 1;

	if (!pkt)
		return 0;
	sk = sock_find(ctx, pkt, 0);
	if (!sk)
		return 0;
	tp = sk->state == K_TCP_LISTEN ? bpf_skc_to_tcp_sock(sk) : 0;
	if (tp) {
		full = &tp->inet_conn.icsk_inet.sk;
		is_full = full->sk_ack_backlog > full->sk_max_ack_backlog;
	}
	bpf_sk_release(sk);
	return is_full;
}

/*
 * Is the accept queue full that the SYN is for?  Of sockets that share a port (SO_REUSEPORT) the
 * kernel chooses one by the tuple, and s tells of another one: a worker that is stuck must not cost
 * the clients of the others.
 */
INLINE int listener_accept_full(struct xdp_md *ctx, const struct packet *pkt,
				const struct listener *s)
{
	if (s->accept_full == QUEUE_FULL_IN_GROUP)
		return accept_queue_full(ctx, pkt);
	return s->accept_full;
}

enum { QUEUE_LOOKS_PER_S = 10 };

/*
 * Is what is known of the listener's queues too old for the next SYN?  While SYNs pass, or a queue
 * is near its limit, it is read once in each jiffy.
 */
INLINE int queues_stale(const struct listener *s, const struct config *cfg, __u64 now)
{
	const __u32 age = (__u32)now - s->queues_at;

	if ((__u64)age * QUEUE_LOOKS_PER_S > cfg->hz)
		return 1;
	return age && (s->passed || s->accept_full || s->unfinished >= s->backlog / 4);
}

INLINE void listener_refresh(struct xdp_md *ctx, const struct packet *pkt, struct listener *s,
			     const struct config *cfg, __u64 now)
{
	if (!queues_stale(s, cfg, now))
		return;
	s->queues_at = (__u32)now;
	listener_queues(ctx, pkt, s);
}

#endif
