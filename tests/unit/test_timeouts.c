// SPDX-License-Identifier: GPL-2.0
/* What attach takes as --timeout. */
#include <string.h>

#include "unit.h"

#include "timeouts.h"
#include "track.h"

static void each_name_with_each_unit(void **state)
{
	static const struct {
		const char *unit;
		__u32 seconds;
	} units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
	struct timeouts got;
	struct error error;
	char text[64];

	(void)state;
	for (int i = 0; timeout_names[i]; i++)
		for (size_t u = 0; u < COUNT_OF(units); u++) {
			__u32 values[sizeof(got) / sizeof(__u32)];

			got = timeouts_default();
			snprintf(text, sizeof(text), "%s=7%s", timeout_names[i], units[u].unit);
			assert_int_equal(timeouts_parse(text, &got, &error), 0);
			memcpy(values, &got, sizeof(values));
			assert_int_equal(values[i], 7 * units[u].seconds);
		}
}

static void the_names_are_the_members(void **state)
{
	struct timeouts got = timeouts_default(), want = got;
	struct error error;

	(void)state;
	want.established = 5 * 86400;
	want.time_wait = 30;
	want.close = 5;
	want.unacknowledged = 60;
	assert_int_equal(
	    timeouts_parse("established=5d,time_wait=30s,close=5,unacknowledged=1m", &got, &error),
	    0);
	assert_memory_equal(&got, &want, sizeof(want));
}

/* Nothing of a list is taken that has one mistake; the message names the item. */
static void mistakes(void **state)
{
	static const char *const rows[] = {
	    "",
	    "time_wait",
	    "time_wait=",
	    "=5",
	    "timewait=5",
	    "time_wait=0",
	    "time_wait=-1",
	    "time_wait=+1",
	    "time_wait=x",
	    "time_wait=5w",
	    "close=21d",
	    "close=1728001",
	    "close=5,",
	    ",close=5",
	    "close=5;last_ack=5",
	    "close= 5",
	    "close=5 s",
	    "close=5ss",
	    "TIME_WAIT=5",
	    "close=99999999999999999999",
	};
	const struct timeouts before = timeouts_default();
	struct error error;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct timeouts got = before;

		assert_int_not_equal(timeouts_parse(rows[i], &got, &error), 0);
		assert_memory_equal(&got, &before, sizeof(got));
		assert_non_null(strstr(error.text, "--timeout '"));
	}
	{
		struct timeouts got = before;

		assert_int_not_equal(timeouts_parse("time_wait=5,close=never", &got, &error), 0);
		assert_memory_equal(&got, &before, sizeof(got));
		assert_non_null(strstr(error.text, "'close=never'"));
	}
}

static void what_is_not_the_default_is_printed(void **state)
{
	struct timeouts timeouts = timeouts_default(), got = timeouts_default();
	struct error error;
	char text[64];

	(void)state;
	timeouts_text(&timeouts, text, sizeof(text));
	assert_string_equal(text, "");
	timeouts.time_wait = 30;
	timeouts.syn_sent = 7;
	timeouts_text(&timeouts, text, sizeof(text));
	assert_string_equal(text, "syn_sent=7,time_wait=30");
	assert_int_equal(timeouts_parse(text, &got, &error), 0);
	assert_memory_equal(&got, &timeouts, sizeof(got));
	timeouts_text(&timeouts, text, 12);
	assert_string_equal(text, "syn_sent=7,");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_name_with_each_unit),
	    cmocka_unit_test(the_names_are_the_members),
	    cmocka_unit_test(mistakes),
	    cmocka_unit_test(what_is_not_the_default_is_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
