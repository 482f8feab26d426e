// SPDX-License-Identifier: GPL-2.0
/* What the words after `synguard trace` ask for. */
#include "unit.h"

#include <fcntl.h>
#include <unistd.h>

#include "trace_args.h"

static struct trace_request request;

static int parse(struct args args)
{
	memset(&request, 0xff, sizeof(request));
	return trace_args_parse(&args, &request);
}

static void nothing_asks_for_everything(void **state)
{
	static const struct trace_filter any;

	(void)state;
	assert_int_equal(parse((struct args){0}), EXIT_OK);
	assert_memory_equal(&request.filter, &any, sizeof(any));
	assert_int_equal(request.output, TRACE_LADDER);
	assert_int_equal(request.count, 0);
}

static void a_prefix_becomes_a_mask(void **state)
{
	static const struct {
		const char *text;
		__u8 client[16], mask[16];
	} rows[] = {
	    {"10.1.2.3",
	     {[10] = 0xff, 0xff, 10, 1, 2, 3},
	     {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	      0xff, 0xff}},
	    {"10.1.2.3/12",
	     {[10] = 0xff, 0xff, 10, 0, 0, 0},
	     {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf0}},
	    {"0.0.0.0/0",
	     {[10] = 0xff, 0xff},
	     {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
	    {"2001:db8:ffff::1/33", {0x20, 0x01, 0x0d, 0xb8, 0x80}, {0xff, 0xff, 0xff, 0xff, 0x80}},
	    {"::/0", {0}, {0}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(parse((struct args){.client = rows[i].text}), EXIT_OK);
		assert_memory_equal(request.filter.client, rows[i].client, 16);
		assert_memory_equal(request.filter.mask, rows[i].mask, 16);
	}
}

static void the_rest_is_taken(void **state)
{
	(void)state;
	assert_int_equal(parse((struct args){.port = "65535", .count = "3", .pcap = "-"}), EXIT_OK);
	assert_int_equal(request.filter.port, 65535);
	assert_int_equal(request.count, 3);
	assert_int_equal(request.output, TRACE_PCAP);
	assert_int_equal(request.filter.everything, 1);
	assert_int_equal(parse((struct args){.json = ""}), EXIT_OK);
	assert_int_equal(request.output, TRACE_JSON);
	assert_int_equal(request.filter.everything, 0);
}

static void nonsense_is_refused(void **state)
{
	static const struct args rows[] = {
	    {.port = ""},
	    {.port = "0"},
	    {.port = "65536"},
	    {.port = "-1"},
	    {.port = "80 "},
	    {.port = "80,81"},
	    {.count = "0"},
	    {.count = ""},
	    {.count = "1e3"},
	    {.count = "9999999999999999999999"},
	    {.client = ""},
	    {.client = "/8"},
	    {.client = "10.0.0"},
	    {.client = "10.0.0.0/"},
	    {.client = "10.0.0.0/33"},
	    {.client = "::/129"},
	    {.client = "::/-1"},
	    {.client = "host"},
	    {.pcap = ""},
	    {.pcap = "x", .json = ""},
	    {.client = "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd"},
	};

	const int kept = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);
	size_t refused = 0;

	(void)state;
	dup2(null, STDERR_FILENO); /* cli_refuse() says why */
	while (refused < COUNT_OF(rows) && parse(rows[refused]) == EXIT_USAGE)
		refused++;
	dup2(kept, STDERR_FILENO);
	close(kept);
	close(null);
	assert_int_equal(refused, COUNT_OF(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_asks_for_everything),
	    cmocka_unit_test(a_prefix_becomes_a_mask),
	    cmocka_unit_test(the_rest_is_taken),
	    cmocka_unit_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
