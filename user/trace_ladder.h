/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A traced packet as a rung of a ladder between client and server, the way TCP textbooks draw it:
 * client left, server right, one line per segment.  Pure: a packet in, text out.
 */
#ifndef SYNGUARD_TRACE_LADDER_H
#define SYNGUARD_TRACE_LADDER_H

#include <time.h>

#include "trace_conns.h"

/* How to draw, and how far down the screen is. */
struct ladder {
	bool utf8;
	bool monitor;      /* of the packet to come: drops do not happen */
	__u64 wall_offset; /* ns from CLOCK_BOOTTIME to the time of day */
	__u64 lines;       /* printed so far */
	__u64 columns_at;  /* lines when the names of the columns were printed; 0: never */
};

/* Room for what one packet can need: names of columns, heading, segment, reason. */
enum { LADDER_TEXT_MAX = 1024 };

/* Writes one or more lines, each with its newline. */
void ladder_draw(struct ladder *ladder, struct trace_conn *conn, const struct trace_packet *packet,
		 char ret_text[LADDER_TEXT_MAX]);

/* "mss 1460 sack ts ws 7", "sack 1461-2921", with what is left of the flags; "" if nothing. */
void ladder_options_text(const struct trace_conn *conn, const struct trace_packet *packet,
			 char *ret_text, size_t size);

#endif
