/* SPDX-License-Identifier: GPL-2.0 */
/* One connection as a line of a table, and as a line of JSON. */
#ifndef SYNGUARD_CONNS_PRINT_H
#define SYNGUARD_CONNS_PRINT_H

#include "columns.h"
#include "conns.h"
#include "conns_view.h"

enum { CONN_JSON_SIZE = 1024 };

/* A table with conns' columns; NULL if there is no memory. */
struct columns *conns_table_new(void);

void conns_table_add(struct columns *table, const struct conn_row *row,
		     const struct conn_clock *clock);

/* One object, on one line.  interface: a JSON string, with its quotes. */
void conn_json(const struct conn_row *row, const struct conn_clock *clock, const char *interface,
	       struct text *text);

#endif
