// SPDX-License-Identifier: GPL-2.0
/* What explain advises: something for each reason that a person may wonder about. */
#include "unit.h"

#include "explain.h"

enum { ADVICE_MAX = 320 };

static struct explanation make(enum reason reason, enum mode mode)
{
	struct explanation e = {.reason = reason, .has_listener = 1};

	e.request.key.local_port = 80;
	e.service.policy_id = 1;
	e.service.policy.mode = mode;
	e.listener.allow_cookie = 1;
	return e;
}

static const char *advice_of(const struct explanation *e)
{
	static char text[ADVICE_MAX + 1];

	explain_advice(e, "eth0", text, ADVICE_MAX);
	return text;
}

static void each_reason_of_services_and_limits_has_some(void **state)
{
	static const enum reason reasons[] = {
	    REASON_deny_listed,       REASON_syn_passed,         REASON_syn_allowed,
	    REASON_syn_proven,        REASON_syn_accept_full,    REASON_syn_synack_limited,
	    REASON_syn_new_limited,   REASON_synack_repeated,    REASON_syn_live_limited,
	    REASON_syn_small_limited, REASON_synack_unknown,     REASON_ack_limited,
	    REASON_data_unknown,      REASON_fin_unknown,        REASON_syn_conn_limited,
	    REASON_not_protected,     REASON_ack_cookie_invalid,
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(reasons); i++) {
		const struct explanation e = make(reasons[i], MODE_AUTO);
		const size_t length = strlen(advice_of(&e));

		if (length < 10 || length >= ADVICE_MAX - 1)
			fail_msg("reason %d: %zu characters", reasons[i], length);
	}
}

static void peace_is_told_from_missing_cookies(void **state)
{
	struct explanation e = make(REASON_syn_passed, MODE_AUTO);

	(void)state;
	assert_non_null(strstr(advice_of(&e), "in an attack"));
	e.listener.allow_cookie = 0;
	assert_string_equal(advice_of(&e), "sysctl -w net.ipv4.tcp_syncookies=1");
}

static void monitor_comes_before_what_is_not_done(void **state)
{
	struct explanation e = make(REASON_ack_cookie_invalid, MODE_MONITOR);

	(void)state;
	assert_string_equal(advice_of(&e), "mode monitor only counts; to protect: synguard service"
					   " set eth0 80 --mode auto");
	e.reason = REASON_syn_proven;
	assert_null(strstr(advice_of(&e), "monitor"));
	/* Where no service can be told, the mode of what has none counts. */
	e = make(REASON_ack_cookie_invalid, MODE_MONITOR);
	e.service.policy_id = 0;
	e.service.settings.mode = MODE_AUTO;
	assert_null(strstr(advice_of(&e), "monitor"));
}

static void what_is_not_protected_is_told_apart(void **state)
{
	struct explanation e = make(REASON_not_protected, MODE_AUTO);

	(void)state;
	assert_non_null(strstr(advice_of(&e), "nothing listens on port 80"));
	e.service.policy_id = 0;
	assert_non_null(strstr(advice_of(&e), "synguard service add eth0 80"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_reason_of_services_and_limits_has_some),
	    cmocka_unit_test(peace_is_told_from_missing_cookies),
	    cmocka_unit_test(monitor_comes_before_what_is_not_done),
	    cmocka_unit_test(what_is_not_protected_is_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
