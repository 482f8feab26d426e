// SPDX-License-Identifier: GPL-2.0
/* What a trace takes from a packet, and what it remembers of a connection. */
#include "unit.h"

#include "trace_event.h"
#include "trace_conns.h"

static struct trace_conns conns;

static const struct shape syn = {.point = TRACE_IN,
				 .reason = REASON_syn_cookie_sent,
				 .at_us = 1,
				 .flags = TCP_SYN,
				 .seq = 1000,
				 .window = 64240,
				 .options = OPTIONS_LINUX};
static const struct shape synack = {.point = TRACE_ANSWER,
				    .reason = REASON_MAX,
				    .at_us = 2,
				    .flags = TCP_SYN | TCP_ACK,
				    .seq = 0xfffffff0,
				    .ack = 1001,
				    .window = 65535,
				    .options = OPTIONS_LINUX};
static const struct shape data = {.point = TRACE_IN,
				  .reason = REASON_conn_packet,
				  .state = ESTABLISHED,
				  .at_us = 3,
				  .flags = TCP_ACK,
				  .seq = 1001,
				  .ack = 0x10,
				  .len = 10,
				  .window = 502};

static int setup(void **state)
{
	(void)state;
	memset(&conns, 0, sizeof(conns));
	return 0;
}

static struct trace_conn *learn(const struct shape *s, struct trace_packet *ret_packet)
{
	static struct trace_event event;

	event = event_make(s);
	trace_decode(&event, ret_packet);
	return trace_conns_learn(&conns, ret_packet);
}

static struct trace_numbers numbers(const struct shape *s)
{
	struct trace_packet packet;
	const struct trace_conn *conn = learn(s, &packet);

	return trace_conn_numbers(conn, &packet);
}

static void fields_are_read_in_both_families(void **state)
{
	struct shape s = data;
	struct trace_packet packet;

	(void)state;
	for (s.is_v6 = 0; s.is_v6 < 2; s.is_v6++) {
		s.len = 5000; /* more than is captured */
		learn(&s, &packet);
		assert_true(packet.has_tcp && packet.from_remote);
		assert_int_equal(packet.seq, 1001);
		assert_int_equal(packet.ack, 0x10);
		assert_int_equal(packet.window, 502);
		assert_int_equal(packet.len, 5000);
		assert_int_equal(packet.event->captured, TRACE_BYTES);
	}
}

/* Whatever bytes come, nothing outside of them is read (the sanitizer looks). */
static void random_frames_are_survived(void **state)
{
	struct shape s = syn;
	struct trace_packet packet;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct trace_event event, *copy = malloc(sizeof(*copy));

		s.is_v6 = i & 1;
		event = event_make(&s);
		rng_fill(event.data + ETH_LEN + 20, TRACE_BYTES - ETH_LEN - 20);
		event.captured = (__u16)(rng() % (TRACE_BYTES + 1));
		event.frame_len = event.captured + (__u32)(rng() % 2000);
		*copy = event;
		trace_decode(copy, &packet);
		trace_conns_learn(&conns, &packet);
		free(copy);
	}
}

static void numbers_wrap(void **state)
{
	struct trace_numbers n;

	(void)state;
	numbers(&syn);
	numbers(&synack);
	n = numbers(&data);
	assert_true(n.seq_known && n.ack_known && n.window_known);
	assert_int_equal(n.seq, 1);
	assert_int_equal(n.ack, 0x20);
	assert_int_equal(n.window, 502 << 7);
}

static void window_is_scaled_only_if_both_offered(void **state)
{
	struct shape answer = synack;

	(void)state;
	answer.options = "020405b4";
	assert_int_equal(numbers(&syn).window, 64240);
	assert_int_equal(numbers(&answer).window, 65535);
	assert_int_equal(numbers(&data).window, 502);
	assert_true(numbers(&data).window_known);
}

static void a_cookie_tells_the_numbers(void **state)
{
	struct shape ack = data;

	(void)state;
	ack.reason = REASON_ack_cookie_valid;
	assert_int_equal(numbers(&ack).seq, 1);
	assert_int_equal(numbers(&ack).ack, 1);
	assert_false(numbers(&ack).window_known);
}

static void a_new_number_is_a_new_connection(void **state)
{
	struct shape again = syn;
	struct trace_packet packet;

	(void)state;
	assert_int_equal(learn(&syn, &packet)->id, 1);
	assert_int_equal(learn(&syn, &packet)->id, 1);
	again.seq++;
	assert_int_equal(learn(&again, &packet)->id, 2);
	assert_int_equal(learn(&data, &packet)->id, 2);
}

/* Or anybody could confuse the view of a connection by one forged SYN. */
static void a_syn_on_a_live_connection_changes_nothing(void **state)
{
	struct shape forged = syn;
	struct trace_packet packet;

	(void)state;
	numbers(&syn);
	numbers(&synack);
	forged.seq = 77;
	forged.reason = REASON_syn_conn_exists;
	forged.state = ESTABLISHED;
	assert_int_equal(learn(&forged, &packet)->id, 1);
	assert_int_equal(numbers(&data).seq, 1);
}

static void memory_is_bounded_and_keeps_the_latest(void **state)
{
	struct trace_packet packet;
	struct shape s = data;
	__u32 id;

	(void)state;
	id = learn(&data, &packet)->id;
	for (s.remote_port = 1; s.remote_port < 40000; s.remote_port++) {
		learn(&s, &packet);
		assert_int_equal(learn(&data, &packet)->id, id);
	}
	assert_int_equal(conns.last_id, 40000);
}

static void names_are_complete(void **state)
{
	char text[ENDPOINT_MAX];
	__u8 addr[16] = {0};

	(void)state;
	assert_string_equal(trace_point_name(TRACE_HANDOFF), "handoff");
	trace_endpoint(addr, 0, text);
	assert_string_equal(text, "unknown");
	trace_flags_text(0, text, sizeof(text));
	assert_string_equal(text, "none");
	trace_flags_text(0x1f, text, sizeof(text));
	assert_string_equal(text, "SYN-FIN-RST-PSH-ACK");
}

static void verdicts_follow_the_mode(void **state)
{
	struct trace_event e = {.reason = REASON_rst_unknown, .point = TRACE_IN};

	(void)state;
	assert_string_equal(trace_verdict(&e, false), "drop");
	assert_string_equal(trace_verdict(&e, true), "pass");
	e.reason = REASON_syn_cookie_sent;
	assert_string_equal(trace_verdict(&e, false), "tx");
	e.reason = REASON_conn_packet;
	assert_string_equal(trace_verdict(&e, false), "pass");
	e.reason = REASON_MAX;
	assert_null(trace_verdict(&e, false));
}

static void foreign_events_are_refused(void **state)
{
	struct trace_event e = event_make(&syn);

	(void)state;
	assert_true(trace_event_valid(&e, sizeof(e)));
	assert_false(trace_event_valid(&e, sizeof(e) - 1));
	e.captured = TRACE_BYTES + 1;
	assert_false(trace_event_valid(&e, sizeof(e)));
	e = event_make(&syn);
	e.reason = REASON_MAX + 1;
	assert_false(trace_event_valid(&e, sizeof(e)));
	e = event_make(&syn);
	e.point = 0;
	assert_false(trace_event_valid(&e, sizeof(e)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(fields_are_read_in_both_families, setup),
	    cmocka_unit_test_setup(random_frames_are_survived, setup),
	    cmocka_unit_test_setup(numbers_wrap, setup),
	    cmocka_unit_test_setup(window_is_scaled_only_if_both_offered, setup),
	    cmocka_unit_test_setup(a_cookie_tells_the_numbers, setup),
	    cmocka_unit_test_setup(a_new_number_is_a_new_connection, setup),
	    cmocka_unit_test_setup(a_syn_on_a_live_connection_changes_nothing, setup),
	    cmocka_unit_test_setup(memory_is_bounded_and_keeps_the_latest, setup),
	    cmocka_unit_test(names_are_complete),
	    cmocka_unit_test(verdicts_follow_the_mode),
	    cmocka_unit_test(foreign_events_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
