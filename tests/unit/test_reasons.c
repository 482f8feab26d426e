// SPDX-License-Identifier: GPL-2.0
/* The list of reasons: names and sentences that users and their scripts rely upon. */
#include "unit.h"

#include "abi.h"

struct row {
	const char *name;
	const char *stage;
	const char *verdict;
	const char *text;
};

static const struct row rows[] = {
#define X(name, stage, verdict, text) {#name, #stage, #verdict, text},
    SYNGUARD_REASONS(X)
#undef X
};

static void names_are_unique_identifiers(void **state)
{
	(void)state;
	assert_int_equal(COUNT_OF(rows), REASON_MAX);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(strspn(rows[i].name, "abcdefghijklmnopqrstuvwxyz0123456789_"),
				 strlen(rows[i].name));
		for (size_t j = 0; j < i; j++) {
			assert_string_not_equal(rows[i].name, rows[j].name);
			assert_string_not_equal(rows[i].text, rows[j].text);
		}
	}
}

static void sentences_fit_a_line_of_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_in_range(strlen(rows[i].text), 10, 100);
		assert_int_not_equal(rows[i].text[strlen(rows[i].text) - 1], '.');
	}
}

static void stages_and_verdicts_are_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const int tc = !strcmp(rows[i].stage, "TC");

		assert_true(tc || !strcmp(rows[i].stage, "XDP"));
		assert_int_equal(tc, !strncmp(rows[i].name, "handoff_", 8));
		if (!strcmp(rows[i].verdict, "TX"))
			assert_string_equal(rows[i].name, "syn_cookie_sent");
		else
			assert_true(!strcmp(rows[i].verdict, "PASS") ||
				    !strcmp(rows[i].verdict, "DROP"));
	}
}

/* The names that the issue promises. */
static void promised_names_are_there(void **state)
{
	static const char *const promised[] = {
	    "syn_cookie_sent",    "syn_passed",         "ack_cookie_valid",
	    "ack_cookie_invalid", "ack_cookie_expired", "conn_packet",
	    "handoff_ok",         "handoff_failed",     "not_protected",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(promised); i++) {
		size_t j = 0;

		while (j < COUNT_OF(rows) && strcmp(rows[j].name, promised[i]) != 0)
			j++;
		if (j == COUNT_OF(rows))
			fail_msg("%s is missing", promised[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_are_unique_identifiers),
	    cmocka_unit_test(sentences_fit_a_line_of_the_table),
	    cmocka_unit_test(stages_and_verdicts_are_known),
	    cmocka_unit_test(promised_names_are_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
