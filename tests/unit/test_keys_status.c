// SPDX-License-Identifier: GPL-2.0
/* What is told of a key ring: times to the second, and no secrets; and the clock of shared keys. */
#include "unit.h"

#include "keyring.h"
#include "keys.h"

enum { SHIFT = 15, EPOCH = 1 << SHIFT, HZ = 1000 };

#define NOW (1000ULL << SHIFT)

static const struct config cfg = {.hz = HZ, .epoch_shift = SHIFT};

static struct keys_status status_at(const struct keys *ring, __u64 jiffies)
{
	struct keys_status status;

	keys_status_at(ring, &cfg, jiffies, &status);
	return status;
}

static void fresh_ring(void **state)
{
	const struct keys ring = {.turned_at = NOW};
	const struct keys_status s = status_at(&ring, NOW + 61 * HZ);

	(void)state;
	assert_false(s.shared || s.periodic || s.stale || s.turning);
	assert_int_equal(s.serves_in_s, 0);
	assert_int_equal(s.wait_s, 0);
	assert_int_equal(s.turned_ago_s, 61);
	assert_int_equal(s.turns, 0);
}

static void turned_ring(void **state)
{
	struct keys ring = {.turned_at = NOW + 5 * HZ, .shared = 1};
	struct keys_status s;

	(void)state;
	assert_int_equal(keys_turn(&ring, (const __u8[16]){1}, NOW >> SHIFT, 0), 0);
	s = status_at(&ring, NOW + 5 * HZ);
	assert_true(s.shared && s.turning);
	assert_int_equal(s.serves_in_s, 28); /* 32.768 - 5, rounded up */
	assert_int_equal(s.wait_s, 94);      /* 3 * 32.768 - 5 */
	assert_int_equal(s.turns, 1);
	assert_true(status_at(&ring, NOW + EPOCH - 1).turning);
	assert_int_equal(status_at(&ring, NOW + EPOCH - 1).serves_in_s, 1);
	assert_false(status_at(&ring, NOW + EPOCH).turning);
	assert_int_equal(status_at(&ring, NOW + EPOCH).serves_in_s, 0);
	assert_int_equal(status_at(&ring, NOW + 3 * EPOCH - 1).wait_s, 1);
	assert_int_equal(status_at(&ring, NOW + 3 * EPOCH).wait_s, 0);
}

/* The wait that is told is enough, and not a second too long. */
static void wait_is_exact(void **state)
{
	(void)state;
	for (__u64 at = 0; at < EPOCH; at += 977) {
		struct keys ring = {.clock = 12345678};
		const __u64 turned = NOW + at;
		__u32 wait;

		keys_turn(&ring, (const __u8[16]){1}, cookie_epoch_now(&ring, &cfg, turned), 0);
		wait = status_at(&ring, turned).wait_s;
		assert_in_range(wait, 66, 99);
		assert_int_equal(
		    keys_wait(&ring, cookie_epoch_now(&ring, &cfg, turned + wait * HZ)), 0);
		assert_int_not_equal(
		    keys_wait(&ring, cookie_epoch_now(&ring, &cfg, turned + (wait - 1) * HZ)), 0);
	}
}

static void period(void **state)
{
	struct keys ring = {.turned_at = NOW, .period = 3600 * HZ};
	struct keys_status s = status_at(&ring, NOW + 600 * HZ);

	(void)state;
	assert_true(s.periodic);
	assert_false(s.stale);
	assert_int_equal(s.period_s, 3600);
	assert_int_equal(s.next_in_s, 3000);
	s = status_at(&ring, NOW + 3605 * HZ);
	assert_int_equal(s.next_in_s, 0);
	assert_false(s.stale);
	assert_true(status_at(&ring, NOW + 3611 * HZ).stale);
	/* By its rules it must wait still. */
	ring.turn = ((NOW >> SHIFT) + 200) << 1;
	assert_false(status_at(&ring, NOW + 3611 * HZ).stale);
	ring.period = 0;
	assert_false(status_at(&ring, NOW + 100000 * HZ).stale);
}

/* What could not be read must not divide by 0. */
static void no_settings(void **state)
{
	const struct config none = {0};
	const struct keys ring = {.period = 1};
	struct keys_status s;

	(void)state;
	keys_status_at(&ring, &none, NOW, &s);
	assert_false(s.stale);
}

/* Machines with the same HZ and wall clock count the same, whenever they were booted. */
static void clock_is_the_walls(void **state)
{
	static const __u32 hz[] = {100, 250, 300, 1000};
	const __u64 wall = 1790000000123456789ULL;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(hz); i++) {
		const __u64 now = 1790000000ULL * hz[i] + 123456789ULL * hz[i] / 1000000000;

		for (__u64 boot = 0; boot < 1ULL << 40; boot = boot * 3 + 1) {
			struct keys ring = {.clock = keys_clock_of(wall, hz[i], boot)};

			assert_int_equal(keys_clock(&ring, boot), now);
			/* Nothing but jiffies counts from then on. */
			assert_int_equal(keys_clock(&ring, boot + 77), now + 77);
		}
	}
}

static void small_differences_of_clocks_do_not_count(void **state)
{
	(void)state;
	assert_int_equal(keys_clock_choose(5000, 5100, HZ), 5000);
	assert_int_equal(keys_clock_choose(5000, 4900, HZ), 5000);
	assert_int_equal(keys_clock_choose(5000, 5101, HZ), 5101);
	assert_int_equal(keys_clock_choose(5000, 4899, HZ), 4899);
	assert_int_equal(keys_clock_choose(-5ULL, 5, HZ), -5ULL);
	assert_int_equal(keys_clock_choose(0, 1790000000000ULL, HZ), 1790000000000ULL);
}

static void source(void **state)
{
	struct keys ring = {.slot = {{1}, {2}}, .epoch_mask = 7};
	struct keyfile file = {.key = {1}, .epoch_mask = 7};

	(void)state;
	assert_true(keys_same_source(&ring, NULL));
	assert_false(keys_same_source(&ring, &file));
	ring.shared = 1;
	assert_false(keys_same_source(&ring, NULL));
	assert_true(keys_same_source(&ring, &file));
	ring.turn = 1;
	assert_false(keys_same_source(&ring, &file));
	file.key[0] = 2;
	assert_true(keys_same_source(&ring, &file));
	file.epoch_mask = 8;
	assert_false(keys_same_source(&ring, &file));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fresh_ring),
	    cmocka_unit_test(turned_ring),
	    cmocka_unit_test(wait_is_exact),
	    cmocka_unit_test(period),
	    cmocka_unit_test(no_settings),
	    cmocka_unit_test(clock_is_the_walls),
	    cmocka_unit_test(small_differences_of_clocks_do_not_count),
	    cmocka_unit_test(source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
