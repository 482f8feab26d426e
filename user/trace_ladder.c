// SPDX-License-Identifier: GPL-2.0
/*
 * The ladder's lines: 120 columns with all options of a handshake, fewer without.  A connection is
 * a short number in the first column, and a heading with its addresses, printed again once the
 * last one must have left the screen.
 */
#include <inttypes.h>
#include <string.h>

#include "conns_view.h"
#include "reason_table.h"
#include "trace_ladder.h"
#include "trace_printed.h"

enum { ARROW_CELLS = 18, HEADING_EVERY = 40, COLUMNS_EVERY = 80 };

#define NS_PER_S 1000000000ULL

static void columns_add(struct ladder *ladder, struct printed *text)
{
	if (ladder->columns_at && ladder->lines - ladder->columns_at < COLUMNS_EVERY)
		return;
	printed_add(text, "%-4s %9s %-9s%9s %10s %10s %7s %5s %-11s %-16s %s\n", "CONN", "TIME ms",
		    "CLIENT", "SERVER", "SEQ", "ACK", "WINDOW", "LEN", "STATE", "BY / REASON",
		    "OPTIONS");
	ladder->columns_at = ++ladder->lines;
}

static void heading_add(struct ladder *ladder, struct trace_conn *conn, __u64 at,
			struct printed *text)
{
	char remote[ENDPOINT_MAX], local[ENDPOINT_MAX], clock[16] = "";
	const __u64 wall = at + ladder->wall_offset;
	const time_t seconds = (time_t)(wall / NS_PER_S);
	struct tm when;

	if (conn->headed && ladder->lines - conn->headed < HEADING_EVERY)
		return;
	if (localtime_r(&seconds, &when))
		strftime(clock, sizeof(clock), "%H:%M:%S", &when);
	trace_endpoint(conn->key.remote, conn->key.remote_port, remote);
	trace_endpoint(conn->key.local, conn->key.local_port, local);
	printed_add(
	    text, "#%-3u %s > %s at %s.%06u%s%s\n", conn->id, conn->opened_here ? local : remote,
	    conn->opened_here ? remote : local, clock, (unsigned int)(wall % NS_PER_S / 1000),
	    conn->opened_here ? ", opened by this host" : "", conn->headed ? ", continued" : "");
	conn->headed = ++ladder->lines;
}

static void cells_add(struct printed *text, const char *cell, int count)
{
	while (count-- > 0)
		printed_add(text, "%s", cell);
}

/* "------ SYN ----->": the head is an x if the segment went no further. */
static void arrow_add(const struct ladder *ladder, bool to_server, bool dropped, const char *label,
		      struct printed *text)
{
	const char *line = ladder->utf8 ? "\u2500" : "-";
	const char *right = dropped ? "x" : ladder->utf8 ? "\u25ba" : ">";
	const char *left = dropped ? "x" : ladder->utf8 ? "\u25c4" : "<";
	const int dashes = ARROW_CELLS - 3 - (int)strlen(label);

	if (!to_server)
		printed_add(text, "%s", left);
	cells_add(text, line, dashes / 2);
	printed_add(text, " %s ", label);
	cells_add(text, line, dashes - dashes / 2);
	if (to_server)
		printed_add(text, "%s", right);
}

static void time_add(const struct trace_conn *conn, const struct trace_event *event,
		     struct printed *text)
{
	const __s64 passed_ns = (__s64)(event->at - conn->first_at);

	printed_add(text, "#%-3u %9.3f ", conn->id, (double)passed_ns / 1e6);
}

/* SYNs show the numbers that were sent, what follows how far they have come since. */
static void numbers_add(const struct trace_conn *conn, const struct trace_packet *packet,
			struct printed *text)
{
	const struct trace_numbers numbers = trace_conn_numbers(conn, packet);
	const bool absolute = packet->flags & TCP_SYN;
	char ack[16] = "", window[24];

	if (packet->flags & TCP_ACK)
		snprintf(ack, sizeof(ack), "%u",
			 numbers.ack_known && !absolute ? numbers.ack : packet->ack);
	snprintf(window, sizeof(window), "%" PRIu64 "%s", (uint64_t)numbers.window,
		 numbers.window_known ? "" : "?");
	printed_add(text, " %10u %10s %7s %5u",
		    numbers.seq_known && !absolute ? numbers.seq : packet->seq, ack, window,
		    packet->len);
}

/* Who sent it, or why it came in; nothing for the packets of a connection, which are many. */
static const char *why(const struct ladder *ladder, const struct trace_event *event)
{
	if (event->point == TRACE_ANSWER)
		return "synguard";
	if (event->point == TRACE_OUT)
		return "kernel";
	if (trace_is_drop(event, ladder->monitor))
		return "dropped";
	if (event->reason >= REASON_MAX || event->reason == REASON_conn_packet)
		return "";
	return reason_table[event->reason].name;
}

static void label_make(const struct trace_packet *packet, char *ret_label, size_t size)
{
	if (packet->has_tcp)
		trace_flags_text(packet->flags, ret_label, size);
	else if (packet->parsed == REASON_frag_syn || packet->parsed == REASON_frag_tiny ||
		 packet->parsed == REASON_frag_passed)
		snprintf(ret_label, size, "fragment");
	else
		snprintf(ret_label, size, "malformed");
	if (strlen(ret_label) > ARROW_CELLS - 5)
		snprintf(ret_label, size, "flags %#x", packet->flags);
}

static void segment_add(const struct ladder *ladder, const struct trace_conn *conn,
			const struct trace_packet *packet, struct printed *text)
{
	const bool dropped = trace_is_drop(packet->event, ladder->monitor);
	char label[32], options[160] = "";

	label_make(packet, label, sizeof(label));
	arrow_add(ladder, packet->from_remote != conn->opened_here, dropped, label, text);
	if (packet->has_tcp) {
		numbers_add(conn, packet, text);
		ladder_options_text(conn, packet, options, sizeof(options));
	} else {
		printed_add(text, " %10s %10s %7s %5u", "", "", "", packet->event->frame_len);
	}
	printed_add(text, " %-11s %-16s %s", conn_state_name(packet->event->head.state),
		    why(ladder, packet->event), options);
}

/* The second look at a segment that has been drawn already: on the server's side, no numbers. */
static void handoff_add(const struct ladder *ladder, const struct trace_event *event,
			struct printed *text)
{
	const bool dropped = trace_is_drop(event, ladder->monitor);
	char label[32];

	snprintf(label, sizeof(label), "%s %s",
		 event->reason < REASON_MAX ? reason_table[event->reason].name : "handoff",
		 dropped ? "=x" : "=>");
	printed_add(text, "%*s %10s %10s %7s %5s %-11s %s", ARROW_CELLS, label, "", "", "", "",
		    conn_state_name(event->head.state), dropped ? "dropped" : "kernel");
}

static void line_end(struct ladder *ladder, struct printed *text)
{
	while (text->used && text->buffer[text->used - 1] == ' ')
		text->used--;
	printed_add(text, "\n");
	ladder->lines++;
}

/* Below a packet that is not let through: its reason in words. */
static void reason_add(struct ladder *ladder, const struct trace_conn *conn,
		       const struct trace_event *event, struct printed *text)
{
	const bool would = ladder->monitor && trace_is_drop(event, false);

	if (!would && !trace_is_drop(event, ladder->monitor))
		return;
	printed_add(text, "#%-3u %9s %s%s: %s", conn->id, "",
		    would ? "passed in mode monitor, else dropped: " : "dropped: ",
		    reason_table[event->reason].name, reason_table[event->reason].text);
	line_end(ladder, text);
}

void ladder_draw(struct ladder *ladder, struct trace_conn *conn, const struct trace_packet *packet,
		 char ret_text[LADDER_TEXT_MAX])
{
	struct printed text = {.buffer = ret_text, .size = LADDER_TEXT_MAX};
	const struct trace_event *event = packet->event;

	columns_add(ladder, &text);
	heading_add(ladder, conn, event->at, &text);
	time_add(conn, event, &text);
	if (event->point == TRACE_HANDOFF)
		handoff_add(ladder, event, &text);
	else
		segment_add(ladder, conn, packet, &text);
	line_end(ladder, &text);
	reason_add(ladder, conn, event, &text);
}

static void sack_blocks_add(const struct trace_conn *conn, const struct trace_packet *packet,
			    struct printed *text)
{
	const enum trace_side other = packet->from_remote ? SIDE_LOCAL : SIDE_REMOTE;
	const __u32 base = conn->isn_known[other] ? conn->isn[other] : 0;
	int i;

	for (i = 0; i < packet->sack_count; i++)
		printed_add(text, "%s%u-%u", i ? "," : "sack ", packet->sack[i].start - base,
			    packet->sack[i].end - base);
	if (packet->sack_count)
		printed_add(text, " ");
}

static void offers_add(const struct tcpopts *opts, struct printed *text)
{
	if (opts->mss)
		printed_add(text, "mss %u ", opts->mss);
	if (opts->sack_perm)
		printed_add(text, "sack ");
	if (opts->has_ts)
		printed_add(text, "ts ");
	if (opts->wscale != WSCALE_NONE)
		printed_add(text, "ws %u ", opts->wscale);
}

void ladder_options_text(const struct trace_conn *conn, const struct trace_packet *packet,
			 char *ret_text, size_t size)
{
	struct printed text = {.buffer = ret_text, .size = size};
	char name[16];
	int i;

	ret_text[0] = '\0';
	offers_add(&packet->opts, &text);
	sack_blocks_add(conn, packet, &text);
	for (i = 0; i < packet->other_count; i++) {
		trace_option_name(packet->other[i], name, sizeof(name));
		printed_add(&text, "%s ", name);
	}
	printed_add(&text, "%s%s%s", packet->flags & TCP_ECE ? "ECE " : "",
		    packet->flags & TCP_CWR ? "CWR " : "", packet->flags & TCP_URG ? "URG " : "");
	while (text.used && ret_text[text.used - 1] == ' ')
		ret_text[--text.used] = '\0';
}
