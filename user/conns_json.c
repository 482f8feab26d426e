// SPDX-License-Identifier: GPL-2.0
/*
 * A connection as JSON, written by hand: jansson would allocate thirty values for each of a million
 * connections.  All strings but the interface's name are ours and need no escapes.
 */
#include "conns_print.h"

static void member_number(struct text *text, const char *name, __u64 number)
{
	text_str(text, name);
	text_u64(text, number);
}

static void member_known(struct text *text, const char *name, bool known, __u64 number)
{
	text_str(text, name);
	if (known)
		text_u64(text, number);
	else
		text_str(text, "null");
}

static void member_bool(struct text *text, const char *name, bool value)
{
	text_str(text, name);
	text_str(text, value ? "true" : "false");
}

static void member_str(struct text *text, const char *name, const char *value)
{
	text_str(text, name);
	text_char(text, '"');
	text_str(text, value);
	text_char(text, '"');
}

static void side_json(struct text *text, const __u8 addr[16], __u16 port,
		      const struct conn_side *side)
{
	text_str(text, "{\"address\":\"");
	text_addr(text, addr);
	member_number(text, "\",\"port\":", port);
	member_number(text, ",\"packets\":", side->packets);
	member_number(text, ",\"bytes\":", side->bytes);
	member_known(text, ",\"mss\":", side->mss, side->mss);
	member_known(text, ",\"wscale\":", side->scaling, side->wscale);
	member_bool(text, ",\"sack\":", side->sack);
	member_bool(text, ",\"timestamps\":", side->tstamp);
	member_bool(text, ",\"ecn\":", side->ecn);
	text_char(text, '}');
}

static void times_json(struct text *text, const struct conn *conn, const struct conn_clock *clock)
{
	__u32 expires = 0;
	bool does_expire = conn_expires_s(conn, clock, &expires);

	member_number(text, ",\"age_s\":", conn_age_s(conn, clock));
	member_number(text, ",\"idle_s\":", conn_idle_s(conn, clock));
	member_known(text, ",\"expires_s\":", does_expire, expires);
	member_known(text, ",\"rtt_ms\":", conn->rtt_ms != RTT_UNKNOWN, conn->rtt_ms);
}

void conn_json(const struct conn_row *row, const struct conn_clock *clock, const char *interface,
	       struct text *text)
{
	const struct conn *conn = &row->conn;
	const bool half_open = row->slot == CONN_HALF_OPEN;

	text_str(text, "{\"interface\":");
	text_str(text, interface);
	member_known(text, ",\"slot\":", !half_open, row->slot);
	member_bool(text, ",\"half_open\":", half_open);
	member_str(text, ",\"state\":", conn_state_name(conn->head.state));
	member_str(text, ",\"kind\":", conn_kind_name(conn->head.kind));
	member_str(text, ",\"socket\":", conn_socket_name(conn->head.socket));
	member_bool(text, ",\"opened_here\":", conn_opened_here(conn));
	times_json(text, conn, clock);
	text_str(text, ",\"client\":");
	side_json(text, conn_client_addr(conn), conn_client_port(conn), &conn->client);
	text_str(text, ",\"server\":");
	side_json(text, conn_server_addr(conn), conn_server_port(conn), &conn->server);
	text_char(text, '}');
}
