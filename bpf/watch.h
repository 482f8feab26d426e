/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The watch over the kernel's TCP sockets: what a change of one's state does to the connection
 * table and to what is known of listeners.
 */
#ifndef SYNGUARD_WATCH_H
#define SYNGUARD_WATCH_H

#include <bpf/bpf_core_read.h>

#include "halfopen.h"
#include "sockread.h"

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

INLINE void handoff_done(void)
{
	struct budget *b = handoffs_pending(bpf_jiffies64());

	if (b && b->handoffs)
		b->handoffs--;
}

enum { HEAD_TRIES = 4 };

/*
 * The kernel has this socket: for the table that is what counts.  The state follows where the hooks
 * have not seen the packets.  Returns 0 if the entry has been removed meanwhile.
 */
INLINE int conn_opened(struct conn *c, struct tcp_sock *tp, __u32 sock_id)
{
	struct conn_head was, head;

	c->sock_id = sock_id;
	c->assigned_at = 0;
	for (int i = 0; i < HEAD_TRIES; i++) {
		was = head = c->head;
		if (was.state == NONE)
			return 0;
		head.socket = SOCKET_OPEN;
		head.flags.picked_up = !tp;
		if (head.state < ESTABLISHED || head.state == SYN_SENT2)
			head.state = ESTABLISHED;
		if (head_swap(c, was, head))
			break;
	}
	if (tp)
		conn_read_sock(c, tp, head.flags.opened_here);
	return 1;
}

/* A socket of which the table knows nothing yet, or only its half-open handshake. */
static __noinline int conn_enter_sock(struct runtime *rt, const struct config *cfg,
				      const struct conn_key *key, const struct conn_head *as)
{
	struct conn *half = bpf_map_lookup_elem(&halfopen, key);
	struct conn_head head = *as;

	if (half) {
		head.flags.opened_here = half->head.flags.opened_here;
		half_promote(rt, cfg, key, half, &head);
	} else {
		conn_enter(rt, cfg, key, &head);
	}
	return 0;
}

/* Another socket has the tuple by now: nobody has told that the former one closed. */
INLINE void sock_replaced(struct conn *c)
{
	const struct conn_head was = c->head;
	struct conn_head head = was;

	if (was.socket != SOCKET_OPEN)
		return;
	head.socket = SOCKET_GONE;
	head.state = CLOSE;
	head_swap(c, was, head);
}

static __noinline int sock_established(const struct config *cfg, const struct conn_key *key,
				       struct tcp_sock *tp, __u32 sock_id,
				       const struct conn_head *head)
{
	struct runtime *rt = runtime_get();
	struct conn *conn = conn_get(key, cfg);

	if (conn && conn->head.socket == SOCKET_PENDING)
		handoff_done();
	if (conn && conn->sock_id && conn->sock_id != sock_id)
		sock_replaced(conn);
	/* Once more if the sweeper, on another CPU, takes it for over in this very moment. */
	for (int i = 0; i < 2; i++) {
		conn = conn_get(key, cfg);
		if (rt && (!conn || conn->head.socket >= SOCKET_TIME_WAIT))
			conn_enter_sock(rt, cfg, key, head);
		conn = conn_get(key, cfg);
		if (!conn || conn_opened(conn, tp, sock_id))
			break;
	}
	return 0;
}

/*
 * The socket is gone.  Closed from this side first: the kernel keeps a TIME_WAIT of its own.
 * Otherwise nothing of it is left, and what still comes deserves the kernel's RST.
 */
static __noinline int sock_closed(const struct config *cfg, const struct conn_key *key,
				  int oldstate, __u32 sock_id)
{
	struct conn *conn = conn_get(key, cfg);
	struct conn_head was, head;

	for (int i = 0; i < HEAD_TRIES && conn; i++) {
		was = head = conn->head;
		/* Removed; told twice; or of a socket whose tuple another one has by now. */
		if (head.state == NONE || head.socket >= SOCKET_TIME_WAIT ||
		    (conn->sock_id && conn->sock_id != sock_id))
			return 0;
		head.socket = oldstate == K_TCP_FIN_WAIT1 || oldstate == K_TCP_FIN_WAIT2 ||
				      oldstate == K_TCP_CLOSING
				  ? SOCKET_TIME_WAIT
				  : SOCKET_GONE;
		if (head.socket == SOCKET_GONE && head.state < TIME_WAIT)
			head.state = oldstate == K_TCP_LAST_ACK ? TIME_WAIT : CLOSE;
		conn->seen = (__u32)bpf_jiffies64();
		if (head_swap(conn, was, head))
			return 0;
	}
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
 * Most changes are of no interest here: those within the end of a connection, SYN_RECV, SYN_SENT.
 * Told from the arguments alone, as this runs for each socket of the whole machine.
 */
INLINE int change_matters(int newstate)
{
	return newstate == K_TCP_ESTABLISHED || newstate == K_TCP_CLOSE || newstate == K_TCP_LISTEN;
}

/* The change of state that synguard_sock has just seen to, on this CPU. */
struct told {
	__u64 sock; /* whose; 0: none */
	__u32 change;
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct told);
} tolds SEC(".maps");

INLINE struct told *told_get(void)
{
	const __u32 zero = 0;

	return bpf_map_lookup_elem(&tolds, &zero);
}

/* told.change */
INLINE __u32 change_word(int oldstate, int newstate)
{
	return (__u32)oldstate << 8 | (__u32)newstate;
}

/*
 * State changes of every TCP socket: why the table needs no packet-side guess about the server's
 * side, and no daemon.
 */
INLINE int sock_changed(struct sock *sk, int oldstate, int newstate)
{
	struct config *cfg = config_get();
	struct runtime *rt = runtime_get();
	struct conn_head head = {.state = ESTABLISHED, .kind = KIND_KERNEL, .socket = SOCKET_OPEN};
	struct conn_key key;
	__u32 sock_id;
	__u16 port;

	if (!cfg || !rt || !sock_is_ours(sk, cfg))
		return 0;
	/* A child leaves LISTEN for SYN_RECV when it is cloned: that is no listener's end. */
	if (newstate == K_TCP_LISTEN || (oldstate == K_TCP_LISTEN && newstate == K_TCP_CLOSE)) {
		sock_listening(cfg, rt, sk->__sk_common.skc_num, newstate == K_TCP_LISTEN);
		return 0;
	}
	port = sock_local_port(sk);
	if (!port_protected(rt, port) || !key_from_sock(&sk->__sk_common, port, &key))
		return 0;
	sock_id = (__u32)bpf_get_socket_cookie(sk);
	head.flags.opened_here = oldstate == K_TCP_SYN_SENT;
	if (newstate == K_TCP_ESTABLISHED)
		sock_established(cfg, &key, bpf_skc_to_tcp_sock(sk), sock_id, &head);
	else
		sock_closed(cfg, &key, oldstate, sock_id);
	return 0;
}

#endif
