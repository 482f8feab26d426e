// SPDX-License-Identifier: GPL-2.0
/* The bounded table of connections that a trace has seen. */
#include <string.h>

#include "trace_conns.h"

static enum trace_side side_of(const struct trace_packet *packet)
{
	return packet->from_remote ? SIDE_REMOTE : SIDE_LOCAL;
}

static bool is_syn(const struct trace_packet *packet)
{
	return packet->has_tcp && (packet->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
}

static bool is_synack(const struct trace_packet *packet)
{
	return packet->has_tcp &&
	       (packet->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == (TCP_SYN | TCP_ACK);
}

/* The place of key, or the one that it may have. */
static struct trace_conn *place_find(struct trace_conns *conns, const struct conn_key *key)
{
	struct trace_conn *set, *oldest;
	struct tuple_key hash_key;
	int i;

	_Static_assert(TRACE_CONN_SETS == 1 << (64 - 54), "the hash's upper bits choose the set");
	tuple_key_make(&hash_key, 0x9e3779b97f4a7c15ULL);
	oldest = set = conns->place[tuple_hash(&hash_key, key) >> 54];
	for (i = 0; i < TRACE_CONN_WAYS; i++) {
		if (set[i].first_at && !memcmp(&set[i].key, key, sizeof(*key)))
			return &set[i];
		if (set[i].used < oldest->used)
			oldest = &set[i];
	}
	return oldest;
}

/* Part of a handshake.  A SYN that a live connection ignores, or that is dropped, tells nothing. */
static bool opens(const struct trace_packet *packet)
{
	const enum conn_state state = packet->event->head.state;

	return (is_syn(packet) || is_synack(packet)) && !trace_is_drop(packet->event, false) &&
	       (state == NONE || state == SYN_SENT || state == SYN_SENT2 || state == SYN_RECV);
}

/* A SYN with another number on a tuple that is known: the port is used again. */
static bool is_reopened(const struct trace_conn *conn, const struct trace_packet *packet)
{
	const enum trace_side side = side_of(packet);

	return is_syn(packet) && opens(packet) && conn->isn_known[side] &&
	       conn->isn[side] != packet->seq;
}

static void isn_set(struct trace_conn *conn, enum trace_side side, __u32 isn)
{
	conn->isn[side] = isn;
	conn->isn_known[side] = true;
}

static void offer_set(struct trace_conn *conn, enum trace_side side, __u8 wscale)
{
	conn->wscale[side] = wscale;
	conn->offered[side] = true;
	conn->scale_known = conn->offered[SIDE_REMOTE] && conn->offered[SIDE_LOCAL];
}

static void syn_learn(struct trace_conn *conn, const struct trace_packet *packet)
{
	const enum trace_side side = side_of(packet), other = !side;

	isn_set(conn, side, packet->seq);
	if (packet->flags & TCP_ACK)
		isn_set(conn, other, packet->ack - 1);
	offer_set(conn, side, packet->opts.wscale);
}

/* The first segment after a cookie tells both ISNs, in case the trace began in between. */
static void cookie_learn(struct trace_conn *conn, const struct trace_packet *packet)
{
	if (!conn->isn_known[SIDE_REMOTE])
		isn_set(conn, SIDE_REMOTE, packet->seq - 1);
	if (!conn->isn_known[SIDE_LOCAL])
		isn_set(conn, SIDE_LOCAL, packet->ack - 1);
}

static void conn_init(struct trace_conns *conns, struct trace_conn *conn,
		      const struct trace_packet *packet)
{
	*conn = (struct trace_conn){.key = packet->event->key,
				    .first_at = packet->event->at ? packet->event->at : 1,
				    .id = ++conns->last_id};
	if (packet->event->head.state != NONE)
		conn->opened_here = packet->event->head.flags.opened_here;
	else if (is_syn(packet))
		conn->opened_here = !packet->from_remote;
	else if (is_synack(packet))
		conn->opened_here = packet->from_remote;
}

struct trace_conn *trace_conns_learn(struct trace_conns *conns, const struct trace_packet *packet)
{
	struct trace_conn *conn = place_find(conns, &packet->event->key);

	if (!conn->first_at || memcmp(&conn->key, &packet->event->key, sizeof(conn->key)) != 0 ||
	    is_reopened(conn, packet))
		conn_init(conns, conn, packet);
	conn->used = ++conns->uses;
	if (opens(packet))
		syn_learn(conn, packet);
	else if (packet->has_tcp && packet->event->reason == REASON_ack_cookie_valid)
		cookie_learn(conn, packet);
	return conn;
}

static __u64 window_scaled(const struct trace_conn *conn, const struct trace_packet *packet)
{
	const enum trace_side side = side_of(packet);

	if (packet->flags & TCP_SYN || conn->wscale[SIDE_REMOTE] == WSCALE_NONE ||
	    conn->wscale[SIDE_LOCAL] == WSCALE_NONE)
		return packet->window;
	return (__u64)packet->window << conn->wscale[side];
}

struct trace_numbers trace_conn_numbers(const struct trace_conn *conn,
					const struct trace_packet *packet)
{
	const enum trace_side side = side_of(packet), other = !side;
	const bool syn = packet->flags & TCP_SYN;

	return (struct trace_numbers){
	    .seq_known = conn->isn_known[side],
	    .ack_known = conn->isn_known[other] && packet->flags & TCP_ACK,
	    .window_known = syn || conn->scale_known || !packet->window,
	    .seq = packet->seq - conn->isn[side],
	    .ack = packet->ack - conn->isn[other],
	    .window = syn || conn->scale_known ? window_scaled(conn, packet) : packet->window,
	};
}
