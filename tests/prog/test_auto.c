// SPDX-License-Identifier: GPL-2.0
/*
 * Mode auto: what passes in peace, how an attack is noticed and how soon, what it does in each mode
 * and for each service, and that a bank of settings takes effect between two packets.
 */
#include <linux/bpf.h>

#include "check.h"
#include "services.h"
#include "talk.h"

enum { OTHER_POLICY = 2, OTHER_DEFENCE = MAX_PORTS + 5, TOLD_AT_ONCE = 64 };

static void passes(struct bed *b, const struct pkt *p, const char *row)
{
	bed_expect_pkt(b, p, XDP_PASS, REASON_syn_passed, row, NULL);
}

static void answered(struct bed *b, const struct pkt *p, const char *row)
{
	bed_expect_pkt(b, p, XDP_TX, REASON_syn_cookie_sent, row, NULL);
}

static void in_peace_syns_are_the_kernels(void **state)
{
	struct bed *b = *state;

	services_auto(b);
	for (int v6 = 0; v6 < 2; v6++) {
		const struct pkt p = bed_syn(v6, PORT_PLAIN);
		const struct conn_key key = shield_key(&p);
		struct conn half;

		passes(b, &p, "peace");
		assert_int_equal(shield_half(&b->s, &key, &half), 1);
		assert_int_equal(half.head.state, SYN_SENT);
		assert_true(shield_defence(&b->s, PORT_PLAIN).kernel_until >
			    shield_jiffies(&b->s) + 120 * (__u64)b->s.config.hz);
	}
}

/* What each mode does with an attack that is, is to come and has been. */
static void attacks_by_mode(void **state)
{
	static const enum mode modes[] = {MODE_ALWAYS, MODE_MONITOR, MODE_AUTO};
	struct bed *b = *state;

	for (size_t i = 0; i < 4 * COUNT_OF(modes); i++) {
		const enum mode mode = modes[i / 4];
		const int attack = i & 1, cookie = mode == MODE_ALWAYS || attack;
		const struct pkt p = bed_syn(i >> 1 & 1, PORT_PLAIN);
		struct outcome o;

		services_auto(b);
		b->s.policy.mode = mode;
		shield_config_write(&b->s);
		if (attack)
			services_attack(b, PORT_PLAIN);
		else
			services_peace(b, PORT_PLAIN);
		shield_run_pkt(&b->s, &p, &o);
		assert_int_equal(o.reason, cookie ? REASON_syn_cookie_sent : REASON_syn_passed);
		assert_int_equal(o.verdict, cookie && mode != MODE_MONITOR ? XDP_TX : XDP_PASS);
		assert_int_equal(o.not_enforced, cookie && mode == MODE_MONITOR);
	}
}

/* A flood: at most a window's share of the rate passes, and what a CPU tells at once. */
static void the_rate_begins_an_attack(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		int passed = 0;

		services_auto(b);
		b->s.policy.syn_rate_on = 1000;
		shield_config_write(&b->s);
		services_peace(b, PORT_PLAIN);
		services_wait(b, b->s.config.hz / 10 + 1); /* a new window */
		for (int i = 0; i < 2000; i++) {
			const struct pkt p = bed_syn(v6, PORT_PLAIN);
			struct outcome o;

			shield_run_pkt(&b->s, &p, &o);
			if (o.reason == REASON_syn_cookie_sent)
				break;
			assert_int_equal(o.reason, REASON_syn_passed);
			passed++;
		}
		/* The flood of the test itself must be faster than the rate. */
		assert_in_range(passed, 1, 100 + TOLD_AT_ONCE);
		assert_int_equal(shield_defence(&b->s, PORT_PLAIN).attacks, v6 + 1);
		assert_true(shield_defence(&b->s, PORT_PLAIN).until >
			    shield_jiffies(&b->s) + 59 * (__u64)b->s.config.hz);
	}
}

/* Above the lower threshold it goes on; below it the end stays where it was. */
static void what_keeps_it_up(void **state)
{
	struct bed *b = *state;

	for (int above = 0; above < 2; above++) {
		struct defence d = {.until = shield_jiffies(&b->s) + 2 * b->s.config.hz};

		services_auto(b);
		b->s.policy.syn_rate_off = above ? 10 : 500000;
		shield_config_write(&b->s);
		shield_defence_write(&b->s, PORT_PLAIN, &d);
		for (int i = 0; i < 2 * TOLD_AT_ONCE; i++) {
			const struct pkt p = bed_syn(i & 1, PORT_PLAIN);

			answered(b, &p, "attack");
		}
		if (above)
			assert_true(shield_defence(&b->s, PORT_PLAIN).until > d.until);
		else
			assert_true(shield_defence(&b->s, PORT_PLAIN).until == d.until);
		assert_int_equal(shield_defence(&b->s, PORT_PLAIN).attacks, 0);
	}
}

/* Handshakes that the kernel has and nobody finishes: real ones. */
static void unfinished_handshakes_begin_an_attack(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		const __u16 port = v6 ? PORT_TTL : PORT_CLAMP;
		int passed = 0;

		services_auto(b);
		/* Of a backlog of 4096: 40, and never less than 16. */
		b->s.policy.unfinished_on = 1;
		shield_config_write(&b->s);
		for (int i = 0; i < 200; i++) {
			const __u64 before = shield_counted(&b->s, REASON_syn_passed);
			const struct pkt p = bed_syn(v6, port);

			shield_receive(&b->s, &p, 1);
			if (shield_counted(&b->s, REASON_syn_passed) == before)
				break;
			passed++;
		}
		assert_in_range(passed, 39, 40 + TOLD_AT_ONCE);
		assert_int_equal(shield_defence(&b->s, port).attacks, 1);
		assert_int_equal(shield_defence(&b->s, PORT_PLAIN).attacks, 0);
	}
}

/* One address of a port has a service of its own, with its own attack. */
static void services_of_one_address(void **state)
{
	struct bed *b = *state;

	services_auto(b);
	services_policy(b, 0, OTHER_POLICY, &(struct policy){.mode = MODE_ALWAYS});
	for (int v6 = 0; v6 < 2; v6++) {
		const struct pkt p = bed_syn(v6, PORT_PLAIN), free_port = bed_syn(v6, PORT_FREE);

		/* Not until the port says so. */
		services_addr(b, 0, &p, OTHER_POLICY, OTHER_DEFENCE);
		services_rule(b, 0, PORT_PLAIN, SHIELD_POLICY, 0);
		passes(b, &p, "no services of addresses");
		services_rule(b, 0, PORT_PLAIN, SHIELD_POLICY, 1);
		answered(b, &p, "policy of the address");
		/* Its attack is not the port's, nor the other way round. */
		services_addr(b, 0, &p, SHIELD_POLICY, OTHER_DEFENCE);
		services_attack(b, PORT_PLAIN);
		passes(b, &p, "attack on the rest of the port");
		services_peace(b, PORT_PLAIN);
		services_attack(b, OTHER_DEFENCE);
		answered(b, &p, "attack on the address");
		services_peace(b, OTHER_DEFENCE);
		/* Not protected, although the port is; and protected, although the port is not. */
		services_addr(b, 0, &p, 0, 0);
		bed_expect_pkt(b, &p, XDP_PASS, REASON_not_protected, "exempt", NULL);
		services_rule(b, 0, PORT_FREE, 0, 1);
		bed_expect_pkt(b, &free_port, XDP_PASS, REASON_not_protected, "port", NULL);
		services_addr(b, 0, &free_port, OTHER_POLICY, OTHER_DEFENCE);
		answered(b, &free_port, "this address of the port");
	}
}

/* All of a bank counts from the next packet on: rules, policies, services, settings. */
static void banks(void **state)
{
	const struct settings watch = {.mode = MODE_MONITOR};
	const struct policy always = {.mode = MODE_ALWAYS};
	struct bed *b = *state;

	services_auto(b);
	for (int v6 = 0; v6 < 2; v6++) {
		const struct pkt p = bed_syn(v6, PORT_PLAIN);
		struct pkt bad = bed_syn(v6, PORT_PLAIN);
		struct outcome o;

		services_rule(b, 1, PORT_PLAIN, OTHER_POLICY, 1);
		services_policy(b, 1, OTHER_POLICY, &always);
		services_settings(b, 1, &watch);
		passes(b, &p, "bank 0");
		services_bank(b, 1);
		answered(b, &p, "bank 1");
		services_addr(b, 0, &p, 0, 0);
		answered(b, &p, "bank 1, an address in bank 0");
		services_addr(b, 1, &p, 0, 0);
		bed_expect_pkt(b, &p, XDP_PASS, REASON_not_protected, "address", NULL);
		services_bank(b, 0);
		passes(b, &p, "bank 0 again");
		/* What is of no service goes by the settings. */
		bad.flags = PKT_SYN | PKT_FIN;
		bed_expect_pkt(b, &bad, XDP_DROP, REASON_tcp_bad_flags, "bank 0", NULL);
		services_bank(b, 1);
		services_rule(b, 1, PORT_PLAIN, 0, 0);
		shield_run_pkt(&b->s, &bad, &o);
		assert_int_equal(o.reason, REASON_not_protected);
		services_bank(b, 0);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, services_reset, check_end)

static int setup(void **state)
{
	services_one_cpu();
	return talk_setup(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(in_peace_syns_are_the_kernels),
	    TEST(attacks_by_mode),
	    TEST(the_rate_begins_an_attack),
	    TEST(what_keeps_it_up),
	    TEST(unfinished_handshakes_begin_an_attack),
	    TEST(services_of_one_address),
	    TEST(banks),
	};

	return cmocka_run_group_tests(tests, setup, talk_teardown);
}
