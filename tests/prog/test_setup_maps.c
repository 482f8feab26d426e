// SPDX-License-Identifier: GPL-2.0
/* A setup written to either bank of the maps and read back, and what a bank leaves to the other. */
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "addr_map.h"
#include "check.h"
#include "defend.h"
#include "setup_maps.h"
#include "kernel.skel.h"

static struct synguard_kernel *kernel;
static struct setup_maps maps;

/* The maps alone: no program is loaded, nothing is pinned. */
static int maps_load(void **state)
{
	struct bpf_program *program;
	struct bpf_map *map;

	(void)state;
	kernel = synguard_kernel__open();
	if (!kernel)
		return -1;
	bpf_object__for_each_program (program, kernel->obj)
		bpf_program__set_autoload(program, false);
	bpf_object__for_each_map (map, kernel->obj)
		bpf_map__set_pin_path(map, NULL);
	if (synguard_kernel__load(kernel))
		return -1;
	maps = (struct setup_maps){
	    .rules = bpf_map__fd(kernel->maps.rules),
	    .policies = bpf_map__fd(kernel->maps.policies),
	    .addr_services = bpf_map__fd(kernel->maps.addr_services),
	    .settings = bpf_map__fd(kernel->maps.settings),
	    .defences = bpf_map__fd(kernel->maps.defences),
	    .notes = bpf_map__fd(kernel->maps.notes),
	};
	return 0;
}

static int maps_unload(void **state)
{
	(void)state;
	synguard_kernel__destroy(kernel);
	return 0;
}

/* A service of address 2001:db8::host, or of any if host is 0. */
static void add(struct setup *setup, int host, int first, int last, enum mode mode)
{
	struct service service = {
	    .any_addr = !host,
	    .first = (__u16)first,
	    .last = (__u16)last,
	    .policy = setup_default_policy(),
	};
	struct error error;

	if (host) {
		service.addr[0] = 0x20;
		service.addr[1] = 0x01;
		service.addr[15] = (__u8)host;
	}
	service.policy.mode = mode;
	if (setup_add(setup, &service, &error))
		fail_msg("%s", error.text);
}

static void write_bank(__u32 bank, const struct setup *setup)
{
	struct origin *origin = calloc(1, sizeof(*origin));
	struct error error;

	snprintf(origin->config_file, sizeof(origin->config_file), "/etc/bank%u", bank);
	origin->overrides.max_conns = bank + 1;
	if (setup_write(&maps, bank, setup, origin, &error))
		fail_msg("%s", error.text);
	free(origin);
}

static void same_text(const char *a, const char *b)
{
	assert_string_equal(a ? a : "", b ? b : "");
}

/* What is read is what was written, service by service. */
static void bank_is(__u32 bank, const struct setup *expected)
{
	struct origin *origin = calloc(1, sizeof(*origin));
	struct error error;
	struct setup got;
	unsigned int i;

	if (setup_read_bank(&maps, bank, &got, origin, &error))
		fail_msg("%s", error.text);
	assert_int_equal(got.count, expected->count);
	assert_int_equal(got.all_ports, expected->all_ports);
	for (i = 0; i < got.count; i++) {
		assert_int_equal(got.services[i].any_addr, expected->services[i].any_addr);
		assert_int_equal(got.services[i].first, expected->services[i].first);
		assert_int_equal(got.services[i].last, expected->services[i].last);
		assert_memory_equal(got.services[i].addr, expected->services[i].addr, 16);
		assert_memory_equal(&got.services[i].policy, &expected->services[i].policy,
				    sizeof(struct policy));
	}
	assert_memory_equal(&got.settings, &expected->settings, sizeof(got.settings));
	assert_int_equal(got.rotate_s, expected->rotate_s);
	assert_int_equal(got.xdp, expected->xdp);
	same_text(got.key_file, expected->key_file);
	same_text(got.deny_file, expected->deny_file);
	same_text(got.allow_file, expected->allow_file);
	assert_int_equal(origin->config_file[9], '0' + bank);
	assert_int_equal(origin->overrides.max_conns, bank + 1);
	setup_free(&got);
	free(origin);
}

/* In the order in which a bank is read: addresses, then ports, then all ports. */
static struct setup make_rich(void)
{
	struct setup setup;

	setup_default_values(&setup);
	setup.settings.bad_ack.rate = 77;
	setup.xdp = XDP_CHOICE_GENERIC;
	setup.rotate_s = 3600;
	setup.key_file = strdup("/etc/keys");
	setup.deny_file = strdup("/etc/deny");
	add(&setup, 1, 80, 80, MODE_ALWAYS);
	add(&setup, 1, 81, 81, MODE_ALWAYS);
	add(&setup, 1, 100, 110, MODE_MONITOR);
	add(&setup, 2, 100, 110, MODE_MONITOR);
	add(&setup, 0, 1, 1, MODE_AUTO);
	add(&setup, 0, 2, 2, MODE_AUTO);
	add(&setup, 0, 80, 90, MODE_ALWAYS);
	add(&setup, 0, 91, 99, MODE_MONITOR);
	add(&setup, 0, 100, 100, MODE_AUTO);
	add(&setup, 0, 65535, 65535, MODE_AUTO);
	return setup;
}

static void written_and_read_back(void **state)
{
	struct setup rich = make_rich(), all, none;

	(void)state;
	assert_int_equal(setup_default(&all), 0);
	setup_default_values(&none);
	write_bank(0, &rich);
	bank_is(0, &rich);
	write_bank(1, &all);
	bank_is(1, &all);
	bank_is(0, &rich);
	write_bank(0, &none);
	bank_is(0, &none);
	bank_is(1, &all);
	add(&rich, 0, 1, 65535, MODE_AUTO);
	write_bank(0, &rich);
	bank_is(0, &rich);
	setup_free(&rich);
	setup_free(&all);
}

/* The policy that a packet for 2001:db8::host and port meets. */
static int policy_of(__u32 bank, int host, __u16 port, __u32 *ret_defence)
{
	struct addr_key key = {
	    .addr = {0x20, 0x01, [15] = (__u8)host}, .port = port, .bank = (__u16)bank};
	const __u32 index = bank * MAX_PORTS + port;
	struct addr_service service;
	struct policy policy;
	struct rule rule;
	__u32 id;

	assert_int_equal(bpf_map_lookup_elem(maps.rules, &index, &rule), 0);
	*ret_defence = port;
	id = rule.policy;
	if (rule.by_addr && !bpf_map_lookup_elem(maps.addr_services, &key, &service)) {
		id = service.policy;
		*ret_defence = service.defence;
	}
	if (!id)
		return 0;
	id += bank * MAX_POLICIES;
	assert_int_equal(bpf_map_lookup_elem(maps.policies, &id, &policy), 0);
	return policy.mode;
}

static void packets_meet_it(void **state)
{
	struct setup rich = make_rich();
	__u32 defence;

	(void)state;
	write_bank(1, &rich);
	assert_int_equal(policy_of(1, 1, 80, &defence), MODE_ALWAYS);
	assert_in_range(defence, MAX_PORTS, DEFENCES - 1);
	assert_int_equal(policy_of(1, 9, 80, &defence), MODE_ALWAYS);
	assert_int_equal(defence, 80);
	assert_int_equal(policy_of(1, 2, 110, &defence), MODE_MONITOR);
	assert_int_equal(policy_of(1, 9, 110, &defence), 0);
	assert_int_equal(policy_of(1, 9, 2, &defence), MODE_AUTO);
	assert_int_equal(policy_of(1, 9, 3, &defence), 0);
	assert_int_equal(policy_of(1, 9, 0, &defence), 0);
	setup_free(&rich);
}

static struct defence defence_read(__u32 index)
{
	struct defence defence;

	assert_int_equal(bpf_map_lookup_elem(maps.defences, &index, &defence), 0);
	return defence;
}

/* From bank to bank an attack goes on; what is new starts in peace, whoever was there before. */
static void a_service_keeps_its_defence(void **state)
{
	const struct defence attacked = {.until = 1000, .attacks = 3};
	struct setup first, second;
	__u32 before, index, other;

	(void)state;
	setup_default_values(&first);
	setup_default_values(&second);
	write_bank(0, &first);
	write_bank(1, &first);
	add(&first, 1, 80, 81, MODE_AUTO);
	add(&second, 1, 79, 79, MODE_AUTO);
	add(&second, 1, 81, 82, MODE_ALWAYS);
	write_bank(0, &first);
	policy_of(0, 1, 81, &before);
	assert_int_equal(bpf_map_update_elem(maps.defences, &before, &attacked, BPF_ANY), 0);
	policy_of(0, 1, 80, &other);
	assert_int_equal(bpf_map_update_elem(maps.defences, &other, &attacked, BPF_ANY), 0);
	write_bank(1, &second);
	assert_int_equal(policy_of(1, 1, 81, &index), MODE_ALWAYS);
	assert_int_equal(index, before);
	assert_int_equal(defence_read(index).attacks, 3);
	policy_of(1, 1, 79, &index);
	assert_int_not_equal(index, other); /* still in force */
	assert_int_equal(defence_read(index).attacks, 0);
	policy_of(1, 1, 82, &index);
	assert_int_equal(defence_read(index).attacks, 0);
	write_bank(0, &second);
	add(&second, 2, 80, 80, MODE_AUTO);
	write_bank(1, &second);
	write_bank(0, &second);
	policy_of(0, 2, 80, &index);
	assert_int_equal(defence_read(index).attacks, 0);
	policy_of(0, 1, 81, &index);
	assert_int_equal(index, before);
	setup_free(&first);
	setup_free(&second);
}

/* As many as there is room for, all of them replaced by others. */
static void full_of_addresses(void **state)
{
	struct setup setup[2];
	__u32 i, defence;

	(void)state;
	for (i = 0; i < 2; i++) {
		setup_default_values(&setup[i]);
		add(&setup[i], 1 + (int)i, 1, MAX_ADDR_SERVICES, MODE_AUTO);
	}
	for (i = 0; i < 4; i++) {
		write_bank(i % 2, &setup[i % 2]);
		bank_is(i % 2, &setup[i % 2]);
		assert_int_equal(policy_of(i % 2, 1 + (int)(i % 2), MAX_ADDR_SERVICES, &defence),
				 MODE_AUTO);
		assert_in_range(defence, MAX_PORTS, DEFENCES - 1);
	}
	setup_free(&setup[0]);
	setup_free(&setup[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(written_and_read_back),
	    cmocka_unit_test(packets_meet_it),
	    cmocka_unit_test(a_service_keeps_its_defence),
	    cmocka_unit_test(full_of_addresses),
	};

	return cmocka_run_group_tests(tests, maps_load, maps_unload);
}
