// SPDX-License-Identifier: GPL-2.0
/* The lines that reload and service print, and when connections must be adopted. */
#include <errno.h>

#include "unit.h"

#include "selection.h"
#include "setup_diff.h"
#include "setup_edit.h"

static void line_add(const char *text, void *context)
{
	char *all = context;

	snprintf(all + strlen(all), 2048 - strlen(all), "%s\n", text);
}

static void differs(const struct setup *old, const struct setup *new, const char *expected)
{
	char text[2048] = "";
	const char *at = expected;
	int lines = 0;

	while ((at = strchr(at, '\n'))) {
		lines++;
		at++;
	}
	assert_int_equal(setup_diff(old, new, line_add, text), lines);
	assert_string_equal(text, expected);
}

/* words: services as synguard service names them, each with a mode behind a blank. */
static struct setup make(const char *services)
{
	struct setup setup, next;
	struct policy_change change = {.mode = true, .speaks_first = true};
	struct selection selection;
	struct error error;
	char copy[256], *rest = copy, *word;

	setup_default_values(&setup);
	snprintf(copy, sizeof(copy), "%s", services);
	while (*services && (word = strsep(&rest, " "))) {
		change.policy.mode = *word == 'a'   ? MODE_AUTO
				     : *word == 'm' ? MODE_MONITOR
						    : MODE_ALWAYS;
		if (selection_parse(word + 1, &selection, &error) ||
		    setup_edit_add(&setup, &selection, &change, &next, &error))
			fail_msg("%s: %s", word, error.text);
		selection_free(&selection);
		setup_free(&setup);
		setup = next;
	}
	return setup;
}

static void nothing_differs(void **state)
{
	struct setup old = make("a80 w[2001:db8::1]:8000-8100 aall"),
		     new = make("aall w[2001:db8::1]:8000-8100 a80");

	(void)state;
	differs(&old, &new, "");
	assert_false(setup_widens(&old, &new));
	setup_free(&old);
	setup_free(&new);
}

static void services_come_go_and_change(void **state)
{
	struct setup old = make("a80 a443 w10.0.0.1:25"),
		     new = make("w80 m8000-8100 a10.0.0.1:443 aall");

	(void)state;
	new.services[0].policy.hold_ms = 5000; /* of an address, or else lowest: see make() */
	differs(&old, &new,
		"- service 10.0.0.1:25\n"
		"+ service 10.0.0.1:443 mode auto\n"
		"+ service all ports mode auto\n"
		"~ service 80: mode auto -> always, attack.hold 30s -> 5s\n"
		"- service 443\n"
		"+ service 8000-8100 mode monitor\n");
	assert_true(setup_widens(&old, &new));
	assert_false(setup_widens(&new, &old));
	setup_free(&old);
	setup_free(&new);
}

static void thresholds_and_words(void **state)
{
	struct setup old = make("a22"), new = make("a22 a23");

	(void)state;
	new.services[0].policy.syn_rate_on = 5000;
	new.services[0].policy.syn_rate_off = 0;
	new.services[0].policy.unfinished_on = 90;
	new.services[0].policy.speaks_first = 1;
	new.services[1].policy.speaks_first = 1;
	new.services[1].policy.hold_ms = 1500;
	differs(&old, &new,
		"~ service 22: attack.syn_rate.on 20k/s -> 5k/s, attack.syn_rate.off 10k/s -> none,"
		" attack.unfinished.on 50% -> 90%, speaks_first no -> yes\n"
		"+ service 23 mode auto, attack.hold 1500ms, speaks_first yes\n");
	setup_free(&old);
	setup_free(&new);
}

static void values_have_the_names_of_the_file(void **state)
{
	struct setup old = make(""), new = make("");

	(void)state;
	new.settings.synack.rate = 0;
	new.settings.bad_ack.burst = 7;
	new.settings.proven_s = 0;
	new.settings.resend_ms = 250;
	new.settings.mode = MODE_MONITOR;
	new.timeouts.time_wait = 30;
	new.rotate_s = 3600;
	new.max_conns = 2000;
	new.xdp = XDP_CHOICE_GENERIC;
	new.deny_file = strdup("/etc/deny");
	differs(&old, &new,
		"~ mode: auto -> monitor\n"
		"~ max_connections: 262144 -> 2k\n"
		"~ proven.for: 10m -> never\n"
		"~ limits.synack_per_prefix.rate: 20k/s -> none\n"
		"~ limits.bad_acks.burst: 2k -> 7\n"
		"~ resend.after: 1s -> 250ms\n"
		"~ timeouts.time_wait: 2m -> 30s\n"
		"~ keys.rotate: never -> 1h\n"
		"~ deny.file: none -> /etc/deny\n"
		"~ xdp: auto -> generic\n");
	setup_free(&old);
	setup_free(&new);
}

static void what_widens(void **state)
{
	static const struct {
		const char *old, *new;
		bool widens;
	} cases[] = {
	    {"a80", "a80 a81", true},
	    {"a80 a81", "a80", false},
	    {"a80-90", "w85 a80-84 a86-90", false},
	    {"aall", "a80 w10.0.0.1:80", false},
	    {"a80", "a80 w10.0.0.1:80", false},
	    {"a10.0.0.1:80", "a80", true},
	    {"a10.0.0.1:80", "w10.0.0.1:80", false},
	    {"a10.0.0.1:80", "w10.0.0.2:80", true},
	    {"a80", "aall", true},
	    {"", "a80", true},
	    {"a80", "", false},
	};
	struct setup old, new;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(cases); i++) {
		old = make(cases[i].old);
		new = make(cases[i].new);
		if (setup_widens(&old, &new) != cases[i].widens)
			fail_msg("%s, then %s", cases[i].old, cases[i].new);
		setup_free(&old);
		setup_free(&new);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_differs),
	    cmocka_unit_test(services_come_go_and_change),
	    cmocka_unit_test(thresholds_and_words),
	    cmocka_unit_test(values_have_the_names_of_the_file),
	    cmocka_unit_test(what_widens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
