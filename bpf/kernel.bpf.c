// SPDX-License-Identifier: GPL-2.0
/*
 * What happens beyond the driver: the hand-off of proven handshakes to the kernel's TCP (tc
 * ingress), the watch over the kernel's sockets that keeps the connection table true, and the
 * adoption of the sockets that were there before.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "handoff.h"
#include "watch.h"

/* Ethernet, IPv6 with some extension headers, TCP with options. */
enum { HEADERS_MAX = 256 };

#define TCX_NEXT -1
#define TCX_DROP 2

/*
 * tc ingress.  A packet without the mark costs one comparison, unless XDP has said that it cannot
 * mark, or has been detached and left this hook to finish the handshakes in flight.
 */
SEC("tc")
int synguard_tc(struct __sk_buff *skb)
{
	struct look l = {.cfg = config_get()};
	enum reason r;

	if (!l.cfg)
		return TCX_NEXT;
	l.rt = runtime_get();
	l.mark = mark_read(skb, l.cfg);
	if (!l.rt || (l.mark == MARK_NONE && !l.rt->tc_alone))
		return TCX_NEXT;
	/*
	 * Tagged twice: the kfunc wants a bare IP packet, which the outer VLAN device's hook will
	 * see.
	 */
	if (skb->protocol != __builtin_bswap16(0x0800) &&
	    skb->protocol != __builtin_bswap16(0x86dd))
		return TCX_NEXT;
	l.now = bpf_jiffies64();
	/* Some drivers leave the headers in a page; where they do not, this is one comparison. */
	bpf_skb_pull_data(skb, skb->len < HEADERS_MAX ? skb->len : HEADERS_MAX);
	if (skb_parse(skb, &l.pkt) != PACKET_OK)
		return TCX_NEXT;
	if ((l.pkt.flags & (TCP_SYN | TCP_RST | TCP_ACK)) != TCP_ACK)
		return TCX_NEXT;
	/* The tag that XDP saw in the frame has been taken out of it by now. */
	if (skb->vlan_present)
		l.pkt.vlan = skb->vlan_tci & 0xfff;
	r = look_decide(skb, &l);
	if (r == REASON_conn_packet)
		return TCX_NEXT;
	count(r, skb->len);
	if (r == REASON_handoff_ok || r == REASON_handoff_closed)
		return TCX_NEXT;
	return l.cfg->mode == MODE_MONITOR ? TCX_NEXT : TCX_DROP;
}

/*
 * Twice the same, because the kernel skips a tracing program that it has interrupted on the same CPU
 * ("recursion_misses" in bpftool prog show; hundreds a minute under load).  A state changes in a
 * process, interrupted at most once, by a softirq: while one of the two programs is interrupted
 * the other one is not, so each change is told to at least one of them, mostly to both.
 */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(synguard_sock, struct sock *sk, int oldstate, int newstate)
{
	return sock_changed(sk, oldstate, newstate);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(synguard_sock2, struct sock *sk, int oldstate, int newstate)
{
	return sock_changed(sk, oldstate, newstate);
}

struct bpf_iter_meta;

struct bpf_iter__tcp {
	struct bpf_iter_meta *meta;
	struct sock_common *sk_common;
} __attribute__((preserve_access_index));

/* XDP may have entered a whole connection before, as one that expires: see kernel_adopt(). */
INLINE void adopt_whole(struct runtime *rt, const struct conn_key *key, __u64 cookie, __u64 now)
{
	const struct conn fresh = {
	    .state = ESTABLISHED, .kind = KIND_ADOPTED, .sock_cookie = cookie};
	struct conn *conn = conn_get(key);

	if (!conn) {
		conn_put(rt, key, &fresh, now);
		return;
	}
	conn->sock_cookie = cookie;
	conn->state = ESTABLISHED;
}

/* Run once at attach: every socket of this network namespace, of any state but LISTEN. */
SEC("iter/tcp")
int synguard_adopt(struct bpf_iter__tcp *ctx)
{
	struct config *cfg = config_get();
	struct runtime *rt = runtime_get();
	struct conn fresh = {.state = TIME_WAIT, .kind = KIND_ADOPTED};
	struct sock_common *sk = ctx->sk_common;
	struct conn_key key;
	__u64 now;

	if (!sk || !cfg || !rt || sk->skc_state == K_TCP_LISTEN || sk->skc_state == K_TCP_CLOSE)
		return 0;
	if (!port_protected(sk->skc_num) || !key_from_sock(sk, sk->skc_num, &key))
		return 0;
	now = bpf_jiffies64();
	if (sk->skc_state != K_TCP_TIME_WAIT && sk->skc_state != K_TCP_NEW_SYN_RECV) {
		adopt_whole(rt, &key, bpf_get_socket_cookie(sk), now);
		return 0;
	}
	if (sk->skc_state == K_TCP_NEW_SYN_RECV) {
		fresh.state = SYN_RECV;
		port_kernel_handshake(sk->skc_num, cfg, now);
	}
	fresh.sock_cookie = bpf_get_socket_cookie(sk);
	fresh.expires = now + (__u64)LINGER_S * cfg->hz;
	if (!conn_get(&key))
		conn_enter(rt, &key, 0, &fresh, now);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
