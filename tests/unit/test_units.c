// SPDX-License-Identifier: GPL-2.0
/* Values with units, both ways. */
#include <errno.h>

#include "unit.h"

#include "units.h"

static const struct row {
	enum unit unit;
	const char *text;
	__u64 value;
	const char *printed; /* NULL: as text */
} rows[] = {
    {UNIT_TIME, "500ms", 500, NULL},
    {UNIT_TIME, "30s", 30000, NULL},
    {UNIT_TIME, "5m", 300000, NULL},
    {UNIT_TIME, "2h", 7200000, NULL},
    {UNIT_TIME, "1d", 86400000, NULL},
    {UNIT_TIME, "24h", 86400000, "1d"},
    {UNIT_TIME, "90s", 90000, NULL},
    {UNIT_TIME, "1500ms", 1500, NULL},
    {UNIT_TIME, "1.5s", 1500, "1500ms"},
    {UNIT_TIME, "0.5d", 43200000, "12h"},
    {UNIT_TIME, "0s", 0, "0ms"},
    {UNIT_TIME, "007s", 7000, "7s"},
    {UNIT_TIME, "213503982334d", 18446744073657600000ULL, NULL},
    {UNIT_RATE, "100/s", 100, NULL},
    {UNIT_RATE, "200k/s", 200000, NULL},
    {UNIT_RATE, "1.5M/s", 1500000, "1500k/s"},
    {UNIT_RATE, "0.000001M/s", 1, "1/s"},
    {UNIT_RATE, "0.500000000k/s", 500, "500/s"},
    {UNIT_PERCENT, "50%", 50, NULL},
    {UNIT_PERCENT, "0%", 0, NULL},
    {UNIT_COUNT, "262144", 262144, NULL},
    {UNIT_COUNT, "256k", 256000, NULL},
    {UNIT_COUNT, "1M", 1000000, NULL},
    {UNIT_COUNT, "18446744073709551615", UINT64_MAX, NULL},
};

static void each_is_read_and_printed(void **state)
{
	char text[UNIT_TEXT];
	__u64 value;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct row *row = &rows[i];

		assert_int_equal(unit_parse(row->unit, row->text, &value), 0);
		assert_int_equal(value, row->value);
		unit_print(row->unit, value, text);
		assert_string_equal(text, row->printed ? row->printed : row->text);
	}
}

static void mistakes(void **state)
{
	static const struct {
		enum unit unit;
		const char *text;
		int err;
	} bad[] = {
	    {UNIT_TIME, "", -EINVAL},
	    {UNIT_TIME, "30", -EINVAL},
	    {UNIT_TIME, "30 apples", -EINVAL},
	    {UNIT_TIME, "30 s", -EINVAL},
	    {UNIT_TIME, " 30s", -EINVAL},
	    {UNIT_TIME, "30s ", -EINVAL},
	    {UNIT_TIME, "s", -EINVAL},
	    {UNIT_TIME, "-1s", -EINVAL},
	    {UNIT_TIME, "+1s", -EINVAL},
	    {UNIT_TIME, "1.s", -EINVAL},
	    {UNIT_TIME, ".5s", -EINVAL},
	    {UNIT_TIME, "1.2.3s", -EINVAL},
	    {UNIT_TIME, "1e3s", -EINVAL},
	    {UNIT_TIME, "0x1s", -EINVAL},
	    {UNIT_TIME, "1S", -EINVAL},
	    {UNIT_TIME, "1m30s", -EINVAL},
	    {UNIT_TIME, "0.5ms", -ERANGE},
	    {UNIT_TIME, "0.0000000001d", -ERANGE},
	    {UNIT_TIME, "0.0000000001x", -EINVAL},
	    {UNIT_TIME, "213503982335d", -ERANGE},
	    {UNIT_TIME, "99999999999999999999d", -ERANGE},
	    {UNIT_TIME, "99999999999999999999x", -EINVAL},
	    {UNIT_RATE, "100", -EINVAL},
	    {UNIT_RATE, "100/m", -EINVAL},
	    {UNIT_RATE, "100K/s", -EINVAL},
	    {UNIT_RATE, "1.5/s", -ERANGE},
	    {UNIT_PERCENT, "50", -EINVAL},
	    {UNIT_PERCENT, "1.5%", -ERANGE},
	    {UNIT_COUNT, "256K", -EINVAL},
	    {UNIT_COUNT, "18446744073709551616", -ERANGE},
	    {UNIT_COUNT, "184467440737095516150", -ERANGE},
	    {UNIT_COUNT, "18446744073709551615k", -ERANGE},
	};
	__u64 value = 7;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_int_equal(unit_parse(bad[i].unit, bad[i].text, &value), bad[i].err);
	assert_int_equal(value, 7);
}

static void any_value_comes_back(void **state)
{
	char text[UNIT_TEXT];
	__u64 value, got;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		value = rng() >> rng() % 64;
		for (enum unit unit = UNIT_TIME; unit <= UNIT_COUNT; unit++) {
			unit_print(unit, value, text);
			assert_int_equal(unit_parse(unit, text, &got), 0);
			assert_int_equal(got, value);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_is_read_and_printed),
	    cmocka_unit_test(mistakes),
	    cmocka_unit_test(any_value_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
