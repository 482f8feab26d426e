// SPDX-License-Identifier: GPL-2.0
/* synguard service: naming services, adding, changing, removing and splitting them. */
#include <errno.h>

#include "unit.h"

#include "setup_diff.h"
#include "setup_edit.h"
#include "setup_view.h"

static const struct policy_change to_always = {.mode = true, .policy.mode = MODE_ALWAYS};
static const struct policy_change to_auto = {.mode = true, .policy.mode = MODE_AUTO};

enum edit { ADD, SET, DEL };

/* Changes the setup, or leaves it as it was. */
static int edit(struct setup *setup, enum edit what, const char *text,
		const struct policy_change *change, struct error *error)
{
	struct selection selection;
	struct setup next;
	int err = selection_parse(text, &selection, error);

	if (err)
		return err;
	err = what == ADD
		  ? setup_edit_add(setup, &selection, change, &next, error)
		  : setup_edit_set(setup, &selection, what == SET ? change : NULL, &next, error);
	selection_free(&selection);
	if (!err) {
		setup_free(setup);
		*setup = next;
	}
	return err;
}

/* "80:auto 443:always" */
static void has(const struct setup *setup, const char *expected)
{
	char text[1024] = "", name[SERVICE_TEXT];
	unsigned int i;

	for (i = 0; i < setup->count; i++) {
		service_name(&setup->services[i], name);
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s=%s", i ? " " : "",
			 name, mode_name(setup->services[i].policy.mode));
	}
	assert_string_equal(text, expected);
}

static void does(struct setup *setup, enum edit what, const char *text,
		 const struct policy_change *change, const char *expected)
{
	struct error error;

	if (edit(setup, what, text, change, &error))
		fail_msg("%s: %s", text, error.text);
	has(setup, expected);
}

static void refuses(struct setup *setup, enum edit what, const char *text, int err,
		    const char *expected)
{
	struct error error;

	assert_int_equal(edit(setup, what, text, &to_always, &error), err);
	has(setup, expected);
}

static struct setup empty(void)
{
	struct setup setup;

	setup_default_values(&setup);
	setup.key_file = strdup("/etc/keys");
	return setup;
}

static void added(void **state)
{
	const struct policy_change nothing = {0};
	struct setup setup = empty();

	(void)state;
	does(&setup, ADD, "80,443", &nothing, "80=auto 443=auto");
	does(&setup, ADD, "8000-8100", &to_always, "80=auto 443=auto 8000-8100=always");
	refuses(&setup, ADD, "443", -EEXIST, "80=auto 443=auto 8000-8100=always");
	refuses(&setup, ADD, "90,8050-9000", -EEXIST, "80=auto 443=auto 8000-8100=always");
	assert_string_equal(setup.key_file, "/etc/keys");
	assert_int_equal(setup.services[0].policy.hold_ms, setup_default_policy().hold_ms);
	setup_free(&setup);
}

/* What is protected as one of all ports can be set by itself: it keeps what holds for all. */
static void set_inside_all_ports(void **state)
{
	const struct policy_change silent = {.speaks_first = true};
	struct setup setup = empty();

	(void)state;
	setup.settings.mode = MODE_MONITOR;
	does(&setup, ADD, "all", &silent, "all ports=monitor");
	setup.services[0].policy.hold_ms = 1234;
	does(&setup, SET, "443", &to_always, "443=always all ports=monitor");
	assert_int_equal(setup.services[0].policy.hold_ms, 1234);
	does(&setup, SET, "442-445,8080", &to_auto,
	     "443=auto 442=auto 444-445=auto 8080=auto all ports=monitor");
	does(&setup, SET, "all", &to_always,
	     "443=always 442=always 444-445=always 8080=always all ports=always");
	refuses(&setup, SET, "10.0.0.1:443", -ENOENT,
		"443=always 442=always 444-445=always 8080=always all ports=always");
	refuses(&setup, DEL, "81", -ENOENT,
		"443=always 442=always 444-445=always 8080=always all ports=always");
	setup_free(&setup);
}

static void added_inside_all_ports(void **state)
{
	const struct policy_change silent = {.speaks_first = true};
	struct setup setup = empty();

	(void)state;
	setup.settings.mode = MODE_MONITOR;
	does(&setup, ADD, "all", &silent, "all ports=monitor");
	does(&setup, ADD, "80", &to_always, "80=always all ports=monitor");
	does(&setup, ADD, "10.0.0.1:80", &silent,
	     "80=always 10.0.0.1:80=monitor all ports=monitor");
	refuses(&setup, ADD, "all", -EEXIST, "80=always 10.0.0.1:80=monitor all ports=monitor");
	does(&setup, DEL, "80", NULL, "10.0.0.1:80=monitor all ports=monitor");
	refuses(&setup, DEL, "80", -ENOENT, "10.0.0.1:80=monitor all ports=monitor");
	does(&setup, DEL, "1-65535", NULL, "10.0.0.1:80=monitor");
	setup_free(&setup);
}

static void the_usual_ports_speak_first(void **state)
{
	const struct policy_change no = {.speaks_first = true}, nothing = {0};
	struct setup setup = empty();

	(void)state;
	does(&setup, ADD, "22", &nothing, "22=auto");
	assert_int_equal(setup.services[0].policy.speaks_first, 1);
	does(&setup, ADD, "25", &no, "22=auto 25=auto");
	assert_int_equal(setup.services[1].policy.speaks_first, 0);
	setup_free(&setup);
}

static void changed_whole_and_in_part(void **state)
{
	const struct policy_change held = {.hold = true, .policy.hold_ms = 7000};
	struct setup setup = empty();

	(void)state;
	does(&setup, ADD, "80-90", &(struct policy_change){0}, "80-90=auto");
	does(&setup, SET, "80-90", &to_always, "80-90=always");
	does(&setup, SET, "80-90", &held, "80-90=always");
	assert_int_equal(setup.services[0].policy.hold_ms, 7000);
	does(&setup, DEL, "83,85-86", NULL, "80-82=always 84=always 87-90=always");
	assert_int_equal(setup.services[2].policy.hold_ms, 7000);
	refuses(&setup, SET, "82-84", -ENOENT, "80-82=always 84=always 87-90=always");
	refuses(&setup, DEL, "10.0.0.1:84", -ENOENT, "80-82=always 84=always 87-90=always");
	does(&setup, DEL, "82,84", NULL, "80-81=always 87-90=always");
	setup_free(&setup);
}

static void all_is_every_service(void **state)
{
	struct setup setup = empty();

	(void)state;
	refuses(&setup, SET, "all", -ENOENT, "");
	does(&setup, ADD, "80", &(struct policy_change){0}, "80=auto");
	does(&setup, ADD, "10.0.0.1:81", &(struct policy_change){0}, "80=auto 10.0.0.1:81=auto");
	does(&setup, ADD, "10.0.0.2:81", &(struct policy_change){0},
	     "80=auto 10.0.0.1:81=auto 10.0.0.2:81=auto");
	does(&setup, SET, "10.0.0.1:all", &to_always,
	     "80=auto 10.0.0.1:81=always 10.0.0.2:81=auto");
	does(&setup, SET, "all", &to_always, "80=always 10.0.0.1:81=always 10.0.0.2:81=always");
	does(&setup, DEL, "all", NULL, "");
	setup_free(&setup);
}

static void named_right_and_wrong(void **state)
{
	static const char *const wrong[] = {
	    "",
	    "x",
	    "80,",
	    ",80",
	    "80,80",
	    "0",
	    "65536",
	    "90-80",
	    "10.0.0.1",
	    "10.0.0.1:",
	    "10.0.0:80",
	    "2001:db8::1:80",
	    "[]:80",
	    "[10.0.0.1]:80",
	    "[::ffff:10.0.0.1]:80",
	    "[2001:db8::1]80",
	    "[2001:db8::1:80",
	    ":80",
	};
	struct selection selection;
	struct error error;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(wrong); i++)
		if (selection_parse(wrong[i], &selection, &error) != -EINVAL)
			fail_msg("'%s' was taken", wrong[i]);
	assert_int_equal(selection_parse("[2001:db8::1]:80,90-95", &selection, &error), 0);
	assert_false(selection.any_addr);
	assert_int_equal(selection.addr[0], 0x20);
	assert_int_equal(selection.ports.count, 2);
	assert_int_equal(selection.ports.range[1].last, 95);
	selection_free(&selection);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(added),
	    cmocka_unit_test(set_inside_all_ports),
	    cmocka_unit_test(added_inside_all_ports),
	    cmocka_unit_test(the_usual_ports_speak_first),
	    cmocka_unit_test(changed_whole_and_in_part),
	    cmocka_unit_test(all_is_every_service),
	    cmocka_unit_test(named_right_and_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
