/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a segment does to the two sides of a connection: how they begin, whether its numbers are
 * believed, and what is learned from it.  Knows of states only that SYN_SENT can start over.
 */
#ifndef SYNGUARD_TRACK_SIDES_H
#define SYNGUARD_TRACK_SIDES_H

#include "abi.h"
#include "track_segment.h"
#include "track_window.h"

/* A side as its SYN or SYN-ACK tells it; nothing that it said before holds. */
INLINE void side_open(struct conn_side *side, const struct segment *s)
{
	const int ecn = s->flags & (TCP_ECE | TCP_CWR);

	side->end = segment_end(s);
	side->max_end = side->end;
	side->max_ack = 0;
	side->max_win = s->window ? s->window : 1;
	side->acked = 0;
	side->closing = 0;
	side->fin = 0;
	side->unacked = 0;
	side->scaling = s->wscale != WSCALE_NONE;
	side->wscale = s->wscale != WSCALE_NONE ? s->wscale : 0;
	side->next_wscale = s->wscale;
	side->mss = s->mss;
	side->sack = s->sack != 0;
	side->tstamp = s->tstamp != 0;
	/* RFC 3168 6.1.1: asked for with both bits, granted with one. */
	side->ecn = ecn == (s->flags & TCP_ACK ? TCP_ECE : TCP_ECE | TCP_CWR);
}

/* Scaling needs both SYNs (RFC 7323 2.2). */
INLINE void sides_negotiate(struct conn_side *a, struct conn_side *b)
{
	if (!a->scaling || !b->scaling) {
		a->wscale = 0;
		b->wscale = 0;
	}
}

/* A side met in mid-stream, whose scale is not known.  All it sent may be still on the way. */
INLINE void side_pick_up(struct conn_side *side, const struct segment *s)
{
	side->end = segment_end(s);
	side->max_win = s->window ? s->window : 1;
	side->max_end = side->end + side->max_win;
	side->unacked = 1;
}

/* Whatever a side is now, the packets and bytes counted meanwhile are kept. */
INLINE void side_store(struct conn_side *ret_side, const struct conn_side *from)
{
	const __u64 bytes = ret_side->bytes, packets = ret_side->packets;

	*ret_side = *from;
	ret_side->bytes = bytes;
	ret_side->packets = packets;
}

/*
 * Does the SYN start over?  A new ISN does, but not the same SYN without the data that it had
 * (RFC 7413), so below the old end it has to be farther than an ACK may lag.
 */
INLINE int syn_starts_over(const struct conn_side *client, __u32 end)
{
	return seq_after(end, client->end) || seq_before(end, client->end - ACK_SLACK);
}

/*
 * The client's first ACK has to acknowledge the server's SYN, or anyone could open connections
 * blindly.  Until then the server may not have been allowed more than its SYN (max_end).
 */
INLINE int proves(const struct conn_side *client, const struct conn_side *server, __u32 ack)
{
	return client->acked || (!seq_before(ack, server->max_end) && !seq_after(ack, server->end));
}

/*
 * What a segment does to the two sides, which are copies, of a connection picked up in mid-stream.
 * What is acknowledged was sent, seen or not; what a side had sent before it was first seen may be
 * still on the way.
 */
PROVEN_ONCE enum window_fit windows_liberal(struct conn_side *sender, struct conn_side *receiver,
					    const struct segment *s)
{
	struct span p;

	if (!sender || !receiver || !s)
		return FIT_OUT;
	p = segment_span(s, sender, receiver);
	if (window_fit_liberal(sender, receiver, &p) != FIT_IN)
		return FIT_OUT;
	if (!sender->max_win) {
		sender->max_win = 1;
		sender->unacked = 1;
	}
	if (seq_after(p.ack, receiver->end))
		receiver->end = p.ack;
	window_update(sender, receiver, &p);
	return FIT_IN;
}

/* The same where all has been seen; dir sends. */
PROVEN_ONCE enum window_fit windows_strict(struct conn_side *sender, struct conn_side *receiver,
					   __u32 state, __u32 dir, const struct segment *s)
{
	enum window_fit fit;
	struct span p;
	int syn;

	if (!sender || !receiver || !s)
		return FIT_OUT;
	syn = s->flags & TCP_SYN;
	if (syn && !sender->max_win) {
		side_open(sender, s);
		sides_negotiate(sender, receiver);
		if (!(s->flags & TCP_ACK))
			return FIT_IN; /* simultaneous open */
	} else if (syn && state == SYN_SENT && syn_starts_over(sender, segment_end(s))) {
		side_open(sender, s);
	}
	p = segment_span(s, sender, receiver);
	if (!sender->max_win)
		return FIT_OUT; /* has never sent a SYN */
	if (p.has_ack && !receiver->max_win)
		return FIT_OUT; /* acknowledges what was never sent */
	fit = window_fit(sender, receiver, &p);
	if (fit == FIT_OVERSHOT)
		window_sent(sender, p.end);
	if (fit != FIT_IN)
		return fit;
	if (dir == TRACK_CLIENT && p.has_ack && !proves(sender, receiver, s->ack))
		return FIT_OUT;
	window_update(sender, receiver, &p);
	return FIT_IN;
}

#endif
