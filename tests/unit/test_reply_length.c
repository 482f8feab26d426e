// SPDX-License-Identifier: GPL-2.0
/* No SYN-ACK is longer than its SYN: the host must not amplify. */
#include "unit.h"

#include "reply.h"

/* A SYN as a client packs it: an option list at the end of a frame of 54 + 40 bytes. */
struct syn {
	__u8 bytes[94];
	unsigned int len; /* of the options, not padded */
};

static const struct {
	__u8 bytes[10];
	unsigned int len;
} packed[] = {
    {{2, 4, 5, 0xb4}, 4},
    {{4, 2}, 2},
    {{3, 3, 7}, 3},
    {{8, 10, 1, 2, 3, 4}, 10},
};

static void syn_add(struct syn *s, unsigned int option)
{
	memcpy(s->bytes + 54 + s->len, packed[option].bytes, packed[option].len);
	s->len += packed[option].len;
}

/* The answer's length, against that of the SYN, whose padding is as short as it can be. */
static void not_longer(const struct syn *s, int with_mss, int v6)
{
	const unsigned int opt_len = (s->len + 3) / 4 * 4;
	struct packet pkt = {.is_v6 = (__u8)v6, .l3_off = 14, .l4_off = 34};
	const struct frame f = {s->bytes, s->bytes + 54 + opt_len};
	const struct cookie c = {.isn = 1, .tsval = 1};
	struct tcp_offer offer;
	struct tcpopts opts;
	struct reply r;
	__u8 *answer = (__u8 *)r.tcp;

	pkt.opt_len = (__u16)opt_len;
	pkt.flags = TCP_SYN | TCP_ECE | TCP_CWR;
	tcpopts_parse(&f, &pkt, &opts);
	for (unsigned int allow = 0; allow < 16; allow++) {
		struct listener lst = {.mss = 1460, .rcv_wscale = 7};

		lst.allow_ts = allow & 1;
		lst.allow_sack = allow >> 1 & 1;
		lst.allow_wscale = allow >> 2 & 1;
		lst.allow_ecn = allow >> 3 & 1;
		offer = offer_accept(&pkt, &opts, &lst);
		reply_make(&pkt, opts.tsval, &offer, &lst, &r);
		reply_finish(&r, &offer, &c);
		if (r.tcp_len > 20 + opt_len)
			fail_msg("%u bytes of options answered with %u", opt_len, r.tcp_len - 20);
		assert_int_equal(answer[12] >> 4, r.tcp_len / 4);
		assert_int_equal(r.tcp_len > 20 && answer[20] == 2, with_mss);
	}
}

/*
 * Every choice of the four options that are ever answered, each at most once, in every order, with
 * no byte between them, and with the MSS offered as 0, which is none.
 */
static void packings(unsigned int left, const struct syn *s, int with_mss)
{
	struct syn next;

	for (int v6 = 0; v6 < 2; v6++)
		not_longer(s, with_mss, v6);
	for (unsigned int i = 0; i < COUNT_OF(packed); i++) {
		if (!(left & 1U << i))
			continue;
		next = *s;
		syn_add(&next, i);
		packings(left & ~(1U << i), &next, with_mss || !i);
		if (i)
			continue;
		memset(next.bytes + 54 + next.len - 2, 0, 2);
		packings(left & ~1U, &next, with_mss);
	}
}

static void never_longer_than_the_syn(void **state)
{
	const struct syn none = {0};

	(void)state;
	packings((1U << COUNT_OF(packed)) - 1, &none, 0);
}

/* And whatever a client sends, read as it is read. */
static void nor_than_any_bytes(void **state)
{
	static const __u8 kinds[] = {0, 1, 2, 2, 3, 3, 4, 4, 4, 8, 10, 5, 30, 34};

	(void)state;
	for (int i = 0; i < 200000; i++) {
		struct syn s = {.len = (unsigned int)rng() % 11 * 4};
		const struct packet pkt = {.l4_off = 34, .opt_len = (__u16)s.len};
		const struct frame f = {s.bytes, s.bytes + 54 + s.len};
		struct tcpopts opts;

		for (unsigned int at = 54; at < 54 + s.len; at++)
			s.bytes[at] = kinds[rng() % COUNT_OF(kinds)];
		tcpopts_parse(&f, &pkt, &opts);
		not_longer(&s, opts.mss != 0, i & 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(never_longer_than_the_syn),
	    cmocka_unit_test(nor_than_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
