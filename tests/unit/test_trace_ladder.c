// SPDX-License-Identifier: GPL-2.0
/* The ladder that synguard trace draws, line by line: what an administrator reads at night. */
#include "unit.h"

#include "trace_event.h"
#include "trace_ladder.h"

static struct trace_conns conns;
static struct ladder ladder;
static char drawn[LADDER_TEXT_MAX];

/* Starts with the names of the columns printed, as if long ago. */
static int setup(void **state)
{
	(void)state;
	memset(&conns, 0, sizeof(conns));
	ladder = (struct ladder){.lines = 1, .columns_at = 1};
	return 0;
}

static const char *draw(const struct shape *s)
{
	static struct trace_event event;
	struct trace_packet packet;

	event = event_make(s);
	trace_decode(&event, &packet);
	ladder_draw(&ladder, trace_conns_learn(&conns, &packet), &packet, drawn);
	return drawn;
}

/* Without the heading. */
static const char *line(const struct shape *s)
{
	const char *text = draw(s), *newline = strchr(text, '\n');

	return newline[1] && strstr(text, " > ") ? newline + 1 : text;
}

/* clang-format off */
static const struct shape handshake[] = {
    {.point = TRACE_IN, .reason = REASON_syn_cookie_sent, .at_us = 5000, .flags = TCP_SYN,
     .seq = 3481939012, .window = 64240, .options = OPTIONS_LINUX},
    {.point = TRACE_ANSWER, .reason = REASON_MAX, .at_us = 5021, .flags = TCP_SYN | TCP_ACK,
     .seq = 28347283, .ack = 3481939013, .window = 65160, .options = OPTIONS_LINUX},
    {.point = TRACE_IN, .reason = REASON_ack_cookie_valid, .state = SYN_RECV, .at_us = 5093,
     .flags = TCP_ACK, .seq = 3481939013, .ack = 28347284, .window = 502,
     .options = "0101080a0000000200000001"},
    {.point = TRACE_HANDOFF, .reason = REASON_handoff_ok, .state = ESTABLISHED, .at_us = 5101,
     .flags = TCP_ACK, .seq = 3481939013, .ack = 28347284, .window = 502},
    {.point = TRACE_OUT, .reason = REASON_MAX, .state = FIN_WAIT, .at_us = 45101,
     .flags = TCP_FIN | TCP_PSH | TCP_ACK, .seq = 28347284, .ack = 3481939018, .window = 509,
     .len = 100},
    {.point = TRACE_IN, .reason = REASON_rst_unknown, .state = CLOSE, .at_us = 46101,
     .flags = TCP_RST, .seq = 3481939018},
};

static const char *const handshake_drawn[] = {
    "#1       0.000 ------ SYN ------> 3481939012              64240     0 NONE        syn_cookie_sent  mss 1460 sack ts ws 7\n",
    "#1       0.021 <---- SYN-ACK ----   28347283 3481939013   65160     0 NONE        synguard         mss 1460 sack ts ws 7\n",
    "#1       0.093 ------ ACK ------>          1          1   64256     0 SYN_RECV    ack_cookie_valid ts\n",
    "#1       0.101      handoff_ok =>                                     ESTABLISHED kernel\n",
    "#1      40.101 <-- FIN-PSH-ACK --          1          6   65152   100 FIN_WAIT    kernel\n",
    ("#1      41.101 ------ RST ------x          6                  0     0 CLOSE       dropped\n"
    "#1             dropped: rst_unknown: RST for a connection that the kernel does not have\n"),
};
/* clang-format on */

static void a_connection_is_drawn(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(handshake); i++)
		assert_string_equal(line(&handshake[i]), handshake_drawn[i]);
}

static void columns_and_heading_come_first(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	ladder = (struct ladder){.wall_offset = 1763823110123000000ULL};
	draw(&handshake[0]);
	assert_string_equal(strtok(drawn, "\n"),
			    "CONN   TIME ms CLIENT      SERVER        SEQ        ACK  WINDOW   LEN "
			    "STATE       BY / REASON      OPTIONS");
	assert_string_equal(strtok(NULL, "\n"),
			    "#1   198.51.100.7:40222 > 192.0.2.10:443 at 14:51:50.128000");
}

static void headings_return_after_a_screen(void **state)
{
	(void)state;
	assert_non_null(strstr(draw(&handshake[0]), " > "));
	for (int i = 0; i < 39; i++)
		assert_null(strstr(draw(&handshake[1]), " > 192"));
	assert_non_null(strstr(draw(&handshake[1]), ", continued\n"));
}

static void v6_and_outgoing_connections(void **state)
{
	struct shape syn = {.point = TRACE_OUT,
			    .reason = REASON_MAX,
			    .state = SYN_SENT,
			    .flags = TCP_SYN,
			    .seq = 1000,
			    .window = 1,
			    .is_v6 = 1,
			    .opened_here = 1};
	struct shape reply = {.point = TRACE_IN,
			      .reason = REASON_rst_unknown,
			      .state = CLOSE,
			      .flags = TCP_RST | TCP_ACK,
			      .ack = 1001,
			      .is_v6 = 1,
			      .opened_here = 1};

	(void)state;
	assert_non_null(strstr(draw(&syn), "[2001:db8::a]:443 > [2001:db8::7]:40222 at "));
	assert_non_null(strstr(drawn, ", opened by this host\n"));
	assert_non_null(strstr(drawn, "------ SYN ------>       1000 "));
	assert_non_null(strstr(line(&reply), " x---- RST-ACK ----          0          1 "));
}

static void utf8_draws_lines(void **state)
{
	(void)state;
	ladder.utf8 = true;
	assert_non_null(strstr(line(&handshake[0]), "\u2500\u2500 SYN \u2500\u2500"));
	assert_non_null(strstr(drawn, "\u2500\u25ba 3481939012"));
	assert_non_null(strstr(line(&handshake[1]), "\u25c4\u2500\u2500\u2500\u2500 SYN-ACK "));
}

static void monitor_drops_nothing(void **state)
{
	(void)state;
	ladder.monitor = true;
	assert_non_null(strstr(line(&handshake[5]), "RST ------>"));
	assert_non_null(strstr(drawn, "passed in mode monitor, else dropped: rst_unknown: RST"));
}

/* Before a SYN was seen, numbers are as they are, and the window's scale is not known. */
static void unknown_numbers_are_absolute(void **state)
{
	(void)state;
	assert_non_null(strstr(line(&handshake[4]), "   28347284 3481939018    509?   100 "));
}

static void malformed_packets_have_a_line(void **state)
{
	struct shape s = {.point = TRACE_IN, .reason = REASON_tcp_bad_doff, .flags = TCP_ACK};
	struct trace_event event = event_make(&s);
	struct trace_packet packet;

	(void)state;
	event.data[ETH_LEN + IPV4_LEN + 12] = 0;
	trace_decode(&event, &packet);
	assert_false(packet.has_tcp);
	ladder_draw(&ladder, trace_conns_learn(&conns, &packet), &packet, drawn);
	assert_non_null(strstr(drawn, "--- malformed ---x "));
	assert_non_null(strstr(drawn, "dropped: tcp_bad_doff: "));
	s.flags = TCP_SYN;
	s.reason = REASON_frag_syn;
	event = event_make(&s);
	event.data[ETH_LEN + 6] = 0x20; /* more fragments */
	trace_decode(&event, &packet);
	ladder_draw(&ladder, trace_conns_learn(&conns, &packet), &packet, drawn);
	assert_non_null(strstr(drawn, "--- fragment ----x "));
}

static void other_options_are_named(void **state)
{
	struct shape s = handshake[0];

	(void)state;
	s.flags |= TCP_ECE | TCP_CWR;
	s.options = "020405b41e0c0081000000000000000022020101fd040001";
	assert_non_null(strstr(line(&s), " mss 1460 mptcp tfo opt-253 ECE CWR\n"));
}

static void sack_blocks_are_relative(void **state)
{
	struct shape s = handshake[4];

	(void)state;
	line(&handshake[0]);
	line(&handshake[1]);
	s.options = "01010512cf8a2c45cf8a31f9cf8a37adcf8a3d61";
	assert_non_null(strstr(line(&s), " kernel           sack 1-1461,2921-4381\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(a_connection_is_drawn, setup),
	    cmocka_unit_test_setup(columns_and_heading_come_first, setup),
	    cmocka_unit_test_setup(headings_return_after_a_screen, setup),
	    cmocka_unit_test_setup(v6_and_outgoing_connections, setup),
	    cmocka_unit_test_setup(utf8_draws_lines, setup),
	    cmocka_unit_test_setup(monitor_drops_nothing, setup),
	    cmocka_unit_test_setup(unknown_numbers_are_absolute, setup),
	    cmocka_unit_test_setup(malformed_packets_have_a_line, setup),
	    cmocka_unit_test_setup(other_options_are_named, setup),
	    cmocka_unit_test_setup(sack_blocks_are_relative, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
