// SPDX-License-Identifier: GPL-2.0
/*
 * A SYN wrapped in what may stand around its TCP header: VLAN tags, IPv4 options, IPv6 extension
 * headers, fragments, padding, data.  The wrapping must not change the answer: it is held against
 * the answer to the bare SYN of the same tuple, whose cookie within one tick is the same.
 */
#include <linux/bpf.h>

#include "bed.h"

enum ext_type { HOPOPT = 0, ROUTING = 43, FRAGMENT = 44, ESP = 50, AUTH = 51, DSTOPT = 60 };

/* Of an untagged answer with Linux's options: ISN, TSval, and the checksum over them. */
static void cookie_blank(__u8 *frame, int v6)
{
	__u8 *tcp = frame + (v6 ? 54 : 34);

	memset(tcp + 4, 0, 4);
	memset(tcp + 16, 0, 2);
	memset(tcp + 28, 0, 4);
}

/*
 * Answer both and compare, with the tags taken out of the wrapped one's answer, and then but for
 * the cookie, which is bound to the VLAN. Over the change of a tick the cookies differ: once more,
 * then.
 */
static void same_answer(struct bed *b, const struct pkt *bare, const struct pkt *wrapped,
			const char *row)
{
	const unsigned int tags = 4 * wrapped->n_tags;
	struct outcome want, got;
	__u32 tick;
	__u8 in[PKT_ROOM];

	do {
		tick = shield_tick(&b->s);
		bed_expect_pkt(b, bare, XDP_TX, REASON_syn_cookie_sent, row, &want);
		bed_expect_pkt(b, wrapped, XDP_TX, REASON_syn_cookie_sent, row, &got);
	} while (tick != shield_tick(&b->s));
	pkt_build(wrapped, in, NULL);
	bed_equal(got.frame + 12, tags, in + 12, tags, row);
	memmove(got.frame + 12, got.frame + 12 + tags, got.len - 12 - tags);
	if (tags) {
		cookie_blank(got.frame, wrapped->v6);
		cookie_blank(want.frame, wrapped->v6);
	}
	bed_equal(got.frame, got.len - tags, want.frame, want.len, row);
}

static void retransmission_gets_the_same_cookie(void **state)
{
	for (int v6 = 0; v6 < 2; v6++) {
		const struct pkt syn = bed_syn(v6, PORT_PLAIN);

		same_answer(*state, &syn, &syn, "SYN twice");
	}
}

static void tags_come_back(void **state)
{
	static const struct {
		const char *row;
		unsigned int n;
		struct pkt_tag tag[2];
	} rows[] = {
	    {"802.1Q", 1, {{0x8100, 42}}},
	    {"802.1Q with priority and DEI", 1, {{0x8100, 0xf02a}}},
	    {"priority tag, VLAN 0", 1, {{0x8100, 0xa000}}},
	    {"802.1ad", 1, {{0x88a8, 7}}},
	    {"QinQ", 2, {{0x88a8, 7}, {0x8100, 42}}},
	    {"QinQ of 802.1Q twice", 2, {{0x8100, 4095}, {0x8100, 1}}},
	    {"QinQ with 0x9100", 2, {{0x9100, 3}, {0x8100, 4}}},
	};

	for (size_t i = 0; i < 2 * COUNT_OF(rows); i++) {
		struct pkt bare = bed_syn(i & 1, PORT_PLAIN), tagged = bare;

		tagged.n_tags = rows[i / 2].n;
		memcpy(tagged.tag, rows[i / 2].tag, sizeof(rows[0].tag));
		same_answer(*state, &bare, &tagged, rows[i / 2].row);
	}
}

static void three_tags_pass(void **state)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct pkt p = bed_syn(v6, PORT_PLAIN);

		for (p.n_tags = 0; p.n_tags < 3; p.n_tags++)
			p.tag[p.n_tags] = (struct pkt_tag){0x8100, (__u16)(p.n_tags + 1)};
		bed_expect_pkt(*state, &p, XDP_PASS, REASON_not_ip, "three tags", NULL);
	}
}

/* The answer has no IP options (RFC 6274 4: nobody needs the echo). */
static void ipv4_options_are_stepped_over(void **state)
{
	for (__u8 words = 1; words <= 10; words++) {
		struct pkt bare = bed_syn(0, PORT_PLAIN), with = bare;
		char row[32];

		with.ip_words = words;
		snprintf(row, sizeof(row), "ihl %u", 5 + words);
		same_answer(*state, &bare, &with, row);
	}
}

static void one_to_six_extension_headers_are_walked(void **state)
{
	static const __u8 types[] = {HOPOPT, DSTOPT, ROUTING};

	for (unsigned int n = 1; n <= 6; n++)
		for (unsigned int kind = 0; kind < COUNT_OF(types); kind++)
			for (__u8 units = 1; units <= 4; units += 3) {
				struct pkt bare = bed_syn(1, PORT_PLAIN), with = bare;
				char row[64];

				for (with.n_ext = 0; with.n_ext < n; with.n_ext++)
					with.ext[with.n_ext] = (struct pkt_ext){
					    types[(kind + with.n_ext) % 3], units, {0}};
				snprintf(row, sizeof(row), "%u extension headers of %u, kind %u", n,
					 8U * units, kind);
				same_answer(*state, &bare, &with, row);
			}
}

static void longest_extension_header(void **state)
{
	struct pkt bare = bed_syn(1, PORT_PLAIN), with = bare;

	with.n_ext = 1;
	with.ext[0] = (struct pkt_ext){DSTOPT, 150, {0}};
	same_answer(*state, &bare, &with, "an extension header of 1200 bytes");
}

static void other_extension_headers_are_the_kernels(void **state)
{
	static const struct {
		const char *row;
		unsigned int n;
		struct pkt_ext last;
		enum reason reason;
	} rows[] = {
	    {"ESP behind six", 7, {ESP, 1, {0}}, REASON_ext_passed},
	    {"routing header with a segment left", 1, {ROUTING, 1, {0, 1}}, REASON_ext_passed},
	    {"the same behind another", 2, {ROUTING, 1, {0, 1}}, REASON_ext_passed},
	    {"AH first", 1, {AUTH, 1, {0}}, REASON_ext_passed},
	    {"AH behind a hop-by-hop header", 2, {AUTH, 1, {0}}, REASON_ext_passed},
	    {"ESP first", 1, {ESP, 1, {0}}, REASON_ext_passed},
	    {"ESP behind five", 6, {ESP, 1, {0}}, REASON_ext_passed},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct pkt p = bed_syn(1, PORT_PLAIN);

		for (; p.n_ext < rows[i].n; p.n_ext++)
			p.ext[p.n_ext] = (struct pkt_ext){HOPOPT, 1, {0}};
		p.ext[rows[i].n - 1] = rows[i].last;
		bed_expect_pkt(*state, &p, XDP_PASS, rows[i].reason, rows[i].row, NULL);
	}
}

/* The kernel answers such a SYN, so it must not pass. */
static void too_many_extension_headers(void **state)
{
	struct bed *b = *state;
	__u8 answer[PKT_ROOM];

	for (unsigned int n = 7; n <= 8; n++) {
		struct pkt p = bed_syn(1, PORT_PLAIN);

		for (; p.n_ext < n; p.n_ext++)
			p.ext[p.n_ext] = (struct pkt_ext){DSTOPT, 1, {1, 4}};
		assert_true(world_kernel(&b->w, &p, answer) > 0);
		bed_expect_pkt(b, &p, XDP_DROP, REASON_ext_too_many, "too many", NULL);
	}
}

struct fragment {
	const char *row;
	__u16 offset; /* bytes */
	__u8 more;
	__u8 flags;
	unsigned int l4_len; /* cut the packet to this many bytes of TCP; 0: whole */
	int verdict;
	enum reason reason;
};

static const struct fragment fragments[] = {
    {"first of a SYN", 0, 1, PKT_SYN, 0, XDP_DROP, REASON_frag_syn},
    {"first of a SYN, up to the flags", 0, 1, PKT_SYN, 14, XDP_DROP, REASON_frag_syn},
    {"first of a SYN-ACK", 0, 1, PKT_SYN | PKT_ACK, 0, XDP_DROP, REASON_frag_syn},
    {"first, ends before the flags", 0, 1, PKT_SYN, 13, XDP_DROP, REASON_frag_tiny},
    {"first of an ACK, ends before the flags", 0, 1, PKT_ACK, 8, XDP_DROP, REASON_frag_tiny},
    {"first, empty", 0, 1, PKT_SYN, 1, XDP_DROP, REASON_frag_tiny},
    {"first of an ACK", 0, 1, PKT_ACK, 0, XDP_PASS, REASON_frag_passed},
    {"second, over the flags", 8, 0, PKT_SYN, 0, XDP_DROP, REASON_frag_tiny},
    {"second, over the flags, more", 8, 1, PKT_SYN, 0, XDP_DROP, REASON_frag_tiny},
    {"second at 16", 16, 0, PKT_SYN, 0, XDP_PASS, REASON_frag_passed},
    {"in the middle", 1480, 1, PKT_SYN, 0, XDP_PASS, REASON_frag_passed},
    {"last possible", 65528, 0, PKT_SYN, 0, XDP_PASS, REASON_frag_passed},
};

/* The fragment's frame; in both families its last bytes are cut off where the row says so. */
static unsigned int fragment_build(const struct fragment *f, int v6, __u8 *frame)
{
	struct pkt p = bed_syn(v6, PORT_PLAIN);
	struct pkt_at at;
	unsigned int len;

	p.flags = f->flags;
	if (v6) {
		p.n_ext = 1;
		p.ext[0] = (struct pkt_ext){
		    FRAGMENT, 1, {(__u8)(f->offset >> 8), (__u8)(f->offset | f->more)}};
	} else {
		p.frag = (__u16)(f->offset / 8 | f->more << 13);
	}
	len = pkt_build(&p, frame, &at);
	if (f->l4_len)
		len = at.l4 + f->l4_len;
	put16(frame + at.l3 + (v6 ? 4 : 2), (__u16)(len - at.l3 - (v6 ? 40 : 0)));
	if (!v6)
		pkt_fix_ip(frame, &at);
	return len;
}

static void fragments_are_never_answered(void **state)
{
	__u8 frame[PKT_ROOM];

	for (size_t i = 0; i < COUNT_OF(fragments); i++)
		for (int v6 = 0; v6 < 2; v6++) {
			const struct fragment *f = &fragments[i];
			const unsigned int len = fragment_build(f, v6, frame);

			bed_expect(*state, frame, len, f->verdict, f->reason, f->row, NULL);
		}
}

/* RFC 8200 4.5: offset 0 and no more, a whole packet in a fragment header; answered by none. */
static void atomic_fragments(void **state)
{
	struct fragment f = {.row = "atomic", .flags = PKT_SYN};
	__u8 frame[PKT_ROOM];
	unsigned int len = fragment_build(&f, 1, frame);

	bed_expect(*state, frame, len, XDP_DROP, REASON_frag_syn, "atomic fragment, SYN", NULL);
	f.flags = PKT_ACK;
	len = fragment_build(&f, 1, frame);
	bed_expect(*state, frame, len, XDP_PASS, REASON_frag_passed, "atomic fragment, ACK", NULL);
}

/* The kernel reads on behind a fragment header, so a SYN could hide behind more of them. */
static void headers_behind_a_fragment_header(void **state)
{
	static const struct {
		const char *row;
		struct pkt_ext ext[3];
		__u8 flags;
		int verdict;
		enum reason reason;
	} rows[] = {
	    {"options",
	     {{FRAGMENT, 1, {0}}, {DSTOPT, 1, {0}}, {DSTOPT, 2, {0}}},
	     PKT_SYN,
	     XDP_DROP,
	     REASON_frag_syn},
	    {"more to come",
	     {{FRAGMENT, 1, {0, 1}}, {DSTOPT, 1, {0}}, {DSTOPT, 1, {0}}},
	     PKT_SYN,
	     XDP_DROP,
	     REASON_frag_syn},
	    {"two fragment headers",
	     {{FRAGMENT, 1, {0}}, {FRAGMENT, 1, {0}}, {DSTOPT, 1, {0}}},
	     PKT_SYN,
	     XDP_DROP,
	     REASON_frag_syn},
	    {"an ACK",
	     {{DSTOPT, 1, {0}}, {FRAGMENT, 1, {0, 1}}, {DSTOPT, 1, {0}}},
	     PKT_ACK,
	     XDP_PASS,
	     REASON_frag_passed},
	    {"ESP",
	     {{FRAGMENT, 1, {0, 1}}, {DSTOPT, 1, {0}}, {ESP, 1, {0}}},
	     PKT_SYN,
	     XDP_PASS,
	     REASON_ext_passed},
	    {"not the first",
	     {{FRAGMENT, 1, {0, 16}}, {DSTOPT, 1, {0}}, {DSTOPT, 1, {0}}},
	     PKT_SYN,
	     XDP_PASS,
	     REASON_ext_passed},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct pkt p = bed_syn(1, PORT_PLAIN);

		p.flags = rows[i].flags;
		p.n_ext = 3;
		memcpy(p.ext, rows[i].ext, sizeof(rows[i].ext));
		bed_expect_pkt(*state, &p, rows[i].verdict, rows[i].reason, rows[i].row, NULL);
	}
}

/* Neither plain data nor that of TCP Fast Open (option 34) is acknowledged or echoed. */
static void data_in_the_syn_is_not_acknowledged(void **state)
{
	static const __u8 request[] = {34, 2, 1, 1},
			  cookie[] = {34, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1};

	for (int i = 0; i < 6; i++) {
		struct pkt bare = bed_syn(i & 1, PORT_PLAIN), with = bare;

		if (i / 2 == 1)
			pkt_opt(&with, request, sizeof(request));
		else if (i / 2 == 2)
			pkt_opt(&with, cookie, sizeof(cookie));
		with.payload_len = 500;
		same_answer(*state, &bare, &with, "SYN with data");
	}
}

/* Padding after the IP length is no part of the packet: the answer is as long as without. */
static void padding_is_ignored(void **state)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct pkt bare = bed_syn(v6, PORT_PLAIN), with = bare;

		with.pad_to = 200;
		same_answer(*state, &bare, &with, "SYN with 200 bytes of frame");
	}
}

static void push_and_urg_are_a_syn_all_the_same(void **state)
{
	for (int i = 0; i < 8; i++) {
		struct pkt bare = bed_syn(i & 1, PORT_PLAIN), with = bare;

		with.flags |= (__u8)((i & 2 ? PKT_PSH : 0) | (i & 4 ? PKT_URG : 0));
		same_answer(*state, &bare, &with, "SYN with PSH, URG");
	}
}

/* An answer as long as the SYN's frame, without an MSS as that was, and one shorter. */
static void answer_is_sized_anew(void **state)
{
	struct bed *b = *state;
	struct outcome o;

	for (int v6 = 0; v6 < 2; v6++) {
		struct pkt p = pkt_new(v6, bed_sport(), PORT_PLAIN, PKT_SYN);
		const unsigned int headers = 14 + (v6 ? 40 : 20) + 20;

		if (!v6) {
			bed_expect_pkt(b, &p, XDP_TX, REASON_syn_cookie_sent, "no options", &o);
			assert_int_equal(o.len, headers);
		}
		pkt_opt_syn(&p, PKT_TS | PKT_WS, 1460, 3, 9);
		p.payload_len = 100;
		bed_expect_pkt(b, &p, XDP_TX, REASON_syn_cookie_sent, "TS, WS and data", &o);
		assert_int_equal(o.len, headers + 20);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(retransmission_gets_the_same_cookie, bed_reset),
	    cmocka_unit_test_setup(tags_come_back, bed_reset),
	    cmocka_unit_test_setup(three_tags_pass, bed_reset),
	    cmocka_unit_test_setup(ipv4_options_are_stepped_over, bed_reset),
	    cmocka_unit_test_setup(one_to_six_extension_headers_are_walked, bed_reset),
	    cmocka_unit_test_setup(longest_extension_header, bed_reset),
	    cmocka_unit_test_setup(other_extension_headers_are_the_kernels, bed_reset),
	    cmocka_unit_test_setup(too_many_extension_headers, bed_reset),
	    cmocka_unit_test_setup(fragments_are_never_answered, bed_reset),
	    cmocka_unit_test_setup(atomic_fragments, bed_reset),
	    cmocka_unit_test_setup(headers_behind_a_fragment_header, bed_reset),
	    cmocka_unit_test_setup(data_in_the_syn_is_not_acknowledged, bed_reset),
	    cmocka_unit_test_setup(padding_is_ignored, bed_reset),
	    cmocka_unit_test_setup(push_and_urg_are_a_syn_all_the_same, bed_reset),
	    cmocka_unit_test_setup(answer_is_sized_anew, bed_reset),
	};

	return cmocka_run_group_tests(tests, bed_make, bed_end);
}
