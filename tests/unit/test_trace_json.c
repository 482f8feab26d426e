// SPDX-License-Identifier: GPL-2.0
/* The JSON objects that scripts rely on, whole: a field that changes is a break for them. */
#include "unit.h"

#include "trace_event.h"
#include "trace_json.h"

static struct trace_conns conns;

static void expect(const struct shape *s, const char *text)
{
	const struct trace_event event = event_make(s);
	struct trace_packet packet;
	struct trace_conn *conn;
	json_t *object;
	char *dumped;

	trace_decode(&event, &packet);
	conn = trace_conns_learn(&conns, &packet);
	object = trace_json(conn, &packet, 1763823110123456789ULL, false);
	dumped = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	assert_string_equal(dumped, text);
	free(dumped);
}

static void a_syn_and_its_answer(void **state)
{
	struct shape syn = {.point = TRACE_IN,
			    .reason = REASON_syn_cookie_sent,
			    .flags = TCP_SYN,
			    .seq = 4000000000,
			    .window = 64240,
			    .options = OPTIONS_LINUX};
	struct shape answer = {.point = TRACE_ANSWER,
			       .reason = REASON_syn_cookie_sent,
			       .flags = TCP_SYN | TCP_ACK,
			       .seq = 5,
			       .ack = 4000000001,
			       .window = 65160,
			       .options = "020405b403030701"};

	(void)state;
	expect(&syn, "{\"time\":\"2025-11-22T14:51:50.123456789Z\",\"connection\":1,"
		     "\"point\":\"in\",\"verdict\":\"tx\",\"reason\":\"syn_cookie_sent\","
		     "\"client\":{\"address\":\"198.51.100.7\",\"port\":40222},"
		     "\"server\":{\"address\":\"192.0.2.10\",\"port\":443},\"to_server\":true,"
		     "\"flags\":[\"SYN\"],\"seq\":4000000000,\"ack\":null,\"seq_relative\":0,"
		     "\"ack_relative\":null,\"window\":64240,\"window_scaled\":64240,\"len\":0,"
		     "\"options\":{\"mss\":1460,\"wscale\":7,\"sack_permitted\":true,\"tsval\":1,"
		     "\"tsecr\":0},\"frame_len\":74,\"state\":\"NONE\"}");
	expect(&answer, "{\"time\":\"2025-11-22T14:51:50.123456789Z\",\"connection\":1,"
			"\"point\":\"answer\",\"verdict\":null,\"reason\":\"syn_cookie_sent\","
			"\"client\":{\"address\":\"198.51.100.7\",\"port\":40222},"
			"\"server\":{\"address\":\"192.0.2.10\",\"port\":443},\"to_server\":false,"
			"\"flags\":[\"SYN\",\"ACK\"],\"seq\":5,\"ack\":4000000001,"
			"\"seq_relative\":0,\"ack_relative\":1,\"window\":65160,"
			"\"window_scaled\":65160,\"len\":0,\"options\":{\"mss\":1460,"
			"\"wscale\":7},\"frame_len\":62,\"state\":\"NONE\"}");
}

static void the_middle_of_an_outgoing_connection(void **state)
{
	struct shape fin = {.point = TRACE_OUT,
			    .reason = REASON_MAX,
			    .state = FIN_WAIT,
			    .flags = TCP_FIN | TCP_ACK,
			    .seq = 9,
			    .ack = 8,
			    .window = 502,
			    .len = 3,
			    .is_v6 = 1,
			    .opened_here = 1,
			    .options = "0101050a00000007000000081e040000"};

	(void)state;
	expect(&fin, "{\"time\":\"2025-11-22T14:51:50.123456789Z\",\"connection\":2,"
		     "\"point\":\"out\",\"verdict\":null,\"reason\":null,"
		     "\"client\":{\"address\":\"2001:db8::a\",\"port\":443},"
		     "\"server\":{\"address\":\"2001:db8::7\",\"port\":40222},\"to_server\":true,"
		     "\"flags\":[\"FIN\",\"ACK\"],\"seq\":9,\"ack\":8,\"seq_relative\":null,"
		     "\"ack_relative\":null,\"window\":502,\"window_scaled\":null,\"len\":3,"
		     "\"options\":{\"sack\":[[7,8]],\"other\":[\"mptcp\"]},\"frame_len\":93,"
		     "\"state\":\"FIN_WAIT\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_syn_and_its_answer),
	    cmocka_unit_test(the_middle_of_an_outgoing_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
