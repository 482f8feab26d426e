/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One packet and what nf_conntrack and the tracker made of it, and what of the packets before it
 * tells whether a difference is meant.  Between ctdiff.c and ctdiff_intended.c.
 */
#ifndef TESTS_PROG_CTDIFF_EVENT_H
#define TESTS_PROG_CTDIFF_EVENT_H

#include "ctseq.h"
#include "track.h"

/* What the tracker knows of the connection, and what its caller has to know. */
struct ours {
	int there;
	enum ctside opener;
	struct conn c;
};

/* What of the earlier packets tells whether a difference is meant. */
struct past {
	int picked_up;    /* the connection was, and has not been opened anew since */
	int isn_changed;  /* while opening, a side's second SYN was not its first once more */
	int syn_again;    /* in a simultaneous open, after both had sent one */
	int resynced;     /* a SYN-ACK answered a SYN that had been ignored */
	int ignored;      /* an ACK was let through without effect */
	int late;         /* something after an RST did not fit */
	int invalid_open; /* a SYN, SYN-ACK or RST was invalid while the connection opened */
	int repeats;      /* of the last ACK, one after the other */
	__u16 window;     /* of the last segment with ACK, this one included */
	int syn[2];       /* seen from each side */
	__u32 syn_end[2]; /* and where it ended */
	struct ctstep ack;
	__u32
	    taken; /* the packets that both have taken since the connection was opened, a bit each */
};

/* One packet and what both made of it. */
struct event {
	enum track_kind kind;
	enum ctside from;
	struct segment segment;
	const struct ours *prior; /* ours before the packet */
	const struct ours *ours;  /* and after it */
	const struct ctentry *theirs;
	const struct past *past;
	const struct ctstep *step;
	int insane;               /* did not get to the tracker: no TCP, or senseless flags */
	int again;                /* the same as one before that both took */
	int valid;                /* theirs */
	enum track_result result; /* ours */
};

static inline enum conn_state state_of(const struct ours *o)
{
	return o->there ? o->c.head.state : NONE;
}

static inline int result_valid(enum track_result result)
{
	return result != TRACK_INVALID && result != TRACK_OUTSIDE;
}

/*
 * Conntrack has no entry any more once a connection that the server never answered is reset.  Ours
 * stays CLOSE for a while, so that what is late has something to be held against.
 */
static inline int refused(const struct ours *o)
{
	return o->there && o->c.head.state == CLOSE && !o->c.server.max_win;
}

/* Take packet i of the sequence in, before the two are compared; also sets e->again. */
void past_add(struct past *past, const struct ctseq *s, unsigned int i, struct event *e);

/* Of an event in which something differs: the index of a reason why it is meant, or -1. */
int event_intended(const struct event *e);

/* The sequence ended there, for that reason: count it, and return its text. */
const char *intended_count(int reason);

#endif
