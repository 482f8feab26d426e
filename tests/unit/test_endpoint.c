// SPDX-License-Identifier: GPL-2.0
/* Addresses and ports as text, held against the C library's. */
#include <arpa/inet.h>

#include "unit.h"

#include "endpoint.h"

static void expect(const char *addr, __u16 port, const char *want)
{
	struct endpoint e;
	__u8 bytes[16];

	assert_int_equal(inet_pton(AF_INET6, addr, bytes), 1);
	endpoint_write(&e, bytes, port);
	assert_string_equal(e.text, want);
	assert_int_equal(e.len, strlen(want) + 1);
}

static void examples(void **state)
{
	(void)state;
	expect("::ffff:192.0.2.7", 443, "192.0.2.7:443");
	expect("::ffff:0.0.0.0", 0, "0.0.0.0:0");
	expect("::ffff:255.255.255.255", 65535, "255.255.255.255:65535");
	expect("2001:db8::7", 80, "[2001:db8::7]:80");
	expect("::", 1, "[::]:1");
	expect("::1", 10, "[::1]:10");
	expect("fe80::", 10000, "[fe80::]:10000");
	expect("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 65535,
	       "[2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
	/* RFC 5952 4.2.2 and 4.2.3: not one word alone; the longest; the first of two. */
	expect("2001:db8:0:1:1:1:1:1", 9, "[2001:db8:0:1:1:1:1:1]:9");
	expect("2001:0:0:1:0:0:0:1", 9, "[2001:0:0:1::1]:9");
	expect("2001:db8:0:0:1:0:0:1", 9, "[2001:db8::1:0:0:1]:9");
}

/* Of 256 patterns of zero words, and of short and long words. */
static void as_the_library_writes_it(void **state)
{
	char text[INET6_ADDRSTRLEN], want[ENDPOINT_ROOM];
	struct endpoint e;
	__u8 addr[16];

	(void)state;
	for (unsigned int pattern = 0; pattern < 256 * 16; pattern++) {
		rng_fill(addr, 16);
		for (int i = 0; i < V6_WORDS; i++) {
			if (pattern >> i & 1)
				addr[2 * i] = addr[2 * i + 1] = 0;
			else
				addr[2 * i + 1] |= 1;
			if (pattern >> 8 & 1 << i % 4)
				addr[2 * i] = 0;
		}
		/* The library writes these with an IPv4 address at the end. */
		if ((pattern & 0x3f) == 0x3f || (pattern & 0x1f) == 0x1f)
			continue;
		inet_ntop(AF_INET6, addr, text, sizeof(text));
		snprintf(want, sizeof(want), "[%s]:%u", text, pattern);
		endpoint_write(&e, addr, (__u16)pattern);
		assert_string_equal(e.text, want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(examples),
	    cmocka_unit_test(as_the_library_writes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
