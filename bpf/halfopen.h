/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Handshakes that the kernel does itself, from the SYN to their proof.  What is here decides
 * nothing about a packet: it is kept so that the connection enters the table with all that its
 * handshake told.
 */
#ifndef SYNGUARD_HALFOPEN_H
#define SYNGUARD_HALFOPEN_H

#include "dry.h"
#include "limits.h"
#include "tracking.h"
#include "window.h"

/*
 * Does the SYN leave a handshake that is there as it is, or go on with it? One that this host sends
 * where the tracker has none to come tells that the kernel has nothing any more of what was there.
 */
INLINE int half_goes_on(struct conn *half, const struct passage *t)
{
	const struct config *cfg = config_get();
	enum track_result r;

	if (!cfg || conn_over(half, &half->head, cfg, t->now))
		return 0;
	r = (enum track_result)track_slowly(half, t);
	return r != TRACK_REOPENED && !(r == TRACK_INVALID && t->from_here);
}

/* A SYN that goes to the kernel, or comes from it: remembered until its handshake is proven. */
__noinline int half_open(const struct conn_key *key, const struct passage *t)
{
	struct conn_head head = {.kind = KIND_KERNEL, .socket = SOCKET_HALF_OPEN};
	struct room *room = room_get();
	struct conn *half, *fresh;

	if (!key || !t || !room)
		return -1;
	fresh = &room->fresh;
	half = bpf_map_lookup_elem(&halfopen, key);
	if (half && half_goes_on(half, t)) {
		half->displaced += !t->from_here;
		return 0;
	}
	head.flags.opened_here = t->from_here;
	conn_reset(fresh);
	copy32(&fresh->key, key, sizeof(*key) / 4);
	if (track_open(fresh, &t->seg, 0, &head) != TRACK_OK)
		return 0;
	fresh->head = head;
	fresh->displaced = !t->from_here;
	fresh->client.packets = t->packets;
	fresh->client.bytes = t->bytes;
	return (int)bpf_map_update_elem(&halfopen, key, fresh, BPF_ANY);
}

enum { SYNS_PER_S = 4 };

/*
 * What comes again for a handshake and does not go on with it: a SYN, which the kernel answers twice
 * a second at most, or an ACK of anything else, which it answers with a RST.  A few of them are
 * enough, and a flood would be an attack on its time, or on whom the answers go to.
 */
__noinline int half_limited(const struct conn_key *key, const struct config *cfg, __u64 now)
{
	struct conn *half;

	if (!key || !cfg)
		return 0;
	half = bpf_map_lookup_elem(&halfopen, key);
	if (!half)
		return 0;
	if (stamp_is_recent(cfg, half->assigned_at, now, ticks_per_s(cfg) / SYNS_PER_S))
		return 1;
	if (!dry_run)
		half->assigned_at = stamp_now(cfg, now);
	return 0;
}

/* The handshake in half is proven: into the table with it, as far as there is room. */
INLINE int half_promote(struct runtime *rt, const struct config *cfg, const struct conn_key *key,
			struct conn *half, const struct conn_head *head)
{
	struct conn *c = conn_enter(rt, cfg, key, head);

	if (c) {
		c->client = half->client;
		c->server = half->server;
		c->started_s = half->started_s;
		c->rtt_ms = half->rtt_ms;
	}
	if (!head->flags.opened_here)
		client_proven(key, cfg, bank_get(rt), bpf_jiffies64());
	return (int)bpf_map_delete_elem(&halfopen, key);
}

/* Jiffies to conn.rtt_ms. */
INLINE __u16 rtt_of(__u32 jiffies, const struct config *cfg)
{
	return (__u16)min_u32((__u32)((__u64)jiffies * 1000 / (cfg->hz ? cfg->hz : 1)),
			      RTT_UNKNOWN);
}

/*
 * The next packet of a half-open handshake.  The client's ACK of the server's SYN-ACK proves it.
 * The round trip is what this host waits: from its SYN-ACK to the ACK, or from its SYN to the
 * SYN-ACK. Returns 1 if the packet belongs to it.
 */
__noinline int half_track(struct runtime *rt, const struct config *cfg, const struct conn_key *key,
			  const struct passage *t)
{
	enum track_result r;
	struct conn_head was, head;
	struct conn *half;

	if (!rt || !cfg || !key || !t)
		return 0;
	half = half_to_use(bpf_map_lookup_elem(&halfopen, key));
	/* Given up: whether the kernel has, too, is the kernel's to say. */
	if (!half || conn_over(half, &half->head, cfg, t->now))
		return 0;
	was = half->head;
	r = (enum track_result)track_slowly(half, t);
	/*
	 * A client's ACK that only looks old may be the proof of a cookie, which its tuple had
	 * before the kernel's SYN-ACK.
	 */
	if (r != TRACK_OK)
		return r == TRACK_IGNORED && (t->from_here || (t->seg.flags & TCP_SYN));
	head = half->head;
	if (dry_run)
		return 1;
	if (!t->from_here && half->rtt_ms == RTT_UNKNOWN && head.state != was.state)
		half->rtt_ms = rtt_of(t->now - half->seen, cfg);
	half->seen = t->now;
	if (head.state == CLOSE)
		return !bpf_map_delete_elem(&halfopen, key);
	if (head.state >= ESTABLISHED && head.state <= LAST_ACK)
		half_promote(rt, cfg, key, half, &head);
	return 1;
}

/*
 * A packet of whichever the tuple has: a connection whose socket is there or to come, else a
 * handshake, else what is left of a connection. 0: none of them.
 */
__noinline int flow_track(struct runtime *rt, const struct config *cfg, const struct conn_key *key,
			  const struct passage *t)
{
	struct conn *conn;

	if (!rt || !cfg || !key || !t)
		return 0;
	conn = conn_get(key, cfg);
	if ((!conn || conn->head.socket >= SOCKET_TIME_WAIT) && half_track(rt, cfg, key, t))
		return 1;
	if (!conn)
		return 0;
	conn_confirm(conn, t);
	conn_track(conn, t);
	return 1;
}

#endif
