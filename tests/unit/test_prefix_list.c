// SPDX-License-Identifier: GPL-2.0
/* Lists of prefixes as text: what is taken, what is refused and how, and how long a million takes. */
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"

#include "prefix_list.h"

static const struct prefix_clock clock_now = {.jiffies = 5000000000ULL, .hz = 250};

static void assert_prefix(const char *text, const char *want, int masked)
{
	char printed[PREFIX_TEXT];
	struct prefix_entry entry;

	assert_int_equal(prefix_parse(text, strlen(text), &entry), masked);
	prefix_print(&entry, printed);
	assert_string_equal(printed, want);
	assert_int_equal(entry.used, 1);
	assert_int_equal(entry.expires, 0);
}

static void prefixes_are_read_and_printed(void **state)
{
	(void)state;
	assert_prefix("192.0.2.1", "192.0.2.1", 0);
	assert_prefix("192.0.2.1/32", "192.0.2.1", 0);
	assert_prefix("192.0.2.0/24", "192.0.2.0/24", 0);
	assert_prefix("192.0.2.1/24", "192.0.2.0/24", 1);
	assert_prefix("255.255.255.255/25", "255.255.255.128/25", 1);
	assert_prefix("0.0.0.0/0", "0.0.0.0/0", 0);
	assert_prefix("2001:db8::1", "2001:db8::1", 0);
	assert_prefix("2001:db8::/32", "2001:db8::/32", 0);
	assert_prefix("2001:db8::1/127", "2001:db8::/127", 1);
	assert_prefix("::/0", "::/0", 0);
	assert_prefix("::1/0", "::/0", 1);
}

static void what_is_no_prefix_is_refused(void **state)
{
	static const struct {
		const char *text;
		int err;
	} cases[] = {
	    {"", -EINVAL},
	    {"192.0.2", -EINVAL},
	    {"192.0.2.256", -EINVAL},
	    {"192.0.2.1.1", -EINVAL},
	    {"192.0.02.1", -EINVAL},
	    {"192.0.2.1x", -EINVAL},
	    {"192.0.2.0/33", -ERANGE},
	    {"192.0.2.0/", -ERANGE},
	    {"192.0.2.0/24x", -ERANGE},
	    {"192.0.2.0/-1", -ERANGE},
	    {"192.0.2.0/024", -ERANGE},
	    {"2001:db8::/129", -ERANGE},
	    {"2001:db8:::/32", -EINVAL},
	    {"::ffff:1.2.3.4", -EINVAL},
	    {"/24", -EINVAL},
	    {"example.org", -EINVAL},
	    {"4294967297.0.0.1", -EINVAL},
	};
	struct prefix_entry entry;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(prefix_parse(cases[i].text, strlen(cases[i].text), &entry),
				 cases[i].err);
}

static int parse(struct prefix_list *list, const char *text, struct error *error)
{
	return prefix_list_parse(list, text, strlen(text), "FILE", &clock_now, error);
}

static void a_file_as_they_come(void **state)
{
	static const char text[] = "# a comment\r\n"
				   "\r\n"
				   "203.0.113.0/24 ; SBL1\n"
				   "  192.0.2.1 for 1h # until then\n"
				   "\t2001:db8::/32\r\n"
				   "203.0.113.0/24 for 10s\n"
				   "198.51.100.7/24"; /* no newline */
	char printed[PREFIX_TEXT];
	struct prefix_list list = {0};
	struct error error;

	(void)state;
	assert_int_equal(parse(&list, text, &error), 0);
	assert_int_equal(list.count, 4);
	assert_int_equal(list.masked, 1);
	prefix_print(&list.entries[0], printed);
	assert_string_equal(printed, "192.0.2.1");
	assert_int_equal(list.entries[0].expires, clock_now.jiffies + 3600 * 250);
	assert_int_equal(prefix_left_ms(&list.entries[0], &clock_now), 3600 * 1000);
	assert_int_equal(list.entries[2].expires, clock_now.jiffies + 10 * 250);
	prefix_print(&list.entries[3], printed);
	assert_string_equal(printed, "2001:db8::/32");
	prefix_list_free(&list);
}

static void errors_name_line_and_word(void **state)
{
	static const char *const cases[][2] = {
	    {"\n192.0.2.0/33\n", "FILE:2: '192.0.2.0/33' has no valid length"},
	    {"192.0.2.1\nbad.example\n", "FILE:2: 'bad.example' is no prefix"},
	    {"192.0.2.1 until 1h", "FILE:1: 'until' is too much"},
	    {"192.0.2.1 for", "FILE:1: '' is no time"},
	    {"192.0.2.1 for ever", "FILE:1: 'ever' is no time"},
	    {"192.0.2.1 for 0s", "FILE:1: '0s' is no time"},
	    {"192.0.2.1 for 999999999999999999999d", "is no time"},
	    {"192.0.2.1 for 1h 2", "FILE:1: '2' is too much"},
	    {"\x1b[31m", "FILE:1: '?[31m' is no prefix"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct prefix_list list = {0};
		struct error error = {""};

		assert_int_equal(parse(&list, cases[i][0], &error), -EINVAL);
		assert_non_null(strstr(error.text, cases[i][1]));
		prefix_list_free(&list);
	}
}

static void random_bytes_do_no_harm(void **state)
{
	static const char letters[] = "0123456789abcdef.:/ \n\r\t#;for hx";
	char text[200];

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct prefix_list list = {0};
		struct error error;
		const size_t size = rng() % sizeof(text);

		rng_fill(text, size);
		for (size_t i = 0; i < size; i++)
			if (round % 4)
				text[i] = letters[(__u8)text[i] % (sizeof(letters) - 1)];
		prefix_list_parse(&list, text, size, "FILE", &clock_now, &error);
		prefix_list_free(&list);
	}
}

static void a_million_lines(void **state)
{
	char *text = malloc(MAX_LIST * 32UL), *at = text;
	struct prefix_list list = {0};
	struct timespec start, end;
	struct error error;

	(void)state;
	assert_non_null(text);
	for (__u32 i = 0; i < MAX_LIST; i++)
		at += sprintf(at, "%u.%u.%u.0/24\n", i >> 16 & 255, i >> 8 & 255, i & 255);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
	assert_int_equal(
	    prefix_list_parse(&list, text, (size_t)(at - text), "FILE", &clock_now, &error), 0);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
	assert_int_equal(list.count, MAX_LIST);
	print_message("a million lines in %.2f s\n",
		      (double)(end.tv_sec - start.tv_sec) +
			  (double)(end.tv_nsec - start.tv_nsec) * 1e-9);
	at += sprintf(at, "2001:db8::1");
	prefix_list_free(&list);
	assert_int_equal(
	    prefix_list_parse(&list, text, (size_t)(at - text), "FILE", &clock_now, &error),
	    -E2BIG);
	assert_non_null(strstr(error.text, "FILE:1000001: more than 1000000 prefixes"));
	prefix_list_free(&list);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(prefixes_are_read_and_printed),
	    cmocka_unit_test(what_is_no_prefix_is_refused),
	    cmocka_unit_test(a_file_as_they_come),
	    cmocka_unit_test(errors_name_line_and_word),
	    cmocka_unit_test(random_bytes_do_no_harm),
	    cmocka_unit_test(a_million_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
