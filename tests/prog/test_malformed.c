// SPDX-License-Identifier: GPL-2.0
/*
 * What no honest stack sends: lengths that lie, frames cut anywhere, impossible flags, forged
 * addresses.  Each has its verdict and its reason, and none is ever answered.
 */
#include <linux/bpf.h>

#include "bed.h"

/* One byte of the IP or TCP header of a good SYN changed to a lie. */
struct lie {
	const char *row;
	int v6;
	int in_tcp; /* offset counts from the TCP header, not from the IP header */
	unsigned int offset;
	__u8 value;
	int verdict;
	enum reason reason;
};

#define V4  0, 0
#define V6  1, 0
#define TCP 0, 1

/* The good SYN has 40 bytes of TCP, so 60 of IPv4. */
static const struct lie lies[] = {
    {"version 5", V4, 0, 0x55, XDP_DROP, REASON_ip_bad_header},
    {"version 6 in an IPv4 frame", V4, 0, 0x65, XDP_DROP, REASON_ip_bad_header},
    {"version 4 in an IPv6 frame", V6, 0, 0x40, XDP_DROP, REASON_ip_bad_header},
    {"ihl 0", V4, 0, 0x40, XDP_DROP, REASON_ip_bad_header},
    {"ihl 4", V4, 0, 0x44, XDP_DROP, REASON_ip_bad_header},
    {"ihl 15, leaves no TCP header", V4, 0, 0x4f, XDP_DROP, REASON_tcp_truncated},
    {"total length 0", V4, 3, 0, XDP_DROP, REASON_ip_bad_length},
    {"total length below ihl", V4, 3, 19, XDP_DROP, REASON_ip_bad_length},
    {"total length of the IP header", V4, 3, 20, XDP_DROP, REASON_tcp_truncated},
    {"total length ends in the ports", V4, 3, 23, XDP_DROP, REASON_tcp_truncated},
    {"total length ends in the TCP header", V4, 3, 39, XDP_DROP, REASON_tcp_truncated},
    {"total length ends in the options", V4, 3, 59, XDP_DROP, REASON_tcp_bad_doff},
    {"total length one too many", V4, 3, 61, XDP_DROP, REASON_ip_bad_length},
    {"total length far too many", V4, 2, 255, XDP_DROP, REASON_ip_bad_length},
    {"payload length 0", V6, 5, 0, XDP_DROP, REASON_tcp_truncated},
    {"payload length ends in the TCP header", V6, 5, 19, XDP_DROP, REASON_tcp_truncated},
    {"payload length ends in the options", V6, 5, 39, XDP_DROP, REASON_tcp_bad_doff},
    {"payload length one too many", V6, 5, 41, XDP_DROP, REASON_ip_bad_length},
    {"payload length far too many", V6, 4, 255, XDP_DROP, REASON_ip_bad_length},
    {"UDP", V4, 9, 17, XDP_PASS, REASON_not_tcp},
    {"ICMPv6", V6, 6, 58, XDP_PASS, REASON_not_tcp},
    {"no next header", V6, 6, 59, XDP_PASS, REASON_not_tcp},
    {"doff 0", TCP, 12, 0x00, XDP_DROP, REASON_tcp_bad_doff},
    {"doff 1", TCP, 12, 0x10, XDP_DROP, REASON_tcp_bad_doff},
    {"doff 4", TCP, 12, 0x40, XDP_DROP, REASON_tcp_bad_doff},
    {"doff 11 of 10", TCP, 12, 0xb0, XDP_DROP, REASON_tcp_bad_doff},
    {"doff 15 of 10", TCP, 12, 0xf0, XDP_DROP, REASON_tcp_bad_doff},
};

static void lie_tell(struct bed *b, const struct lie *lie, int v6)
{
	struct pkt p = bed_syn(v6, PORT_PLAIN);
	__u8 frame[PKT_ROOM];
	struct pkt_at at;
	const unsigned int len = pkt_build(&p, frame, &at);

	frame[(lie->in_tcp ? at.l4 : at.l3) + lie->offset] = lie->value;
	if (!v6 && (frame[at.l3] & 15) >= 5)
		pkt_fix_ip(frame, &at);
	bed_expect(b, frame, len, lie->verdict, lie->reason, lie->row, NULL);
}

static void headers_that_lie(void **state)
{
	for (size_t i = 0; i < COUNT_OF(lies); i++) {
		lie_tell(*state, &lies[i], lies[i].v6);
		if (lies[i].in_tcp)
			lie_tell(*state, &lies[i], 1);
	}
}

/* What is left of a frame of which only the first n bytes arrive: never an answer. */
static enum reason cut_reason(int v6, unsigned int tags, unsigned int n)
{
	const unsigned int l3 = 14 + tags, l4 = l3 + (v6 ? 40 : 20);

	if (n < l3)
		return REASON_eth_truncated;
	return n < l4 ? REASON_ip_truncated : REASON_ip_bad_length;
}

static void frame_cut_at_every_byte(void **state)
{
	for (int i = 0; i < 6; i++) {
		struct pkt p = bed_syn(i & 1, PORT_PLAIN);
		__u8 frame[PKT_ROOM];
		unsigned int whole;
		char row[48];

		for (p.n_tags = 0; p.n_tags < (unsigned int)i / 2; p.n_tags++)
			p.tag[p.n_tags] = (struct pkt_tag){0x8100, 5};
		whole = pkt_build(&p, frame, NULL);
		for (unsigned int n = 14; n < whole; n++) {
			snprintf(row, sizeof(row), "%u of %u bytes", n, whole);
			bed_expect(*state, frame, n, XDP_DROP, cut_reason(p.v6, 4 * p.n_tags, n),
				   row, NULL);
		}
		bed_expect(*state, frame, whole, XDP_TX, REASON_syn_cookie_sent, "whole", NULL);
	}
}

/* The same with length fields that know of the cut: it is then the TCP header that is short. */
static void packet_cut_at_every_byte(void **state)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct pkt p = bed_syn(v6, PORT_PLAIN);
		__u8 frame[PKT_ROOM];
		struct pkt_at at;

		for (unsigned int n = 0; n < 40; n++) {
			pkt_build(&p, frame, &at);
			put16(frame + at.l3 + (v6 ? 4 : 2), (__u16)(n + (v6 ? 0 : 20)));
			if (!v6)
				pkt_fix_ip(frame, &at);
			bed_expect(*state, frame, at.l4 + n, XDP_DROP,
				   n < 20 ? REASON_tcp_truncated : REASON_tcp_bad_doff, "TCP cut",
				   NULL);
		}
	}
}

static void extension_headers_that_lie(void **state)
{
	struct pkt p = bed_syn(1, PORT_PLAIN);
	__u8 frame[PKT_ROOM];
	struct pkt_at at;
	unsigned int len;

	p.n_ext = 1;
	p.ext[0] = (struct pkt_ext){60, 1, {0}};
	len = pkt_build(&p, frame, &at);
	frame[at.l3 + 41] = 200;
	bed_expect(*state, frame, len, XDP_DROP, REASON_ip_bad_length, "longer than all", NULL);
	frame[at.l3 + 41] = 5;
	bed_expect(*state, frame, len, XDP_DROP, REASON_tcp_truncated, "up to the very end", NULL);
	frame[at.l3 + 41] = 0;
	put16(frame + at.l3 + 4, 4);
	bed_expect(*state, frame, at.l3 + 44, XDP_DROP, REASON_ip_truncated, "cut in it", NULL);
}

static void ip_checksum(void **state)
{
	struct bed *b = *state;

	for (__u8 words = 0; words <= 10; words++)
		for (unsigned int i = 0; i < 2; i++) {
			struct pkt p = bed_syn(0, PORT_PLAIN);
			__u8 frame[PKT_ROOM];
			struct pkt_at at;
			unsigned int len;

			p.ip_words = words;
			len = pkt_build(&p, frame, &at);
			frame[at.l3 + 10 + i] ^= 0x10;
			bed_expect(b, frame, len, XDP_DROP, REASON_ip_bad_checksum,
				   "bad IP checksum", NULL);
		}
}

/* A frame from a local stack has no complete TCP checksum yet: it must not be held against it. */
static void tcp_checksum_is_the_kernels(void **state)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct pkt p = bed_syn(v6, PORT_PLAIN);
		__u8 frame[PKT_ROOM];
		struct pkt_at at;
		const unsigned int len = pkt_build(&p, frame, &at);

		put16(frame + at.l4 + 16, 0);
		bed_expect(*state, frame, len, XDP_TX, REASON_syn_cookie_sent, "no checksum", NULL);
	}
}

static void not_ip(void **state)
{
	static const __u16 types[] = {0x0806, 0x88cc, 0x8863, 0x8864,
				      0x8847, 0x0000, 0x05dc, 0xffff};
	__u8 frame[PKT_ROOM] = {0};

	memcpy(frame, pkt_server_mac, 6);
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		put16(frame + 12, types[i]);
		bed_expect(*state, frame, 60, XDP_PASS, REASON_not_ip, "EtherType", NULL);
		bed_expect(*state, frame, 14, XDP_PASS, REASON_not_ip, "EtherType alone", NULL);
	}
}

struct source {
	const char *row;
	int v6;
	__u8 addr[16];
	enum reason reason;
};

static const struct source sources[] = {
    {"0.0.0.0", 0, {0}, REASON_src_not_unicast},
    {"0.1.2.3", 0, {0, 1, 2, 3}, REASON_src_not_unicast},
    {"127.0.0.1", 0, {127, 0, 0, 1}, REASON_src_loopback},
    {"127.255.255.255", 0, {127, 255, 255, 255}, REASON_src_loopback},
    {"224.0.0.1", 0, {224, 0, 0, 1}, REASON_src_not_unicast},
    {"239.255.255.255", 0, {239, 255, 255, 255}, REASON_src_not_unicast},
    {"240.0.0.1", 0, {240, 0, 0, 1}, REASON_src_not_unicast},
    {"255.255.255.255", 0, {255, 255, 255, 255}, REASON_src_not_unicast},
    {"land", 0, {10, 9, 0, 1}, REASON_src_land},
    {"::", 1, {0}, REASON_src_not_unicast},
    {"::1", 1, {[15] = 1}, REASON_src_loopback},
    {"::10.0.0.1", 1, {[12] = 10, [15] = 1}, REASON_src_not_unicast},
    {"::ffff:10.0.0.1", 1, {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1}, REASON_src_not_unicast},
    {"ff02::1", 1, {0xff, 2, [15] = 1}, REASON_src_not_unicast},
    {"land", 1, {0xfd, 0, 0, 9, [15] = 1}, REASON_src_land},
};

static void forged_sources(void **state)
{
	static const __u8 flags[] = {PKT_SYN, PKT_ACK, PKT_RST, PKT_ACK | PKT_FIN,
				     PKT_SYN | PKT_ACK};

	for (size_t i = 0; i < COUNT_OF(sources) * COUNT_OF(flags); i++) {
		const struct source *s = &sources[i / COUNT_OF(flags)];
		struct pkt p = bed_syn(s->v6, PORT_PLAIN);

		p.flags = flags[i % COUNT_OF(flags)];
		memcpy(p.src, s->addr, 16);
		bed_expect_pkt(*state, &p, XDP_DROP, s->reason, s->row, NULL);
	}
}

static void sources_that_only_look_forged(void **state)
{
	static const __u8 v4[][4] = {{1, 0, 0, 0},         {126, 255, 255, 255}, {128, 0, 0, 1},
				     {223, 255, 255, 255}, {10, 9, 0, 0},        {10, 9, 0, 255}};
	static const __u8 v6[][16] = {{0x20, 1, 0xd, 0xb8, [15] = 1},
				      {0xfe, 0x80, [15] = 9},
				      {[7] = 1, [15] = 1},
				      {0, 0x64, 0xff, 0x9b, [12] = 10, [15] = 1}};

	for (size_t i = 0; i < COUNT_OF(v4); i++) {
		struct pkt p = bed_syn(0, PORT_PLAIN);

		memcpy(p.src, v4[i], 4);
		bed_expect_pkt(*state, &p, XDP_TX, REASON_syn_cookie_sent, "fair IPv4", NULL);
	}
	for (size_t i = 0; i < COUNT_OF(v6); i++) {
		struct pkt p = bed_syn(1, PORT_PLAIN);

		memcpy(p.src, v6[i], 16);
		bed_expect_pkt(*state, &p, XDP_TX, REASON_syn_cookie_sent, "fair IPv6", NULL);
	}
}

/* To a group or to everybody, by MAC address or by IP address: never answered. */
static void destinations_that_are_no_host(void **state)
{
	static const __u8 macs[][6] = {
	    {255, 255, 255, 255, 255, 255}, {1, 0, 0x5e, 0, 0, 1}, {0x33, 0x33, 0, 0, 0, 1}};

	for (int i = 0; i < 6; i++) {
		struct pkt p = bed_syn(i & 1, PORT_PLAIN);

		memcpy(p.dst_mac, macs[i / 2], 6);
		bed_expect_pkt(*state, &p, XDP_DROP, REASON_dst_not_unicast, "group MAC", NULL);
	}
	for (int v6 = 0; v6 < 2; v6++) {
		struct pkt p = bed_syn(v6, PORT_PLAIN);
		struct outcome o;

		p.dst[0] = v6 ? 0xff : 224;
		shield_run_pkt(&((struct bed *)*state)->s, &p, &o);
		assert_int_not_equal(o.verdict, XDP_TX);
		memcpy(p.dst_mac, "\x02\0\0\0\0\x99", 6);
		memcpy(p.dst, pkt_new(v6, 1, 1, 0).dst, 16);
		bed_expect_pkt(*state, &p, XDP_PASS, REASON_other_host, "another's MAC", NULL);
	}
}

/* RFC 9293 3.5 and 3.10.7: what a segment without a connection may look like. */
static enum reason flags_oracle(unsigned int flags)
{
	const int fin = flags & PKT_FIN, syn = flags & PKT_SYN, rst = flags & PKT_RST,
		  ack = flags & PKT_ACK;

	if (syn && (fin || rst))
		return REASON_tcp_bad_flags;
	if (rst && fin)
		return REASON_tcp_bad_flags;
	if (!syn && !rst && !ack)
		return REASON_tcp_bad_flags;
	if (syn)
		return ack ? REASON_synack_unknown : REASON_syn_cookie_sent;
	if (rst)
		return REASON_rst_unknown;
	return fin ? REASON_fin_unknown : REASON_ack_cookie_invalid;
}

static void every_combination_of_flags(void **state)
{
	for (unsigned int i = 0; i < 512; i++) {
		struct pkt p = bed_syn(i & 1, PORT_PLAIN);
		const enum reason want = flags_oracle(i >> 1);
		int verdict = XDP_DROP;
		char row[32];

		if (want == REASON_syn_cookie_sent)
			verdict = XDP_TX;
		else if (want == REASON_synack_passed)
			verdict = XDP_PASS;
		p.flags = (__u8)(i >> 1);
		p.ack = 77;
		snprintf(row, sizeof(row), "flags %02x IPv%d", p.flags, p.v6 ? 6 : 4);
		bed_expect_pkt(*state, &p, verdict, want, row, NULL);
	}
}

static void reserved_bits_change_nothing(void **state)
{
	for (unsigned int i = 0; i < 32; i++) {
		struct pkt p = bed_syn(i & 1, PORT_PLAIN);

		p.reserved = (__u8)(i >> 1);
		bed_expect_pkt(*state, &p, XDP_TX, REASON_syn_cookie_sent, "reserved bits", NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(headers_that_lie, bed_reset),
	    cmocka_unit_test_setup(frame_cut_at_every_byte, bed_reset),
	    cmocka_unit_test_setup(packet_cut_at_every_byte, bed_reset),
	    cmocka_unit_test_setup(extension_headers_that_lie, bed_reset),
	    cmocka_unit_test_setup(ip_checksum, bed_reset),
	    cmocka_unit_test_setup(tcp_checksum_is_the_kernels, bed_reset),
	    cmocka_unit_test_setup(not_ip, bed_reset),
	    cmocka_unit_test_setup(forged_sources, bed_reset),
	    cmocka_unit_test_setup(sources_that_only_look_forged, bed_reset),
	    cmocka_unit_test_setup(destinations_that_are_no_host, bed_reset),
	    cmocka_unit_test_setup(every_combination_of_flags, bed_reset),
	    cmocka_unit_test_setup(reserved_bits_change_nothing, bed_reset),
	};

	return cmocka_run_group_tests(tests, bed_make, bed_end);
}
