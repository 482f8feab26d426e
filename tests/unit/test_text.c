// SPDX-License-Identifier: GPL-2.0
/* Lines built by hand: numbers, times, quantities, addresses, and buffers that are too small. */
#include <arpa/inet.h>

#include "unit.h"

#include "addr.h"
#include "text.h"

enum { ROOM = 80 };

static char data[ROOM + 1];

static struct text start(void)
{
	memset(data, 0, sizeof(data));
	return (struct text){.data = data, .size = ROOM};
}

static void numbers(void **state)
{
	static const __u64 rows[] = {0, 9, 10, 65535, 4294967296, 0xffffffffffffffffULL};
	char want[ROOM];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct text text = start();

		text_u64(&text, rows[i]);
		snprintf(want, sizeof(want), "%llu", rows[i]);
		assert_string_equal(data, want);
	}
}

static void durations(void **state)
{
	static const struct {
		__u64 seconds;
		const char *want;
	} rows[] = {
	    {0, "0s"},    {3, "3s"},      {59, "59s"},   {60, "1m"},     {3599, "59m"},
	    {3600, "1h"}, {86399, "23h"}, {86400, "1d"}, {432000, "5d"}, {4294967295, "49710d"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct text text = start();

		text_duration(&text, rows[i].seconds);
		assert_string_equal(data, rows[i].want);
	}
}

static void quantities(void **state)
{
	static const struct {
		__u64 number;
		const char *want;
	} rows[] = {
	    {0, "0"},
	    {999, "999"},
	    {1000, "1.0k"},
	    {1999, "1.9k"},
	    {9999, "9.9k"},
	    {10000, "10k"},
	    {999999, "999k"},
	    {1000000, "1.0M"},
	    {123456789, "123M"},
	    {1ULL << 40, "1.0T"},
	    {(1ULL << 56) - 1, "72P"},
	    {0xffffffffffffffffULL, "18E"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct text text = start();

		text_quantity(&text, rows[i].number);
		assert_string_equal(data, rows[i].want);
		assert_true(strlen(data) <= 4);
	}
}

static void endpoints(void **state)
{
	static const struct {
		const char *addr;
		__u16 port;
		const char *want;
	} rows[] = {
	    {"::ffff:192.0.2.1", 80, "192.0.2.1:80"},
	    {"::ffff:0.10.100.255", 65535, "0.10.100.255:65535"},
	    {"2001:db8::1", 443, "[2001:db8::1]:443"},
	    {"::", 0, "[::]:0"},
	    {"2001:db8:1234:5678:9abc:def0:1234:5678", 65535,
	     "[2001:db8:1234:5678:9abc:def0:1234:5678]:65535"},
	};
	__u8 addr[16];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct text text = start();

		assert_int_equal(inet_pton(AF_INET6, rows[i].addr, addr), 1);
		text_endpoint(&text, addr, rows[i].port);
		assert_string_equal(data, rows[i].want);
	}
}

/* Each IPv4 byte as the C library writes it. */
static void v4_as_inet_ntop(void **state)
{
	char want[INET_ADDRSTRLEN];
	__u8 addr[16];

	(void)state;
	for (__u32 i = 0; i < 256; i++) {
		const __u32 v4 = i * 0x01010101U ^ 0x00ff8001U;
		struct text text = start();

		addr_from_v4(addr, v4);
		text_addr(&text, addr);
		assert_non_null(inet_ntop(AF_INET, &v4, want, sizeof(want)));
		assert_string_equal(data, want);
	}
}

static void what_does_not_fit_is_cut(void **state)
{
	(void)state;
	for (size_t size = 0; size < 24; size++) {
		struct text text = start();

		text.size = size;
		text_str(&text, "12345");
		text_char(&text, '6');
		text_u64(&text, 789);
		text_spaces(&text, 10);
		text_quantity(&text, 4200);
		assert_int_equal(text.used, size < 23 ? size : 23);
		assert_int_equal(strlen(data), text.used);
		assert_memory_equal(data, "123456789          4.2k", text.used);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers),         cmocka_unit_test(durations),
	    cmocka_unit_test(quantities),      cmocka_unit_test(endpoints),
	    cmocka_unit_test(v4_as_inet_ntop), cmocka_unit_test(what_does_not_fit_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
