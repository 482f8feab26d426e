// SPDX-License-Identifier: GPL-2.0
/*
 * What synguard conns takes as --state, --client, --port and --limit, and which connections match.
 */
#include <arpa/inet.h>
#include <errno.h>

#include "unit.h"

#include "conns_filter.h"

#define BIT(state) (1U << (state))

static const char *word;
static size_t word_length;

static void states(void **state)
{
	static const struct {
		const char *text;
		__u32 want;
	} rows[] = {
	    {"ESTABLISHED", BIT(ESTABLISHED)},
	    {"established", BIT(ESTABLISHED)},
	    {"Time-Wait", BIT(TIME_WAIT)},
	    {"time_wait,CLOSE", BIT(TIME_WAIT) | BIT(CLOSE)},
	    {"syn_sent2", BIT(SYN_SENT2)},
	    {"half-open", BIT(FILTER_HALF_OPEN)},
	    {"HALF_OPEN,syn-recv,syn-recv", BIT(FILTER_HALF_OPEN) | BIT(SYN_RECV)},
	};
	__u32 got;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		got = 0;
		assert_int_equal(filter_states_parse(rows[i].text, &got, &word, &word_length), 0);
		assert_int_equal(got, rows[i].want);
	}
}

static void no_states(void **state)
{
	static const struct {
		const char *text;
		const char *word;
	} rows[] = {
	    {"", ""},
	    {",", ""},
	    {"NONE", "NONE"},
	    {"close,", ""},
	    {"close,,x", ""},
	    {"estab", "estab"},
	    {"close,foo,bar", "foo"},
	    {" close", " close"},
	    {"time wait", "time wait"},
	    {"half", "half"},
	};
	__u32 got = 42;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(filter_states_parse(rows[i].text, &got, &word, &word_length),
				 -EINVAL);
		assert_int_equal(word_length, strlen(rows[i].word));
		assert_memory_equal(word, rows[i].word, word_length);
		assert_int_equal(got, 42);
	}
}

static void numbers(void **state)
{
	static const char *const bad[] = {"",   "0",  "-1",  "+1",    " 1",
					  "1 ", "1x", "0x1", "65536", "99999999999999999999999"};
	__u64 number = 7;

	(void)state;
	assert_int_equal(filter_number_parse("1", 65535, &number), 0);
	assert_int_equal(number, 1);
	assert_int_equal(filter_number_parse("65535", 65535, &number), 0);
	assert_int_equal(number, 65535);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_int_equal(filter_number_parse(bad[i], 65535, &number), -EINVAL);
	assert_int_equal(number, 65535);
}

static void bad_clients(void **state)
{
	static const struct {
		const char *text;
		int err;
	} rows[] = {
	    {"", -EINVAL},
	    {"host", -EINVAL},
	    {"10.0.0", -EINVAL},
	    {"10.0.0.256", -EINVAL},
	    {"/8", -EINVAL},
	    {"10.0.0.0/", -ERANGE},
	    {"10.0.0.0/33", -ERANGE},
	    {"10.0.0.0/-1", -ERANGE},
	    {"10.0.0.0/8/8", -ERANGE},
	    {"2001:db8::/129", -ERANGE},
	    {"2001:db8::g", -EINVAL},
	    {"2001:db8:1234:5678:9abc:def0:1234:5678:9abc:def0:1234:5678", -EINVAL},
	};
	struct conns_filter filter = {0};
	const struct conns_filter untouched = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(filter_client_parse(rows[i].text, &filter), rows[i].err);
		assert_memory_equal(&filter, &untouched, sizeof(filter));
	}
}

/* A connection with this remote end; IPv4 in mapped form. */
static struct conn_row row_of(const char *remote)
{
	struct conn_row row = {.conn.head = {.state = ESTABLISHED, .kind = KIND_COOKIE}};

	row.conn.key.local_port = 443;
	row.conn.key.remote_port = 40000;
	assert_int_equal(inet_pton(AF_INET6, remote, row.conn.key.remote), 1);
	assert_int_equal(inet_pton(AF_INET6, "::ffff:192.0.2.1", row.conn.key.local), 1);
	return row;
}

static void prefixes(void **state)
{
	static const struct {
		const char *text;
		const char *remote;
		bool want;
	} rows[] = {
	    {"10.1.2.3", "::ffff:10.1.2.3", true},
	    {"10.1.2.3", "::ffff:10.1.2.2", false},
	    {"10.1.2.3/32", "::ffff:10.1.2.3", true},
	    {"10.1.2.3/31", "::ffff:10.1.2.2", true},
	    {"10.1.2.3/31", "::ffff:10.1.2.4", false},
	    {"10.0.0.0/9", "::ffff:10.127.255.255", true},
	    {"10.0.0.0/9", "::ffff:10.128.0.0", false},
	    {"0.0.0.0/0", "::ffff:255.0.0.1", true},
	    {"0.0.0.0/0", "2001:db8::1", false},
	    {"::/0", "2001:db8::1", true},
	    {"::/0", "::ffff:10.1.2.3", false},
	    {"2001:db8::/32", "2001:db8:ffff::1", true},
	    {"2001:db8::/32", "2001:db9::1", false},
	    {"2001:db8::1", "2001:db8::1", true},
	    {"2001:db8::1", "2001:db8::2", false},
	    {"2001:db8::ff00/121", "2001:db8::ff7f", true},
	    {"2001:db8::ff00/121", "2001:db8::ff80", false},
	    {"192.0.2.1", "::ffff:10.1.2.3", false}, /* it is the local address */
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct conn_row row = row_of(rows[i].remote);
		struct conns_filter filter = {0};

		assert_int_equal(filter_client_parse(rows[i].text, &filter), 0);
		if (filter_match(&filter, &row) != rows[i].want)
			fail_msg("%s: %s", rows[i].text, rows[i].remote);
	}
}

static void everything_matches_an_empty_filter(void **state)
{
	const struct conns_filter filter = {0};
	struct conn_row row = row_of("2001:db8::1");

	(void)state;
	assert_true(filter_match(&filter, &row));
	row.slot = CONN_HALF_OPEN;
	assert_true(filter_match(&filter, &row));
}

static void all_conditions_must_hold(void **state)
{
	struct conns_filter filter = {.states = BIT(ESTABLISHED) | BIT(FILTER_HALF_OPEN),
				      .port = 443};
	struct conn_row row = row_of("::ffff:10.1.2.3");

	(void)state;
	assert_true(filter_match(&filter, &row));
	filter.port = 40000; /* the remote one does not count */
	assert_false(filter_match(&filter, &row));
	filter.port = 443;
	row.conn.head.state = SYN_RECV;
	assert_false(filter_match(&filter, &row));
	row.slot = CONN_HALF_OPEN;
	assert_true(filter_match(&filter, &row));
	filter.states = BIT(SYN_RECV); /* half-open ones have a state, too */
	assert_true(filter_match(&filter, &row));
	filter.states = BIT(SYN_SENT);
	assert_false(filter_match(&filter, &row));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(states),
	    cmocka_unit_test(no_states),
	    cmocka_unit_test(numbers),
	    cmocka_unit_test(bad_clients),
	    cmocka_unit_test(prefixes),
	    cmocka_unit_test(everything_matches_an_empty_filter),
	    cmocka_unit_test(all_conditions_must_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
