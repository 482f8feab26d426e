// SPDX-License-Identifier: GPL-2.0
/*
 * The Internet checksum: RFC 1071's example, headers with known checksums, and a plain reference.
 */
#include <arpa/inet.h>

#include "unit.h"

#include "addr.h"
#include "csum.h"

/* RFC 1071 4.1, in the plainest form: big-endian 16-bit words. */
static __u16 reference(const __u8 *p, unsigned int len)
{
	__u32 sum = 0;

	for (unsigned int i = 0; i < len; i += 2)
		sum += (__u32)(p[i] << 8 | p[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)~sum;
}

/* RFC 1071 3: 00 01 f2 03 f4 f5 f6 f7 sums to ddf2. */
static void example_of_the_rfc(void **state)
{
	const __u8 bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
	__u32 words[2];

	(void)state;
	memcpy(words, bytes, sizeof(words));
	assert_int_equal(ntohs(csum_fold(csum_words(words, 2))), (__u16)~0xddf2);
}

static void known_ipv4_header(void **state)
{
	const __u8 header[] = {0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
			       0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};
	__u32 words[5];

	(void)state;
	memcpy(words, header, sizeof(words));
	assert_int_equal(csum_fold(csum_words(words, 5)), 0);
	words[2] &= htonl(0xffff0000);
	assert_int_equal(ntohs(csum_fold(csum_words(words, 5))), 0xb861);
}

static void carries_of_every_size(void **state)
{
	(void)state;
	assert_int_equal(csum_fold(0), 0xffff);
	assert_int_equal(csum_fold(0xffff), 0);
	assert_int_equal(csum_fold(0xffffffff), 0);
	assert_int_equal(csum_fold(0x10000), (__u16)~1);
	assert_int_equal(csum_fold(0x100000000ULL), (__u16)~1);
	assert_int_equal(csum_fold(0x1ffffffffULL), (__u16)~1);
	assert_int_equal(csum_fold(0xffffffffULL * 40), 0);
	assert_int_equal(csum_fold(0xffffffffULL * 65536), 0);
}

static void random_words_as_the_reference(void **state)
{
	__u32 words[10];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		rng_fill(words, sizeof(words));
		assert_int_equal(ntohs(csum_fold(csum_words(words, 10))),
				 reference((const __u8 *)words, sizeof(words)));
	}
}

/* Sums of up to 65536 words, half of them of whole headers. */
static void right_as_the_fold_says(void **state)
{
	const __u64 most = 0xffffffffULL * 65536;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		__u64 sum = rng() % (most >> rng() % 48) + 1;

		if (i & 1)
			sum = (sum / 0xffff + 1) * 0xffff;
		if (sum > most)
			sum = most;
		if (csum_right(sum) != !csum_fold(sum))
			fail_msg("sum %llx", sum);
	}
	assert_true(csum_right(most));
}

/* v4-mapped addresses sum to the pseudo-header of IPv4. */
static void pseudo_header_of_both_families(void **state)
{
	(void)state;
	for (int i = 0; i < 20000; i++) {
		__u8 src[16], dst[16], v4[12], v6[40] = {0};
		const __u16 len = (__u16)rng();

		rng_fill(src, 16);
		rng_fill(dst, 16);
		memcpy(v6, src, 16);
		memcpy(v6 + 16, dst, 16);
		v6[34] = (__u8)(len >> 8);
		v6[35] = (__u8)len;
		v6[39] = 6;
		assert_int_equal(ntohs(csum_fold(csum_pseudo(src, dst, 1, len))),
				 reference(v6, 40));
		memcpy(v4, src, 4);
		memcpy(v4 + 4, dst, 4);
		v4[8] = 0;
		v4[9] = 6;
		v4[10] = (__u8)(len >> 8);
		v4[11] = (__u8)len;
		addr_from_v4(src, load32(v4));
		addr_from_v4(dst, load32(v4 + 4));
		assert_int_equal(ntohs(csum_fold(csum_pseudo(src, dst, 0, len))),
				 reference(v4, 12));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(example_of_the_rfc),
	    cmocka_unit_test(known_ipv4_header),
	    cmocka_unit_test(carries_of_every_size),
	    cmocka_unit_test(random_words_as_the_reference),
	    cmocka_unit_test(right_as_the_fold_says),
	    cmocka_unit_test(pseudo_header_of_both_families),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
