// SPDX-License-Identifier: GPL-2.0
/* Which services are under attack, and what is said of it. */
#include <string.h>

#include "unit.h"

#include "attacks.h"

enum { HZ = 250, WINDOW = 25 };

static const struct attacks_clock now = {.jiffies = 1000000, .hz = HZ, .boottime_s = 5000};

static struct defence attacked(__u64 until, __u32 started_s, __u32 attacks)
{
	return (struct defence){.until = until,
				.window = (__u32)now.jiffies - 20,
				.syns = 1000,
				.started_s = started_s,
				.attacks = attacks};
}

static void expect_attack(const struct attack *attack, const char *want)
{
	char text[ATTACK_TEXT_MAX];

	attack_text(attack, text);
	assert_string_equal(text, want);
}

static void expect_past(const struct attacks *attacks, const char *want)
{
	char text[ATTACK_TEXT_MAX];

	attacks_past_text(attacks, text);
	assert_string_equal(text, want);
}

static void peace(void **state)
{
	static struct defence defences[100];
	struct attacks attacks;

	(void)state;
	attacks_find(defences, COUNT_OF(defences), &now, &attacks);
	assert_int_equal(attacks.active, 0);
	assert_int_equal(attacks.count, 0);
	expect_past(&attacks, "none now");
}

static void those_under_attack_are_listed(void **state)
{
	static struct defence defences[100];
	struct attacks attacks;

	(void)state;
	defences[22] = attacked(now.jiffies, 4000, 3); /* just over */
	defences[80] = attacked(now.jiffies + 1, 4988, 4);
	defences[90] = attacked(now.jiffies + 500, 3000, 1);
	attacks_find(defences, COUNT_OF(defences), &now, &attacks);
	assert_int_equal(attacks.active, 2);
	assert_int_equal(attacks.count, 2);
	assert_int_equal(attacks.seen, 8);
	expect_attack(&attacks.of[0], "port 80 for 12s, 12k SYN/s");
	expect_attack(&attacks.of[1], "port 90 for 33m, 12k SYN/s");
}

static void in_peace_the_last_one_is_told(void **state)
{
	static struct defence defences[100];
	struct attacks attacks;

	(void)state;
	defences[80] = attacked(now.jiffies - 1, 1400, 4);
	defences[22] = attacked(now.jiffies - 1, 1300, 3);
	attacks_find(defences, COUNT_OF(defences), &now, &attacks);
	assert_int_equal(attacks.active, 0);
	assert_int_equal(attacks.count, 1);
	expect_past(&attacks, "none now; the last one: port 80, it began 1h ago; 7 so far");
}

static void more_than_fit_are_counted(void **state)
{
	static struct defence defences[100];
	struct attacks attacks;

	(void)state;
	for (size_t i = 1; i <= 40; i++)
		defences[i] = attacked(now.jiffies + 1, 4000, 1);
	attacks_find(defences, COUNT_OF(defences), &now, &attacks);
	assert_int_equal(attacks.active, 40);
	assert_int_equal(attacks.count, ATTACKS_MAX);
	assert_int_equal(attacks.seen, 40);
}

/* Jiffies come round in the 32 bits of a window. */
static void rates(void **state)
{
	struct defence d = {.syns = 1000};
	const struct attacks_clock late = {.jiffies = (1ULL << 32) + 10, .hz = HZ};

	(void)state;
	d.window = (__u32)now.jiffies - WINDOW;
	assert_int_equal(attack_syn_rate(&d, &now), 10000);
	d.window = (__u32)now.jiffies;
	assert_int_equal(attack_syn_rate(&d, &now), 250000);
	d.window = (__u32)now.jiffies - 2 * WINDOW;
	assert_int_equal(attack_syn_rate(&d, &now), 0);
	d.window = 0xffffffffU - 9;
	assert_int_equal(attack_syn_rate(&d, &late), 12500);
	d.syns = 4000000000U;
	d.window = (__u32)now.jiffies;
	assert_int_equal(attack_syn_rate(&d, &now), 0xffffffffU);
}

static void young_windows_tell_no_rate(void **state)
{
	struct defence d = {0};

	(void)state;
	d.window = (__u32)now.jiffies - 12;
	assert_true(attack_window_is_young(&d, &now));
	d.window = (__u32)now.jiffies - 13;
	assert_false(attack_window_is_young(&d, &now));
}

static void an_address_has_its_name(void **state)
{
	struct attack attack = {.addr = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 1},
				.port = 443,
				.active = true,
				.age_s = 3,
				.syn_rate = 999};

	(void)state;
	expect_attack(&attack, "192.0.2.1:443 for 3s, 999 SYN/s");
	attack = (struct attack){.addr = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}, .port = 443};
	expect_attack(&attack, "[2001:db8::1]:443 for 0s, 0 SYN/s");
	attack = (struct attack){.any_addr = true, .index = MAX_PORTS + 1};
	expect_attack(&attack, "a service that is gone for 0s, 0 SYN/s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(peace),
	    cmocka_unit_test(those_under_attack_are_listed),
	    cmocka_unit_test(in_peace_the_last_one_is_told),
	    cmocka_unit_test(more_than_fit_are_counted),
	    cmocka_unit_test(rates),
	    cmocka_unit_test(young_windows_tell_no_rate),
	    cmocka_unit_test(an_address_has_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
