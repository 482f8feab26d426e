// SPDX-License-Identifier: GPL-2.0
/* The SYN-ACK's bytes for every option set, taken apart again by hand; and what is agreed to. */
#include <arpa/inet.h>

#include "unit.h"

#include "reply.h"

static const struct listener listener = {
    .mss = 1460,
    .window_ts = 65160,
    .window_nots = 64240,
    .rcv_wscale = 7,
    .ttl = 64,
    .tos = 0x10,
    .allow_ts = 1,
    .allow_sack = 1,
    .allow_wscale = 1,
    .allow_ecn = 1,
};

static struct packet packet_of(int v6)
{
	struct packet pkt = {.seq = 0xffffffff, .is_v6 = (__u8)v6, .flags = TCP_SYN};

	pkt.key.remote_port = 0x1234;
	pkt.key.local_port = 443;
	rng_fill(pkt.key.remote, 16);
	rng_fill(pkt.key.local, 16);
	if (!v6) {
		addr_from_v4(pkt.key.remote, htonl(0x0a090002));
		addr_from_v4(pkt.key.local, htonl(0x0a090001));
	}
	return pkt;
}

static __u32 sum16(__u32 sum, const void *data, unsigned int len)
{
	const __u8 *p = data;

	for (unsigned int i = 0; i < len; i += 2)
		sum += (__u32)(p[i] << 8 | p[i + 1]);
	return sum;
}

static __u32 sum_fold(__u32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* What the options must be, in the kernel's order, for MSS 128, TS 64, SACK 16, and a scale. */
static unsigned int options_expected(unsigned int set, __u8 *out)
{
	static const __u8 ts[] = {8, 10, 0xca, 0xfe, 0, 1, 0xca, 0xfe, 0, 2};
	static const __u8 mss[] = {2, 4, 5, 0xb4}, sack[] = {1, 1, 4, 2}, ws[] = {1, 3, 3, 7};
	unsigned int n = set & 128 ? 4 : 0;

	memcpy(out, mss, n);
	if (set & 64) {
		memcpy(out + n, set & 16 ? sack + 2 : sack, 2);
		memcpy(out + n + 2, ts, 10);
		n += 12;
	} else if (set & 16) {
		memcpy(out + n, sack, 4);
		n += 4;
	}
	if ((set & 15) != WSCALE_NONE) {
		memcpy(out + n, ws, 4);
		n += 4;
	}
	return n;
}

static void segment_is_right(int v6, unsigned int set)
{
	const struct packet pkt = packet_of(v6);
	const struct tcp_offer offer = {.mss = 1400,
					.has_mss = set >> 7 & 1,
					.wscale = set & 15,
					.sack = set >> 4 & 1,
					.ecn = set >> 5 & 1,
					.tstamp = set >> 6 & 1};
	const struct cookie c = {.isn = 0x89abcdef, .tsval = 0xcafe0001};
	__u8 options[40], bytes[40];
	unsigned int n = options_expected(set, options);
	struct reply r;
	__u32 sum = 6 + 20 + n;

	memset(&r, 0xff, sizeof(r));
	reply_make(&pkt, 0xcafe0002, &offer, &listener, &r);
	reply_finish(&r, &offer, &c);
	assert_int_equal(r.tcp_len, 20 + n);
	memcpy(bytes, r.tcp, 40);
	assert_memory_equal(bytes, "\x01\xbb\x12\x34\x89\xab\xcd\xef\0\0\0\0", 12);
	assert_int_equal(bytes[12], (20 + n) / 4 << 4);
	assert_int_equal(bytes[13], 0x12 | (set & 32 ? 0x40 : 0));
	assert_int_equal(bytes[14] << 8 | bytes[15], set & 64 ? 65160 : 64240);
	assert_int_equal(bytes[18] | bytes[19], 0);
	assert_memory_equal(bytes + 20, options, n);
	sum = sum16(sum, v6 ? pkt.key.local : pkt.key.local + 12, v6 ? 16 : 4);
	sum = sum16(sum, v6 ? pkt.key.remote : pkt.key.remote + 12, v6 ? 16 : 4);
	assert_int_equal(sum_fold(sum16(sum, bytes, 20 + n)), 0xffff);
}

static void segment_of_every_option_set(void **state)
{
	(void)state;
	for (int v6 = 0; v6 < 2; v6++)
		for (unsigned int set = 0; set < 256; set++)
			segment_is_right(v6, set);
}

static void ipv4_header(void **state)
{
	const struct packet pkt = packet_of(0);
	__u32 words[5];
	__u8 bytes[20];

	(void)state;
	for (__u32 len = 20; len <= 40; len += 4) {
		reply_ipv4(&pkt, &listener, len, words);
		memcpy(bytes, words, 20);
		assert_memory_equal(bytes, "\x45\x10\0", 3);
		assert_int_equal(bytes[3], 20 + len);
		assert_memory_equal(bytes + 4, "\0\0\x40\0\x40\6", 6);
		assert_memory_equal(bytes + 12, "\x0a\x09\0\1\x0a\x09\0\2", 8);
		assert_int_equal(sum_fold(sum16(0, bytes, 20)), 0xffff);
	}
}

static void ipv6_header(void **state)
{
	const struct packet pkt = packet_of(1);
	__u32 words[10];
	__u8 bytes[40];

	(void)state;
	reply_ipv6(&pkt, &listener, 40, words);
	memcpy(bytes, words, 40);
	assert_memory_equal(bytes, "\x61\0\0\0\0\x28\6\x40", 8);
	assert_memory_equal(bytes + 8, pkt.key.local, 16);
	assert_memory_equal(bytes + 24, pkt.key.remote, 16);
}

/*
 * Timestamps, SACK and window scaling: offered and allowed.  MSS: the family's default if absent.
 */
static void agreed_is_what_is_offered_and_allowed(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 128; i++) {
		struct packet pkt = packet_of(i >> 6 & 1);
		const struct tcpopts o = {
		    .has_ts = i & 1, .sack_perm = i >> 1 & 1, .wscale = i & 4 ? 5 : WSCALE_NONE};
		struct listener lst = {
		    .allow_ts = i >> 3 & 1, .allow_sack = i >> 4 & 1, .allow_wscale = i >> 5 & 1};
		const struct tcp_offer offer = offer_accept(&pkt, &o, &lst);

		assert_int_equal(offer.tstamp, (i & 1) && (i & 8));
		assert_int_equal(offer.sack, (i & 2) && (i & 16));
		assert_int_equal(offer.wscale, (i & 4) && (i & 32) ? 5 : WSCALE_NONE);
		assert_int_equal(offer.mss, pkt.is_v6 ? 1220 : 536);
		assert_int_equal(offer.ecn, 0);
	}
}

static void ecn_needs_both_flags_and_a_plain_ip_header(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 32; i++) {
		struct packet pkt = packet_of(0);
		const struct tcpopts o = {.mss = 1400, .wscale = WSCALE_NONE};
		struct listener lst = {.allow_ecn = i & 1};

		pkt.flags |= (__u8)((i & 2 ? TCP_ECE : 0) | (i & 4 ? TCP_CWR : 0));
		pkt.tos = i >> 3 & 3;
		assert_int_equal(offer_accept(&pkt, &o, &lst).ecn, (i & 7) == 7 && !(i >> 3));
	}
}

static void tos_is_the_listeners_or_reflected(void **state)
{
	struct packet pkt = packet_of(0);
	struct listener lst = {.tos = 0x12};

	(void)state;
	pkt.tos = 0xb9;
	assert_int_equal(reply_tos(&pkt, &lst), 0x12);
	lst.reflect_tos = 1;
	assert_int_equal(reply_tos(&pkt, &lst), 0xb8 | 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(segment_of_every_option_set),
	    cmocka_unit_test(ipv4_header),
	    cmocka_unit_test(ipv6_header),
	    cmocka_unit_test(agreed_is_what_is_offered_and_allowed),
	    cmocka_unit_test(ecn_needs_both_flags_and_a_plain_ip_header),
	    cmocka_unit_test(tos_is_the_listeners_or_reflected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
