// SPDX-License-Identifier: GPL-2.0
/*
 * When an attack begins and ends: thresholds, hysteresis, hold, at each clock rate; and that no jump
 * of a clock does either.
 */
#include "unit.h"

#include "defend.h"

static const __u32 hzs[] = {100, 250, 300, 1000};

static const struct policy policy = {
    .mode = MODE_AUTO,
    .syn_rate_on = 2000,
    .syn_rate_off = 500,
    .unfinished_on = 25,
    .unfinished_off = 10,
    .hold_ms = 10000,
};

/* A service whose packets come at a time, in jiffies. */
struct service {
	struct defence d;
	__u64 now;
	__u32 hz;
	__u32 unfinished;
	__u32 attacks;
};

static int tell(struct service *s, __u32 syns)
{
	struct load l = {.unfinished = s->unfinished, .backlog = 4096};
	const int begins = defend_tell(&s->d, &policy, &l, syns, s->now, s->hz);

	s->attacks += (__u32)begins;
	return begins;
}

/* So many SYNs per second for so long, evenly, by the tenth of a second. */
static void syns(struct service *s, __u32 rate, __u32 seconds)
{
	for (__u32 i = 0; i < seconds * WINDOWS_PER_S; i++) {
		tell(s, rate / WINDOWS_PER_S);
		s->now += s->hz / WINDOWS_PER_S;
	}
}

static int active(const struct service *s)
{
	return defend_active(&s->d, s->now);
}

static struct service service_new(__u32 hz)
{
	/* As after boot: five minutes before the low word comes round. */
	return (struct service){.hz = hz, .now = (__u32)-300 * (__u64)hz & 0xffffffff};
}

static void the_rate_begins_it_within_its_window(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(hzs); i++) {
		struct service s = service_new(hzs[i]);

		syns(&s, 2000, 400);
		assert_false(active(&s));
		for (int n = 0; n < 200; n++)
			assert_int_equal(tell(&s, 1), 0);
		assert_int_equal(tell(&s, 1), 1);
		assert_true(active(&s));
		assert_int_equal(s.attacks, 1);
	}
}

/* Kept up by what is above the lower threshold, ended hold_ms after that. */
static void hysteresis_and_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(hzs); i++) {
		struct service s = service_new(hzs[i]);

		syns(&s, 600, 10);
		assert_false(active(&s));
		syns(&s, 3000, 1);
		syns(&s, 600, 60);
		assert_true(active(&s));
		syns(&s, 500, 9);
		assert_true(active(&s));
		syns(&s, 500, 2);
		assert_false(active(&s));
		syns(&s, 600, 10);
		assert_false(active(&s));
		assert_int_equal(s.attacks, 1);
		syns(&s, 3000, 1);
		assert_int_equal(s.attacks, 2);
	}
}

static void unfinished_handshakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(hzs); i++) {
		struct service s = service_new(hzs[i]);

		s.unfinished = 1023;
		syns(&s, 10, 10);
		assert_false(active(&s));
		s.unfinished = 1024;
		tell(&s, 1);
		assert_true(active(&s));
		s.unfinished = 409;
		syns(&s, 10, 60);
		assert_true(active(&s));
		s.unfinished = 408;
		syns(&s, 10, 11);
		assert_false(active(&s));
		assert_int_equal(s.attacks, 1);
	}
}

/* Percent of the backlog, but not so few that chance makes an attack of them. */
static void shares_of_small_backlogs(void **state)
{
	static const struct {
		__u32 backlog, percent, first; /* that is too many; 0: none is */
	} rows[] = {
	    {4096, 25, 1024}, {4096, 100, 4096}, {4096, 1, 40},
	    {128, 25, 32},    {128, 10, 16},     {64, 25, 16},
	    {20, 25, 16},     {16, 25, 16},      {15, 25, 15},
	    {10, 50, 10},     {2, 25, 2},        {1, 25, 1},
	    {0, 25, 0},       {128, 0, 0},       {~0U, 25, 0x3fffffff},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct load l = {.backlog = rows[i].backlog, .unfinished = rows[i].first - 1};

		if (!rows[i].first) {
			assert_false(unfinished_exceed(&l, rows[i].percent));
			continue;
		}
		assert_false(unfinished_exceed(&l, rows[i].percent));
		l.unfinished++;
		assert_true(unfinished_exceed(&l, rows[i].percent));
	}
}

/* 0 is no threshold; the smallest is not exceeded by one SYN alone, in no window. */
static void extreme_rates(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(hzs); i++) {
		struct load l = {.syns = ~0U};

		assert_false(load_exceeds(&l, 0, 0, hzs[i]));
		assert_true(load_exceeds(&l, 1, 0, hzs[i]));
		assert_true(load_exceeds(&l, ~0U, 0, hzs[i]));
		for (__u32 rate = 1; rate < 30; rate++) {
			l.syns = 1;
			assert_false(load_exceeds(&l, rate, 0, hzs[i]));
			l.syns = rate / WINDOWS_PER_S + 2;
			assert_true(load_exceeds(&l, rate, 0, hzs[i]));
		}
	}
}

/* Seconds, days, years later: what was counted before is of no window then. */
static void a_jump_forward_begins_nothing(void **state)
{
	static const __u64 jumps_s[] = {
	    1, 60, 86400, 30 * 86400, 3 * 365 * 86400, (100ULL << 32) + 12345};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(hzs) * COUNT_OF(jumps_s); i++) {
		struct service s = service_new(hzs[i % COUNT_OF(hzs)]);

		tell(&s, 200);
		s.now += jumps_s[i / COUNT_OF(hzs)] * s.hz + 7;
		assert_false(active(&s));
		assert_int_equal(tell(&s, 100), 0);
		assert_false(active(&s));
		s.now += s.hz;
		syns(&s, 1900, 5);
		assert_false(active(&s));
	}
}

/*
 * An attack that is over by the clock is over; jiffies do not go back, but if they did, the attack
 * would last, and none would begin.
 */
static void a_jump_during_an_attack(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(hzs); i++) {
		struct service s = service_new(hzs[i]);
		const __u64 began = s.now;

		syns(&s, 3000, 2);
		s.now += 3600 * s.hz;
		assert_false(active(&s));
		s.now = began - 3600 * s.hz;
		assert_true(active(&s));
		s.d.until = 0;
		tell(&s, 150);
		tell(&s, 50);
		assert_false(active(&s));
	}
}

/* Two CPUs, one a jiffy behind: none of what they tell is lost, and one window is not two. */
static void clocks_that_differ_by_a_jiffy(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(hzs); i++) {
		struct service s = service_new(hzs[i]);
		__u64 now = s.now;
		int told = 0;

		for (int n = 0; n < 201 && !active(&s); n++) {
			s.now = now - (n & 1);
			tell(&s, 1);
			told++;
		}
		assert_in_range(told, 200, 202);
		assert_true(active(&s));
		/* And in peace it stays peace, at the start of every window. */
		s = service_new(hzs[i]);
		for (now = s.now; now < s.now + 10 * s.hz; now++) {
			struct service other = s;

			other.now = now;
			tell(&other, 190 * WINDOWS_PER_S / s.hz / 2);
			other.now = now - 1;
			tell(&other, 190 * WINDOWS_PER_S / s.hz / 2);
			s.d = other.d;
			assert_false(active(&s));
		}
	}
}

/* hold_ms to the jiffy, and never shortened by a lower one told late. */
static void hold(void **state)
{
	const struct load high = {.syns = 10000};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(hzs); i++) {
		struct policy p = policy;
		const __u64 now = 1000000;

		for (p.hold_ms = 0; p.hold_ms < 3000; p.hold_ms += 7) {
			const __u64 until = defend_until(0, &p, &high, now, hzs[i]);

			assert_true(until > now);
			assert_true((until - now) * 1000 >= (__u64)p.hold_ms * hzs[i]);
			assert_true((until - now - 1) * 1000 <= (__u64)p.hold_ms * hzs[i]);
			assert_true(defend_until(until + 99, &p, &high, now, hzs[i]) == until + 99);
		}
		p.hold_ms = ~0U;
		assert_true(defend_until(0, &p, &high, now, hzs[i]) >
			    now + (__u64)4000000 * hzs[i]);
	}
}

/* An attack that began with a hold of a day goes by the one of now, whatever the load. */
static void a_hold_made_shorter(void **state)
{
	const struct load none = {0}, high = {.syns = 10000};
	struct policy p = policy;
	const __u64 now = 1000000;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(hzs); i++) {
		const __u64 day = now + 86400ULL * hzs[i], want = now + 10ULL * hzs[i] + 1;

		p.hold_ms = 10000;
		assert_true(defend_until(day, &p, &none, now, hzs[i]) == want);
		assert_true(defend_until(day, &p, &high, now, hzs[i]) == want);
		p.hold_ms = 86400000;
		assert_true(defend_until(day, &p, &none, now, hzs[i]) == day);
	}
}

/* Without its division: as many jiffies as defend_window() says. */
static void a_window_at_every_hz(void **state)
{
	(void)state;
	for (__u32 hz = 1; hz <= 2000; hz++)
		for (__u32 age = 0; age <= 250; age++)
			if (window_over(0xffffff80U, 0xffffff80U + age, hz) !=
			    (age >= defend_window(hz)))
				fail_msg("hz %u, age %u", hz, age);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_rate_begins_it_within_its_window),
	    cmocka_unit_test(hysteresis_and_hold),
	    cmocka_unit_test(unfinished_handshakes),
	    cmocka_unit_test(shares_of_small_backlogs),
	    cmocka_unit_test(extreme_rates),
	    cmocka_unit_test(a_jump_forward_begins_nothing),
	    cmocka_unit_test(a_jump_during_an_attack),
	    cmocka_unit_test(clocks_that_differ_by_a_jiffy),
	    cmocka_unit_test(hold),
	    cmocka_unit_test(a_window_at_every_hz),
	    cmocka_unit_test(a_hold_made_shorter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
