// SPDX-License-Identifier: GPL-2.0
/* synguard conns: the tracked connections of one interface or of each, once or again and again. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "access.h"
#include "cli.h"
#include "conns_show.h"
#include "show.h"

enum { OUTPUT_BUFFER = 65536, PORT_LAST = 65535 };

static int states_check(const char *text, __u32 *ret_states)
{
	const char *word;
	size_t length;

	if (!filter_states_parse(text, ret_states, &word, &length))
		return EXIT_OK;
	return cli_refuse("conns",
			  "--state '%s': '%.*s' is no state; there are syn_sent, syn_recv,"
			  " established, fin_wait, close_wait, last_ack, time_wait, close,"
			  " syn_sent2 and half-open",
			  text, (int)length, word);
}

static int client_check(const char *text, struct conns_filter *filter)
{
	int err = filter_client_parse(text, filter);

	if (err == -ERANGE)
		return cli_refuse("conns",
				  "--client '%s': the prefix length is 0 to 32 for IPv4, 0 to 128"
				  " for IPv6",
				  text);
	if (err)
		return cli_refuse("conns",
				  "--client '%s' is no address; expected ADDR or ADDR/LEN, as in"
				  " 192.0.2.0/24 or 2001:db8::/32",
				  text);
	return EXIT_OK;
}

static int port_check(const char *text, __u16 *ret_port)
{
	__u64 port;

	if (filter_number_parse(text, PORT_LAST, &port))
		return cli_refuse("conns", "--port '%s' is no port (1 to %d)", text, PORT_LAST);
	*ret_port = (__u16)port;
	return EXIT_OK;
}

static int sort_check(const char *text, enum conns_order *ret_order)
{
	if (!order_parse(text, ret_order))
		return EXIT_OK;
	return cli_refuse("conns",
			  "--sort '%s' is no field; there are state, client, port, age, idle,"
			  " packets, bytes and rtt",
			  text);
}

static int limit_check(const char *text, __u64 *ret_limit)
{
	if (!filter_number_parse(text, UINT32_MAX, ret_limit))
		return EXIT_OK;
	return cli_refuse("conns", "--limit '%s' is no number of connections (1 to %u)", text,
			  UINT32_MAX);
}

/* EXIT_OK, or EXIT_USAGE once it has said why. */
static int request_make(const struct args *args, struct list_request *request)
{
	int code = EXIT_OK;

	*request = (struct list_request){.limit = UINT32_MAX, .interrupted = show_interrupted};
	request->form = args->count ? LIST_NOTHING : args->json ? LIST_JSON : LIST_TABLE;
	if (args->state)
		code = states_check(args->state, &request->filter.states);
	if (!code && args->client)
		code = client_check(args->client, &request->filter);
	if (!code && args->port)
		code = port_check(args->port, &request->filter.port);
	if (!code && args->sort)
		code = sort_check(args->sort, &request->order);
	if (!code && args->limit)
		code = limit_check(args->limit, &request->limit);
	return code;
}

struct watch {
	struct conns_showing showing;
	int round;
};

static int watch_round(void *context)
{
	struct watch *watch = context;

	/* A blank line tells the rounds of a log apart. */
	if (watch->round++ && watch->showing.request.form == LIST_TABLE && !isatty(STDOUT_FILENO))
		putchar('\n');
	return conns_show(&watch->showing);
}

int cmd_conns(const struct args *args)
{
	struct watch watch = {.showing = {.json = args->json, .watch = args->watch}};
	struct error error;
	double seconds = 1;
	int code = request_make(args, &watch.showing.request);

	if (!code && args->watch)
		code = show_seconds_parse("conns", args->watch, &seconds);
	if (code)
		return code;
	if (access_check(&error)) {
		fprintf(stderr, "synguard: no connections: %s\n", error.text);
		return EXIT_FAILED;
	}
	show_names(args->iface, &watch.showing.names);
	if (!watch.showing.names.count) {
		fprintf(stderr,
			"synguard: no connections: nothing is attached; to protect an interface:"
			" synguard attach IFACE\n");
		return EXIT_FAILED;
	}
	setvbuf(stdout, NULL, _IOFBF, OUTPUT_BUFFER);
	return args->watch ? show_watch(seconds, !args->json, watch_round, &watch)
			   : conns_show(&watch.showing);
}
