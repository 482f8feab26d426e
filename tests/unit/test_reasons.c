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
		const int out = !strcmp(rows[i].stage, "OUT");

		assert_true(tc || out || !strcmp(rows[i].stage, "XDP"));
		assert_int_equal(tc, !strncmp(rows[i].name, "handoff_", 8));
		assert_int_equal(out, !strncmp(rows[i].name, "out_", 4));
		/* The egress hook changes nothing. */
		assert_true(!out || !strcmp(rows[i].verdict, "PASS"));
		if (!strcmp(rows[i].verdict, "TX"))
			assert_true(!strcmp(rows[i].name, "syn_cookie_sent") ||
				    !strcmp(rows[i].name, "synack_repeated"));
		else
			assert_true(!strcmp(rows[i].verdict, "PASS") ||
				    !strcmp(rows[i].verdict, "DROP"));
	}
}

/* The names that the issue promises. */
static void promised_names_are_there(void **state)
{
	static const char *const promised[] = {
	    "syn_cookie_sent",    "syn_passed",       "ack_cookie_valid", "ack_cookie_invalid",
	    "ack_cookie_expired", "conn_packet",      "handoff_ok",       "handoff_failed",
	    "not_protected",      "conn_rst_outside", "conn_fin_outside", "conn_data_outside",
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

/* Does docs/reasons.md, read from the top of the tree, have a row for it? */
static int is_documented(FILE *page, const char *name)
{
	char line[1024], start[64];

	snprintf(start, sizeof(start), "| `%s` |", name);
	rewind(page);
	while (fgets(line, sizeof(line), page))
		if (!strncmp(line, start, strlen(start)))
			return 1;
	return 0;
}

static void every_reason_is_documented(void **state)
{
	FILE *page = fopen("docs/reasons.md", "re");

	(void)state;
	assert_non_null(page);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (!is_documented(page, rows[i].name))
			fail_msg("docs/reasons.md says nothing of %s", rows[i].name);
	fclose(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_are_unique_identifiers),
	    cmocka_unit_test(sentences_fit_a_line_of_the_table),
	    cmocka_unit_test(stages_and_verdicts_are_known),
	    cmocka_unit_test(promised_names_are_there),
	    cmocka_unit_test(every_reason_is_documented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
