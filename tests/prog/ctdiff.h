/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The connection tracker held against the running kernel's nf_conntrack: each packet of a sequence
 * goes through both, and after it they must agree on the state, on who opened the connection, on
 * the timeout, and on whether the packet was valid.  Where they differ on purpose, a table says why
 * and counts; the sequence ends there, since from then on the two know different things.
 */
#ifndef TESTS_PROG_CTDIFF_H
#define TESTS_PROG_CTDIFF_H

#include "ctseq.h"
#include "track.h"

struct ctdiff_counts {
	unsigned int packets;
	unsigned int reached[STATE_MAX][SEG_KINDS]; /* by the state before the packet */
};

extern struct ctdiff_counts ctdiff_counts;
extern const char *const ctdiff_states[STATE_MAX];
extern const char *const ctdiff_kinds[SEG_KINDS];

/* Make the router with nf_conntrack, in a network namespace that the process stays in. */
void ctdiff_start(void);
void ctdiff_stop(void);

/*
 * Does the sequence end in a difference that is not meant?  Returns 0 or 1.  The first few are
 * shown step by step, as they are and reduced to the packets that it takes.
 */
unsigned int ctdiff_check(const struct ctseq *s);

/* The same, for IPv4 and IPv6: the number of them. */
unsigned int ctdiff_check_both(struct ctseq *s);

/* Show each step; 0 or 1 as above. */
unsigned int ctdiff_show(const struct ctseq *s);

/* Print how often each of the intended differences ended a sequence. */
void ctdiff_print_intended(void);

#endif
