/* SPDX-License-Identifier: GPL-2.0 */
/* How many connections there are, by state.  Pure. */
#ifndef SYNGUARD_CONNS_TALLY_H
#define SYNGUARD_CONNS_TALLY_H

#include "conns.h"
#include "text.h"

struct conns_tally {
	__u64 connections; /* in the table */
	__u64 half_open;   /* beside it; these are in no state here */
	__u64 state[STATE_MAX];
};

void tally_add(struct conns_tally *tally, const struct conn_row *row);

/* "12 connections: 10 ESTABLISHED, 2 TIME_WAIT; 3 half-open" */
void tally_describe(const struct conns_tally *tally, struct text *text);

#endif
