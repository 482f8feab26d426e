// SPDX-License-Identifier: GPL-2.0
/*
 * Limits per prefix: what is beyond each, what of it comes through the second time, who fills them,
 * and who is not touched by them.
 */
#include <linux/bpf.h>

#include "check.h"
#include "services.h"
#include "talk.h"

/* A limit that in the time of a test lets through its burst and nothing more. */
static struct rate_limit few(__u32 burst)
{
	return (struct rate_limit){.rate = 1, .burst = burst};
}

static struct pkt syn_of(int v6, __u32 prefix, __u8 host)
{
	struct pkt p = bed_syn(v6, PORT_PLAIN);

	services_prefix(&p, prefix, host);
	return p;
}

static void limited(struct bed *b, const struct pkt *p, enum reason r)
{
	bed_expect_pkt(b, p, XDP_DROP, r, "beyond the limit", NULL);
}

static void answered(struct bed *b, const struct pkt *p, const char *row)
{
	bed_expect_pkt(b, p, XDP_TX, REASON_syn_cookie_sent, row, NULL);
}

static void synacks(void **state)
{
	struct bed *b = *state;

	b->s.settings.synack = few(3);
	shield_config_write(&b->s);
	for (int v6 = 0; v6 < 2; v6++) {
		struct pkt p, again;

		for (__u8 host = 0; host < 3; host++) {
			p = syn_of(v6, 7, host);
			answered(b, &p, "within");
		}
		p = syn_of(v6, 7, 99);
		limited(b, &p, REASON_syn_synack_limited);
		again = p;
		answered(b, &again, "its repetition");
		limited(b, &again, REASON_syn_synack_limited);
		answered(b, &again, "and so on: one in two");
		/* Another ISN is another SYN. */
		again.seq++;
		limited(b, &again, REASON_syn_synack_limited);
		p = syn_of(v6, 8, 1);
		answered(b, &p, "a neighbour's prefix");
	}
}

/* In peace, too: what the kernel answers reflects no less. */
static void synacks_of_the_kernel(void **state)
{
	struct bed *b = *state;

	b->s.settings.synack = few(1);
	services_auto(b);
	for (int v6 = 0; v6 < 2; v6++) {
		struct pkt p = syn_of(v6, 7, 1);

		bed_expect_pkt(b, &p, XDP_PASS, REASON_syn_passed, "within", NULL);
		p = syn_of(v6, 7, 2);
		limited(b, &p, REASON_syn_synack_limited);
		bed_expect_pkt(b, &p, XDP_PASS, REASON_syn_passed, "its repetition", NULL);
		/* A socket's SYN has no SYN-ACK for an answer. */
		p = syn_of(v6, 7, 3);
		bed_conn_add(b, &p, SOCKET_TIME_WAIT, TIME_WAIT);
		bed_expect_pkt(b, &p, XDP_PASS, REASON_syn_conn_exists, "TIME_WAIT", NULL);
	}
}

/* A /56 of IPv6 is one prefix, and a /24 of IPv4. */
static void prefixes(void **state)
{
	struct bed *b = *state;
	struct pkt p;

	b->s.settings.synack = few(1);
	shield_config_write(&b->s);
	p = syn_of(1, 0x10, 1);
	answered(b, &p, "first of the /56");
	p = syn_of(1, 0x10, 1);
	p.src[7] = 0xff;
	limited(b, &p, REASON_syn_synack_limited);
	p = syn_of(1, 0x10, 1);
	p.src[6] = 0x01;
	answered(b, &p, "the next /56");
}

/* Spoofed SYNs fill nothing there; finished handshakes do. */
static void new_connections(void **state)
{
	struct bed *b = *state;

	b->s.settings.new_conn = few(2);
	shield_config_write(&b->s);
	for (int v6 = 0; v6 < 2; v6++) {
		struct pkt syn, ack;

		for (int i = 0; i < 20; i++) {
			syn = syn_of(v6, 7, (__u8)i);
			answered(b, &syn, "not finished");
		}
		for (int i = 0; i < 2; i++) {
			syn = syn_of(v6, 7, 1);
			ack = bed_shake(b, &syn);
			bed_expect_pkt(b, &ack, XDP_PASS, REASON_ack_cookie_valid, "ACK", NULL);
			bed_expect_pkt(b, &ack, XDP_PASS, REASON_ack_cookie_valid, "again", NULL);
		}
		syn = syn_of(v6, 7, 2);
		limited(b, &syn, REASON_syn_new_limited);
		limited(b, &syn, REASON_syn_new_limited);
		syn = syn_of(v6, 8, 2);
		answered(b, &syn, "a neighbour's prefix");
	}
}

/* Handshakes of the kernel's own count when their exact ACK comes, and no other. */
static void new_connections_of_the_kernel(void **state)
{
	struct bed *b = *state;

	b->s.settings.new_conn = few(1);
	services_auto(b);
	for (int v6 = 0; v6 < 2; v6++)
		for (int exact = 0; exact < 2; exact++) {
			struct talk t = talk_new(b, v6, PORT_PLAIN);
			struct pkt syn = syn_of(v6, 7, 1);

			services_prefix(&t.in, 7, 1);
			t.key = shield_key(&t.in);
			talk_expect(&t, 'o', "S", 0, 0, 0, REASON_syn_passed);
			talk_expect(&t, 'r', "S.", 0, 1, 0, REASON_out_conn);
			bed_expect_pkt(b, &syn, XDP_PASS, REASON_syn_passed, "unfinished", NULL);
			talk_expect(&t, 'o', ".", 1, exact ? 1 : -1000U, 0,
				    exact ? REASON_conn_packet : REASON_ack_cookie_invalid);
			syn = syn_of(v6, 7, 1);
			if (exact)
				limited(b, &syn, REASON_syn_new_limited);
			else
				bed_expect_pkt(b, &syn, XDP_PASS, REASON_syn_passed, "forged ACK",
					       NULL);
		}
}

static void syns_of_live_connections(void **state)
{
	struct bed *b = *state;

	b->s.settings.live_syn = few(2);
	shield_config_write(&b->s);
	for (int v6 = 0; v6 < 2; v6++) {
		struct pkt p;

		for (int i = 0; i < 4; i++) {
			p = syn_of(v6, 7, (__u8)i);
			bed_conn_add(b, &p, SOCKET_OPEN, ESTABLISHED);
			if (i < 2)
				bed_expect_pkt(b, &p, XDP_PASS, REASON_syn_conn_exists, "within",
					       NULL);
			else
				limited(b, &p, REASON_syn_live_limited);
		}
		bed_expect_pkt(b, &p, XDP_PASS, REASON_syn_conn_exists, "its repetition", NULL);
		p = syn_of(v6, 8, 1);
		bed_conn_add(b, &p, SOCKET_OPEN, ESTABLISHED);
		bed_expect_pkt(b, &p, XDP_PASS, REASON_syn_conn_exists, "neighbour", NULL);
	}
}

/* Guesses are not looked at any more; what cannot be guessed is. */
static void bad_acks(void **state)
{
	struct bed *b = *state;

	b->s.settings.bad_ack = few(3);
	shield_config_write(&b->s);
	for (int v6 = 0; v6 < 2; v6++) {
		struct pkt plain = syn_of(v6, 7, 1), stamped = syn_of(v6, 7, 2), ack, guess;

		plain.opt_len = 0;
		pkt_opt_mss(&plain, 1460);
		ack = bed_shake(b, &plain);
		stamped = bed_shake(b, &stamped);
		guess = ack;
		for (int i = 0; i < 3; i++) {
			guess.ack += 77;
			limited(b, &guess, REASON_ack_cookie_invalid);
		}
		guess.ack += 77;
		limited(b, &guess, REASON_ack_limited);
		limited(b, &ack, REASON_ack_limited);
		bed_expect_pkt(b, &stamped, XDP_PASS, REASON_ack_cookie_valid, "timestamps", NULL);
		/* An honest client's data has the same numbers. */
		ack.payload_len = 10;
		bed_expect_pkt(b, &ack, XDP_PASS, REASON_ack_cookie_valid, "its data", NULL);
		guess.payload_len = 1;
		services_prefix(&guess, 8, 1);
		limited(b, &guess, REASON_data_unknown);
		guess.flags |= PKT_FIN;
		limited(b, &guess, REASON_fin_unknown);
	}
}

/* Nor does a flood of ACKs pass where the kernel would have to try them, unless they are repeated. */
static void bad_acks_for_the_kernel(void **state)
{
	struct bed *b = *state;

	b->s.settings.bad_ack = few(2);
	shield_config_write(&b->s);
	for (int v6 = 0; v6 < 2; v6++) {
		struct pkt p = syn_of(v6, 7, 1);

		p.dport = PORT_MPTCP;
		p.flags = PKT_ACK;
		for (int i = 0; i < 2; i++) {
			p.ack += 77;
			bed_expect_pkt(b, &p, XDP_PASS, REASON_ack_kernel, "within", NULL);
		}
		p.ack += 77;
		limited(b, &p, REASON_ack_limited);
		bed_expect_pkt(b, &p, XDP_PASS, REASON_ack_kernel, "again", NULL);
		services_prefix(&p, 8, 1);
		bed_expect_pkt(b, &p, XDP_PASS, REASON_ack_kernel, "a neighbour", NULL);
	}
}

/* In mode monitor a limit is counted, and all the same what is beyond it passes as it came. */
static void watched_only(void **state)
{
	struct bed *b = *state;

	services_auto(b);
	b->s.policy.mode = MODE_MONITOR;
	b->s.settings.synack = few(1);
	shield_config_write(&b->s);
	for (int v6 = 0; v6 < 2; v6++) {
		struct pkt p = syn_of(v6, 7, 1);
		struct outcome o;

		bed_expect_pkt(b, &p, XDP_PASS, REASON_syn_passed, "within", NULL);
		p = syn_of(v6, 7, 2);
		bed_expect_pkt(b, &p, XDP_PASS, REASON_syn_synack_limited, "beyond", &o);
		assert_int_equal(o.not_enforced, 1);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, services_reset, check_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(synacks),
	    TEST(synacks_of_the_kernel),
	    TEST(prefixes),
	    TEST(new_connections),
	    TEST(new_connections_of_the_kernel),
	    TEST(syns_of_live_connections),
	    TEST(bad_acks),
	    TEST(bad_acks_for_the_kernel),
	    TEST(watched_only),
	};

	return cmocka_run_group_tests(tests, bed_make, bed_end);
}
