// SPDX-License-Identifier: GPL-2.0
/*
 * SYN-ACKs sent again for services that speak first: in whose frame, to whom, when, how often; and
 * that the answer's cookie opens the connection.
 */
#include <linux/bpf.h>

#include "check.h"
#include "services.h"
#include "talk.h"

enum { SHARE = 4, TIMES = 2, CARRIERS = 40 };

static __u32 prefix;

static int reset(void **state)
{
	services_map_zero(*state, "resends");
	services_map_zero(*state, "resend_queues");
	return services_reset(state);
}

/* None of the prefixes comes again. */
static struct pkt kept_syn(int v6)
{
	struct pkt p = bed_syn(v6, PORT_PLAIN);

	services_prefix(&p, ++prefix, 1);
	return p;
}

static __u32 wait_jiffies(const struct bed *b)
{
	return b->s.settings.resend_ms * b->s.config.hz / 1000;
}

static void speaks_first(struct bed *b)
{
	b->s.policy.speaks_first = 1;
	b->s.settings.resend_ms = 5000 / b->s.config.hz; /* five jiffies */
	b->s.settings.resend_times = TIMES;
	shield_config_write(&b->s);
}

/* What came, and what left. */
static __u64 bytes_in, bytes_out;

static void run(struct bed *b, const struct pkt *p, struct outcome *ret)
{
	shield_run_pkt(&b->s, p, ret);
	assert_int_equal(ret->reasons, 1);
	bytes_in += ret->bytes;
	bytes_out += ret->verdict == XDP_TX ? ret->len : 0;
}

/* At once, or the second time, because an answer sent again was longer than its frame. */
static void answered(struct bed *b, const struct pkt *p)
{
	struct outcome o;

	run(b, p, &o);
	if (o.reason == REASON_syn_synack_limited)
		run(b, p, &o);
	assert_int_equal(o.reason, REASON_syn_cookie_sent);
}

/*
 * SYNs to the bed's other listeners that do not speak first would carry nothing, so the carriers
 * are kept as well, but all of one prefix: at most one of them at a time.  Runs them until one has
 * carried a SYN-ACK to p; *ret is what came of it.  Returns how many it took, or 0 if none did.
 */
static int carry(struct bed *b, const struct pkt *p, const struct pkt *carrier, struct outcome *ret)
{
	const unsigned int ports = 14 + 4 * p->n_tags + (p->v6 ? 40 : 20);

	for (int i = 1; i <= CARRIERS; i++) {
		struct pkt c = *carrier;

		c.sport = bed_sport();
		run(b, &c, ret);
		assert_true(ret->verdict == XDP_TX || ret->reason == REASON_syn_synack_limited);
		if (ret->reason == REASON_synack_repeated && ret->len > ports + 4 &&
		    get16(ret->frame + ports) == p->dport &&
		    get16(ret->frame + ports + 2) == p->sport)
			return i;
	}
	return 0;
}

/* What the client gets: by its addresses, ports and numbers the answer to its SYN. */
static void answers(struct bed *b, const struct pkt *p, const struct outcome *o)
{
	const struct synack a = bed_synack(p, o);
	const unsigned int l3 = 14 + 4 * p->n_tags;
	struct tcp_offer offer;

	assert_memory_equal(o->frame, p->src_mac, 6);
	assert_memory_equal(o->frame + 6, p->dst_mac, 6);
	for (unsigned int i = 0; i < p->n_tags; i++)
		assert_int_equal(get16(o->frame + 14 + 4 * i), p->tag[i].tci);
	if (p->v6) {
		assert_memory_equal(o->frame + l3 + 8, p->dst, 16);
		assert_memory_equal(o->frame + l3 + 24, p->src, 16);
	} else {
		assert_memory_equal(o->frame + l3 + 12, p->dst, 4);
		assert_memory_equal(o->frame + l3 + 16, p->src, 4);
	}
	assert_int_equal(a.ack, p->seq + 1);
	assert_int_equal(a.tsecr, p->opt_len ? 0xcafe0001 : 0);
	if (!p->n_tags)
		assert_int_equal(bed_decode(b, p, &a, &offer), COOKIE_VALID);
}

/* Kept and carrier of either family, with options and without, tagged and not. */
static struct pkt shape(int which)
{
	struct pkt p = kept_syn(which & 1);

	if (which & 2)
		p.opt_len = 0;
	if (which & 4) {
		p.n_tags = 1;
		p.tag[0] = (struct pkt_tag){0x8100, 42};
	}
	return p;
}

static void every_frame_in_every_other(void **state)
{
	struct bed *b = *state;

	bytes_in = bytes_out = 0;
	speaks_first(b);
	for (int i = 0; i < 8; i++)
		for (int j = 0; j < 8; j++) {
			const struct pkt p = shape(i), carrier = shape(j);
			struct outcome o, same;
			struct pkt ack;
			struct synack a;

			answered(b, &p);
			services_wait(b, wait_jiffies(b) + 1);
			if (!carry(b, &p, &carrier, &o))
				fail_msg("kept %d, carrier %d: not sent again", i, j);
			answers(b, &p, &o);
			a = bed_synack(&p, &o);
			ack = bed_ack(&p, &a, 0xcafe0002);
			bed_expect_pkt(b, &ack, XDP_PASS, REASON_ack_cookie_valid, "ACK", &same);
			assert_int_equal(same.marked, 1);
		}
	/* What is not made up for yet is the difference of two headers with options, each. */
	assert_true(bytes_out <= bytes_in + 40ULL * shield_runtime(&b->s).synacks_owed);
}

/* What is counted is the frame that came. */
static void bytes_of_the_carrier(void **state)
{
	struct bed *b = *state;
	const struct pkt p = shape(1), carrier = shape(0);
	__u8 frame[PKT_ROOM];
	struct outcome o;

	speaks_first(b);
	answered(b, &p);
	services_wait(b, wait_jiffies(b) + 1);
	assert_int_not_equal(carry(b, &p, &carrier, &o), 0);
	assert_int_equal(o.bytes, pkt_build(&carrier, frame, NULL));
}

/* Not before it is due, one in four frames at most, resend_times at most, and then no more. */
static void when_and_how_often(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		const struct pkt p = kept_syn(v6), carrier = kept_syn(v6);
		const __u64 before = shield_counted(&b->s, REASON_synack_repeated);
		struct outcome o;
		int n = 0;

		speaks_first(b);
		b->s.settings.resend_ms = 300;
		shield_config_write(&b->s);
		answered(b, &p);
		assert_int_equal(carry(b, &p, &carrier, &o), 0);
		services_wait(b, wait_jiffies(b) + 1);
		for (int i = 0; i < TIMES; i++) {
			assert_int_not_equal(carry(b, &p, &carrier, &o), 0);
			answers(b, &p, &o);
			n += carry(b, &p, &carrier, &o);
			services_wait(b, wait_jiffies(b) + 1);
		}
		assert_int_equal(n, 0);
		assert_int_equal(carry(b, &p, &carrier, &o), 0);
		assert_true(shield_counted(&b->s, REASON_synack_repeated) - before <=
			    (2 * TIMES + 2) * CARRIERS / SHARE);
	}
}

/* Eight that are due at once: each fourth frame carries one. */
static void one_frame_in_four(void **state)
{
	struct bed *b = *state;
	const struct pkt carrier = kept_syn(0);
	struct outcome o;
	int since = SHARE, n = 0;

	speaks_first(b);
	b->s.settings.resend_times = 1;
	shield_config_write(&b->s);
	for (int i = 0; i < 8; i++) {
		const struct pkt p = kept_syn(i & 1);

		answered(b, &p);
	}
	services_wait(b, wait_jiffies(b) + 1);
	for (int i = 0; i < 8 * SHARE + SHARE; i++) {
		struct pkt c = carrier;

		c.sport = bed_sport();
		shield_run_pkt(&b->s, &c, &o);
		since++;
		if (o.reason != REASON_synack_repeated)
			continue;
		assert_true(since >= SHARE);
		since = 0;
		n++;
	}
	assert_in_range(n, 8, 9);
}

/* Who is connected, one per prefix and time, long frames, other services: not sent again. */
static void who_is_left_out(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct pkt p = kept_syn(v6), second = kept_syn(v6), ack, big = kept_syn(v6);
		const struct pkt carrier = kept_syn(v6);
		struct outcome o;

		speaks_first(b);
		ack = bed_shake(b, &p);
		bed_expect_pkt(b, &ack, XDP_PASS, REASON_ack_cookie_valid, "ACK", NULL);
		answered(b, &second);
		memcpy(p.src, second.src, 16);
		p.sport = bed_sport();
		answered(b, &p);
		big.payload_len = 100;
		answered(b, &big);
		services_wait(b, wait_jiffies(b) + 1);
		assert_int_equal(carry(b, &ack, &carrier, &o), 0);
		assert_int_equal(carry(b, &big, &carrier, &o), 0);
		assert_int_equal(carry(b, &p, &carrier, &o), 0);
		services_wait(b, wait_jiffies(b) + 1);
		assert_int_not_equal(carry(b, &second, &carrier, &o), 0);
		/* A service that does not speak first neither keeps nor carries. */
		b->s.policy.speaks_first = 0;
		shield_config_write(&b->s);
		p = kept_syn(v6);
		answered(b, &p);
		services_wait(b, wait_jiffies(b) + 1);
		assert_int_equal(carry(b, &p, &carrier, &o), 0);
		speaks_first(b);
		assert_int_equal(carry(b, &p, &carrier, &o), 0);
	}
}

/* Beyond the prefix's limit nothing is repeated. */
static void within_the_prefixs_limit(void **state)
{
	struct bed *b = *state;

	for (int burst = 1; burst < 3; burst++) {
		const struct pkt p = kept_syn(0);
		struct outcome o;
		int sent = 0;

		reset(state);
		speaks_first(b);
		b->s.settings.synack = (struct rate_limit){.rate = 1, .burst = (__u32)burst};
		shield_config_write(&b->s);
		answered(b, &p);
		services_wait(b, wait_jiffies(b) + 1);
		for (int i = 0; i < CARRIERS; i++) {
			const struct pkt c = kept_syn(0);

			shield_run_pkt(&b->s, &c, &o);
			sent +=
			    o.reason == REASON_synack_repeated && get16(o.frame + 36) == p.sport;
		}
		assert_int_equal(sent, burst - 1);
	}
}

/* No place left: what comes is not kept, until those before are done with. */
static void full(void **state)
{
	struct bed *b = *state;
	const struct pkt carrier = kept_syn(0);
	struct outcome o;
	struct pkt p;

	speaks_first(b);
	b->s.settings.resend_ms = 20000;
	shield_config_write(&b->s);
	for (int i = 0; i < RESENDS; i++) {
		p = kept_syn(i & 1);
		answered(b, &p);
	}
	p = kept_syn(0);
	answered(b, &p);
	/* What is due later than from now on is due is dropped, eight per packet. */
	speaks_first(b);
	for (int i = 0; i < RESENDS / CARRIERS; i++)
		assert_int_equal(carry(b, &p, &carrier, &o), 0);
	p = kept_syn(0);
	answered(b, &p);
	services_wait(b, wait_jiffies(b) + 1);
	assert_int_not_equal(carry(b, &p, &carrier, &o), 0);
}

/* Of a thousand prefixes hardly one finds its place taken by others. */
static void hardly_in_each_others_way(void **state)
{
	enum { PREFIXES = 1000, MS = 2000 };
	struct bed *b = *state;
	const struct pkt carrier = kept_syn(0);
	const __u64 before = shield_counted(&b->s, REASON_synack_repeated);
	struct outcome o;

	speaks_first(b);
	b->s.settings.resend_ms = MS;
	b->s.settings.resend_times = 1;
	shield_config_write(&b->s);
	for (int i = 0; i < PREFIXES; i++) {
		const struct pkt p = kept_syn(i & 1);

		answered(b, &p);
	}
	services_wait(b, wait_jiffies(b) + 1);
	for (int i = 0; i < (PREFIXES + 1) * SHARE; i++) {
		struct pkt c = carrier;

		c.sport = bed_sport();
		shield_run_pkt(&b->s, &c, &o);
	}
	assert_in_range(shield_counted(&b->s, REASON_synack_repeated) - before, PREFIXES * 95 / 100,
			PREFIXES + 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, reset, check_end)

static int setup(void **state)
{
	services_one_cpu();
	return bed_make(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(every_frame_in_every_other),
	    TEST(bytes_of_the_carrier),
	    TEST(when_and_how_often),
	    TEST(one_frame_in_four),
	    TEST(who_is_left_out),
	    TEST(within_the_prefixs_limit),
	    TEST(full),
	    TEST(hardly_in_each_others_way),
	};

	return cmocka_run_group_tests(tests, setup, bed_end);
}
