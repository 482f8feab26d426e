/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Questions to the running kernel, from XDP and from tc alike: has it a socket for this tuple,
 * who listens at this address, what would that listener's SYN-ACK say.  The answers about
 * listeners are kept for a second per CPU (struct listener), or until a socket somewhere starts or
 * stops listening.
 */
#ifndef SYNGUARD_KERNEL_ASK_H
#define SYNGUARD_KERNEL_ASK_H

#include <bpf/bpf_core_read.h>

#include "cookie.h"
#include "packet.h"
#include "sockread.h"
#include "window.h"

enum sock_found { SOCK_NONE, SOCK_LISTENS, SOCK_HALF_OPEN, SOCK_HAS_CONN };

/* The tuple in the helper's form; any_remote asks for a listener without looking at connections. */
INLINE __u32 tuple_fill(const struct packet *pkt, int any_remote, struct bpf_sock_tuple *ret_tuple)
{
	const struct conn_key *k = &pkt->key;

	__builtin_memset(ret_tuple, 0, sizeof(*ret_tuple));
	if (pkt->is_v6) {
		if (!any_remote) {
			copy32(ret_tuple->ipv6.saddr, k->remote, 4);
			ret_tuple->ipv6.sport = __builtin_bswap16(k->remote_port);
		}
		copy32(ret_tuple->ipv6.daddr, k->local, 4);
		ret_tuple->ipv6.dport = __builtin_bswap16(k->local_port);
		return sizeof(ret_tuple->ipv6);
	}
	if (!any_remote) {
		ret_tuple->ipv4.saddr = addr_word(k->remote, 3);
		ret_tuple->ipv4.sport = __builtin_bswap16(k->remote_port);
	}
	ret_tuple->ipv4.daddr = addr_word(k->local, 3);
	ret_tuple->ipv4.dport = __builtin_bswap16(k->local_port);
	return sizeof(ret_tuple->ipv4);
}

/*
 * The socket for the packet: a reference to release, or NULL.  any_remote: the listener, whatever
 * connections there are.  The length is a constant on each path, as the verifier demands.
 */
INLINE struct bpf_sock *sock_find(void *ctx, const struct packet *pkt, int any_remote)
{
	struct bpf_sock_tuple tuple;

	if (tuple_fill(pkt, any_remote, &tuple) == sizeof(tuple.ipv6))
		return bpf_skc_lookup_tcp(ctx, &tuple, sizeof(tuple.ipv6), BPF_F_CURRENT_NETNS, 0);
	return bpf_skc_lookup_tcp(ctx, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);
}

/* Has the kernel a socket for the packet's tuple, in any state from SYN_RECV to TIME_WAIT? */
INLINE enum sock_found kernel_socket(void *ctx, const struct packet *pkt)
{
	struct bpf_sock *sk = sock_find(ctx, pkt, 0);
	enum sock_found found;

	if (!sk)
		return SOCK_NONE;
	found = SOCK_HAS_CONN;
	if (sk->state == K_TCP_LISTEN)
		found = SOCK_LISTENS;
	else if (sk->state == K_TCP_NEW_SYN_RECV)
		found = SOCK_HALF_OPEN;
	bpf_sk_release(sk);
	return found;
}

/*
 * Is the packet's destination this host's?  Only a host that forwards can tell otherwise, and only
 * there it matters: without forwarding the kernel would drop what is not its own.
 */
INLINE int dst_is_local(void *ctx, const struct packet *pkt, const struct config *cfg)
{
	struct bpf_fib_lookup fib = {.ifindex = cfg->ifindex};
	long ret;

	if (pkt->is_v6) {
		fib.family = K_AF_INET6;
		copy32(fib.ipv6_src, pkt->key.remote, 4);
		copy32(fib.ipv6_dst, pkt->key.local, 4);
	} else {
		fib.family = K_AF_INET;
		fib.ipv4_src = addr_word(pkt->key.remote, 3);
		fib.ipv4_dst = addr_word(pkt->key.local, 3);
	}
	ret = bpf_fib_lookup(ctx, &fib, sizeof(fib), 0);
	return ret == BPF_FIB_LKUP_RET_NOT_FWDED || ret == BPF_FIB_LKUP_RET_FWD_DISABLED || ret < 0;
}

INLINE void window_input_fill(const struct tcp_sock *tp, const struct config *cfg,
			      struct window_input *ret_in)
{
	const struct sock *sk = &tp->inet_conn.icsk_inet.sk;
	const struct net *net = sk->__sk_common.skc_net.net;

	ret_in->rcvbuf = (__u32)sk->sk_rcvbuf;
	/* Kernels before 6.6 have no ratio; they are too old for the hand-off anyway. */
	ret_in->scaling_ratio = tp->scaling_ratio;
	ret_in->clamp = tp->window_clamp;
	ret_in->rmem_max = max_u32((__u32)net->ipv4.sysctl_tcp_rmem[2], cfg->rmem_max);
	ret_in->rcvbuf_locked = !!(sk->sk_userlocks & K_SOCK_RCVBUF_LOCK);
	ret_in->signed_windows = net->ipv4.sysctl_tcp_workaround_signed_windows;
}

/*
 * The MSS to advertise: the interface's MTU, a limit from the routes, the application's
 * TCP_MAXSEG.
 */
INLINE __u16 mss_advertised(void *ctx, const struct tcp_sock *tp, int is_v6,
			    const struct config *cfg)
{
	const __u32 headers = is_v6 ? IPV6_LEN + TCP_LEN : IPV4_LEN + TCP_LEN;
	const __u32 route = is_v6 ? cfg->advmss6 : cfg->advmss4;
	const __u32 user = tp->rx_opt.user_mss;
	__u32 mtu = 0, mss;

	bpf_check_mtu(ctx, 0, &mtu, 0, 0);
	mss = mtu > headers + MSS_FLOOR_V4 ? mtu - headers : MSS_FLOOR_V4;
	if (route)
		mss = min_u32(mss, route);
	if (user)
		mss = min_u32(mss, user);
	return (__u16)min_u32(mss, 65535);
}

/*
 * Every field is read before any is chosen, and barrier_var() keeps it so: clang would otherwise
 * choose between pointers, and the verifier refuses one load through pointers to different kernel
 * structs ("same insn cannot be used with different pointers").
 */
INLINE void listener_ip(const struct tcp_sock *tp, int is_v6, const struct config *cfg,
			struct listener *s)
{
	const struct inet_sock *inet = &tp->inet_conn.icsk_inet;
	const struct net *net = inet->sk.__sk_common.skc_net.net;
	const struct ipv6_pinfo *np = inet->pinet6;
	__s32 ttl4 = inet->uc_ttl, ttl6 = -1;
	__u32 tos4 = inet->tos, tos6 = 0, default4 = net->ipv4.sysctl_ip_default_ttl;

	if (np) {
		ttl6 = np->hop_limit;
		tos6 = np->tclass;
	}
	barrier_var(ttl4);
	barrier_var(ttl6);
	barrier_var(tos4);
	barrier_var(tos6);
	barrier_var(default4);
	if (is_v6) {
		ttl4 = ttl6;
		tos4 = tos6;
		default4 = cfg->hop_limit;
	}
	s->ttl = ttl4 > 0 ? (__u8)ttl4 : (__u8)default4;
	s->tos = (__u8)tos4;
	s->reflect_tos = net->ipv4.sysctl_tcp_reflect_tos;
}

INLINE int listener_signs(const struct tcp_sock *tp)
{
	if (bpf_core_field_exists(tp->md5sig_info) && tp->md5sig_info)
		return 1;
	return bpf_core_field_exists(tp->ao_info) && tp->ao_info;
}

enum { SYNCOOKIE_VALID_S = 120 }; /* of the kernel's own */

/*
 * Has the kernel itself sent cookies for this listener (its queue overflowed, or tcp_syncookies
 * is 2)? Then an ACK that no socket and no cookie of ours explains may be the answer to one of
 * those.  The kernel notes the time of the last one, in jiffies, where its tcp_synq_overflow()
 * does.
 */
INLINE int kernel_sent_cookies(const struct tcp_sock *tp, const struct config *cfg)
{
	const struct sock_reuseport *group = tp->inet_conn.icsk_inet.sk.sk_reuseport_cb;
	__u32 stamp = (__u32)tp->rx_opt.ts_recent_stamp;

	if (group)
		stamp = group->synq_overflow_ts;
	return stamp && (__u32)bpf_jiffies64() - stamp < SYNCOOKIE_VALID_S * cfg->hz;
}

/* struct listener .accept_full. */
enum { QUEUE_FULL = 1, QUEUE_FULL_IN_GROUP = 2 };

/*
 * How many handshakes the kernel has under way for the listener, how many it would take, and whether
 * connections wait for the application in the full number that it allows: then the kernel drops
 * SYNs.
 */
INLINE void listener_queues_fill(const struct tcp_sock *tp, struct listener *s)
{
	const struct sock *sk = &tp->inet_conn.icsk_inet.sk;
	const int unfinished = tp->inet_conn.icsk_accept_queue.qlen.counter;

	s->unfinished = unfinished > 0 ? (__u32)unfinished : 0;
	s->backlog = sk->sk_max_ack_backlog;
	s->accept_full = 0;
	if (sk->sk_ack_backlog > sk->sk_max_ack_backlog)
		s->accept_full = sk->sk_reuseport_cb ? QUEUE_FULL_IN_GROUP : QUEUE_FULL;
}

/* All that a SYN-ACK of this listener depends on. */
INLINE void listener_fill(void *ctx, const struct tcp_sock *tp, int is_v6, const struct config *cfg,
			  struct listener *s)
{
	const struct net *net = tp->inet_conn.icsk_inet.sk.__sk_common.skc_net.net;
	struct window_input in;

	window_input_fill(tp, cfg, &in);
	s->listening = 1;
	s->mptcp = bpf_core_field_exists(tp->is_mptcp) && tp->is_mptcp;
	s->signed_only = listener_signs(tp);
	s->mss_small =
	    tp->rx_opt.user_mss && tp->rx_opt.user_mss < (is_v6 ? MSS_FLOOR_V6 : MSS_FLOOR_V4);
	s->mss = mss_advertised(ctx, tp, is_v6, cfg);
	s->window_nots = window_bytes(&in, s->mss);
	s->window_ts = window_bytes(&in, s->mss - TS_OPTION_LEN);
	s->rcv_wscale = window_scale(&in);
	s->kernel_cookies = (__u8)kernel_sent_cookies(tp, cfg);
	s->allow_cookie = net->ipv4.sysctl_tcp_syncookies != 0;
	s->allow_ts = net->ipv4.sysctl_tcp_timestamps != 0;
	s->allow_sack = net->ipv4.sysctl_tcp_sack != 0;
	s->allow_wscale = net->ipv4.sysctl_tcp_window_scaling != 0;
	s->allow_ecn = net->ipv4.sysctl_tcp_ecn != 0;
	listener_ip(tp, is_v6, cfg, s);
	listener_queues_fill(tp, s);
}

#endif
