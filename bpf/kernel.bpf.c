// SPDX-License-Identifier: GPL-2.0
/*
 * What happens beyond the driver: the hand-off of proven handshakes to the kernel's TCP (tc
 * ingress), the watch over the kernel's sockets that keeps the connection table true, and the
 * adoption of the sockets that were there before.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "cookies.h"
#include "kernel_ask.h"

/* Ethernet, IPv6 with some extension headers, TCP with options. */
enum { HEADERS_MAX = 256 };

#define TCX_NEXT -1
#define TCX_DROP 2

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
	struct packet pkt;
	struct config *cfg;
	struct runtime *rt;
	__u64 now; /* jiffies */
	enum mark mark;
	struct tcp_offer offer;
	struct tcpopts opts;
};

__noinline int skb_parse(struct __sk_buff *skb, struct packet *ret_pkt)
{
	const struct frame f = {(void *)(long)skb->data, (void *)(long)skb->data_end};

	if (!ret_pkt)
		return REASON_eth_truncated;
	return packet_parse(&f, skb->len, ret_pkt);
}

__noinline int skb_options(struct __sk_buff *skb, const struct packet *pkt,
			   struct tcpopts *ret_opts)
{
	const struct frame f = {(void *)(long)skb->data, (void *)(long)skb->data_end};

	if (!pkt || !ret_opts)
		return -1;
	tcpopts_parse(&f, pkt, ret_opts);
	return 0;
}

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
 * retransmission. Signed, since the stamp may be a jiffy ahead: it is never 0, and another CPU
 * may have set it.
 */
INLINE int assigned_lately(const struct conn *conn, const struct config *cfg, __u64 now)
{
	const __s32 ago = (__s32)((__u32)now - conn->assigned_at);

	return conn->assigned_at && ago < (__s32)(cfg->hz / 10);
}

static __noinline enum cookie_verdict look_check(struct look *l)
{
	return ack_check(&l->pkt, &l->opts, l->cfg, l->rt, l->now, &l->offer);
}

/*
 * Is the handshake proven?  Where XDP has just said so, its entry tells what was agreed; else the
 * cookie is checked here.  On 1, l->offer is filled.
 */
INLINE int look_proven(struct look *l, const struct conn *conn)
{
	if (l->mark == MARK_PROVEN && conn && conn->client_isn == l->pkt.seq - 1 &&
	    conn->server_isn == l->pkt.ack - 1) {
		l->offer = conn->offer;
		return 1;
	}
	return look_check(l) == COOKIE_VALID;
}

INLINE void attrs_fill(const struct look *l, const struct service *svc,
		       struct bpf_tcp_req_attrs *attrs)
{
	const struct tcp_offer *o = &l->offer;

	attrs->mss = o->mss;
	attrs->ecn_ok = o->ecn;
	attrs->sack_ok = o->sack;
	attrs->tstamp_ok = o->tstamp;
	if (o->tstamp) {
		attrs->rcv_tsval = l->opts.tsval;
		attrs->rcv_tsecr = l->opts.tsecr;
	}
	attrs->wscale_ok = o->wscale != WSCALE_NONE;
	if (attrs->wscale_ok) {
		attrs->snd_wscale = o->wscale;
		attrs->rcv_wscale = svc->rcv_wscale;
	}
}

/*
 * Would the listener refuse the child?  Its accept queue does not show yet what was handed off in
 * this very batch; so what this CPU handed off in this jiffy counts as well.
 */
INLINE int backlog_full(const struct sock *sk, __u64 now)
{
	const __u32 zero = 0;
	struct budget *b = bpf_map_lookup_elem(&budgets, &zero);

	if (!b)
		return 0;
	if (b->handoff_at != (__u32)now) {
		b->handoff_at = (__u32)now;
		b->handoffs = 0;
	}
	if (sk->sk_ack_backlog + b->handoffs > sk->sk_max_ack_backlog)
		return 1;
	b->handoffs++;
	return 0;
}

/* tp: the listener. */
INLINE enum reason listener_assign(struct __sk_buff *skb, struct look *l, struct tcp_sock *tp)
{
	struct bpf_tcp_req_attrs attrs = {};
	struct service svc = {};

	if (backlog_full(&tp->inet_conn.icsk_inet.sk, l->now))
		return REASON_handoff_backlog;
	service_fill(skb, tp, l->pkt.is_v6, l->cfg, &svc);
	attrs_fill(l, &svc, &attrs);
	if (tp->rx_opt.user_mss && tp->rx_opt.user_mss < attrs.mss)
		attrs.mss = tp->rx_opt.user_mss;
	if (bpf_sk_assign_tcp_reqsk(skb, (struct sock *)tp, &attrs, sizeof(attrs)))
		return REASON_handoff_failed;
	return REASON_handoff_ok;
}

/* The handshake is proven: make the kernel's request socket out of it. */
static __noinline enum reason handoff(struct __sk_buff *skb, struct look *l)
{
	enum reason r = REASON_conn_packet;
	struct tcp_sock *tp;
	struct bpf_sock *sk;

	sk = sock_find(skb, &l->pkt, 0);
	if (!sk)
		return REASON_handoff_closed;
	if (sk->state == K_TCP_LISTEN) {
		tp = bpf_skc_to_tcp_sock(sk);
		r = tp ? listener_assign(skb, l, tp) : REASON_handoff_failed;
	}
	bpf_sk_release(sk);
	return r;
}

/*
 * Has the kernel the socket, though its entry is SYN_RECV?  Should the socket watcher have missed that
 * it was established, the entry is kept alive by its packets; it does not become ESTABLISHED, since
 * the socket may close at this very moment, and then nothing would ever remove it.
 */
INLINE int conn_recover(struct __sk_buff *skb, struct look *l, struct conn *conn)
{
	if (kernel_socket(skb, &l->pkt) != SOCK_HAS_CONN)
		return 0;
	conn->expires = l->now + (__u64)LINGER_S * l->cfg->hz;
	return 1;
}

/* REASON_conn_packet: nothing to do here, the packet is the kernel's. */
INLINE enum reason look_decide(struct __sk_buff *skb, struct look *l)
{
	struct conn *conn = conn_get(&l->pkt.key);
	enum reason r;

	if (conn && (conn->state != SYN_RECV || conn->kind != KIND_COOKIE))
		return REASON_conn_packet;
	if (conn && assigned_lately(conn, l->cfg, l->now))
		return REASON_conn_packet;
	skb_options(skb, &l->pkt, &l->opts);
	if (!look_proven(l, conn))
		return conn && !conn_recover(skb, l, conn) ? REASON_handoff_pending
							   : REASON_conn_packet;
	r = handoff(skb, l);
	if (r != REASON_handoff_ok)
		return r;
	if (conn)
		conn->assigned_at = (__u32)l->now | 1;
	else
		handshake_enter(l->rt, l->cfg, &l->pkt, &l->offer, (__u32)l->now | 1);
	return r;
}

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

/* 1 and *ret_key when the socket's addresses are known and not all loopback. */
INLINE int key_from_sock(const struct sock_common *sk, __u16 local_port, struct conn_key *ret_key)
{
	__builtin_memset(ret_key, 0, sizeof(*ret_key));
	ret_key->local_port = local_port;
	ret_key->remote_port = __builtin_bswap16(sk->skc_dport);
	if (sk->skc_family == K_AF_INET) {
		addr_from_v4(ret_key->remote, sk->skc_daddr);
		addr_from_v4(ret_key->local, sk->skc_rcv_saddr);
	} else if (sk->skc_family == K_AF_INET6) {
		bpf_probe_read_kernel(ret_key->remote, 16, &sk->skc_v6_daddr);
		bpf_probe_read_kernel(ret_key->local, 16, &sk->skc_v6_rcv_saddr);
	} else {
		return 0;
	}
	/*
	 * An IPv4 connection over an IPv6 socket has v4-mapped addresses: class by its IPv4
	 * address.
	 */
	return addr_classify(ret_key->local, !addr_is_v4(ret_key->local)) != ADDR_LOOPBACK;
}

INLINE int port_protected(__u16 local_port)
{
	const struct port *port = port_get(local_port);

	return port && port->protect;
}

static __noinline int sock_established(struct runtime *rt, const struct conn_key *key, __u64 cookie)
{
	const struct conn fresh = {
	    .state = ESTABLISHED, .kind = KIND_KERNEL, .sock_cookie = cookie};
	struct conn *conn = conn_get(key);

	if (!conn) {
		conn_put(rt, key, &fresh, bpf_jiffies64());
		conn = conn_get(key);
	}
	if (!conn)
		return 0;
	conn->sock_cookie = cookie;
	conn->state = ESTABLISHED;
	return 0;
}

/*
 * The socket is gone.  Closed from this side first: the kernel keeps a TIME_WAIT of its own.
 * Closed by the peer first: nothing more can come.  Else by a reset in either direction: late
 * segments still deserve the kernel's RST for a while.
 */
static __noinline int sock_closed(const struct config *cfg, struct runtime *rt,
				  const struct conn_key *key, int oldstate, __u64 cookie)
{
	const __u64 now = bpf_jiffies64();
	struct conn *conn = conn_get(key);

	/* Told twice, or of a socket whose tuple another one has by now. */
	if (!conn || conn->state == TIME_WAIT || conn->state == CLOSE ||
	    (conn->sock_cookie && conn->sock_cookie != cookie))
		return 0;
	if (oldstate == K_TCP_LAST_ACK) {
		conn_delete(rt, key);
		return 0;
	}
	conn_linger(rt, key, conn, now + (__u64)LINGER_S * cfg->hz, now);
	conn->state =
	    oldstate == K_TCP_FIN_WAIT1 || oldstate == K_TCP_FIN_WAIT2 || oldstate == K_TCP_CLOSING
		? TIME_WAIT
		: CLOSE;
	return 0;
}

INLINE void sock_listening(const struct config *cfg, struct runtime *rt, __u16 port, int starts)
{
	/* Handshakes may be under way from before the next SYN finds the listener. */
	if (starts)
		port_kernel_handshake(port, cfg, bpf_jiffies64());
	__sync_fetch_and_add(&rt->listen_gen, 1);
}

/* A closing socket has lost skc_num by the time that its change is told, but not inet_sport. */
INLINE __u16 sock_local_port(const struct sock *sk)
{
	__be16 port = 0;

	bpf_core_read(&port, sizeof(port), &((const struct inet_sock *)sk)->inet_sport);
	return __builtin_bswap16(port);
}

INLINE int sock_is_ours(const struct sock *sk, const struct config *cfg)
{
	return sk->sk_protocol == K_IPPROTO_TCP &&
	       sk->__sk_common.skc_net.net->ns.inum == cfg->netns_ino;
}

/*
 * Every state change of every TCP socket: why the table needs no packet-side guess about the
 * server's side, and no daemon.
 */
INLINE int sock_changed(struct sock *sk, int oldstate, int newstate)
{
	struct config *cfg = config_get();
	struct runtime *rt = runtime_get();
	struct conn_key key;
	__u64 cookie;
	__u16 port;

	if (!cfg || !rt || !sock_is_ours(sk, cfg))
		return 0;
	/* A child leaves LISTEN for SYN_RECV when it is cloned: that is no listener's end. */
	if (newstate == K_TCP_LISTEN || (oldstate == K_TCP_LISTEN && newstate == K_TCP_CLOSE)) {
		sock_listening(cfg, rt, sk->__sk_common.skc_num, newstate == K_TCP_LISTEN);
		return 0;
	}
	if (newstate != K_TCP_ESTABLISHED && newstate != K_TCP_CLOSE)
		return 0;
	port = sock_local_port(sk);
	if (!port_protected(port) || !key_from_sock(&sk->__sk_common, port, &key))
		return 0;
	cookie = bpf_get_socket_cookie(sk);
	if (newstate == K_TCP_ESTABLISHED)
		sock_established(rt, &key, cookie);
	else
		sock_closed(cfg, rt, &key, oldstate, cookie);
	return 0;
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
