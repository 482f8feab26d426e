/* SPDX-License-Identifier: GPL-2.0 */
/* A TCP segment as the connection tracker sees it, and what it may come to. */
#ifndef SYNGUARD_TRACK_SEGMENT_H
#define SYNGUARD_TRACK_SEGMENT_H

#include "abi.h"
#include "packet.h"
#include "track_table.h"
#include "track_window.h"

/* One segment.  Host order. */
struct segment {
	__u32 seq;
	__u32 ack;
	__u32 len;    /* bytes of payload */
	__u16 window; /* as in the header */
	__u8 flags;   /* enum tcp_flag */
	/* Of a SYN's or SYN-ACK's options, else zero. */
	__u8 wscale; /* 0..14, or WSCALE_NONE */
	__u16 mss;   /* 0: none */
	__u8 sack;
	__u8 tstamp;
};

enum track_result {
	TRACK_OK,      /* state and windows are up to date */
	TRACK_IGNORED, /* let through; the state is as it was (a SYN on a live connection, ...) */
	TRACK_INVALID, /* impossible in this state; nothing changed */
	TRACK_OUTSIDE, /* sequence or acknowledgement number out of the window; nothing changed */
	TRACK_RST_INEXACT, /* RST in the window, but not at the next number (RFC 5961 3.2) */
	TRACK_REOPENED,    /* a SYN after the end: track_open() is the caller's to call */
};

/* Combinations that no stack sends are no kind. */
INLINE enum track_kind segment_kind(__u8 flags)
{
	switch (flags & (TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK)) {
	case TCP_SYN:
		return SEG_SYN;
	case TCP_SYN | TCP_ACK:
		return SEG_SYNACK;
	case TCP_FIN | TCP_ACK:
		return SEG_FIN;
	case TCP_ACK:
		return SEG_ACK;
	case TCP_RST:
	case TCP_RST | TCP_ACK:
		return SEG_RST;
	default:
		return SEG_NONE;
	}
}

INLINE __u32 segment_end(const struct segment *s)
{
	return s->seq + s->len + !!(s->flags & TCP_SYN) + !!(s->flags & TCP_FIN);
}

/* The window of a SYN is never scaled (RFC 7323 2.2). */
INLINE struct span segment_span(const struct segment *s, const struct conn_side *sender,
				const struct conn_side *receiver)
{
	const int has_ack = !!(s->flags & TCP_ACK);

	return (struct span){
	    .seq = s->seq,
	    .end = segment_end(s),
	    .ack = has_ack ? s->ack : receiver->end,
	    .window = s->flags & TCP_SYN ? s->window : (__u32)s->window << sender->wscale,
	    .has_ack = has_ack,
	};
}

/* The same for data and ACKs, without a question to ask. */
INLINE struct span data_span(const struct segment *s, const struct conn_side *sender)
{
	return (struct span){
	    .seq = s->seq,
	    .end = s->seq + s->len,
	    .ack = s->ack,
	    .window = (__u32)s->window << sender->wscale,
	    .has_ack = 1,
	};
}

INLINE void head_last(struct conn_head *head, enum track_dir dir, enum track_kind kind)
{
	head->flags.last = kind;
	head->flags.last_reply = dir == TRACK_SERVER;
}

/* Was the last segment (but data) this one? */
INLINE int head_last_was(const struct conn_head *head, enum track_dir dir, enum track_kind kind)
{
	return head->flags.last == kind && head->flags.last_reply == (dir == TRACK_SERVER);
}

#endif
