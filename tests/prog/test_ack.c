// SPDX-License-Identifier: GPL-2.0
/*
 * The ACK: a cookie that holds makes a connection entry and a mark; anything else, down to one bit,
 * is dropped without a trace.
 */
#include <linux/bpf.h>
#include <stdlib.h>

#include "bed.h"
#include "check.h"
#include "lifetime.h"

static struct cookie_prefix prefixes[COOKIE_PREFIXES];

static const __u8 nops[] = {1, 1};

/* A cookie made here, for a SYN of the client's and an epoch of our choice. */
static struct synack cookie_of_epoch(const struct pkt *syn, const struct tcp_offer *offer,
				     const struct keys *ring, __u64 epoch)
{
	const struct conn_key key = shield_key(syn);
	const struct cookie_input in = {
	    .prefixes = prefixes,
	    .ring = ring,
	    .tuple = &key,
	    .epoch = epoch,
	    .client_isn = syn->seq,
	    .is_v6 = (__u32)syn->v6,
	};
	const struct cookie c = cookie_make(&in, offer);

	return (struct synack){.isn = c.isn, .tsval = c.tsval, .has_ts = offer->tstamp};
}

static const struct tcp_offer with_ts = {.mss = 1400, .wscale = 7, .sack = 1, .tstamp = 1};
static const struct tcp_offer without_ts = {.mss = 1400, .wscale = 7, .sack = 1};

static void says_the_offer(const struct conn_side *client, unsigned int set)
{
	assert_int_equal(client->mss, 1400);
	assert_int_equal(client->scaling, !!(set & PKT_WS));
	assert_int_equal(client->wscale, set & PKT_WS ? 5 : 0);
	assert_int_equal(client->sack, !!(set & PKT_SACK));
	assert_int_equal(client->ecn, !!(set & PKT_ECN));
	assert_int_equal(client->tstamp, !!(set & PKT_TS));
}

static void valid_ack_makes_an_entry_and_a_mark(void **state)
{
	struct bed *b = *state;

	for (unsigned int set = 0; set < 32; set++) {
		struct pkt syn = pkt_new(set & 1, bed_sport(), PORT_PLAIN, PKT_SYN), ack;
		const struct conn_key key = shield_key(&syn);
		const __u32 before = (__u32)shield_jiffies(&b->s);
		struct outcome o;
		struct conn conn;

		pkt_opt_syn(&syn, set >> 1, 1400, 5, 0x55667788);
		ack = bed_shake(b, &syn);
		assert_false(shield_conn(&b->s, &key, NULL));
		bed_expect_pkt(b, &ack, XDP_PASS, REASON_ack_cookie_valid, "ACK", &o);
		assert_true(o.marked);
		assert_true(shield_conn(&b->s, &key, &conn));
		assert_int_equal(conn.head.state, ESTABLISHED);
		assert_int_equal(conn.head.socket, SOCKET_PENDING);
		assert_int_equal(conn.head.kind, KIND_COOKIE);
		assert_int_equal(conn.assigned_at, 0);
		assert_int_equal(conn.client.end, syn.seq + 1);
		assert_int_equal(conn.server.end, ack.ack);
		says_the_offer(&conn.client, set >> 1);
		assert_in_range(conn.seen - before, 0, b->s.config.hz);
		assert_int_equal(conn_lifetime(&conn, &conn.head, &b->s.config.timeouts), LINGER_S);
	}
}

/* Data in the ACK, PSH, URG, FIN, CWR, VLAN tags: the proof is the same. */
static void ack_may_carry_more(void **state)
{
	static const __u8 extra[] = {PKT_PSH, PKT_FIN, PKT_PSH | PKT_URG, PKT_ECE, PKT_CWR};
	struct bed *b = *state;

	for (size_t i = 0; i < 2 * COUNT_OF(extra); i++) {
		struct pkt syn = bed_syn(i & 1, PORT_PLAIN), ack;
		struct outcome o;

		syn.tag[0] = (struct pkt_tag){0x8100, 12};
		syn.n_tags = i / 2 % 2;
		ack = bed_shake(b, &syn);
		ack.flags |= extra[i / 2];
		ack.payload_len = 700;
		bed_expect_pkt(b, &ack, XDP_PASS, REASON_ack_cookie_valid, "ACK with more", &o);
		assert_true(o.marked);
	}
}

static void second_valid_ack_leaves_the_entry(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		const struct pkt syn = bed_syn(v6, PORT_PLAIN);
		const struct pkt ack = bed_shake(b, &syn);
		const struct conn_key key = shield_key(&syn);
		struct conn first, second;
		struct outcome o;

		bed_expect_pkt(b, &ack, XDP_PASS, REASON_ack_cookie_valid, "first", NULL);
		assert_true(shield_conn(&b->s, &key, &first));
		first.assigned_at = 4711;
		shield_conn_write(&b->s, &key, &first);
		bed_expect_pkt(b, &ack, XDP_PASS, REASON_ack_cookie_valid, "second", &o);
		assert_true(o.marked);
		assert_true(shield_conn(&b->s, &key, &second));
		assert_int_equal(second.assigned_at, 4711);
		assert_int_equal(second.seen, first.seen);
		assert_memory_equal(&first.head, &second.head, sizeof(first.head));
		assert_memory_equal(&first.server, &second.server, sizeof(first.server));
		assert_int_equal(second.client.end, first.client.end);
		assert_int_equal(second.client.packets, 2);
	}
}

/*
 * Data right behind the ACK, whose numbers prove nothing any more: marked, for the hand-off to
 * judge.
 */
static void data_behind_the_ack_is_marked(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		const struct pkt syn = bed_syn(v6, PORT_PLAIN);
		struct pkt ack = bed_shake(b, &syn);
		struct outcome o;

		bed_expect_pkt(b, &ack, XDP_PASS, REASON_ack_cookie_valid, "ACK", NULL);
		ack.seq += 1000;
		ack.payload_len = 100;
		bed_expect_pkt(b, &ack, XDP_PASS, REASON_conn_packet, "data", &o);
		assert_true(o.marked);
	}
}

static void expect_refused(struct bed *b, const struct pkt *p, enum reason reason, const char *row)
{
	const struct conn_key key = shield_key(p);
	struct outcome o;

	bed_expect_pkt(b, p, XDP_DROP, reason, row, &o);
	assert_false(o.marked);
	if (shield_conn(&b->s, &key, NULL))
		fail_msg("%s: made an entry", row);
}

/* The ACK with one bit of its tuple, sequence number, ACK number or TSecr other. */
static struct pkt bit_flipped(const struct pkt *ack, unsigned int bit)
{
	const unsigned int addr = ack->v6 ? 128 : 32;
	struct pkt p = *ack;

	if (bit < 32)
		p.ack ^= 1U << bit;
	else if (bit < 64)
		p.seq ^= 1U << (bit - 32);
	else if (bit < 80)
		p.sport ^= (__u16)(1U << (bit - 64));
	else if (bit < 80 + addr)
		p.src[(bit - 80) / 8] ^= (__u8)(1U << (bit - 80) % 8);
	else
		p.opt[p.opt_len - 4 + (bit - 80 - addr) / 8] ^= (__u8)(1U << (bit - 80 - addr) % 8);
	return p;
}

static void every_bit_matters(struct bed *b, int v6, unsigned int set)
{
	const unsigned int bits = 80 + (v6 ? 128 : 32) + (set & PKT_TS ? 32 : 0);
	struct pkt syn = pkt_new(v6, bed_sport(), PORT_PLAIN, PKT_SYN), ack;

	pkt_opt_syn(&syn, set, 1400, 5, 1);
	ack = bed_shake(b, &syn);
	for (unsigned int bit = 0; bit < bits; bit++) {
		const struct pkt p = bit_flipped(&ack, bit);
		struct outcome o;

		shield_run_pkt(&b->s, &p, &o);
		/*
		 * Of a flipped source some are forged, and of a flipped epoch bit some are expired.
		 */
		if (o.verdict != XDP_DROP || o.marked)
			fail_msg("bit %u of options %x IPv%d: %s", bit, set, v6 ? 6 : 4,
				 reason_name(o.reason));
	}
	assert_int_equal(shield_conns_count(&b->s), 0);
	bed_expect_pkt(b, &ack, XDP_PASS, REASON_ack_cookie_valid, "unflipped", NULL);
	shield_conns_clear(&b->s);
}

/* A cookie holds on the VLAN that its SYN came from, and on no other. */
static void cookie_is_bound_to_its_vlan(void **state)
{
	struct bed *b = *state;

	for (int i = 0; i < 4; i++) {
		struct pkt syn = pkt_new(i & 1, bed_sport(), PORT_PLAIN, PKT_SYN), ack, other;

		pkt_opt_syn(&syn, PKT_TS | PKT_SACK, 1400, 5, 77);
		syn.n_tags = i & 2 ? 2 : 1;
		syn.tag[0] = (struct pkt_tag){0x8100, 10};
		syn.tag[1] = (struct pkt_tag){0x8100, 20};
		ack = bed_shake(b, &syn);
		assert_int_equal(ack.n_tags, syn.n_tags);
		other = ack;
		other.tag[0].tci = 11;
		bed_expect_pkt(b, &other, XDP_DROP, REASON_ack_cookie_invalid, "other VLAN", NULL);
		other.n_tags = 0;
		bed_expect_pkt(b, &other, XDP_DROP, REASON_ack_cookie_invalid, "no VLAN", NULL);
		ack.tag[0].tci |= 0x6000; /* another priority is no other VLAN */
		bed_expect_pkt(b, &ack, XDP_PASS, REASON_ack_cookie_valid, "same VLAN", NULL);
	}
}

static void any_flipped_bit_is_refused(void **state)
{
	for (unsigned int i = 0; i < 32; i++)
		every_bit_matters(*state, i & 1, i >> 1);
}

/* The same cookie sent to another address or port of this host. */
static void another_destination_is_refused(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		const struct pkt syn = bed_syn(v6, PORT_PLAIN);
		struct pkt ack = bed_shake(b, &syn);

		ack.dport = PORT_TTL;
		expect_refused(b, &ack, REASON_ack_cookie_invalid, "another port");
	}
}

/* Cookies with timestamps say nothing without them, and the other way round. */
static void timestamps_must_be_as_in_the_handshake(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct pkt syn = bed_syn(v6, PORT_PLAIN), ack = bed_shake(b, &syn), p = ack;
		struct pkt plain = pkt_new(v6, bed_sport(), PORT_PLAIN, PKT_SYN);

		p.opt_len = 0;
		expect_refused(b, &p, REASON_ack_cookie_invalid, "timestamps gone");
		put32(ack.opt + 8, 0);
		expect_refused(b, &ack, REASON_ack_cookie_invalid, "TSecr 0");
		ack = bed_shake(b, &plain);
		pkt_opt(&ack, nops, 2);
		pkt_opt_ts(&ack, 7, 9);
		expect_refused(b, &ack, REASON_ack_cookie_invalid, "timestamps out of nowhere");
		/*
		 * A TSecr of 0 echoes nothing: as if there were none (the kernel's rule for
		 * cookies).
		 */
		put32(ack.opt + 8, 0);
		bed_expect_pkt(b, &ack, XDP_PASS, REASON_ack_cookie_valid, "TSecr 0 of none", NULL);
	}
}

static void epochs_accepted_expired_forgotten(void **state)
{
	struct bed *b = *state;
	const struct keys ring = shield_keys(&b->s);

	for (__u64 age = 0; age < 12; age++)
		for (int v6 = 0; v6 < 2; v6++) {
			const struct pkt syn = bed_syn(v6, PORT_PLAIN);
			struct synack a;
			struct pkt ack;
			char row[32];

			a = cookie_of_epoch(&syn, &with_ts, &ring, shield_epoch(&b->s) - age);
			ack = bed_ack(&syn, &a, 5);
			snprintf(row, sizeof(row), "%llu epochs old", age);
			if (age < 2)
				bed_expect_pkt(b, &ack, XDP_PASS, REASON_ack_cookie_valid, row,
					       NULL);
			else
				expect_refused(b, &ack,
					       age < 4 ? REASON_ack_cookie_expired
						       : REASON_ack_cookie_invalid,
					       row);
		}
}

/* Without timestamps only in epochs in which such cookies were given out. */
static void cookies_without_timestamps_have_a_gate(void **state)
{
	struct bed *b = *state;
	const struct keys ring = shield_keys(&b->s);

	for (__u64 age = 0; age < 2; age++)
		for (int v6 = 0; v6 < 2; v6++) {
			const struct pkt syn = bed_syn(v6, PORT_PLAIN);
			const __u64 epoch = shield_epoch(&b->s) - age;
			const struct synack a = cookie_of_epoch(&syn, &without_ts, &ring, epoch);
			const struct pkt ack = bed_ack(&syn, &a, 0);
			struct runtime rt = shield_runtime(&b->s);

			rt.nots_epoch[0] = rt.nots_epoch[1] = 0;
			shield_runtime_write(&b->s, &rt);
			expect_refused(b, &ack, REASON_ack_cookie_invalid, "gate closed");
			rt.nots_epoch[epoch & 1] = (__u32)epoch;
			shield_runtime_write(&b->s, &rt);
			bed_expect_pkt(b, &ack, XDP_PASS, REASON_ack_cookie_valid, "open", NULL);
		}
}

static void syn_without_timestamps_opens_the_gate(void **state)
{
	struct bed *b = *state;
	struct pkt syn = pkt_new(0, bed_sport(), PORT_PLAIN, PKT_SYN);
	struct runtime rt = shield_runtime(&b->s);
	__u64 epoch;

	rt.nots_epoch[0] = rt.nots_epoch[1] = 0;
	shield_runtime_write(&b->s, &rt);
	bed_shake(b, &syn);
	epoch = shield_epoch(&b->s);
	assert_int_equal(shield_runtime(&b->s).nots_epoch[epoch & 1], (__u32)epoch);
}

static void rotation_breaks_no_handshake(void **state)
{
	struct bed *b = *state;
	const struct keys old = shield_keys(&b->s);

	for (int v6 = 0; v6 < 2; v6++) {
		const struct pkt syn = bed_syn(v6, PORT_PLAIN);
		const __u64 now = shield_epoch(&b->s);
		const struct synack a = cookie_of_epoch(&syn, &with_ts, &old, now);
		const struct synack prev = cookie_of_epoch(&syn, &with_ts, &old, now - 1);
		const struct pkt ack = bed_ack(&syn, &a, 5), ack_prev = bed_ack(&syn, &prev, 5);
		struct keys ring = old;

		/*
		 * As one epoch after a rotation: the new key makes, the previous one still checks.
		 */
		memset(ring.slot[1], 0x77, 16);
		ring.turn = now << 1 | 1;
		shield_keys_write(&b->s, &ring);
		bed_expect_pkt(b, &ack_prev, XDP_PASS, REASON_ack_cookie_valid, "previous key",
			       NULL);
		shield_conns_clear(&b->s);
		expect_refused(b, &ack, REASON_ack_cookie_invalid, "previous key, new epoch");
		/* Twice: neither key is the cookie's. */
		memset(ring.slot[0], 0x99, 16);
		shield_keys_write(&b->s, &ring);
		expect_refused(b, &ack_prev, REASON_ack_cookie_invalid, "rotated twice");
		shield_keys_write(&b->s, &old);
	}
}

static void segments_that_prove_nothing(void **state)
{
	static const struct {
		const char *row;
		__u8 flags;
		int verdict;
		enum reason reason;
	} rows[] = {
	    {"RST", PKT_RST, XDP_DROP, REASON_rst_unknown},
	    {"RST+ACK", PKT_RST | PKT_ACK, XDP_DROP, REASON_rst_unknown},
	    {"SYN-ACK", PKT_SYN | PKT_ACK, XDP_DROP, REASON_synack_unknown},
	    {"FIN alone", PKT_FIN, XDP_DROP, REASON_tcp_bad_flags},
	    {"FIN+RST+ACK", PKT_FIN | PKT_RST | PKT_ACK, XDP_DROP, REASON_tcp_bad_flags},
	};
	struct bed *b = *state;

	/* With a valid cookie, at that: a reset proves nothing. */
	for (size_t i = 0; i < 2 * COUNT_OF(rows); i++) {
		const struct pkt syn = bed_syn(i & 1, PORT_PLAIN);
		struct pkt p = bed_shake(b, &syn);

		p.flags = rows[i / 2].flags;
		bed_expect_pkt(b, &p, rows[i / 2].verdict, rows[i / 2].reason, rows[i / 2].row,
			       NULL);
		assert_int_equal(shield_conns_count(&b->s), 0);
	}
}

static void random_acks_make_no_entry(void **state)
{
	struct bed *b = *state;

	srandom(20240229);
	for (int i = 0; i < 20000; i++) {
		struct pkt p = pkt_new(i & 1, (__u16)random(), PORT_PLAIN, PKT_ACK);
		struct outcome o;

		p.seq = (__u32)random() << 1;
		p.ack = (__u32)random() << 1 ^ (__u32)random();
		if (i & 2) {
			pkt_opt(&p, nops, 2);
			pkt_opt_ts(&p, (__u32)random(), (__u32)random() << 1);
		}
		shield_run_pkt(&b->s, &p, &o);
		if (o.verdict != XDP_DROP)
			fail_msg("random ACK %d: %s", i, reason_name(o.reason));
	}
	assert_int_equal(shield_conns_count(&b->s), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bed_reset, check_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(valid_ack_makes_an_entry_and_a_mark),
	    TEST(ack_may_carry_more),
	    TEST(second_valid_ack_leaves_the_entry),
	    TEST(data_behind_the_ack_is_marked),
	    TEST(any_flipped_bit_is_refused),
	    TEST(cookie_is_bound_to_its_vlan),
	    TEST(another_destination_is_refused),
	    TEST(timestamps_must_be_as_in_the_handshake),
	    TEST(epochs_accepted_expired_forgotten),
	    TEST(cookies_without_timestamps_have_a_gate),
	    TEST(syn_without_timestamps_opens_the_gate),
	    TEST(rotation_breaks_no_handshake),
	    TEST(segments_that_prove_nothing),
	    TEST(random_acks_make_no_entry),
	};

	return cmocka_run_group_tests(tests, bed_make, bed_end);
}
