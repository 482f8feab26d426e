// SPDX-License-Identifier: GPL-2.0
/* Leaky buckets: what passes in how long, at which clock rate, and when the clock comes round. */
#include <arpa/inet.h>

#include "unit.h"

#include "bucket.h"

static const __u32 hzs[] = {100, 250, 300, 1000};

static const struct rate_limit limits[] = {
    {1, 1}, {1, 10}, {10, 1}, {10, 20}, {50, 3}, {1000, 2000}, {100000, 1000},
};

/* So many of n packets in one jiffy pass. */
static __u32 burst(struct bucket *b, const struct rate_limit *limit, __u32 now, __u32 hz, __u32 n)
{
	__u32 passed = 0;

	while (n--)
		passed += (__u32)bucket_add(b, limit, now, hz);
	return passed;
}

static void a_burst_passes_and_no_more(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(hzs) * COUNT_OF(limits); i++) {
		const struct rate_limit *limit = &limits[i / COUNT_OF(hzs)];
		const __u32 hz = hzs[i % COUNT_OF(hzs)];
		struct bucket b = {0};

		assert_int_equal(burst(&b, limit, 7, hz, limit->burst + 100), limit->burst);
		assert_true(bucket_full(&b, limit, 7, hz));
	}
}

/* Ten seconds at more than the rate: the rate and a burst, whatever the clock's start. */
static void the_rate_passes(void **state)
{
	static const __u32 starts[] = {0, 1, 0x7ffffc00, 0x80000000, 0xfffffc18, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(hzs) * COUNT_OF(limits) * COUNT_OF(starts); i++) {
		const struct rate_limit *limit = &limits[i % COUNT_OF(limits)];
		const __u32 hz = hzs[i / COUNT_OF(limits) % COUNT_OF(hzs)];
		const __u32 start = starts[i / COUNT_OF(limits) / COUNT_OF(hzs)];
		struct bucket b = {.at = start};
		__u32 passed = 0;

		for (__u32 jiffy = 0; jiffy < 10 * hz; jiffy++)
			passed += burst(&b, limit, start + jiffy, hz, limit->rate / hz + 2);
		/* What drains beyond an empty bucket is lost, where a burst is a jiffy's worth. */
		assert_in_range(passed, limit->burst < limit->rate / hz ? 0 : 10 * limit->rate - 1,
				10 * limit->rate + limit->burst);
	}
}

static void no_rate_is_no_limit(void **state)
{
	const struct rate_limit none = {0, 0};
	struct bucket b = {.at = 5, .fill = ~0U};

	(void)state;
	assert_int_equal(burst(&b, &none, 5, 1000, 10000), 10000);
	assert_false(bucket_full(&b, &none, 5, 1000));
	assert_int_equal(b.fill, ~0U);
}

/* bucket_full() says what bucket_add() is about to do, and changes nothing. */
static void full_is_what_add_refuses(void **state)
{
	const struct rate_limit limit = {10, 5};
	struct bucket b = {0};
	__u32 now = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		const int full = bucket_full(&b, &limit, now, 250);

		assert_int_equal(bucket_add(&b, &limit, now, 250), !full);
		now += (__u32)(rng() % 40);
	}
}

/* Another CPU's clock is a jiffy ahead: nothing is drained twice, and nothing opens. */
static void clocks_that_differ_by_a_jiffy(void **state)
{
	const struct rate_limit limit = {100, 10};
	struct bucket b = {0};
	__u32 passed = 0;

	(void)state;
	for (__u32 jiffy = 1; jiffy <= 1000; jiffy++) {
		passed += burst(&b, &limit, jiffy, 1000, 1);
		passed += burst(&b, &limit, jiffy - 1, 1000, 1);
	}
	assert_in_range(passed, 100, 100 + 100 + 10);
}

/* However long nobody came, the bucket is empty then. */
static void left_alone_it_is_empty(void **state)
{
	const struct rate_limit limit = {1, 10};
	const __u32 day = 24 * 3600 * 1000;

	(void)state;
	for (__u32 days = 1; days < 49; days++) {
		struct bucket b = {.at = 12345};

		burst(&b, &limit, 12345, 1000, 10);
		assert_true(bucket_full(&b, &limit, 12345, 1000));
		assert_int_equal(burst(&b, &limit, 12345 + days * day, 1000, 20), 10);
	}
}

/* The largest that can be written does not come round, either. */
static void large_limits(void **state)
{
	const struct rate_limit limit = {~0U, ~0U};
	struct bucket b = {0};

	(void)state;
	assert_int_equal(burst(&b, &limit, 1, 1000, 3000000), 0x7fffffff / 1000);
	assert_int_equal(burst(&b, &limit, 2, 1000, 10), 10);
}

static __u32 hash4(const char *addr)
{
	__u8 bytes[16];

	addr_from_v4(bytes, inet_addr(addr));
	return prefix_hash(0x0123456789abcdef, bytes);
}

static __u32 hash6(const char *addr)
{
	__u8 bytes[16];

	assert_int_equal(inet_pton(AF_INET6, addr, bytes), 1);
	return prefix_hash(0x0123456789abcdef, bytes);
}

static void prefixes(void **state)
{
	(void)state;
	assert_int_equal(hash4("192.0.2.0"), hash4("192.0.2.255"));
	assert_int_not_equal(hash4("192.0.2.0"), hash4("192.0.3.0"));
	assert_int_not_equal(hash4("192.0.2.0"), hash4("192.1.2.0"));
	assert_int_not_equal(hash4("192.0.2.0"), hash4("193.0.2.0"));
	assert_int_equal(hash6("2001:db8:0:1200::1"), hash6("2001:db8:0:12ff:f:f:f:f"));
	assert_int_not_equal(hash6("2001:db8:0:1200::1"), hash6("2001:db8:0:1300::1"));
	assert_int_not_equal(hash6("2001:db8:0:1200::1"), hash6("2001:db8:1:1200::1"));
	assert_int_not_equal(hash6("2001:db8::1"), hash6("2001:db9::1"));
}

/* The buckets of 65,536 neighbouring prefixes are about as many as chance would have. */
static void neighbours_spread(void **state)
{
	static __u8 used[BUCKETS];
	__u32 n = 0;

	(void)state;
	for (__u32 i = 0; i < 65536; i++) {
		__u8 addr[16];
		__u32 at;

		addr_from_v4(addr, htonl(0x0a000000 + (i << 8)));
		at = prefix_hash(0xfedcba9876543210, addr) & (BUCKETS - 1);
		n += !used[at];
		used[at] = 1;
	}
	/* 1 - e^-2 of them */
	assert_in_range(n, BUCKETS * 80 / 100, BUCKETS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_burst_passes_and_no_more),
	    cmocka_unit_test(the_rate_passes),
	    cmocka_unit_test(no_rate_is_no_limit),
	    cmocka_unit_test(full_is_what_add_refuses),
	    cmocka_unit_test(clocks_that_differ_by_a_jiffy),
	    cmocka_unit_test(left_alone_it_is_empty),
	    cmocka_unit_test(large_limits),
	    cmocka_unit_test(prefixes),
	    cmocka_unit_test(neighbours_spread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
