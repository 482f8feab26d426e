// SPDX-License-Identifier: GPL-2.0
/*
 * A connection's line in the table.  Each cell is one word, so that awk finds it; "-": not known.
 */
#include "conns_print.h"

static const struct column columns[] = {
    {"STATE", ALIGN_LEFT},  {"DIR", ALIGN_LEFT},     {"BY", ALIGN_LEFT},
    {"SOCKET", ALIGN_LEFT}, {"CLIENT", ALIGN_RIGHT}, {"->", ALIGN_LEFT},
    {"SERVER", ALIGN_LEFT}, {"AGE", ALIGN_RIGHT},    {"IDLE", ALIGN_RIGHT},
    {"LEFT", ALIGN_RIGHT},  {"PKT>", ALIGN_RIGHT},   {"<PKT", ALIGN_RIGHT},
    {"BYTE>", ALIGN_RIGHT}, {"<BYTE", ALIGN_RIGHT},  {"RTT", ALIGN_RIGHT},
    {"MSS", ALIGN_RIGHT},   {"WS", ALIGN_RIGHT},     {"OPTIONS", ALIGN_LEFT},
};

struct columns *conns_table_new(void)
{
	_Static_assert(sizeof(columns) / sizeof(columns[0]) <= COLUMNS_MAX, "the table has room");
	return columns_new(columns, sizeof(columns) / sizeof(columns[0]));
}

static void cell_str(struct columns *table, const char *word)
{
	text_str(columns_cell(table), word);
}

static void cell_quantity(struct columns *table, __u64 number)
{
	text_quantity(columns_cell(table), number);
}

static void cell_duration(struct columns *table, __u32 seconds)
{
	text_duration(columns_cell(table), seconds);
}

static void cells_identity(struct columns *table, const struct conn *conn)
{
	cell_str(table, conn_state_name(conn->head.state));
	cell_str(table, conn_opened_here(conn) ? "out" : "in");
	cell_str(table, conn_kind_name(conn->head.kind));
	cell_str(table, conn_socket_name(conn->head.socket));
	text_endpoint(columns_cell(table), conn_client_addr(conn), conn_client_port(conn));
	cell_str(table, "->");
	text_endpoint(columns_cell(table), conn_server_addr(conn), conn_server_port(conn));
}

static void cells_times(struct columns *table, const struct conn *conn,
			const struct conn_clock *clock)
{
	__u32 seconds;

	cell_duration(table, conn_age_s(conn, clock));
	cell_duration(table, conn_idle_s(conn, clock));
	if (conn_expires_s(conn, clock, &seconds))
		cell_duration(table, seconds);
	else
		cell_str(table, "-");
}

static void cells_traffic(struct columns *table, const struct conn *conn)
{
	struct text *text;

	cell_quantity(table, conn->client.packets);
	cell_quantity(table, conn->server.packets);
	cell_quantity(table, conn->client.bytes);
	cell_quantity(table, conn->server.bytes);
	text = columns_cell(table);
	if (conn->rtt_ms == RTT_UNKNOWN) {
		text_char(text, '-');
		return;
	}
	text_u64(text, conn->rtt_ms);
	text_str(text, "ms");
}

static void number_or_dash(struct text *text, bool known, __u64 number)
{
	if (known)
		text_u64(text, number);
	else
		text_char(text, '-');
}

/* "1460" if both sides said so, else "1460/1400". */
static void cell_pair(struct columns *table, bool has_client, __u64 client, bool has_server,
		      __u64 server)
{
	struct text *text = columns_cell(table);

	number_or_dash(text, has_client, client);
	if (has_client == has_server && (!has_client || client == server))
		return;
	text_char(text, '/');
	number_or_dash(text, has_server, server);
}

/* What both sides have agreed on. */
static void cell_options(struct columns *table, const struct conn *conn)
{
	const struct {
		bool on;
		const char *name;
	} options[] = {
	    {conn->client.sack && conn->server.sack, "sack"},
	    {conn->client.tstamp && conn->server.tstamp, "ts"},
	    {conn->client.ecn && conn->server.ecn, "ecn"},
	};
	struct text *text = columns_cell(table);
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (!options[i].on)
			continue;
		if (text->used)
			text_char(text, ',');
		text_str(text, options[i].name);
	}
	if (!text->used)
		text_char(text, '-');
}

void conns_table_add(struct columns *table, const struct conn_row *row,
		     const struct conn_clock *clock)
{
	const struct conn *conn = &row->conn;
	const struct conn_side *client = &conn->client, *server = &conn->server;

	cells_identity(table, conn);
	cells_times(table, conn, clock);
	cells_traffic(table, conn);
	cell_pair(table, client->mss, client->mss, server->mss, server->mss);
	cell_pair(table, client->scaling, client->wscale, server->scaling, server->wscale);
	cell_options(table, conn);
	columns_row_end(table);
}
