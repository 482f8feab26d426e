// SPDX-License-Identifier: GPL-2.0
/* Proven clients: who is one, for how long, and who counts as the same. */
#include <arpa/inet.h>

#include "unit.h"

#include "proven.h"

static const __u64 secret = 0x0123456789abcdef;

static void credit_lasts_for_proven_s(void **state)
{
	static const __u32 starts[] = {0, 1, 300, 0xfffe, 0xffff, 0x12345, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(starts); i++)
		for (__u32 age = 0; age < 65536; age++) {
			const __u64 hash = 0xabcdef0012345678;
			const __u64 cell = proven_cell(hash, starts[i], 8);
			const __u32 now = starts[i] + age;

			assert_int_equal(proven_credit(cell, hash, now, 600), age < 600 ? 8 : 0);
			assert_int_equal(proven_credit(cell, hash, now, 0), 0);
		}
}

/* Each SYN takes one; the cell is the same otherwise until the last is gone. */
static void credit_is_used_up(void **state)
{
	const __u64 hash = rng() | 1ULL << 32;
	__u64 cell = proven_cell(hash, 1000, 255);

	(void)state;
	for (__u32 left = 255; left; left--, cell--)
		assert_int_equal(proven_credit(cell, hash, 1001, 600), left);
	assert_int_equal(proven_credit(cell, hash, 1001, 600), 0);
	assert_int_equal(cell >> 16, proven_cell(hash, 1000, 0) >> 16);
}

/* An empty cell proves nobody, at no time, as long as no hash begins with 32 zeros. */
static void empty_cells_and_others(void **state)
{
	(void)state;
	for (__u32 i = 0; i < 1000; i++) {
		const __u64 hash = rng() | 1ULL << 32, other = hash ^ 1ULL << (32 + i % 32);

		assert_int_equal(proven_credit(0, hash, i, 600), 0);
		assert_int_equal(proven_credit(proven_cell(hash, i, 8), other, i, 600), 0);
	}
}

static __u64 hash4(__u32 host)
{
	__u8 addr[16];

	addr_from_v4(addr, htonl(host));
	return client_hash(secret, addr);
}

static __u64 hash6(const char *text)
{
	__u8 addr[16];

	assert_int_equal(inet_pton(AF_INET6, text, addr), 1);
	return client_hash(secret, addr);
}

/* An IPv4 address is a client; of IPv6 it is a /64, since a host has as many as it likes. */
static void clients(void **state)
{
	(void)state;
	for (__u32 bit = 0; bit < 32; bit++)
		assert_true(hash4(0xc0000201) != hash4(0xc0000201 ^ 1U << bit));
	assert_true(hash6("2001:db8:1:2::1") == hash6("2001:db8:1:2:ffff:ffff:ffff:ffff"));
	assert_true(hash6("2001:db8:1:2::1") != hash6("2001:db8:1:3::1"));
	assert_true(hash6("2001:db8:1:2::1") != hash6("2001:db9:1:2::1"));
}

/* Neighbours have cells of their own, nearly: 10,000 in 65,536 cells. */
static void neighbours_spread(void **state)
{
	static __u8 used[PROVEN_CELLS];
	__u32 n = 0;

	(void)state;
	for (__u32 i = 0; i < 10000; i++) {
		const __u32 at = proven_index(hash4(0x0a000000 + i));

		assert_in_range(at, 0, PROVEN_CELLS - 1);
		n += !used[at];
		used[at] = 1;
	}
	assert_in_range(n, 8500, 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(credit_lasts_for_proven_s), cmocka_unit_test(credit_is_used_up),
	    cmocka_unit_test(empty_cells_and_others),    cmocka_unit_test(clients),
	    cmocka_unit_test(neighbours_spread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
