// SPDX-License-Identifier: GPL-2.0
/* Counting, and the sentence about it. */
#include "conns_tally.h"
#include "conns_view.h"

void tally_add(struct conns_tally *tally, const struct conn_row *row)
{
	if (row->slot == CONN_HALF_OPEN) {
		tally->half_open++;
		return;
	}
	tally->connections++;
	if (row->conn.head.state < STATE_MAX)
		tally->state[row->conn.head.state]++;
}

void tally_describe(const struct conns_tally *tally, struct text *text)
{
	const char *separator = ": ";
	int state;

	text_u64(text, tally->connections);
	text_str(text, tally->connections == 1 ? " connection" : " connections");
	for (state = 0; state < STATE_MAX; state++) {
		if (!tally->state[state])
			continue;
		text_str(text, separator);
		text_u64(text, tally->state[state]);
		text_char(text, ' ');
		text_str(text, conn_state_name((enum conn_state)state));
		separator = ", ";
	}
	if (!tally->half_open)
		return;
	text_str(text, "; ");
	text_u64(text, tally->half_open);
	text_str(text, " half-open");
}
