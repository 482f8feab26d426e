/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tracker (include/track.h) applied to entries of the maps: one packet of either direction
 * moves a connection's state, windows and counts.
 */
#ifndef SYNGUARD_TRACKING_H
#define SYNGUARD_TRACKING_H

#include "conns.h"
#include "room.h"

enum { TRACK_TRIES = 3 };

INLINE void segment_options(struct segment *s, const struct tcpopts *opts)
{
	s->wscale = opts->wscale;
	s->mss = opts->mss;
	s->sack = opts->sack_perm;
	s->tstamp = opts->has_ts;
}

/* pkt's segment, its options aside. */
INLINE void passage_fill(struct passage *t, const struct packet *pkt, __u64 now)
{
	t->seg.seq = pkt->seq;
	t->seg.ack = pkt->ack;
	t->seg.len = pkt->l4_len - TCP_LEN - pkt->opt_len;
	t->seg.window = pkt->window;
	t->seg.flags = pkt->flags;
	t->seg.wscale = WSCALE_NONE;
	t->seg.mss = 0;
	t->seg.sack = 0;
	t->seg.tstamp = 0;
	t->now = (__u32)now;
	t->bytes = pkt->l4_off - pkt->l3_off + (__u32)pkt->l4_len;
	t->packets = 1;
	t->from_here = 0;
}

INLINE enum track_dir conn_dir(const struct conn_head *head, __u32 from_here)
{
	return from_here == head->flags.opened_here ? TRACK_CLIENT : TRACK_SERVER;
}

/* The whole tracker, verified once. */
__noinline int track_once(struct conn *c, struct conn_head *head, const struct segment *s,
			  __u32 dir)
{
	struct room *room = room_get();

	if (!c || !head || !s || !room)
		return TRACK_INVALID;
	return track_general(c, head, dir ? TRACK_SERVER : TRACK_CLIENT, s, &room->work);
}

/*
 * The time of a connection whose socket is not confirmed stands still, so that packets alone cannot
 * keep it.
 */
INLINE void conn_count(struct conn *c, enum track_dir dir, const struct conn_head *head,
		       const struct passage *t)
{
	struct conn_side *side = dir == TRACK_CLIENT ? &c->client : &c->server;

	side->packets += t->packets;
	side->bytes += t->bytes;
	if (head->socket == SOCKET_OPEN || head->socket == SOCKET_NONE ||
	    head->socket == SOCKET_GONE)
		c->seen = t->now;
}

/* What flows in an established connection, most packets: 1, or 0 for conn_track(). */
INLINE int conn_flow(struct conn *c, const struct passage *t)
{
	const struct conn_head head = c->head;
	const enum track_dir dir = conn_dir(&head, t->from_here);

	if (track_flow(c, &head, dir, &t->seg) != TRACK_OK)
		return 0;
	conn_count(c, dir, &head, t);
	return 1;
}

/*
 * The kernel sends on it, so it has the socket, whether or not the socket watcher was told.
 */
INLINE void conn_confirm(struct conn *c, const struct passage *t)
{
	const struct conn_head was = c->head;
	struct conn_head head = was;

	if (was.socket != SOCKET_PENDING || !t->from_here || (t->seg.flags & TCP_RST))
		return;
	head.socket = SOCKET_OPEN;
	head_swap(c, was, head);
}

/*
 * All but what flows; a handshake never does.  Should another CPU change the state meanwhile, it is
 * tried again from there: no transition is lost.
 */
__noinline int track_slowly(struct conn *c, const struct passage *t)
{
	struct conn_head was, head;
	int r = TRACK_INVALID;

	if (!c || !t)
		return r;
	for (int i = 0; i < TRACK_TRIES; i++) {
		was = head = c->head;
		if (was.state == NONE)
			return TRACK_INVALID; /* removed meanwhile */
		r = track_once(c, &head, &t->seg, conn_dir(&was, t->from_here));
		if (head_word(&head) == head_word(&was) || head_swap(c, was, head))
			break;
	}
	if (track_counts(r))
		conn_count(c, conn_dir(&was, t->from_here), &was, t);
	return r;
}

/* One packet through the tracker. */
__noinline int conn_track(struct conn *c, const struct passage *t)
{
	if (!c || !t)
		return TRACK_INVALID;
	return conn_flow(c, t) ? TRACK_OK : track_slowly(c, t);
}

#endif
