/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The TCP connection tracker: what one segment does to a connection's state and windows, as Linux's
 * nf_conntrack would have it, but for FIN and RST, which are believed only with sequence numbers
 * that a blind attacker does not know (RFC 5961).  Pure: the clock, the counters and the table of
 * connections are the caller's.
 *
 * It differs from nf_conntrack on purpose (tests/unit/test_track_reference.c has the rows):
 * - A RST has to be exact in every state, and a FIN or RST out of the window is never let through,
 *   not even as a late duplicate.  What is not believed changes nothing, timeouts and windows
 *   included.
 * - The client's first ACK has to cover the server's SYN, or a forged ACK 66000 below it would
 *   earn the timeout of an established connection.  One picked up in mid-stream earns it when both
 *   sides have acknowledged all that the other has sent.
 * - Picked up in mid-stream, windows are as large as windows get, not without bounds.
 * - A SYN with a far lower ISN starts over in SYN_SENT, too: its SYN-ACK would fit no window.
 * - ACKs and data after an ignored SYN do not keep its SYN-ACK from being understood.
 * - A connection whose only answer is a RST becomes CLOSE; dropping it is up to the caller.
 * - No shorter timeout for retransmissions or a closed window, and no SACK.
 */
#ifndef SYNGUARD_TRACK_H
#define SYNGUARD_TRACK_H

#include "abi.h"
#include "track_rst.h"
#include "track_segment.h"
#include "track_sides.h"
#include "track_table.h"
#include "track_timeout.h"
#include "track_window.h"

/* Does the packet refresh the timeout? */
INLINE int track_counts(enum track_result r)
{
	return r == TRACK_OK;
}

/*
 * The first segment of a connection; whoever sends it is the client.  Sets the client's and the
 * server's side and *ret_head, whose kind, socket and opened_here stay as they are; all else of *c
 * is the caller's.  mid_stream: an ACK or data will do, too.  Returns TRACK_OK or TRACK_INVALID,
 * which leaves all as it was.
 */
INLINE enum track_result track_open(struct conn *c, const struct segment *s, int mid_stream,
				    struct conn_head *ret_head)
{
	const enum track_kind kind = segment_kind(s->flags);
	const __u8 to = track_next(TRACK_CLIENT, kind, NONE);

	if (to == INV || (to == ESTABLISHED && !mid_stream))
		return TRACK_INVALID;
	c->client = (struct conn_side){0};
	c->server = (struct conn_side){0};
	if (kind == SEG_SYN) {
		side_open(&c->client, s);
	} else {
		side_pick_up(&c->client, s);
		c->client.max_ack = s->ack;
		c->client.acked = 1;
		c->server.end = s->ack;
		c->server.max_end = s->ack + c->client.max_win;
	}
	c->last_end = 0;
	ret_head->state = to;
	ret_head->flags.picked_up = kind != SEG_SYN;
	ret_head->flags.simultaneous = 0;
	ret_head->flags.challenged = 0;
	ret_head->flags.last_reply = 0;
	ret_head->flags.last = kind;
	return TRACK_OK;
}

/*
 * A SYN after the end starts afresh when the end was in order, when its sender had just reset the
 * connection, or when the other side never said a thing: else that other side may know better.
 */
INLINE int track_reopens(const struct conn *c, const struct conn_head *head, enum track_dir dir)
{
	return c->client.closing || c->server.closing || head_last_was(head, dir, SEG_RST) ||
	       !c->server.max_win;
}

/*
 * The server answers a SYN that had no effect here: it knows of no connection any more, and the two
 * ends have begun a new one on the same ports.
 */
INLINE enum track_result track_resync(struct conn *c, struct conn_head *head,
				      const struct segment *s)
{
	struct conn_side *client = &c->client, *server = &c->server;

	client->end = s->ack;
	client->max_end = s->ack + s->window + !s->window; /* as for any window of 0 */
	client->max_win = 65535; /* its SYN's window is not kept; it was not larger */
	client->acked = 0;
	client->closing = 0;
	client->fin = 0;
	client->unacked = 0;
	client->scaling = client->next_wscale != WSCALE_NONE;
	client->wscale = client->scaling ? client->next_wscale : 0;
	side_open(server, s);
	server->max_ack = s->ack;
	server->acked = 1;
	sides_negotiate(client, server);
	head->state = SYN_RECV;
	head->flags.picked_up = 0;
	head->flags.simultaneous = 0;
	head->flags.challenged = 0;
	head_last(head, TRACK_SERVER, SEG_SYNACK);
	return TRACK_OK;
}

/*
 * Does the SYN-ACK answer the SYN that was ignored last?  Or the first one, although the client has
 * reset what the server, or someone in its name, seemed to have of an older connection?
 */
INLINE int track_in_sync(const struct conn *c, const struct conn_head *head, __u32 ack)
{
	if (head_last_was(head, TRACK_CLIENT, SEG_SYN))
		return ack == c->last_end;
	return head->state == CLOSE && !c->server.max_win && ack == c->client.end;
}

/*
 * Segments that the two ends may understand better than the tracker, which notes what it takes to
 * judge the answer: a SYN on a live connection, a SYN-ACK, an ACK of an older connection.
 */
INLINE enum track_result track_ignore(struct conn *c, struct conn_head *head, enum track_dir dir,
				      enum track_kind kind, const struct segment *s)
{
	if (kind == SEG_SYNACK && track_in_sync(c, head, s->ack))
		return track_resync(c, head, s);
	head_last(head, dir, kind);
	if (kind == SEG_SYN && dir == TRACK_CLIENT) {
		c->last_end = segment_end(s);
		c->client.next_wscale = s->wscale;
		/* The challenge ACK that it may draw is not the one of the last FIN. */
		head->flags.challenged = head->state == LAST_ACK;
	} else if (kind == SEG_ACK) {
		c->last_end = s->ack;
	}
	return TRACK_IGNORED;
}

/* The result for a segment that is not in the window.  Data may pass: the receiver answers it. */
INLINE enum track_result track_misfit(struct conn_side *ret_side, const struct conn_side *sender,
				      enum window_fit fit, enum track_kind kind)
{
	if (fit == FIT_OUT || kind == SEG_FIN)
		return TRACK_OUTSIDE;
	if (fit == FIT_OVERSHOT) {
		if (kind != SEG_ACK)
			return TRACK_OUTSIDE;
		side_store(ret_side, sender);
	}
	return TRACK_IGNORED;
}

/* What the table cannot say about the next state, for a segment that is in the window. */
INLINE enum conn_state track_state(const struct conn *c, const struct conn_head *head,
				   enum track_dir dir, enum track_kind kind, __u8 to)
{
	/* Simultaneous open: the server proves itself, too, the client did with its SYN-ACK. */
	if (to == SYN_RECV && dir == TRACK_SERVER && kind == SEG_ACK && head->flags.simultaneous &&
	    c->client.acked)
		return ESTABLISHED;
	return to;
}

/*
 * Both sides as they would be: what does not fit in the end must not change them.  Given by the
 * caller, since BPF has little stack.
 */
struct track_work {
	struct conn_side sender;
	struct conn_side receiver;
};

/* A segment that moves the connection on, if it is in the window. */
INLINE enum track_result track_advance(struct conn *c, struct conn_head *head, enum track_dir dir,
				       __u8 to, const struct segment *s, struct track_work *work)
{
	struct conn_side *from = dir == TRACK_CLIENT ? &c->client : &c->server;
	struct conn_side *peer = dir == TRACK_CLIENT ? &c->server : &c->client;
	const enum track_kind kind = segment_kind(s->flags);
	const enum conn_state before = head->state;
	enum window_fit fit;

	work->sender = *from;
	work->receiver = *peer;
	fit = head->flags.picked_up
		  ? windows_liberal(&work->sender, &work->receiver, s)
		  : windows_strict(&work->sender, &work->receiver, before, dir, s);
	if (fit != FIT_IN)
		return track_misfit(from, &work->sender, fit, kind);
	head->state = track_state(c, head, dir, kind, to);
	if (head->state == FIN_WAIT && before != FIN_WAIT)
		work->sender.closing = 1;
	if (kind == SEG_FIN)
		work->sender.fin = 1;
	if (head->state == SYN_SENT2)
		head->flags.simultaneous = 1;
	/* Not for what flows in ESTABLISHED: it would be a store for each packet. */
	if (before != ESTABLISHED || kind != SEG_ACK)
		head_last(head, dir, kind);
	side_store(from, &work->sender);
	side_store(peer, &work->receiver);
	/* A SYN sent again does not count, or reuse of the ports could keep the entry for ever. */
	return before == SYN_SENT && kind == SEG_SYN && dir == TRACK_CLIENT ? TRACK_IGNORED
									    : TRACK_OK;
}

/* Any segment in any state. */
INLINE enum track_result track_general(struct conn *c, struct conn_head *head, enum track_dir dir,
				       const struct segment *s, struct track_work *work)
{
	const enum track_kind kind = segment_kind(s->flags);
	const __u8 to = track_next(dir, kind, head->state);

	if (to == INV)
		return TRACK_INVALID;
	if (to == SYN_SENT && (head->state == TIME_WAIT || head->state == CLOSE)) {
		if (track_reopens(c, head, dir))
			return TRACK_REOPENED;
		return track_ignore(c, head, dir, kind, s);
	}
	if (to == IGN)
		return track_ignore(c, head, dir, kind, s);
	if (kind == SEG_RST)
		return track_rst(c, head, dir, to, s);
	if (to == TIME_WAIT && head->state == LAST_ACK && head->flags.challenged &&
	    dir == TRACK_SERVER && head_last_was(head, TRACK_CLIENT, SEG_SYN)) {
		head->flags.challenged = 0;
		return TRACK_IGNORED;
	}
	return track_advance(c, head, dir, to, s, work);
}

/* Data and ACKs of an established connection whose windows are known. */
INLINE int track_flows(const struct conn_head *head, __u8 flags)
{
	return head->state == ESTABLISHED && !head->flags.picked_up &&
	       (flags & (TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK)) == TCP_ACK;
}

/*
 * What flows in ESTABLISHED, if it is in the window: TRACK_OK, or TRACK_INVALID for
 * track_general().
 */
INLINE enum track_result track_flow(struct conn *c, const struct conn_head *head,
				    enum track_dir dir, const struct segment *s)
{
	struct conn_side *sender = dir == TRACK_CLIENT ? &c->client : &c->server;
	struct conn_side *receiver = dir == TRACK_CLIENT ? &c->server : &c->client;
	struct span p;

	if (!track_flows(head, s->flags))
		return TRACK_INVALID;
	p = data_span(s, sender);
	if (window_fit(sender, receiver, &p) != FIT_IN)
		return TRACK_INVALID;
	window_update(sender, receiver, &p);
	return TRACK_OK;
}

/*
 * The next segment of a connection, sent by dir.  *head is the caller's copy of c->head, to be
 * stored if it changed, whatever the result; the sides of *c are updated in place.  What flows in
 * ESTABLISHED takes a short cut, with the same outcome.
 */
INLINE enum track_result track_segment(struct conn *c, struct conn_head *head, enum track_dir dir,
				       const struct segment *s)
{
	struct track_work work;

	if (track_flow(c, head, dir, s) == TRACK_OK)
		return TRACK_OK;
	return track_general(c, head, dir, s, &work);
}

#endif
