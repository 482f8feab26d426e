/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The connection table: enter, look up, let go.  Who may do what: XDP and the hand-off hook
 * create SYN_RECV entries and refresh them; the socket watcher makes them ESTABLISHED and ends
 * them.  Two CPUs may write one entry at once; each writes whole words, and every order of them
 * ends in a state that the socket watcher corrects at the socket's next change.
 */
#ifndef SYNGUARD_CONNS_H
#define SYNGUARD_CONNS_H

#include "addr.h"
#include "maps.h"

enum conn_times {
	LINGER_S = 65,       /* the kernel's TIME_WAIT is 60 s; a FIN starts it anew */
	KERNEL_SYN_S = 130,  /* tcp_synack_retries at its default gives up after 127 s */
	EXPIRE_PER_CALL = 2, /* more than is put in, so that the queue cannot grow for ever */
};

struct presence_cell {
	__u32 *word; /* four cells; NULL only where a map look-up fails, which does not happen */
	__u32 shift; /* of this one's byte */
};

INLINE struct presence_cell presence_find(const struct conn_key *key)
{
	const __u32 zero = 0;
	struct presence_cell cell = {};
	struct presence *p = bpf_map_lookup_elem(&presence, &zero);
	const struct keys *k = keys_get();
	__u32 index;

	if (!p || !k)
		return cell;
	index = (__u32)(tuple_hash(k->presence, key) >> 46);
	cell.word = &p->cells[(index >> 2) & (PRESENCE_WORDS - 1)];
	cell.shift = (index & 3) * 8;
	return cell;
}

/*
 * by: 1 before an entry is made, -1 after one is removed, so that no entry is ever without its
 * count.
 */
INLINE void presence_count(const struct conn_key *key, __s32 by)
{
	const struct presence_cell cell = presence_find(key);

	if (cell.word)
		__sync_fetch_and_add(cell.word, (__u32)by << cell.shift);
}

INLINE __u32 presence_of(const struct conn_key *key)
{
	const struct presence_cell cell = presence_find(key);

	return cell.word ? *cell.word >> cell.shift & 0xff : 0;
}

INLINE struct conn *conn_get(const struct conn_key *key)
{
	if (!presence_of(key))
		return 0;
	return bpf_map_lookup_elem(&conns, key);
}

INLINE void conn_delete(struct runtime *rt, const struct conn_key *key)
{
	if (bpf_map_delete_elem(&conns, key))
		return;
	presence_count(key, -1);
	__sync_fetch_and_add(&rt->conns_gone, 1);
}

INLINE int conn_insert(struct runtime *rt, const struct conn_key *key, const struct conn *conn)
{
	if (presence_of(key) >= PRESENCE_FULL)
		return -1;
	presence_count(key, 1);
	if (bpf_map_update_elem(&conns, key, conn, BPF_NOEXIST)) {
		presence_count(key, -1);
		return -1;
	}
	__sync_fetch_and_add(&rt->conns_made, 1);
	return 0;
}

/*
 * Put an entry that has been refreshed since back at the end, remove one whose time has come (or,
 * with force, will come: where the kernel's TIME_WAIT outlives ours, a miss no longer means that
 * the kernel has nothing).
 */
static __noinline int expiry_settle(struct runtime *rt, struct expiry *e, __u64 now, int force)
{
	struct conn *conn = conn_get(&e->key);

	if (!conn)
		return 0;
	if (conn->state == ESTABLISHED) {
		conn->expires = 0;
		return 0;
	}
	if (!force && conn->expires > e->at && conn->expires > now) {
		e->at = conn->expires;
		return (int)bpf_map_push_elem(&expiry, e, 0);
	}
	if (conn->state == TIME_WAIT && conn->expires > rt->incomplete_until)
		rt->incomplete_until = conn->expires;
	conn_delete(rt, &e->key);
	return 0;
}

/*
 * Take up to EXPIRE_PER_CALL entries whose time has come; with force, the oldest whatever its
 * time.
 */
INLINE void expiry_run(struct runtime *rt, __u64 now, int force)
{
	struct expiry e;

	for (int i = 0; i < EXPIRE_PER_CALL; i++) {
		if (bpf_map_peek_elem(&expiry, &e) || (!force && e.at > now))
			return;
		/*
		 * Another CPU may take that head between the two calls: this one is then settled
		 * early.
		 */
		if (bpf_map_pop_elem(&expiry, &e))
			return;
		expiry_settle(rt, &e, now, force);
	}
}

/* Does a miss mean that the kernel has no such connection (half-open ones of its own aside)? */
INLINE int table_complete(const struct runtime *rt, __u64 now)
{
	return rt->table_complete && rt->incomplete_until <= now;
}

/* Remember to remove key at a time in jiffies. */
INLINE void expiry_add(struct runtime *rt, const struct conn_key *key, __u64 at, __u64 now)
{
	struct expiry e = {.at = at};

	__builtin_memcpy(&e.key, key, sizeof(e.key));
	expiry_run(rt, now, 0);
	if (bpf_map_push_elem(&expiry, &e, 0)) {
		expiry_run(rt, now, 1);
		bpf_map_push_elem(&expiry, &e, 0);
	}
}

/*
 * Let an entry go at a time in jiffies.  While its last such time is still to come it is in the
 * queue already, and goes back into it when its turn comes (expiry_settle()).  So a tuple has one
 * place in the queue however often it is used, and no client can fill the queue with one.
 */
INLINE void conn_linger(struct runtime *rt, const struct conn_key *key, struct conn *conn, __u64 at,
			__u64 now)
{
	const int queued = conn->expires > now;

	conn->expires = at;
	if (!queued)
		expiry_add(rt, key, at, now);
}

/*
 * Enter a tuple that has no entry; one that another CPU has entered meanwhile stays.  When the
 * table is full, closed connections make room; if that is not enough the table is no longer
 * complete, which is what sends later misses to the kernel's own table.
 */
INLINE int conn_put(struct runtime *rt, const struct conn_key *key, const struct conn *conn,
		    __u64 now)
{
	if (!conn_insert(rt, key, conn) || conn_get(key))
		return 0;
	expiry_run(rt, now, 1);
	if (!conn_insert(rt, key, conn))
		return 0;
	__sync_fetch_and_add(&rt->table_full, 1);
	rt->table_complete = 0;
	return -1;
}

/*
 * What is left of an older connection becomes a new one, in place; unless the socket watcher, on
 * another CPU, says meanwhile that the kernel has a socket: that stands.
 */
INLINE void conn_renew(struct runtime *rt, const struct conn_key *key, struct conn *conn,
		       const struct conn *fresh, __u64 now)
{
	__u32 *state = (__u32 *)(void *)conn; /* and kind */
	const __u32 was = *state;

	if ((was & 0xff) == ESTABLISHED)
		return;
	conn_linger(rt, key, conn, fresh->expires, now);
	conn->assigned_at = fresh->assigned_at;
	conn->offer = fresh->offer;
	conn->client_isn = fresh->client_isn;
	conn->server_isn = fresh->server_isn;
	conn->sock_cookie = 0;
	__sync_val_compare_and_swap(state, was, *(const __u32 *)(const void *)fresh);
}

/* An entry that is to go at fresh->expires; conn is the one that there is, or NULL. */
INLINE void conn_enter(struct runtime *rt, const struct conn_key *key, struct conn *conn,
		       const struct conn *fresh, __u64 now)
{
	if (conn)
		conn_renew(rt, key, conn, fresh, now);
	else if (!conn_put(rt, key, fresh, now))
		expiry_add(rt, key, fresh->expires, now);
}

/*
 * The request sockets that the hand-off hook made on this CPU and that TCP has not made sockets of yet:
 * both happen in one softirq.  One that TCP refuses counts to the end of its jiffy.
 */
INLINE struct budget *handoffs_pending(__u64 now)
{
	const __u32 zero = 0;
	struct budget *b = bpf_map_lookup_elem(&budgets, &zero);

	if (b && b->handoff_at != (__u32)now) {
		b->handoff_at = (__u32)now;
		b->handoffs = 0;
	}
	return b;
}

/* The kernel may have half-open handshakes on this port from now on; now in jiffies. */
INLINE void port_kernel_handshake(__u16 local_port, const struct config *cfg, __u64 now)
{
	struct port *port = port_get(local_port);
	const __u64 until = now + (__u64)KERNEL_SYN_S * cfg->hz;

	/* At most one write a second, so that the cache line does not bounce between CPUs. */
	if (port && port->kernel_until + cfg->hz < until)
		port->kernel_until = until;
}

INLINE int port_kernel_active(__u16 local_port, __u64 now)
{
	const struct port *port = port_get(local_port);

	return !port || port->kernel_until > now;
}

#endif
