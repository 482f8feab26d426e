// SPDX-License-Identifier: GPL-2.0
/*
 * What happens beyond the driver: the hand-off of proven handshakes to the kernel's TCP (tc
 * ingress), the look at what this host sends (tc egress), the watch over the kernel's sockets that
 * keeps the connection table true, the adoption of the sockets that were there before, the sweeper
 * that removes what is over, and the table as a file.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "defence.h"
#include "egress.h"
#include "handoff.h"
#include "list.h"
#include "lists.h" /* for the maps, which must be there before XDP is loaded */
#include "sweep.h"
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
	struct look l = {.cfg = config_get(), .rt = runtime_get()};
	enum reason r;
	int drops, enforced;

	if (!l.cfg)
		return TCX_NEXT;
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
	l.room = room_get();
	if (!l.room)
		return TCX_NEXT;
	l.now = bpf_jiffies64();
	l.pkt = &l.room->pkt;
	__builtin_memset(l.pkt, 0, sizeof(*l.pkt));
	/* Some drivers leave the headers in a page; where they do not, this is one comparison. */
	bpf_skb_pull_data(skb, skb->len < HEADERS_MAX ? skb->len : HEADERS_MAX);
	if (skb_parse(skb, l.pkt) != PACKET_OK)
		return TCX_NEXT;
	if ((l.pkt->flags & (TCP_SYN | TCP_RST | TCP_ACK)) != TCP_ACK)
		return TCX_NEXT;
	/* The tag that XDP saw in the frame has been taken out of it by now. */
	if (skb->vlan_present)
		l.pkt->vlan = skb->vlan_tci & 0xfff;
	r = look_decide(skb, &l);
	if (r == REASON_conn_packet)
		return TCX_NEXT;
	drops = r == REASON_handoff_failed || r == REASON_handoff_backlog ||
		r == REASON_handoff_pending;
	enforced = !drops || !protection_monitors(&l.pkt->key, bank_get(l.rt));
	count(r, skb->len, enforced);
	if (tracing(l.rt, l.now))
		trace_skb(skb, l.rt, l.cfg, l.pkt, r);
	return drops && enforced ? TCX_DROP : TCX_NEXT;
}

/* tc egress: the server's side of every connection.  Changes nothing. */
SEC("tc")
int synguard_egress(struct __sk_buff *skb)
{
	const struct config *cfg = config_get();
	struct runtime *rt = runtime_get();

	if (cfg && rt)
		egress_look(skb, cfg, rt);
	return TCX_NEXT;
}

/*
 * Starts the sweeper, or, with ctx->all, sweeps the whole table once.  Run by the loader and by
 * tests.
 */
SEC("syscall")
int synguard_sweep(struct sweep_request *request)
{
	if (request->all)
		return sweep_all();
	return sweep_start();
}

/*
 * Twice, because the kernel skips a tracing program that it has interrupted on the same
 * CPU ("recursion_misses" in bpftool prog show; hundreds a minute under load).  A state changes in
 * a process, interrupted at most once, by a softirq: while one of the two programs is interrupted
 * the other one is not, so each change is told to at least one of them, mostly to both.  The second
 * one is there for what the first one has not done: that leaves its last change, on this CPU.  An
 * interrupt between the two only makes the second do it once more.
 */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(synguard_sock, struct sock *sk, int oldstate, int newstate)
{
	struct told *t;

	if (!change_matters(newstate))
		return 0;
	t = told_get();
	if (t)
		t->sock = 0; /* left over where the second one was skipped */
	sock_changed(sk, oldstate, newstate);
	if (t) {
		t->sock = (__u64)(long)sk;
		t->change = change_word(oldstate, newstate);
	}
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(synguard_sock2, struct sock *sk, int oldstate, int newstate)
{
	struct told *t;
	int told;

	if (!change_matters(newstate))
		return 0;
	t = told_get();
	told = t && t->sock == (__u64)(long)sk && t->change == change_word(oldstate, newstate);
	if (t)
		t->sock = 0;
	return told ? 0 : sock_changed(sk, oldstate, newstate);
}

struct bpf_iter__tcp {
	struct bpf_iter_meta *meta;
	struct sock_common *sk_common;
} __attribute__((preserve_access_index));

/* Whole ones: as if just established.  XDP may have entered some before, see kernel_adopt(). */
INLINE void adopt_whole(const struct config *cfg, struct runtime *rt, const struct conn_key *key,
			struct sock_common *sk)
{
	const struct conn_head head = {
	    .state = ESTABLISHED, .kind = KIND_ADOPTED, .socket = SOCKET_OPEN};
	const __u32 sock_id = (__u32)bpf_get_socket_cookie(sk);
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	struct conn *conn = conn_get(key, cfg);

	if (!conn)
		conn_enter_sock(rt, cfg, key, &head);
	conn = conn_get(key, cfg);
	if (conn)
		conn_opened(conn, tp, sock_id);
}

/* TIME_WAIT: the kernel's business until it is over. */
INLINE void adopt_time_wait(const struct config *cfg, struct runtime *rt,
			    const struct conn_key *key)
{
	const struct conn_head head = {.state = TIME_WAIT,
				       .kind = KIND_ADOPTED,
				       .socket = SOCKET_TIME_WAIT,
				       .flags.picked_up = 1};

	if (!conn_get(key, cfg))
		conn_enter(rt, cfg, key, &head);
}

/* Run once at attach: every socket of this network namespace, of any state but LISTEN. */
SEC("iter/tcp")
int synguard_adopt(struct bpf_iter__tcp *ctx)
{
	struct config *cfg = config_get();
	struct runtime *rt = runtime_get();
	struct sock_common *sk = ctx->sk_common;
	struct conn_key key;

	if (!sk || !cfg || !rt || sk->skc_state == K_TCP_LISTEN || sk->skc_state == K_TCP_CLOSE)
		return 0;
	if (!port_protected(rt, sk->skc_num) || !key_from_sock(sk, sk->skc_num, &key))
		return 0;
	if (sk->skc_state == K_TCP_NEW_SYN_RECV)
		port_kernel_handshake(sk->skc_num, cfg, bpf_jiffies64());
	else if (sk->skc_state == K_TCP_TIME_WAIT)
		adopt_time_wait(cfg, rt, &key);
	else
		adopt_whole(cfg, rt, &key, sk);
	return 0;
}

/* What reading the pin `connections` prints. */
SEC("iter/bpf_map_elem")
int synguard_list(struct bpf_iter__bpf_map_elem *ctx)
{
	const struct config *cfg = config_get();

	return cfg ? list_show(ctx, cfg) : 0;
}

char LICENSE[] SEC("license") = "GPL";
