/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which sequence and acknowledgement numbers may be real: the four bounds of Guido van Rooij ("Real
 * Stateful TCP Packet Filtering in IP Filter", 2000), as nf_conntrack uses them, on the two sides
 * of a connection.  SACK blocks are not read: the ACK number alone says what the receiver has, so
 * that with a hole in the data its window looks smaller by what it holds beyond.  Knows nothing of
 * states.
 */
#ifndef SYNGUARD_TRACK_WINDOW_H
#define SYNGUARD_TRACK_WINDOW_H

#include "abi.h"

enum {
	ACK_SLACK = 66000,    /* an ACK may lag this much, however small the windows are */
	WINDOW_MAX = 1 << 30, /* RFC 7323 2.3: the largest window that can be advertised */
};

/* A segment as the windows see it.  Host order; end is that of data, SYN and FIN. */
struct span {
	__u32 seq;
	__u32 end;
	__u32 ack;    /* without ACK flag: the receiver's end, which is always in its window */
	__u32 window; /* bytes, scaled */
	int has_ack;
};

enum window_fit {
	FIT_IN,
	FIT_OLD,      /* below its window: a late duplicate */
	FIT_OVERSHOT, /* begins above its window, but by less than what it may hold */
	FIT_OUT,
};

/* Sequence numbers wrap (RFC 9293 3.4). */
INLINE int seq_after(__u32 a, __u32 b)
{
	return (__s32)(b - a) < 0;
}

INLINE int seq_before(__u32 a, __u32 b)
{
	return (__s32)(a - b) < 0;
}

INLINE __u32 ack_floor(const struct conn_side *sender, const struct conn_side *receiver)
{
	const __u32 slack = sender->max_win > ACK_SLACK ? sender->max_win : ACK_SLACK;

	return receiver->end - slack;
}

/*
 * Some stacks send more than the window allows, and what the other side then acknowledges must not
 * look like an ACK of what was never sent.
 */
INLINE enum window_fit window_overshoot(const struct conn_side *sender,
					const struct conn_side *receiver, const struct span *p)
{
	if (p->end - sender->max_end >= receiver->max_win || seq_after(p->ack, receiver->end) ||
	    seq_before(p->ack, ack_floor(sender, receiver)))
		return FIT_OUT;
	return FIT_OVERSHOT;
}

INLINE enum window_fit window_fit(const struct conn_side *sender, const struct conn_side *receiver,
				  const struct span *p)
{
	if (seq_after(p->seq, sender->max_end))
		return window_overshoot(sender, receiver, p);
	if (seq_after(p->ack, receiver->end))
		return FIT_OUT;
	if (receiver->max_win && seq_before(p->end, sender->end - receiver->max_win))
		return FIT_OLD;
	if (seq_before(p->ack, ack_floor(sender, receiver)))
		return FIT_OLD;
	return FIT_IN;
}

/*
 * The same for a connection picked up in mid-stream: the scale of its windows is not known, so they
 * may be as large as windows get.
 */
INLINE enum window_fit window_fit_liberal(const struct conn_side *sender,
					  const struct conn_side *receiver, const struct span *p)
{
	if (p->seq - sender->end + WINDOW_MAX > 2U * WINDOW_MAX)
		return FIT_OUT;
	if (p->ack - receiver->end + WINDOW_MAX > 2U * WINDOW_MAX)
		return FIT_OUT;
	return FIT_IN;
}

/* Data beyond what was known. */
INLINE void window_sent(struct conn_side *sender, __u32 end)
{
	if (seq_after(end, sender->end)) {
		sender->end = end;
		if (!sender->unacked)
			sender->unacked = 1;
	}
}

INLINE void window_acked(struct conn_side *sender, struct conn_side *receiver, const struct span *p)
{
	const __u32 allowed = p->ack + p->window;

	if (!sender->acked) {
		sender->max_ack = p->ack;
		sender->acked = 1;
	} else if (seq_after(p->ack, sender->max_ack)) {
		sender->max_ack = p->ack;
	}
	/* One byte may always be sent, to probe a window of 0 (RFC 9293 3.8.6.1). */
	if (seq_after(allowed, receiver->max_end - 1))
		receiver->max_end = allowed + !p->window;
	if (p->ack == receiver->end && receiver->unacked)
		receiver->unacked = 0;
}

/* Learn from a segment that fits.  Stores only what changes: two CPUs may share the connection. */
INLINE void window_update(struct conn_side *sender, struct conn_side *receiver,
			  const struct span *p)
{
	if (sender->max_win < p->window)
		sender->max_win = p->window;
	window_sent(sender, p->end);
	/* The receiver's window was larger than seen: it is up to it to complain. */
	if (receiver->max_win && seq_after(p->end, sender->max_end) &&
	    receiver->max_win < WINDOW_MAX)
		receiver->max_win += p->end - sender->max_end;
	if (p->has_ack)
		window_acked(sender, receiver, p);
}

#endif
