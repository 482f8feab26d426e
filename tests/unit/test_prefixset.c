// SPDX-License-Identifier: GPL-2.0
/* Sets of prefixes against the slow way to look an address up, and how large and quick they are. */
#include <arpa/inet.h>
#include <time.h>

#include "unit.h"

#include "prefix_oracle.h"

enum { UNIT = 1 << PREFIX_TIME_SHIFT };

static int has(const struct prefix_set *set, const __u8 addr[16], __u64 now)
{
	return prefix_lookup(set->lines, set->count, addr, now);
}

static void check_around(const struct prefix_set *set, const struct prefix_entry *e, size_t count,
			 int rounds)
{
	__u8 addr[16];

	for (int i = 0; i < rounds; i++) {
		const __u64 now = (1 + rng() % 6) * (UNIT << 4) + rng() % 3 - 1;

		if (i % 8)
			addr_near(&e[rng() % count], addr);
		else
			rng_fill(addr, 16);
		assert_int_equal(has(set, addr, now), oracle_has(e, count, addr, now));
	}
}

static void random_sets_equal_the_oracle(void **state)
{
	static struct prefix_entry e[600];
	struct prefix_set set;

	(void)state;
	for (int round = 0; round < 400; round++) {
		const size_t many = 1 + rng() % (round % 4 ? 60 : COUNT_OF(e));
		const unsigned int dense = (unsigned int)rng() % 9;
		size_t count;

		for (size_t i = 0; i < many; i++)
			e[i] = prefix_random(round % 3 == 2 ? (int)(rng() & 1) : round % 3, dense,
					     round & 4, round & 8);
		count = prefix_sort(e, many);
		assert_int_equal(prefix_set_build(e, count, &set), 0);
		check_around(&set, e, count, 400);
		prefix_set_free(&set);
	}
}

static struct prefix_entry entry(const char *addr, unsigned int len, __u64 expires)
{
	struct prefix_entry e = {.len = (__u8)len, .used = 1, .expires = expires};
	struct in_addr v4;

	if (inet_pton(AF_INET, addr, &v4) == 1) {
		addr_from_v4(e.addr, v4.s_addr);
		e.len = (__u8)(len + 96);
		return e;
	}
	assert_int_equal(inet_pton(AF_INET6, addr, e.addr), 1);
	return e;
}

static int set_has(struct prefix_entry *e, size_t count, const char *addr, __u64 now)
{
	const struct prefix_entry at = entry(addr, 0, 0);
	struct prefix_set set;
	int found;

	count = prefix_sort(e, count);
	assert_int_equal(prefix_set_build(e, count, &set), 0);
	found = has(&set, at.addr, now);
	prefix_set_free(&set);
	return found;
}

static void everything_of_one_family(void **state)
{
	struct prefix_entry v4 = entry("0.0.0.0", 0, 0), v6 = entry("::", 0, 0);

	(void)state;
	assert_true(set_has(&v4, 1, "0.0.0.0", 0));
	assert_true(set_has(&v4, 1, "255.255.255.255", 0));
	assert_false(set_has(&v4, 1, "2001:db8::1", 0));
	assert_true(set_has(&v6, 1, "::", 0));
	assert_true(set_has(&v6, 1, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0));
	assert_false(set_has(&v6, 1, "192.0.2.1", 0));
	assert_false(set_has(&v6, 0, "2001:db8::1", 0));
	assert_false(set_has(&v4, 0, "192.0.2.1", 0));
}

static void an_address_is_in_until_the_last_prefix_expires(void **state)
{
	struct prefix_entry e[] = {
	    entry("192.0.2.0", 24, 40 * UNIT),   entry("192.0.2.128", 25, 20 * UNIT),
	    entry("192.0.2.200", 32, 80 * UNIT), entry("2001:db8::", 32, 40 * UNIT),
	    entry("2001:db8:0:1::", 64, 0),      entry("2001:db8:0:1::1", 128, 90 * UNIT),
	};

	(void)state;
	assert_true(set_has(e, COUNT_OF(e), "192.0.2.130", 40 * UNIT - 1));
	assert_false(set_has(e, COUNT_OF(e), "192.0.2.130", 40 * UNIT));
	assert_true(set_has(e, COUNT_OF(e), "192.0.2.200", 80 * UNIT - 1));
	assert_false(set_has(e, COUNT_OF(e), "192.0.2.200", 80 * UNIT));
	assert_true(set_has(e, COUNT_OF(e), "2001:db8:ffff::", 40 * UNIT - 1));
	assert_false(set_has(e, COUNT_OF(e), "2001:db8:ffff::", 40 * UNIT));
	assert_true(set_has(e, COUNT_OF(e), "2001:db8:0:1::1", 100 * UNIT));
}

static void nothing_expires_early_or_much_later(void **state)
{
	struct prefix_entry e = entry("192.0.2.1", 32, 1000 * UNIT + 1);
	struct prefix_entry far = entry("192.0.2.1", 32, 1ULL << 60);

	(void)state;
	assert_true(set_has(&e, 1, "192.0.2.1", 1000 * UNIT));
	assert_false(set_has(&e, 1, "192.0.2.1", 1001 * UNIT));
	assert_true(set_has(&far, 1, "192.0.2.1", 1ULL << 37));
}

static void of_two_the_last_given_stays(void **state)
{
	struct prefix_entry e[] = {entry("2001:db8::", 32, 5), entry("192.0.2.1", 32, 6),
				   entry("2001:db8::", 32, 7), entry("2001:db8::", 33, 8)};

	(void)state;
	assert_int_equal(prefix_sort(e, COUNT_OF(e)), 3);
	assert_int_equal(e[0].expires, 6);
	assert_int_equal(e[1].expires, 7);
	assert_int_equal(e[2].expires, 8);
}

/* Clusters at 2, 4, 8...: each branch tells as little as it can. */
static void the_deepest_trees_are_within_the_steps(void **state)
{
	static struct prefix_entry e[33 * 33];
	struct prefix_set set;
	size_t count = 0;

	(void)state;
	for (int i = 0; i <= 32; i++)
		for (int j = 0; j <= i; j++) {
			const __u32 at = (__u32)((1ULL << i | 1ULL << j) - 1);

			e[count] = (struct prefix_entry){.used = 1, .len = 128};
			for (int word = 0; word < 4; word++)
				store32(e[count].addr + 4 * word, __builtin_bswap32(at));
			count++;
		}
	count = prefix_sort(e, count);
	assert_int_equal(prefix_set_build(e, count, &set), 0);
	for (size_t i = 0; i < count; i++)
		assert_true(has(&set, e[i].addr, 0));
	check_around(&set, e, count, 2000);
	prefix_set_free(&set);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

enum shape_of_list { LIST_V4_HOSTS, LIST_V4_MIXED, LIST_V6_HOSTS, LIST_V6_NETS, LIST_SHAPES };

static struct prefix_entry entry_of_shape(enum shape_of_list shape)
{
	struct prefix_entry e = {.used = 1, .len = 128};

	rng_fill(e.addr, 16);
	e.addr[0] = 0x20;
	if (shape == LIST_V6_NETS) {
		store32(e.addr, __builtin_bswap32(0x20010000 + (__u32)(rng() % 5000)));
		e.len = (__u8)(40 + rng() % 25);
	}
	if (shape == LIST_V4_MIXED)
		e.len = (__u8)(96 + 17 + rng() % 16);
	if (shape <= LIST_V4_MIXED)
		addr_from_v4(e.addr, (__u32)rng());
	addr_cut(e.addr, e.len);
	return e;
}

static void a_million_is_small_and_soon_built(void **state)
{
	static const char *const names[LIST_SHAPES] = {"IPv4 /32", "IPv4 /17-/32", "IPv6 /128",
						       "IPv6 /40-/64"};
	struct prefix_entry *e = malloc(MAX_LIST * sizeof(*e));
	struct prefix_set set;

	(void)state;
	assert_non_null(e);
	for (int shape = 0; shape < LIST_SHAPES; shape++) {
		const double start = seconds();
		double built, made;
		size_t count;

		for (size_t i = 0; i < MAX_LIST; i++)
			e[i] = entry_of_shape((enum shape_of_list)shape);
		made = seconds();
		count = prefix_sort(e, MAX_LIST);
		assert_int_equal(prefix_set_build(e, count, &set), 0);
		built = seconds();
		for (size_t i = 0; i < count; i += 97)
			assert_true(has(&set, e[i].addr, 0));
		print_message(
		    "%s: %zu in %u lines, %.1f bytes each; made in %.2f s, built in %.2f s\n",
		    names[shape], count, set.count, 64.0 * set.count / (double)count, made - start,
		    built - made);
		assert_true(64ULL * set.count < 48ULL * count);
		prefix_set_free(&set);
	}
	free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_sets_equal_the_oracle),
	    cmocka_unit_test(everything_of_one_family),
	    cmocka_unit_test(an_address_is_in_until_the_last_prefix_expires),
	    cmocka_unit_test(nothing_expires_early_or_much_later),
	    cmocka_unit_test(of_two_the_last_given_stays),
	    cmocka_unit_test(the_deepest_trees_are_within_the_steps),
	    cmocka_unit_test(a_million_is_small_and_soon_built),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
