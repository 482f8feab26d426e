// SPDX-License-Identifier: GPL-2.0
/* The configuration file: good ones, bad ones with their messages, and the way back to YAML. */
#define _GNU_SOURCE 1

#include <arpa/inet.h>
#include <errno.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"

#include "setup_config.h"
#include "setup_config_bad.h"

static void setups_equal(const struct setup *a, const struct setup *b)
{
	assert_memory_equal(&a->settings, &b->settings, sizeof(a->settings));
	assert_memory_equal(&a->timeouts, &b->timeouts, sizeof(a->timeouts));
	assert_memory_equal(a->taken, b->taken, sizeof(a->taken));
	assert_int_equal(a->addr_ports, b->addr_ports);
	assert_int_equal(a->all_ports, b->all_ports);
	assert_int_equal(a->xdp, b->xdp);
	assert_int_equal(a->max_conns, b->max_conns);
	assert_int_equal(a->rotate_s, b->rotate_s);
	assert_string_equal(a->key_file ? a->key_file : "", b->key_file ? b->key_file : "");
	assert_string_equal(a->allow_file ? a->allow_file : "", b->allow_file ? b->allow_file : "");
	assert_string_equal(a->deny_file ? a->deny_file : "", b->deny_file ? b->deny_file : "");
	assert_int_equal(a->count, b->count);
	for (unsigned int i = 0; i < a->count; i++) {
		const struct service *x = &a->services[i], *y = &b->services[i];

		assert_int_equal(x->any_addr, y->any_addr);
		if (!x->any_addr)
			assert_memory_equal(x->addr, y->addr, sizeof(x->addr));
		assert_int_equal(x->first, y->first);
		assert_int_equal(x->last, y->last);
		assert_memory_equal(&x->policy, &y->policy, sizeof(x->policy));
	}
}

static void good(const char *yaml, struct setup *ret_setup)
{
	struct error error;
	struct setup again;
	char *printed;

	error.text[0] = '\0';
	if (setup_config_parse("f", yaml, strlen(yaml), ret_setup, &error, NULL))
		fail_msg("%s\nin:\n%s", error.text, yaml);
	printed = setup_config_print(ret_setup);
	assert_non_null(printed);
	if (setup_config_parse("f", printed, strlen(printed), &again, &error, NULL))
		fail_msg("%s\nin what was printed:\n%s", error.text, printed);
	setups_equal(ret_setup, &again);
	setup_free(&again);
	free(printed);
}

static void the_default_file_is_the_default(void **state)
{
	struct setup setup, wanted;

	(void)state;
	assert_int_equal(setup_default(&wanted), 0);
	good(config_default_yaml, &setup);
	setups_equal(&setup, &wanted);
	setup_free(&setup);
	good("{}", &setup);
	setups_equal(&setup, &wanted);
	setup_free(&setup);
	setup_free(&wanted);
}

/* The default file leaves out nothing: each key of it, changed, is a change. */
static void every_value_is_read(void **state)
{
	static const char yaml[] = "mode: monitor\n"
				   "xdp: generic\n"
				   "max_connections: 1M\n"
				   "attack: {syn_rate: {on: 5k/s, off: 4k/s},"
				   " unfinished: {on: 80%, off: 20%}, hold: 1.5m}\n"
				   "proven: {for: never, credit: 255}\n"
				   "limits:\n"
				   "  synack_per_prefix: {rate: 1/s, burst: 2}\n"
				   "  syn_to_live: {rate: none}\n"
				   "  new_connections: {rate: 300/s, burst: 4}\n"
				   "  bad_acks: {rate: 5/s, burst: 6}\n"
				   "resend: {times: 0, after: 200ms}\n"
				   "timeouts: {syn_sent: 1s, syn_recv: 2s, established: 20d,"
				   " fin_wait: 4s, close_wait: 5s, last_ack: 6s, time_wait: 7s,"
				   " close: 8s, unacknowledged: 9s}\n"
				   "keys: {rotate: 24h}\n"
				   "allow: {file: \"/a b: c\"}\n"
				   "deny: {file: '/deny #1'}\n"
				   "services:\n"
				   "  - ports: 80\n";
	struct setup setup;
	const struct policy *policy;

	(void)state;
	good(yaml, &setup);
	assert_int_equal(setup.settings.mode, MODE_MONITOR);
	assert_int_equal(setup.xdp, XDP_CHOICE_GENERIC);
	assert_int_equal(setup.max_conns, 1000000);
	assert_int_equal(setup.settings.proven_s, 0);
	assert_int_equal(setup.settings.proven_credit, 255);
	assert_int_equal(setup.settings.synack.rate, 1);
	assert_int_equal(setup.settings.synack.burst, 2);
	assert_int_equal(setup.settings.live_syn.rate, 0);
	assert_int_equal(setup.settings.new_conn.rate, 300);
	assert_int_equal(setup.settings.new_conn.burst, 4);
	assert_int_equal(setup.settings.bad_ack.rate, 5);
	assert_int_equal(setup.settings.bad_ack.burst, 6);
	assert_int_equal(setup.settings.resend_times, 0);
	assert_int_equal(setup.settings.resend_ms, 200);
	assert_int_equal(setup.timeouts.syn_sent, 1);
	assert_int_equal(setup.timeouts.syn_recv, 2);
	assert_int_equal(setup.timeouts.established, 20 * 86400);
	assert_int_equal(setup.timeouts.fin_wait, 4);
	assert_int_equal(setup.timeouts.close_wait, 5);
	assert_int_equal(setup.timeouts.last_ack, 6);
	assert_int_equal(setup.timeouts.time_wait, 7);
	assert_int_equal(setup.timeouts.close, 8);
	assert_int_equal(setup.timeouts.unacknowledged, 9);
	assert_int_equal(setup.rotate_s, 86400);
	assert_null(setup.key_file);
	assert_string_equal(setup.allow_file, "/a b: c");
	assert_string_equal(setup.deny_file, "/deny #1");
	assert_int_equal(setup.count, 1);
	policy = &setup.services[0].policy;
	assert_int_equal(policy->mode, MODE_MONITOR);
	assert_int_equal(policy->syn_rate_on, 5000);
	assert_int_equal(policy->syn_rate_off, 4000);
	assert_int_equal(policy->unfinished_on, 80);
	assert_int_equal(policy->unfinished_off, 20);
	assert_int_equal(policy->hold_ms, 90000);
	setup_free(&setup);
}

static void services_and_what_they_inherit(void **state)
{
	static const char yaml[] = "mode: always\n"
				   "attack: {hold: 10s}\n"
				   "services:\n"
				   "  - ports: all\n"
				   "    mode: monitor\n"
				   "  - ports: \"80, 443,22\"\n"
				   "  - ports: 22\n"
				   "    address: 192.0.2.1\n"
				   "    speaks_first: no\n"
				   "    attack: {syn_rate: {on: 1k/s}}\n"
				   "  - {address: '2001:db8::1', ports: 22-23, mode: auto,"
				   " attack: {unfinished: {on: none}}}\n";
	static const struct {
		const char *addr;
		__u16 first, last;
		struct policy policy;
	} wanted[] = {
	    {NULL, 80, 80, {MODE_ALWAYS, 0, 50, 10, 20000, 10000, 10000}},
	    {NULL, 443, 443, {MODE_ALWAYS, 0, 50, 10, 20000, 10000, 10000}},
	    {NULL, 22, 22, {MODE_ALWAYS, 1, 50, 10, 20000, 10000, 10000}},
	    {"::ffff:192.0.2.1", 22, 22, {MODE_ALWAYS, 0, 50, 10, 1000, 500, 10000}},
	    {"2001:db8::1", 22, 22, {MODE_AUTO, 1, 0, 0, 20000, 10000, 10000}},
	    {"2001:db8::1", 23, 23, {MODE_AUTO, 0, 0, 0, 20000, 10000, 10000}},
	    {NULL, 21, 21, {MODE_MONITOR, 1, 50, 10, 20000, 10000, 10000}},
	};
	struct setup setup;
	__u8 addr[16];

	(void)state;
	good(yaml, &setup);
	assert_true(setup.all_ports);
	assert_int_equal(setup.count, 13);
	for (size_t i = 0; i < COUNT_OF(wanted); i++) {
		const struct service *got = &setup.services[i];

		assert_int_equal(got->any_addr, !wanted[i].addr);
		if (wanted[i].addr) {
			assert_int_equal(inet_pton(AF_INET6, wanted[i].addr, addr), 1);
			assert_memory_equal(got->addr, addr, sizeof(addr));
		}
		assert_int_equal(got->first, wanted[i].first);
		assert_int_equal(got->last, wanted[i].last);
		assert_memory_equal(&got->policy, &wanted[i].policy, sizeof(got->policy));
	}
	setup_free(&setup);
}

static void other_good_files(void **state)
{
	static const struct {
		const char *yaml;
		unsigned int services;
	} rows[] = {
	    {"services: []\n", 0},
	    {"services:\n- ports: all\n  speaks_first: no\n", 1},
	    {"services:\n- ports: all\n  speaks_first: yes\n", 1},
	    {"services:\n- ports: 1-65535\n  speaks_first: no\n", 1},
	    {"services:\n- ports: '80,1-65535'\n", 8},
	    {"services:\n- ports: 1-65534\n", 13},
	    {"services:\n- ports: 080\n", 1},
	    {"services:\n- &web {ports: 80}\n- {ports: 81}\n", 2},
	    {"services:\n- ports: &p 80\n- ports: *p\n  address: 192.0.2.1\n", 2},
	    {"attack: &a {hold: 1m}\nservices:\n- ports: 80\n  attack: *a\n", 1},
	    {"# only this\nmode: auto\n...\n", 7},
	    {"%YAML 1.1\n---\nmode: auto\n", 7},
	    {"\xef\xbb\xbfmode: auto\n", 7},
	    {"mode: auto\r\nxdp: native\r\n", 7},
	    {"{\"mode\": \"auto\", \"services\": [{\"ports\": \"80\"}]}", 1},
	    {"services:\n- ports: all\n  speaks_first: no\n  mode: always\n"
	     "  attack: {syn_rate: {on: none}, unfinished: {on: none}}\n",
	     1},
	    {"mode: always\nattack: {syn_rate: {on: none}, unfinished: {on: none}}\n", 7},
	    {"attack: {syn_rate: {on: none, off: 5k/s}}\n", 7},
	    {"attack: {syn_rate: {on: 1/s}, unfinished: {on: 1%}}\n", 7},
	    {"services:\n- ports: 80\n  attack: {}\n", 1},
	};
	struct setup setup;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		good(rows[i].yaml, &setup);
		assert_int_equal(setup.count, rows[i].services);
		setup_free(&setup);
	}
}

static void bad_files(void **state)
{
	struct setup setup, before;
	struct error error;
	char *problems;
	int wrong = 0;

	(void)state;
	memset(&before, 0x5a, sizeof(before));
	for (size_t i = 0; i < COUNT_OF(bad_rows); i++) {
		setup = before;
		problems = NULL;
		assert_int_not_equal(setup_config_parse("f", bad_rows[i].yaml,
							strlen(bad_rows[i].yaml), &setup, &error,
							&problems),
				     0);
		assert_memory_equal(&setup, &before, sizeof(setup));
		assert_non_null(problems);
		if (strcmp(problems, bad_rows[i].message) != 0) {
			print_error("row %zu:\n%s\nwanted:\n%s\n", i, problems,
				    bad_rows[i].message);
			wrong++;
		}
		assert_memory_equal(error.text, problems, strcspn(problems, "\n"));
		free(problems);
	}
	assert_int_equal(wrong, 0);
}

static void a_zero_in_a_value(void **state)
{
	static const char yaml[] = "mode: \"auto\\0x\"\n", raw[] = "mode: auto\n\0\n";
	struct setup setup;
	struct error error;

	(void)state;
	assert_int_not_equal(setup_config_parse("f", yaml, sizeof(yaml) - 1, &setup, &error, NULL),
			     0);
	assert_string_equal(error.text,
			    "f:1: mode: found a single value, expected one without a zero byte");
	assert_int_not_equal(setup_config_parse("f", raw, sizeof(raw) - 1, &setup, &error, NULL),
			     0);
	assert_string_equal(
	    error.text,
	    "f:2: found control characters are not allowed, expected a text file in UTF-8");
}

static void files(void **state)
{
	static char block[1 << 20];
	char path[32], wanted[128];
	struct setup setup;
	struct error error;
	int fd = memfd_create("config", MFD_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_int_equal(write(fd, "mode: auto\n", 11), 11);
	assert_int_equal(setup_config_load(path, &setup, &error, NULL), 0);
	setup_free(&setup);
	memset(block, '#', sizeof(block));
	for (int i = 0; i < 16; i++)
		assert_int_equal(write(fd, block, sizeof(block)), sizeof(block));
	assert_int_equal(setup_config_load(path, &setup, &error, NULL), -EFBIG);
	snprintf(wanted, sizeof(wanted), "%s: found more than 16 MB, expected settings", path);
	assert_string_equal(error.text, wanted);
	close(fd);
	assert_int_equal(setup_config_load("/nowhere/f", &setup, &error, NULL), -ENOENT);
	assert_string_equal(error.text, "/nowhere/f: it cannot be read: No such file or directory");
	assert_int_equal(setup_config_load("/", &setup, &error, NULL), -EISDIR);
	assert_string_equal(error.text, "/: it cannot be read: Is a directory");
}

static void many_problems(void **state)
{
	char yaml[30 * 16] = "", *problems;
	size_t used = 0, lines = 1;
	struct setup setup;
	struct error error;

	(void)state;
	for (int i = 0; i < 30; i++)
		used += (size_t)snprintf(yaml + used, sizeof(yaml) - used, "key%d: 1\n", i);
	assert_int_equal(setup_config_parse("f", yaml, used, &setup, &error, &problems), -EINVAL);
	for (const char *at = problems; *at; at++)
		lines += *at == '\n';
	assert_int_equal(lines, 21);
	assert_non_null(strstr(problems, "\nf:20: found the key 'key19', expected one of mode, "));
	assert_non_null(strstr(problems, "\nf: and 10 problems more"));
	assert_non_null(strstr(error.text, "f:1: found the key 'key0', expected one of mode, "));
	assert_non_null(
	    strstr(error.text, " (and 29 problems more; see: synguard config check f)"));
	free(problems);
}

/* What takes libyaml minutes is refused at once. */
static void deep_brackets(void **state)
{
	static char yaml[1 << 20];
	struct setup setup;
	struct error error;

	(void)state;
	memset(yaml, '[', sizeof(yaml));
	yaml[0] = '\n';
	assert_int_equal(setup_config_parse("f", yaml, sizeof(yaml), &setup, &error, NULL),
			 -EINVAL);
	assert_string_equal(error.text,
			    "f:2: found more than 1000 open brackets, expected 3 at most");
}

/* Each port with a service of its own, in an order that is no help. */
static void every_port_in_time(void **state)
{
	struct timespec begin, end;
	struct setup setup;
	struct error error;
	char *yaml;
	size_t size;
	FILE *out = open_memstream(&yaml, &size);
	int err;

	(void)state;
	fprintf(out, "services:\n");
	for (int i = 65535; i > 0; i--)
		fprintf(out, "- {ports: %d, speaks_first: no, attack: {hold: %ds}}\n", i,
			i % 1000 + 1);
	fclose(out);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	err = setup_config_parse("f", yaml, size, &setup, &error, NULL);
	clock_gettime(CLOCK_MONOTONIC, &end);
	if (err)
		fail_msg("%s", error.text);
	assert_int_equal(setup.count, 65535);
	print_message("65535 services in %ld ms\n",
		      (end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000);
	assert_true(end.tv_sec - begin.tv_sec < 5);
	setup_free(&setup);
	free(yaml);
}

static void try(const char *data, size_t length)
{
	struct setup setup;
	struct error error;
	char *printed, *copy = malloc(length + !length);

	memcpy(copy, data, length);
	if (!setup_config_parse("f", copy, length, &setup, &error, NULL)) {
		printed = setup_config_print(&setup);
		assert_non_null(printed);
		free(printed);
		setup_free(&setup);
	} else {
		assert_memory_equal(error.text, "f:", 2);
	}
	free(copy);
}

/* Cut off anywhere, or with bytes changed: an answer, and no byte touched that is not there. */
static void broken_files(void **state)
{
	static const char marks[] = "&*[]{}:,-\n\t'\"|>%@`!?# \0\xff\xc3";
	char yaml[2048];
	const size_t length = strlen(config_default_yaml);

	(void)state;
	assert_true(length >= sizeof(yaml));
	for (size_t i = 0; i <= length; i++)
		try(config_default_yaml, i);
	for (int i = 0; i < 3000; i++) {
		const size_t part = sizeof(yaml);

		memcpy(yaml, config_default_yaml + (length - part) * (rng() % 2), part);
		for (__u64 n = rng() % 8 + 1; n > 0; n--)
			yaml[rng() % part] =
			    rng() % 2 ? marks[rng() % (sizeof(marks) - 1)] : (char)(rng() >> 20);
		try(yaml, part);
	}
	for (int i = 0; i < 3000; i++) {
		const size_t part = rng() % 64;

		for (size_t n = 0; n < part; n++)
			yaml[n] = i % 2 ? marks[rng() % (sizeof(marks) - 1)] : (char)(rng() >> 20);
		try(yaml, part);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_default_file_is_the_default),
	    cmocka_unit_test(every_value_is_read),
	    cmocka_unit_test(services_and_what_they_inherit),
	    cmocka_unit_test(other_good_files),
	    cmocka_unit_test(bad_files),
	    cmocka_unit_test(a_zero_in_a_value),
	    cmocka_unit_test(files),
	    cmocka_unit_test(many_problems),
	    cmocka_unit_test(deep_brackets),
	    cmocka_unit_test(every_port_in_time),
	    cmocka_unit_test(broken_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
