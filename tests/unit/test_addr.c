// SPDX-License-Identifier: GPL-2.0
/* Addresses: the mapped form, equality, the classes that no host has, and the hash of tuples. */
#include <arpa/inet.h>

#include "unit.h"

#include "addr.h"

static void v4_in_its_mapped_form(void **state)
{
	__u8 addr[16], want[16];

	(void)state;
	addr_from_v4(addr, inet_addr("192.0.2.55"));
	assert_int_equal(inet_pton(AF_INET6, "::ffff:192.0.2.55", want), 1);
	assert_memory_equal(addr, want, 16);
	assert_true(addr_is_v4(addr));
	inet_pton(AF_INET6, "::192.0.2.55", addr);
	assert_false(addr_is_v4(addr));
	inet_pton(AF_INET6, "1::ffff:192.0.2.55", addr);
	assert_false(addr_is_v4(addr));
}

static void every_bit_decides_on_equality(void **state)
{
	__u8 a[16], b[16];

	(void)state;
	rng_fill(a, 16);
	memcpy(b, a, 16);
	assert_true(addr_equal(a, b));
	for (int bit = 0; bit < 128; bit++) {
		b[bit / 8] ^= (__u8)(1 << bit % 8);
		assert_false(addr_equal(a, b));
		b[bit / 8] = a[bit / 8];
	}
}

/* RFC 6890, RFC 4291, RFC 5735. */
static const struct {
	const char *text;
	enum addr_class class;
} rows[] = {
    {"0.0.0.0", ADDR_NOT_UNICAST},
    {"0.255.255.255", ADDR_NOT_UNICAST},
    {"1.0.0.0", ADDR_UNICAST},
    {"10.0.0.1", ADDR_UNICAST},
    {"126.255.255.255", ADDR_UNICAST},
    {"127.0.0.0", ADDR_LOOPBACK},
    {"127.255.255.255", ADDR_LOOPBACK},
    {"128.0.0.0", ADDR_UNICAST},
    {"169.254.1.1", ADDR_UNICAST},
    {"223.255.255.255", ADDR_UNICAST},
    {"224.0.0.0", ADDR_NOT_UNICAST},
    {"239.255.255.255", ADDR_NOT_UNICAST},
    {"240.0.0.0", ADDR_NOT_UNICAST},
    {"255.255.255.255", ADDR_NOT_UNICAST},
    {"::", ADDR_NOT_UNICAST},
    {"::1", ADDR_LOOPBACK},
    {"::2", ADDR_NOT_UNICAST},
    {"::10.0.0.1", ADDR_NOT_UNICAST},
    {"::ffff:10.0.0.1", ADDR_NOT_UNICAST},
    {"::ffff:127.0.0.1", ADDR_NOT_UNICAST},
    {"0:0:0:1::", ADDR_UNICAST},
    {"64:ff9b::a00:1", ADDR_UNICAST},
    {"2001:db8::1", ADDR_UNICAST},
    {"fe80::1", ADDR_UNICAST},
    {"fd00::1", ADDR_UNICAST},
    {"feff::", ADDR_UNICAST},
    {"ff00::", ADDR_NOT_UNICAST},
    {"ff02::1", ADDR_NOT_UNICAST},
    {"ffff::", ADDR_NOT_UNICAST},
};

static void classes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const int v6 = !!strchr(rows[i].text, ':');
		__u8 addr[16];
		__u32 v4;

		if (v6) {
			assert_int_equal(inet_pton(AF_INET6, rows[i].text, addr), 1);
		} else {
			assert_int_equal(inet_pton(AF_INET, rows[i].text, &v4), 1);
			addr_from_v4(addr, v4);
		}
		if (addr_classify(addr, v6) != rows[i].class)
			fail_msg("%s is not of class %d", rows[i].text, rows[i].class);
	}
}

static __u64 hash_with(__u64 secret, const struct conn_key *t)
{
	struct tuple_key key;

	tuple_key_make(&key, secret);
	return tuple_hash(&key, t);
}

/*
 * Every bit of the tuple moves the hash, and its upper bits spread evenly (chi-square, 255
 * degrees).
 */
static void hash_of_tuples(void **state)
{
	enum { TUPLES = 256000 };
	unsigned int cells[256] = {0};
	double chi = 0;

	(void)state;
	for (unsigned int i = 0; i < TUPLES; i++) {
		struct conn_key key = {.remote_port = (__u16)(i * 2 + 1024), .local_port = 80};

		addr_from_v4(key.remote, htonl(0x0a000000 + i / 1000));
		addr_from_v4(key.local, htonl(0x0a090001));
		cells[hash_with(0x123456789abcdef1ULL, &key) >> 56]++;
	}
	for (int i = 0; i < 256; i++)
		chi += (cells[i] - TUPLES / 256.0) * (cells[i] - TUPLES / 256.0) / (TUPLES / 256.0);
	/* 99.9999 % of random functions are below; regular input may be spread even better. */
	assert_true(chi < 380);
}

static void hash_sees_the_whole_tuple(void **state)
{
	struct conn_key key, other;
	__u64 plain;

	(void)state;
	rng_fill(&key, sizeof(key));
	plain = hash_with(0x123456789abcdef1ULL, &key);
	for (unsigned int bit = 0; bit < sizeof(key) * 8; bit++) {
		other = key;
		((__u8 *)&other)[bit / 8] ^= (__u8)(1 << bit % 8);
		if (hash_with(0x123456789abcdef1ULL, &other) == plain)
			fail_msg("bit %u of the tuple does not count", bit);
	}
}

/*
 * A client with an IPv6 prefix chooses its addresses and ports, not knowing the secret: no home of
 * the connection table may be met by more of them than has places, and not by nearly as many.
 */
static void hash_is_not_led_by_clients(void **state)
{
	enum { TUPLES = 8192, CELLS = 65536, MOST = 8 };
	static __u8 cells[CELLS];
	struct conn_key key = {.local_port = 443};
	__u64 secret, low, change;

	(void)state;
	for (int shift = 0; shift <= 48; shift += 8) {
		memset(cells, 0, sizeof(cells));
		rng_fill(&secret, sizeof(secret));
		rng_fill(key.remote, sizeof(key.remote));
		rng_fill(key.local, sizeof(key.local));
		memcpy(&low, key.remote + 8, sizeof(low));
		for (__u64 i = 0; i < TUPLES; i++) {
			change = low ^ i << shift;
			memcpy(key.remote + 8, &change, sizeof(change));
			key.remote_port = (__u16)(32768 + i);
			if (++cells[hash_with(secret, &key) >> 48] > MOST)
				fail_msg("more than %d of %d tuples in one cell", MOST, TUPLES);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(v4_in_its_mapped_form),
	    cmocka_unit_test(every_bit_decides_on_equality),
	    cmocka_unit_test(classes),
	    cmocka_unit_test(hash_of_tuples),
	    cmocka_unit_test(hash_is_not_led_by_clients),
	    cmocka_unit_test(hash_sees_the_whole_tuple),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
