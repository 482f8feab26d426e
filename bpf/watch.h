/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The watch over the kernel's TCP sockets: what a change of one's state does to the connection table and
 * to what is known of listeners.
 */
#ifndef SYNGUARD_WATCH_H
#define SYNGUARD_WATCH_H

#include <bpf/bpf_core_read.h>

#include "conns.h"
#include "ksock.h"

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

INLINE void handoff_done(void)
{
	struct budget *b = handoffs_pending(bpf_jiffies64());

	if (b && b->handoffs)
		b->handoffs--;
}

static __noinline int sock_established(struct runtime *rt, const struct conn_key *key, __u64 cookie)
{
	const struct conn fresh = {
	    .state = ESTABLISHED, .kind = KIND_KERNEL, .sock_cookie = cookie};
	struct conn *conn = conn_get(key);

	if (!conn)
		return conn_put(rt, key, &fresh, bpf_jiffies64());
	if (conn->state == SYN_RECV && conn->kind == KIND_COOKIE)
		handoff_done();
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

#endif
