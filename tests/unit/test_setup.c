// SPDX-License-Identifier: GPL-2.0
/* The model of the configuration: defaults, and that no port has two services. */
#include <arpa/inet.h>
#include <errno.h>

#include "unit.h"

#include "addr.h"
#include "setup.h"

static struct service make(const char *addr, __u16 first, __u16 last)
{
	struct service service = {
	    .any_addr = !addr, .first = first, .last = last, .policy = setup_default_policy()};
	__u32 v4;

	if (addr && strchr(addr, ':')) {
		assert_int_equal(inet_pton(AF_INET6, addr, service.addr), 1);
	} else if (addr) {
		assert_int_equal(inet_pton(AF_INET, addr, &v4), 1);
		addr_from_v4(service.addr, v4);
	}
	return service;
}

struct wanted {
	__u16 first;
	__u16 last;
	int speaks_first;
};

static void services_are(const struct setup *setup, const struct wanted *wanted, size_t count)
{
	assert_int_equal(setup->count, count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(setup->services[i].first, wanted[i].first);
		assert_int_equal(setup->services[i].last, wanted[i].last);
		assert_int_equal(setup->services[i].policy.speaks_first, wanted[i].speaks_first);
	}
}

static void the_default_protects_every_port(void **state)
{
	static const struct wanted wanted[] = {{21, 22, 1},   {25, 25, 1},   {110, 110, 1},
					       {143, 143, 1}, {587, 587, 1}, {3306, 3306, 1},
					       {1, 65535, 0}};
	struct setup setup;

	(void)state;
	assert_int_equal(setup_default(&setup), 0);
	services_are(&setup, wanted, COUNT_OF(wanted));
	assert_true(setup.all_ports);
	for (unsigned int i = 0; i < setup.count; i++) {
		assert_true(setup.services[i].any_addr);
		assert_int_equal(setup.services[i].policy.mode, MODE_AUTO);
	}
	assert_int_equal(setup.settings.mode, MODE_AUTO);
	assert_int_equal(setup.max_conns, MAX_CONNS);
	setup_free(&setup);
	assert_null(setup.services);
}

/* Ports with a service of their own keep it, whatever comes with all ports. */
static void usual_speakers_leave_what_is_there(void **state)
{
	static const struct wanted wanted[] = {{22, 25, 0},   {21, 21, 1},   {110, 110, 1},
					       {143, 143, 1}, {587, 587, 1}, {3306, 3306, 1},
					       {1, 65535, 0}};
	const struct service own = make(NULL, 22, 25), all = make(NULL, 1, 65535);
	struct setup setup;
	struct error error;

	(void)state;
	setup_default_values(&setup);
	assert_int_equal(setup_add(&setup, &own, &error), 0);
	assert_int_equal(setup_add_usual(&setup, &all, &error), 0);
	services_are(&setup, wanted, COUNT_OF(wanted));
	setup_free(&setup);
}

static void a_range_is_split_at_speakers(void **state)
{
	static const struct wanted wanted[] = {{20, 20, 0}, {21, 22, 1}, {23, 24, 0},
					       {25, 25, 1}, {26, 30, 0}, {65535, 65535, 0}};
	const struct service range = make("2001:db8::1", 20, 30), top = make(NULL, 65535, 65535);
	struct setup setup;
	struct error error;

	(void)state;
	setup_default_values(&setup);
	assert_int_equal(setup_add_usual(&setup, &range, &error), 0);
	assert_int_equal(setup_add_usual(&setup, &top, &error), 0);
	services_are(&setup, wanted, COUNT_OF(wanted));
	setup_free(&setup);
}

static void overlaps(void **state)
{
	static const struct {
		const char *addr;
		__u16 first, last;
		int err;
		const char *text; /* NULL: fine */
	} rows[] = {
	    {NULL, 80, 90, 0, NULL},
	    {NULL, 90, 90, -EEXIST,
	     "port 90 and the service of ports 80-90 overlap; a port has one service"},
	    {NULL, 70, 80, -EEXIST,
	     "ports 70-80 and the service of ports 80-90 overlap; a port has one service"},
	    {NULL, 1, 65535, 0, NULL},
	    {NULL, 1, 65535, -EEXIST,
	     "all ports and the service of all ports overlap; a port has one service"},
	    {NULL, 1, 65534, -EEXIST,
	     "ports 1-65534 and the service of ports 80-90 overlap; a port has one service"},
	    {NULL, 91, 100, 0, NULL},
	    {"192.0.2.1", 80, 80, 0, NULL},
	    {"192.0.2.2", 80, 80, 0, NULL},
	    {"2001:db8::1", 80, 80, 0, NULL},
	    {"192.0.2.1", 79, 81, -EEXIST,
	     "192.0.2.1 ports 79-81 and the service of 192.0.2.1 port 80 overlap; a port has one "
	     "service"},
	    {NULL, 0, 5, -EINVAL, "ports 0-5: a port is 1 to 65535, a range goes from low to high"},
	    {NULL, 200, 199, -EINVAL,
	     "ports 200-199: a port is 1 to 65535, a range goes from low to high"},
	    {"2001:db8::1", 1, 16382, -ENOSPC,
	     "2001:db8::1 ports 1-16382: there is room for 16384 ports with an address of their "
	     "own;"
	     " leave the address out to protect the ports of all addresses"},
	    {"2001:db8::2", 1, 16381, 0, NULL},
	    {"2001:db8::3", 1, 1, -ENOSPC,
	     "2001:db8::3 port 1: there is room for 16384 ports with an address of their own;"
	     " leave the address out to protect the ports of all addresses"},
	};
	struct setup setup;
	unsigned int count = 0;

	(void)state;
	setup_default_values(&setup);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct service service = make(rows[i].addr, rows[i].first, rows[i].last);
		struct error error = {""};

		assert_int_equal(setup_add(&setup, &service, &error), rows[i].err);
		assert_string_equal(error.text, rows[i].text ? rows[i].text : "");
		count += !rows[i].err;
		assert_int_equal(setup.count, count);
	}
	assert_int_equal(setup.services[setup.count - 1].last, 65535);
	setup_free(&setup);
}

static void policies_are_told_apart(void **state)
{
	struct policy policies[MAX_POLICIES];
	struct service service;
	struct setup setup;
	struct error error;

	(void)state;
	setup_default_values(&setup);
	assert_int_equal(setup_policies(&setup, policies, &error), 0);
	for (unsigned int i = 1; i < 2 * MAX_POLICIES; i++) {
		service = make(NULL, (__u16)i, (__u16)i);
		service.policy.hold_ms = 1000 * (i % (MAX_POLICIES - 1));
		assert_int_equal(setup_add(&setup, &service, &error), 0);
	}
	assert_int_equal(setup_policies(&setup, policies, &error), MAX_POLICIES - 1);
	assert_int_equal(policies[1].hold_ms, 1000);
	assert_int_equal(policies[MAX_POLICIES - 1].hold_ms, 0);
	service = make(NULL, 60000, 60000);
	service.policy.hold_ms = 1;
	assert_int_equal(setup_add(&setup, &service, &error), 0);
	assert_int_equal(setup_policies(&setup, policies, &error), -ENOSPC);
	assert_string_equal(error.text,
			    "the services have more than 1023 different policies; let more of"
			    " them share one");
	setup_free(&setup);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_default_protects_every_port),
	    cmocka_unit_test(usual_speakers_leave_what_is_there),
	    cmocka_unit_test(a_range_is_split_at_speakers),
	    cmocka_unit_test(overlaps),
	    cmocka_unit_test(policies_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
