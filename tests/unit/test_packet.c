// SPDX-License-Identifier: GPL-2.0
/*
 * The parser on the host: each frame lies at the very end of an allocation, so that ASan sees any
 * read beyond it.  What the fields of good frames must be is written down by hand; for anything
 * else there are properties that hold whatever the bytes are.
 */
#include "unit.h"

#include "packet.h"

/* 10.9.0.2:4660 > 10.9.0.1:80, SYN, MSS 1460; RFC 791 and 9293 by hand. */
static const __u8 syn4[] = {
    0x02, 0,    0,    0,    0,    1,    0x02, 0,  0, 0,    0,    2,  0x08, 0x00, 0x45,
    0xb8, 0,    44,   0,    0,    0x40, 0,    64, 6, 0x26, 0x00, 10, 9,    0,    2,
    10,   9,    0,    1,    0x12, 0x34, 0,    80, 1, 2,    3,    4,  5,    6,    7,
    8,    0x61, 0xc2, 0xfa, 0xf0, 0,    0,    0,  0, 2,    4,    5,  0xb4,
};

/* fd00::2:4660 > fd00::1:80, the same segment. */
static const __u8 syn6[] = {
    0x02, 0,    0, 0,    0,    1,    0x02, 0, 0, 0, 0, 2, 0x86, 0xdd, 0x6b, 0x80, 0, 0,    0, 24, 6,
    64,   0xfd, 0, 0,    0,    0,    0,    0, 0, 0, 0, 0, 0,    0,    0,    0,    2, 0xfd, 0, 0,  0,
    0,    0,    0, 0,    0,    0,    0,    0, 0, 0, 0, 1, 0x12, 0x34, 0,    80,   1, 2,    3, 4,  5,
    6,    7,    8, 0x61, 0xc2, 0xfa, 0xf0, 0, 0, 0, 0, 2, 4,    5,    0xb4,
};

static enum reason parse(const __u8 *bytes, unsigned int len, struct packet *pkt)
{
	__u8 *frame = malloc(len ? len : 1);
	const struct frame f = {frame, frame + len};
	enum reason r;

	assert_non_null(frame);
	memcpy(frame, bytes, len);
	memset(pkt, 0, sizeof(*pkt));
	r = packet_parse(&f, len, pkt);
	free(frame);
	return r;
}

static void fields_of_the_segment(const struct packet *pkt, unsigned int len)
{
	assert_int_equal(pkt->key.remote_port, 0x1234);
	assert_int_equal(pkt->key.local_port, 80);
	assert_int_equal(pkt->seq, 0x01020304);
	assert_int_equal(pkt->ack, 0x05060708);
	assert_int_equal(pkt->frame_len, len);
	assert_int_equal(pkt->l3_off, 14);
	assert_int_equal(pkt->l4_len, 24);
	assert_int_equal(pkt->opt_len, 4);
	assert_int_equal(pkt->flags, TCP_SYN | TCP_ECE | TCP_CWR);
	assert_int_equal(pkt->reserved, 1);
	assert_int_equal(pkt->tos, 0xb8);
	assert_true(pkt->has_ports);
	assert_false(pkt->bad_ip_csum);
}

static void fields_of_good_frames(void **state)
{
	static const __u8 client4[16] = {[10] = 255, 255, 10, 9, 0, 2};
	static const __u8 server4[16] = {[10] = 255, 255, 10, 9, 0, 1};
	struct packet pkt;

	(void)state;
	assert_int_equal(parse(syn4, sizeof(syn4), &pkt), PACKET_OK);
	fields_of_the_segment(&pkt, sizeof(syn4));
	assert_false(pkt.is_v6);
	assert_int_equal(pkt.l4_off, 34);
	assert_memory_equal(pkt.key.remote, client4, 16);
	assert_memory_equal(pkt.key.local, server4, 16);
	assert_int_equal(packet_sane(&pkt), PACKET_OK);
	assert_int_equal(parse(syn6, sizeof(syn6), &pkt), PACKET_OK);
	fields_of_the_segment(&pkt, sizeof(syn6));
	assert_true(pkt.is_v6);
	assert_int_equal(pkt.l4_off, 54);
	assert_memory_equal(pkt.key.remote, syn6 + 22, 16);
	assert_memory_equal(pkt.key.local, syn6 + 38, 16);
	assert_int_equal(packet_sane(&pkt), PACKET_OK);
}

/* From no byte at all. */
static void cut_at_every_byte(void **state)
{
	struct packet pkt;

	(void)state;
	for (unsigned int n = 0; n < sizeof(syn4); n++)
		assert_int_equal(parse(syn4, n, &pkt), n < 14   ? REASON_eth_truncated
						       : n < 34 ? REASON_ip_truncated
								: REASON_ip_bad_length);
	for (unsigned int n = 0; n < sizeof(syn6); n++)
		assert_int_equal(parse(syn6, n, &pkt), n < 14   ? REASON_eth_truncated
						       : n < 54 ? REASON_ip_truncated
								: REASON_ip_bad_length);
}

/* What holds for whatever bytes: offsets within the frame, lengths within what is announced. */
static void parsed_is_sound(enum reason r, const struct packet *pkt, unsigned int len)
{
	assert_true(r == PACKET_OK || r < REASON_MAX);
	assert_int_equal(pkt->frame_len, len);
	if (r != PACKET_OK)
		return;
	assert_true(pkt->has_ports);
	assert_true(pkt->l3_off >= 14 && pkt->l3_off <= 22);
	assert_true(pkt->l4_off >= pkt->l3_off + 20);
	assert_true(pkt->l4_off + pkt->l4_len <= (int)len);
	assert_true(pkt->l4_len >= 20U + pkt->opt_len);
	assert_true(pkt->opt_len <= 40 && pkt->opt_len % 4 == 0);
	assert_true(pkt->reserved < 16);
}

static void random_bytes(void **state)
{
	static const __u8 ip4[] = {0x08, 0x00, 0x45}, ip6[] = {0x86, 0xdd, 0x60};
	__u8 bytes[160];
	struct packet pkt;

	(void)state;
	for (int i = 0; i < 300000; i++) {
		const unsigned int len = (unsigned int)(rng() % sizeof(bytes));

		rng_fill(bytes, len);
		if (len > 14 && i & 1)
			memcpy(bytes + 12, i & 2 ? ip4 : ip6, 3);
		parsed_is_sound(parse(bytes, len, &pkt), &pkt, len);
	}
}

static void mutated_frames(void **state)
{
	(void)state;
	for (int i = 0; i < 500000; i++) {
		const __u8 *from = i & 1 ? syn6 : syn4;
		const unsigned int whole = i & 1 ? sizeof(syn6) : sizeof(syn4);
		unsigned int len = whole;
		__u8 bytes[sizeof(syn6)];
		struct packet pkt;

		memcpy(bytes, from, whole);
		for (__u64 n = rng() % 4; n; n--)
			bytes[rng() % whole] = (__u8)rng();
		if (!(i & 6))
			len = (unsigned int)(rng() % (whole + 1));
		parsed_is_sound(parse(bytes, len, &pkt), &pkt, len);
	}
}

static void bad_checksum_is_told(void **state)
{
	__u8 bytes[sizeof(syn4)];
	struct packet pkt;

	(void)state;
	for (unsigned int bit = 0; bit < 16; bit++) {
		memcpy(bytes, syn4, sizeof(syn4));
		bytes[24 + bit / 8] ^= (__u8)(1 << bit % 8);
		assert_int_equal(parse(bytes, sizeof(bytes), &pkt), PACKET_OK);
		assert_true(pkt.bad_ip_csum);
		assert_int_equal(packet_sane(&pkt), REASON_ip_bad_checksum);
	}
}

/* Merged by GRO beyond 64 KiB, the length fields are 0 (BIG TCP). */
static void big_tcp(void **state)
{
	const unsigned int len = 100000;
	__u8 *bytes = calloc(1, len);
	struct packet pkt;

	(void)state;
	memcpy(bytes, syn6, sizeof(syn6));
	bytes[18] = bytes[19] = 0;
	assert_int_equal(parse(bytes, len, &pkt), PACKET_OK);
	assert_int_equal(parse(bytes, 60000, &pkt), REASON_tcp_truncated);
	free(bytes);
}

/* All 256 combinations, by the rules in words. */
static void flags(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 256; i++) {
		struct packet pkt = {.flags = (__u8)i};
		const int fin = i & 1, syn = i >> 1 & 1, rst = i >> 2 & 1, ack = i >> 4 & 1;
		/*
		 * One purpose a segment: open, close or reset; and all but those opening or
		 * resetting ACK.
		 */
		const int fair = syn + fin + rst <= 1 && (syn || rst || ack);

		addr_from_v4(pkt.key.remote, 0x0200090a);
		addr_from_v4(pkt.key.local, 0x0100090a);
		assert_int_equal(packet_sane(&pkt), fair ? PACKET_OK : REASON_tcp_bad_flags);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fields_of_good_frames),
	    cmocka_unit_test(cut_at_every_byte),
	    cmocka_unit_test(random_bytes),
	    cmocka_unit_test(mutated_frames),
	    cmocka_unit_test(bad_checksum_is_told),
	    cmocka_unit_test(big_tcp),
	    cmocka_unit_test(flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
