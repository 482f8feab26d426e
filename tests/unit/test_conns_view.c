// SPDX-License-Identifier: GPL-2.0
/* How a connection is shown: ages and expiry, order, sums, and the JSON that scripts read. */
#include <arpa/inet.h>
#include <errno.h>

#include "unit.h"

#include "conns_print.h"
#include "conns_sort.h"
#include "conns_tally.h"

static const struct conn_clock now = {
    .jiffies = 100 * 250,
    .hz = 250,
    .boottime_s = 5000,
    .timeouts = {.syn_sent = 120,
		 .syn_recv = 60,
		 .established = 432000,
		 .fin_wait = 120,
		 .close_wait = 60,
		 .last_ack = 30,
		 .time_wait = 10,
		 .close = 10,
		 .unacknowledged = 300},
};

static struct conn conn_of(enum conn_state state, enum conn_socket socket)
{
	struct conn conn = {
	    .key = {.remote_port = 40000, .local_port = 443},
	    .head = {.state = state, .kind = KIND_COOKIE, .socket = socket},
	    .client =
		{.packets = 12, .bytes = 3456, .mss = 1460, .scaling = 1, .wscale = 7, .sack = 1},
	    .server = {.packets = 10, .bytes = 1ULL << 40, .ecn = 1},
	    .started_s = 4000,
	    .seen = 95 * 250,
	    .rtt_ms = 17,
	};

	inet_pton(AF_INET6, "2001:db8::7", conn.key.remote);
	inet_pton(AF_INET6, "::ffff:192.0.2.1", conn.key.local);
	return conn;
}

static void age_and_idle(void **state)
{
	struct conn conn = conn_of(ESTABLISHED, SOCKET_OPEN);

	(void)state;
	assert_int_equal(conn_age_s(&conn, &now), 1000);
	assert_int_equal(conn_idle_s(&conn, &now), 5);
	conn.started_s = 5001;
	assert_int_equal(conn_age_s(&conn, &now), 0);
	conn.seen = now.jiffies + 250; /* a packet after the clock was read */
	assert_int_equal(conn_idle_s(&conn, &now), 0);
	conn.seen = now.jiffies - 250 * 86400 * 40U; /* 40 days, across zero */
	assert_int_equal(conn_idle_s(&conn, &now), 86400 * 40);
}

static void expiry(void **state)
{
	static const struct {
		enum conn_state state;
		enum conn_socket socket;
		__u32 want;
	} rows[] = {
	    {ESTABLISHED, SOCKET_PENDING, 60}, {SYN_RECV, SOCKET_HALF_OPEN, 60},
	    {TIME_WAIT, SOCKET_TIME_WAIT, 60}, {FIN_WAIT, SOCKET_TIME_WAIT, 115},
	    {TIME_WAIT, SOCKET_GONE, 5},
	};
	struct conn conn = conn_of(ESTABLISHED, SOCKET_OPEN);
	__u32 seconds = 42;

	(void)state;
	assert_false(conn_expires_s(&conn, &now, &seconds));
	assert_int_equal(seconds, 42);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		conn = conn_of(rows[i].state, rows[i].socket);
		assert_true(conn_expires_s(&conn, &now, &seconds));
		assert_int_equal(seconds, rows[i].want);
	}
	conn.seen = 0; /* overdue: nobody has removed it yet */
	assert_true(conn_expires_s(&conn, &now, &seconds));
	assert_int_equal(seconds, 0);
}

static void client_is_who_opened(void **state)
{
	struct conn conn = conn_of(ESTABLISHED, SOCKET_OPEN);

	(void)state;
	assert_ptr_equal(conn_client_addr(&conn), conn.key.remote);
	assert_int_equal(conn_client_port(&conn), 40000);
	assert_int_equal(conn_server_port(&conn), 443);
	conn.head.flags.opened_here = 1;
	assert_ptr_equal(conn_client_addr(&conn), conn.key.local);
	assert_ptr_equal(conn_server_addr(&conn), conn.key.remote);
	assert_int_equal(conn_client_port(&conn), 443);
	assert_int_equal(conn_server_port(&conn), 40000);
}

static void json_of(const struct conn_row *row, char *line, size_t size)
{
	struct text text = {.data = line, .size = size - 1};

	conn_json(row, &now, "\"eth0\"", &text);
	line[text.used] = '\0';
}

static void json_has_every_field(void **state)
{
	const struct conn_row row = {.conn = conn_of(ESTABLISHED, SOCKET_OPEN), .slot = 77};
	char line[CONN_JSON_SIZE];

	(void)state;
	json_of(&row, line, sizeof(line));
	assert_string_equal(
	    line,
	    "{\"interface\":\"eth0\",\"slot\":77,\"half_open\":false,\"state\":\"ESTABLISHED\","
	    "\"kind\":\"cookie\",\"socket\":\"open\",\"opened_here\":false,\"age_s\":1000,"
	    "\"idle_s\":5,\"expires_s\":null,\"rtt_ms\":17,"
	    "\"client\":{\"address\":\"2001:db8::7\",\"port\":40000,\"packets\":12,"
	    "\"bytes\":3456,\"mss\":1460,\"wscale\":7,\"sack\":true,\"timestamps\":false,"
	    "\"ecn\":false},"
	    "\"server\":{\"address\":\"192.0.2.1\",\"port\":443,\"packets\":10,"
	    "\"bytes\":1099511627776,\"mss\":null,\"wscale\":null,\"sack\":false,"
	    "\"timestamps\":false,\"ecn\":true}}");
}

/* The widest of all values must fit the buffer, with an interface name of 15 escaped bytes. */
static void json_has_room(void **state)
{
	static const char name[] =
	    "\"\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001"
	    "\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\"";
	struct conn_row row = {.slot = CONN_HALF_OPEN};
	char line[CONN_JSON_SIZE];
	struct text text = {.data = line, .size = sizeof(line)};

	(void)state;
	memset(&row.conn, 0xff, sizeof(row.conn));
	row.conn.key.remote[1] = row.conn.key.local[1] = 0xfe; /* no shorter form */
	conn_json(&row, &now, name, &text);
	assert_true(text.used < sizeof(line));
	assert_int_equal(line[text.used - 1], '}');
}

static __u16 order_seen[8];
static size_t order_count;

static int note(const struct conn_row *row, void *context)
{
	(void)context;
	order_seen[order_count++] = row->conn.key.remote_port;
	return order_count == COUNT_OF(order_seen) ? -E2BIG : 0;
}

/* Three connections whose remote ports, 1 to 3, tell them apart. */
static void sorted(enum conns_order order, __u16 first, __u16 second, __u16 third)
{
	struct conns_sorter *sorter = sorter_new(order, &now);
	struct conn_row rows[3];

	assert_non_null(sorter);
	for (__u16 i = 0; i < 3; i++) {
		rows[i] = (struct conn_row){.conn = conn_of(ESTABLISHED, SOCKET_OPEN), .slot = i};
		rows[i].conn.key.remote_port = (__u16)(i + 1);
	}
	rows[1].conn.head.state = SYN_RECV;
	rows[1].conn.key.remote[15] = 1;
	rows[2].conn.key.local_port = 80;
	rows[1].conn.started_s = 3000;
	rows[2].conn.seen = 10;
	rows[1].conn.client.packets = 1000;
	rows[2].conn.server.bytes = 1ULL << 50;
	rows[1].conn.rtt_ms = RTT_UNKNOWN;
	rows[2].conn.rtt_ms = 0;
	for (int i = 0; i < 3; i++)
		assert_int_equal(sorter_add(sorter, &rows[i]), 0);
	order_count = 0;
	assert_int_equal(sorter_each(sorter, note, NULL), 0);
	sorter_free(sorter);
	assert_int_equal(order_count, 3);
	if (order_seen[0] != first || order_seen[1] != second || order_seen[2] != third)
		fail_msg("by %s: %d %d %d", order_name(order), order_seen[0], order_seen[1],
			 order_seen[2]);
}

static void orders(void **state)
{
	enum conns_order order;

	(void)state;
	sorted(ORDER_STATE, 2, 1, 3);
	sorted(ORDER_CLIENT, 2, 1, 3);
	sorted(ORDER_PORT, 3, 1, 2);
	sorted(ORDER_AGE, 2, 1, 3);
	sorted(ORDER_IDLE, 3, 1, 2);
	sorted(ORDER_PACKETS, 2, 1, 3);
	sorted(ORDER_BYTES, 3, 1, 2);
	sorted(ORDER_RTT, 1, 3, 2);
	assert_int_equal(order_parse("bytes", &order), 0);
	assert_int_equal(order, ORDER_BYTES);
	assert_int_equal(order_parse("", &order), -EINVAL);
	assert_int_equal(order_parse("byte", &order), -EINVAL);
}

static void sorting_grows_and_can_be_ended(void **state)
{
	struct conns_sorter *sorter = sorter_new(ORDER_AGE, &now);
	struct conn_row row = {.conn = conn_of(ESTABLISHED, SOCKET_OPEN)};

	(void)state;
	for (row.slot = 0; row.slot < 5000; row.slot++)
		assert_int_equal(sorter_add(sorter, &row), 0);
	order_count = 0;
	assert_int_equal(sorter_each(sorter, note, NULL), -E2BIG);
	sorter_free(sorter);
}

static void described(const struct conns_tally *tally, const char *want)
{
	char line[512];
	struct text text = {.data = line, .size = sizeof(line) - 1};

	tally_describe(tally, &text);
	line[text.used] = '\0';
	assert_string_equal(line, want);
}

static void tallies(void **state)
{
	struct conns_tally tally = {0};
	struct conn_row row = {.conn = conn_of(ESTABLISHED, SOCKET_OPEN)};

	(void)state;
	described(&tally, "0 connections");
	tally_add(&tally, &row);
	described(&tally, "1 connection: 1 ESTABLISHED");
	row.conn.head.state = TIME_WAIT;
	tally_add(&tally, &row);
	tally_add(&tally, &row);
	row.slot = CONN_HALF_OPEN;
	row.conn.head.state = SYN_RECV;
	tally_add(&tally, &row);
	described(&tally, "3 connections: 1 ESTABLISHED, 2 TIME_WAIT; 1 half-open");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(age_and_idle),
	    cmocka_unit_test(expiry),
	    cmocka_unit_test(client_is_who_opened),
	    cmocka_unit_test(json_has_every_field),
	    cmocka_unit_test(json_has_room),
	    cmocka_unit_test(orders),
	    cmocka_unit_test(sorting_grows_and_can_be_ended),
	    cmocka_unit_test(tallies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
