// SPDX-License-Identifier: GPL-2.0
/* What a setup says of one port, and in words. */
#include <string.h>

#include "addr.h"
#include "unit.h"

#include "setup_view.h"

static const __u8 addr4[16] = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 1};
static const __u8 other4[16] = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 2};
static const __u8 addr6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};

static struct setup make(void)
{
	struct setup setup;

	setup_default_values(&setup);
	return setup;
}

/* Ports of every address, or with addr of that one. */
static struct policy *add(struct setup *setup, const __u8 *addr, __u16 first, __u16 last,
			  enum mode mode)
{
	struct service service = {
	    .any_addr = !addr, .first = first, .last = last, .policy = setup_default_policy()};
	struct error error;
	unsigned int i;

	service.policy.mode = mode;
	if (addr)
		memcpy(service.addr, addr, 16);
	assert_int_equal(setup_add(setup, &service, &error), 0);
	for (i = 0; i < setup->count; i++)
		if (setup->services[i].first == first && setup->services[i].any_addr == !addr)
			return &setup->services[i].policy;
	fail();
	return NULL;
}

static void expect_groups(const struct setup *setup, const char *want)
{
	struct service_group group = {0};
	unsigned int index = 0;
	char got[1024] = "";

	while (setup_group_next(setup, &index, &group)) {
		strcat(got, group.ports);
		strcat(got, ": ");
		strcat(got, group.policy);
		strcat(got, "\n");
	}
	assert_string_equal(got, want);
}

static void the_most_exact_service_counts(void **state)
{
	struct setup setup = make();

	(void)state;
	add(&setup, NULL, 1, 65535, MODE_AUTO);
	add(&setup, NULL, 80, 90, MODE_ALWAYS);
	add(&setup, addr4, 85, 85, MODE_MONITOR);
	assert_int_equal(setup_find(&setup, addr4, 85)->policy.mode, MODE_MONITOR);
	assert_int_equal(setup_find(&setup, other4, 85)->policy.mode, MODE_ALWAYS);
	assert_int_equal(setup_find(&setup, addr4, 90)->policy.mode, MODE_ALWAYS);
	assert_int_equal(setup_find(&setup, addr6, 91)->policy.mode, MODE_AUTO);
	setup_free(&setup);
}

static void a_port_without_a_service_has_none(void **state)
{
	struct setup setup = make();

	(void)state;
	add(&setup, NULL, 80, 90, MODE_AUTO);
	add(&setup, addr4, 443, 443, MODE_AUTO);
	assert_null(setup_find(&setup, addr4, 79));
	assert_null(setup_find(&setup, addr4, 91));
	assert_null(setup_find(&setup, other4, 443));
	assert_true(setup_protects(&setup, 443, 443));
	assert_true(setup_protects(&setup, 1, 80));
	assert_true(setup_protects(&setup, 90, 100));
	assert_false(setup_protects(&setup, 91, 442));
	setup_free(&setup);
}

static void the_mode_is_what_all_have(void **state)
{
	struct setup setup = make();

	(void)state;
	assert_int_equal(setup_mode(&setup), 0);
	add(&setup, NULL, 80, 80, MODE_MONITOR);
	add(&setup, NULL, 90, 90, MODE_MONITOR);
	assert_int_equal(setup_mode(&setup), MODE_MONITOR);
	assert_string_equal(mode_name(setup_mode(&setup)), "monitor");
	add(&setup, addr6, 100, 100, MODE_AUTO);
	assert_string_equal(mode_name(setup_mode(&setup)), "mixed");
	assert_int_equal(setup_mode_count(&setup, MODE_MONITOR), 2);
	setup_free(&setup);
}

static void groups_share_address_and_policy(void **state)
{
	struct setup setup = make();

	(void)state;
	add(&setup, NULL, 22, 22, MODE_AUTO)->speaks_first = 1;
	add(&setup, NULL, 80, 90, MODE_ALWAYS);
	add(&setup, NULL, 25, 25, MODE_AUTO)->speaks_first = 1;
	add(&setup, addr4, 443, 443, MODE_ALWAYS);
	add(&setup, addr6, 443, 443, MODE_ALWAYS);
	add(&setup, addr4, 80, 81, MODE_ALWAYS);
	add(&setup, NULL, 1, 65535, MODE_AUTO);
	expect_groups(&setup, "all: auto\n"
			      "22,25: auto, server speaks first\n"
			      "80-90: always\n"
			      "192.0.2.1:443,80-81: always\n"
			      "[2001:db8::1]:443: always\n");
	setup_free(&setup);
}

static void what_differs_from_the_default_is_said(void **state)
{
	struct setup setup = make();
	struct policy *p;

	(void)state;
	p = add(&setup, NULL, 80, 80, MODE_AUTO);
	p->syn_rate_on = 5000;
	p->syn_rate_off = 2500;
	p = add(&setup, NULL, 81, 81, MODE_MONITOR);
	p->unfinished_on = 30;
	p->unfinished_off = 5;
	p->hold_ms = 60000;
	p = add(&setup, NULL, 82, 82, MODE_AUTO);
	p->syn_rate_on = 0;
	p->unfinished_on = 0;
	p = add(&setup, NULL, 83, 83, MODE_ALWAYS);
	p->hold_ms = 1; /* of no effect */
	expect_groups(
	    &setup, "80: auto, attack above 5000 SYN/s, over below 2500\n"
		    "81: monitor, attack at 30% of the backlog, over below 5%, held for 60000 ms\n"
		    "82: auto, whatever the rate of SYNs, whatever its backlog holds\n"
		    "83: always\n");
	setup_free(&setup);
}

static void very_many_ports_are_cut(void **state)
{
	struct setup setup = make();
	struct service_group group = {0};
	unsigned int index = 0;
	char ports[64];

	(void)state;
	for (__u16 port = 1000; port < 1400; port += 2)
		add(&setup, NULL, port, port, MODE_AUTO);
	assert_true(setup_group_next(&setup, &index, &group));
	assert_in_range(strlen(group.ports), GROUP_PORTS_MAX - 25, GROUP_PORTS_MAX - 1);
	assert_string_equal(group.ports + strlen(group.ports) - 4, ",...");
	assert_false(setup_group_next(&setup, &index, &group));
	setup_ports_text(&setup, ports, sizeof(ports));
	assert_int_equal(strncmp(ports, "1000,1002,", 10), 0);
	assert_string_equal(ports + strlen(ports) - 4, ",...");
	setup_free(&setup);
}

static void ports_are_those_of_every_address(void **state)
{
	struct setup setup = make();
	char text[64];

	(void)state;
	add(&setup, addr4, 443, 443, MODE_AUTO);
	setup_ports_text(&setup, text, sizeof(text));
	assert_string_equal(text, "");
	add(&setup, NULL, 22, 22, MODE_AUTO);
	add(&setup, NULL, 80, 90, MODE_ALWAYS);
	setup_ports_text(&setup, text, sizeof(text));
	assert_string_equal(text, "22,80-90");
	setup_mode_text(&setup, MODE_AUTO, text, sizeof(text));
	assert_string_equal(text, "192.0.2.1:443; 22");
	setup_mode_text(&setup, MODE_MONITOR, text, sizeof(text));
	assert_string_equal(text, "");
	add(&setup, NULL, 1, 65535, MODE_AUTO);
	setup_ports_text(&setup, text, sizeof(text));
	assert_string_equal(text, "all");
	setup_free(&setup);
}

static void options_say_only_plain_setups(void **state)
{
	struct setup setup;

	(void)state;
	assert_int_equal(setup_default(&setup), 0);
	assert_true(setup_is_plain(&setup));
	setup.settings.lists = 1;
	assert_true(setup_is_plain(&setup));
	setup.settings.synack.rate++;
	assert_false(setup_is_plain(&setup));
	setup.settings.synack.rate--;
	setup.services[0].policy.hold_ms++;
	assert_false(setup_is_plain(&setup));
	setup.services[0].policy.hold_ms--;
	setup.rotate_s = 1;
	assert_false(setup_is_plain(&setup));
	setup.rotate_s = 0;
	assert_true(setup_is_plain(&setup));
	add(&setup, addr4, 443, 443, MODE_AUTO);
	assert_false(setup_is_plain(&setup));
	setup_free(&setup);
}

static void only_unusual_limits_are_said(void **state)
{
	struct setup setup = make();
	const struct settings usual = setup.settings;
	char text[256];

	(void)state;
	setup_limits_text(&setup.settings, &usual, text, sizeof(text));
	assert_string_equal(text, "");
	setup.settings.synack = (struct rate_limit){.rate = 100, .burst = 200};
	setup.settings.bad_ack.rate = 0;
	setup.settings.proven_s = 60;
	setup.settings.resend_times = 0;
	setup_limits_text(&setup.settings, &usual, text, sizeof(text));
	assert_string_equal(
	    text, "synack_per_prefix 100/s (burst 200), bad_acks none, proven for 60 s with 8"
		  " SYNs, SYN-ACK repeated 0 times after 1000 ms");
	setup_limits_text(&setup.settings, &usual, text, 23);
	assert_string_equal(text, "synack_per_prefix 100/");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_most_exact_service_counts),
	    cmocka_unit_test(a_port_without_a_service_has_none),
	    cmocka_unit_test(the_mode_is_what_all_have),
	    cmocka_unit_test(groups_share_address_and_policy),
	    cmocka_unit_test(what_differs_from_the_default_is_said),
	    cmocka_unit_test(very_many_ports_are_cut),
	    cmocka_unit_test(ports_are_those_of_every_address),
	    cmocka_unit_test(options_say_only_plain_setups),
	    cmocka_unit_test(only_unusual_limits_are_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
