/* SPDX-License-Identifier: GPL-2.0 */
/* Connections collected and put in order. */
#ifndef SYNGUARD_CONNS_SORT_H
#define SYNGUARD_CONNS_SORT_H

#include "conns.h"
#include "conns_view.h"

enum conns_order {
	ORDER_NONE, /* as they come */
	ORDER_STATE,
	ORDER_CLIENT, /* the remote end's address and port */
	ORDER_PORT,   /* of this host */
	ORDER_AGE,    /* from here on the largest comes first */
	ORDER_IDLE,
	ORDER_PACKETS,
	ORDER_BYTES,
	ORDER_RTT,
	ORDER_MAX
};

/* state, client, ...; "" for ORDER_NONE. */
const char *order_name(enum conns_order order);

/* -EINVAL if it is no order. */
int order_parse(const char *text, enum conns_order *ret_order);

struct conns_sorter;

/* NULL if there is no memory.  The clock must outlive it. */
struct conns_sorter *sorter_new(enum conns_order order, const struct conn_clock *clock);

/* Takes a copy.  0 or -ENOMEM. */
int sorter_add(struct conns_sorter *sorter, const struct conn_row *row);

/* Visits all in order; equal ones by slot.  Returns 0, or what visit returned to end it. */
int sorter_each(struct conns_sorter *sorter, conn_visit visit, void *context);

void sorter_free(struct conns_sorter *sorter);

#endif
