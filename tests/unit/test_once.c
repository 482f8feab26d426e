// SPDX-License-Identifier: GPL-2.0
/* Which SYNs are known as dropped a moment ago, for how long, and how often by mistake. */
#include "unit.h"

#include "once.h"

static struct once table;

static int fresh(void **state)
{
	(void)state;
	memset(&table, 0, sizeof(table));
	return 0;
}

static void the_second_is_known(void **state)
{
	(void)state;
	for (__u32 slice = 0; slice < 1000; slice++) {
		const __u64 hash = rng();

		assert_int_equal(once_seen(&table, hash, slice), 0);
		assert_int_equal(once_seen(&table, hash, slice), 1);
	}
}

/* From the slice before as well, and not from an older one: 2 to 4 seconds. */
static void for_how_long(void **state)
{
	(void)state;
	for (__u32 slice = 0; slice < 600; slice += 7)
		for (__u32 later = 0; later < 200; later++) {
			const __u64 hash = rng();

			fresh(NULL);
			once_seen(&table, hash, slice);
			assert_int_equal(once_seen(&table, hash, slice + later), later < 2);
		}
}

/* A flood of one and the same SYN sends two for each answer, whatever its rate. */
static void half_of_a_repeated_one_is_answered(void **state)
{
	const __u64 hash = rng();
	int answered = 0;

	(void)state;
	for (__u32 i = 0; i < 3000; i++)
		answered += once_seen(&table, hash, 77 + i / 100);
	assert_in_range(answered, 1400, 1500);
}

/* A million in two slices: one in five is taken for another one, as the header says. */
static void mistakes(void **state)
{
	__u32 known = 0;

	(void)state;
	for (__u32 i = 0; i < 1000000; i++)
		once_seen(&table, rng(), 42);
	for (__u32 i = 0; i < 10000; i++)
		known += (__u32)once_seen(&table, rng(), 43);
	assert_in_range(known, 1000, 3000);
}

/* And an empty one makes none, nor one whose words are all of long ago. */
static void no_mistakes_when_idle(void **state)
{
	(void)state;
	for (__u32 i = 0; i < 100000; i++)
		once_seen(&table, rng(), 42);
	for (__u32 i = 0; i < 100; i++)
		assert_int_equal(once_seen(&table, rng(), 142), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(the_second_is_known, fresh),
	    cmocka_unit_test_setup(for_how_long, fresh),
	    cmocka_unit_test_setup(half_of_a_repeated_one_is_answered, fresh),
	    cmocka_unit_test_setup(mistakes, fresh),
	    cmocka_unit_test_setup(no_mistakes_when_idle, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
