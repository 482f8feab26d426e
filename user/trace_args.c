// SPDX-License-Identifier: GPL-2.0
/* Parsing --client, --port and --count. */
#include <errno.h>
#include <string.h>

#include "conns_filter.h"
#include "trace_args.h"

enum { PORT_LAST = 65535 };

#define COUNT_LAST 1000000000000ULL

/* ADDR or ADDR/LEN; an IPv6 prefix of length 0 is every client. */
static int client_parse(const char *text, struct trace_filter *filter)
{
	struct conns_filter parsed = {0};
	int err = filter_client_parse(text, &parsed);

	if (err == -ERANGE)
		return cli_refuse(
		    "trace", "--client '%s': the prefix length is 0 to 32 (IPv4) or 128", text);
	if (err)
		return cli_refuse("trace",
				  "--client '%s' is no IPv4 or IPv6 address, with or without /LEN",
				  text);
	memcpy(filter->client, parsed.client, sizeof(filter->client));
	memcpy(filter->mask, parsed.mask, sizeof(filter->mask));
	return EXIT_OK;
}

static int output_choose(const struct args *args, struct trace_request *request)
{
	if (args->pcap && args->json)
		return cli_refuse("trace", "--pcap and --json exclude each other");
	if (args->pcap && !*args->pcap)
		return cli_refuse("trace", "--pcap needs a file's name, or - for stdout");
	request->output = args->pcap ? TRACE_PCAP : args->json ? TRACE_JSON : TRACE_LADDER;
	request->filter.everything = request->output == TRACE_PCAP;
	return EXIT_OK;
}

int trace_args_parse(const struct args *args, struct trace_request *ret_request)
{
	struct trace_request request = {0};
	__u64 port = 0;
	int code = output_choose(args, &request);

	if (!code && args->client)
		code = client_parse(args->client, &request.filter);
	if (code)
		return code;
	if (args->port && filter_number_parse(args->port, PORT_LAST, &port))
		return cli_refuse("trace", "--port '%s' is no port (1 to 65535)", args->port);
	if (args->count && filter_number_parse(args->count, COUNT_LAST, &request.count))
		return cli_refuse("trace", "--count '%s' is no number of events (from 1)",
				  args->count);
	request.filter.port = (__u16)port;
	*ret_request = request;
	return EXIT_OK;
}
