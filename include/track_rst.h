/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When the connection tracker believes a RST: only with a number that the sender's side of the
 * connection has to know (RFC 5961 3.2), so that a blind attacker has one chance in 2^31.
 */
#ifndef SYNGUARD_TRACK_RST_H
#define SYNGUARD_TRACK_RST_H

#include "track_segment.h"

/*
 * RSTs whose proof is in what was said last.  In SYN_SENT the client resets what the server still
 * has of an older connection (RFC 9293 3.5.1), at the number that the server's ACK asks for.  In
 * SYN_RECV the server may refuse another SYN of the client.
 */
INLINE int rst_answers(const struct conn *c, const struct conn_head *head, enum track_dir dir,
		       const struct segment *s)
{
	if (head->state == SYN_SENT && dir == TRACK_CLIENT)
		return head_last_was(head, TRACK_SERVER, SEG_ACK) && s->seq == c->last_end;
	if (head->state == SYN_RECV && dir == TRACK_SERVER)
		return head_last_was(head, TRACK_CLIENT, SEG_SYN) && (s->flags & TCP_ACK) &&
		       s->ack == c->last_end;
	return 0;
}

/* A side of which nothing has been seen refuses: the ACK is all there is to tell it by. */
INLINE enum track_result rst_refuses(const struct conn_side *sender,
				     const struct conn_side *receiver, const struct segment *s)
{
	if (!(s->flags & TCP_ACK))
		return TRACK_RST_INEXACT;
	if (s->ack == receiver->end)
		return TRACK_OK;
	if (seq_after(s->ack, receiver->end) || seq_before(s->ack, ack_floor(sender, receiver)))
		return TRACK_OUTSIDE;
	return TRACK_RST_INEXACT;
}

/*
 * The next sequence number that the receiver expects is what it has acknowledged last, or the end
 * of all that was sent to it, as far as either has been seen; between the two it is a guess.
 * Before any ACK, the number of the SYN itself will do.
 */
INLINE int rst_exact(const struct conn_side *sender, const struct conn_side *receiver, __u32 seq)
{
	if (seq == sender->end)
		return 1;
	return receiver->acked ? seq == receiver->max_ack : seq == sender->end - 1;
}

/* Is the RST, which is not exact, in the window? */
INLINE int rst_inside(const struct conn_side *sender, const struct conn_side *receiver, __u32 seq)
{
	const __u32 low = receiver->acked ? receiver->max_ack : sender->end - receiver->max_win;

	return !seq_before(seq, low) && !seq_after(seq, sender->max_end);
}

/* The ACK of a RST, if there is one: 0 is what careless stacks send there. */
INLINE int rst_ack_holds(const struct conn_side *sender, const struct conn_side *receiver,
			 const struct segment *s)
{
	if (!(s->flags & TCP_ACK) || !s->ack)
		return 1;
	return receiver->max_win && !seq_after(s->ack, receiver->end) &&
	       !seq_before(s->ack, ack_floor(sender, receiver));
}

INLINE enum track_result rst_judge(const struct conn_side *sender, const struct conn_side *receiver,
				   const struct conn_head *head, const struct segment *s)
{
	if (!sender->max_win && !head->flags.picked_up)
		return rst_refuses(sender, receiver, s);
	if (!head->flags.picked_up && !rst_ack_holds(sender, receiver, s))
		return TRACK_OUTSIDE;
	if (rst_exact(sender, receiver, s->seq))
		return TRACK_OK;
	return rst_inside(sender, receiver, s->seq) ? TRACK_RST_INEXACT : TRACK_OUTSIDE;
}

/* A RST: what it comes to, and on to the state `to` if it is believed. */
INLINE enum track_result track_rst(const struct conn *c, struct conn_head *head, enum track_dir dir,
				   __u8 to, const struct segment *s)
{
	const struct conn_side *sender = dir == TRACK_CLIENT ? &c->client : &c->server;
	const struct conn_side *receiver = dir == TRACK_CLIENT ? &c->server : &c->client;
	enum track_result r = TRACK_OK;

	if (!rst_answers(c, head, dir, s))
		r = rst_judge(sender, receiver, head, s);
	if (r == TRACK_OK) {
		head->state = to;
		head_last(head, dir, SEG_RST);
	}
	return r;
}

#endif
