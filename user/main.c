// SPDX-License-Identifier: GPL-2.0
/* synguard's command line: which commands there are and what each accepts, then one call. */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "error.h"
#include "pins.h"

#define MEMBER(name) offsetof(struct args, name)

static const struct option attach_options[] = {
    {"--port", VALUE_REQUIRED, "LIST",
     "ports and ranges, as in 80,443,8000-8100 (default: all with a listener)", MEMBER(port)},
    {"--xdp", VALUE_REQUIRED, "auto|native|generic",
     "where XDP runs: auto (default) tries native, then generic", MEMBER(xdp)},
    {"--mode", VALUE_REQUIRED, "always|monitor",
     "always (default) answers each SYN; monitor only counts", MEMBER(mode)},
    {"--max-conns", VALUE_REQUIRED, "N",
     "room for so many connections (default 262144; 155 bytes each)", MEMBER(max_conns)},
    {"--timeout", VALUE_REQUIRED, "NAME=TIME,...",
     "how long connections live without a packet, by state, as in time_wait=30s,close=5s",
     MEMBER(timeout)},
    {0},
};

static const struct option detach_options[] = {
    {"--all", VALUE_NONE, NULL, "every interface, also those that are gone", MEMBER(all)},
    {"--now", VALUE_NONE, NULL, "remove the hand-off at once: handshakes in flight are reset",
     MEMBER(now)},
    {0},
};

static const struct option json_options[] = {
    {"--json", VALUE_NONE, NULL, "print JSON instead of text", MEMBER(json)},
    {0},
};

static const struct option stats_options[] = {
    {"--json", VALUE_NONE, NULL, "print JSON; with --watch one object per line", MEMBER(json)},
    {"--watch", VALUE_OPTIONAL, "SECONDS", "repeat each SECONDS (default 1), with rates",
     MEMBER(watch)},
    {"--all", VALUE_NONE, NULL, "show reasons that have not occurred, too", MEMBER(all)},
    {0},
};

static const struct option conns_options[] = {
    {"--state", VALUE_REQUIRED, "LIST", "states, as in established,time-wait, and half-open",
     MEMBER(state)},
    {"--client", VALUE_REQUIRED, "ADDR[/LEN]", "remote address or prefix", MEMBER(client)},
    {"--port", VALUE_REQUIRED, "PORT", "port of this host", MEMBER(port)},
    {"--sort", VALUE_REQUIRED, "FIELD",
     "state, client, port; largest first: age, idle, packets, bytes, rtt", MEMBER(sort)},
    {"--limit", VALUE_REQUIRED, "N", "list N connections at most; all are counted", MEMBER(limit)},
    {"--count", VALUE_NONE, NULL, "print only how many there are", MEMBER(count)},
    {"--json", VALUE_NONE, NULL, "print JSON; with --watch one object per line", MEMBER(json)},
    {"--watch", VALUE_OPTIONAL, "SECONDS", "repeat each SECONDS (default 1)", MEMBER(watch)},
    {0},
};

static const struct option trace_options[] = {
    {"--client", VALUE_REQUIRED, "ADDR[/LEN]", "only connections with this address or prefix",
     MEMBER(client)},
    {"--port", VALUE_REQUIRED, "PORT", "only connections with this port of this host",
     MEMBER(port)},
    {"--pcap", VALUE_REQUIRED, "FILE", "write every packet, with comments, as pcapng (-: stdout)",
     MEMBER(pcap)},
    {"--json", VALUE_NONE, NULL, "print one JSON object per line", MEMBER(json)},
    {"--count", VALUE_REQUIRED, "N", "end after N events", MEMBER(count)},
    {0},
};

static const struct option explain_options[] = {
    {"--flags", VALUE_REQUIRED, "FLAG|...",
     "of SYN, ACK, FIN, RST, PSH, URG, ECE, CWR, with | or , between (default SYN)", MEMBER(flags)},
    {"--json", VALUE_NONE, NULL, "print JSON instead of text", MEMBER(json)},
    {0},
};

static const struct operand explain_operands[] = {
    {"CLIENT:PORT", MEMBER(client)},
    {"SERVER:PORT", MEMBER(server)},
    {0},
};

static const struct command commands[] = {
    {"attach", "protect an interface; stays live with no process running",
     "Returns once protection is live. Connections that the kernel already has go on.",
     IFACE_REQUIRED, attach_options, cmd_attach, NULL},
    {"detach",
     "stop protecting an interface; cuts no connection (--now: only handshakes in flight)",
     "XDP goes at once. The hand-off stays for about a minute, so that handshakes in flight\n"
     "finish, and then removes itself.",
     IFACE_OR_ALL, detach_options, cmd_detach, NULL},
    {"status", "what is attached, how, and how full the maps are",
     "Without IFACE: every interface.", IFACE_OPTIONAL, json_options, cmd_status, NULL},
    {"stats", "packets and bytes by reason", "Without IFACE: every interface attached.",
     IFACE_OPTIONAL, stats_options, cmd_stats, NULL},
    {"conns", "the tracked connections: states, addresses, times, traffic",
     "Without IFACE: every interface attached. PKT> and BYTE> are the client's, <PKT and <BYTE\n"
     "the server's; LEFT is the time until it is forgotten if no packet comes.",
     IFACE_OPTIONAL, conns_options, cmd_conns, NULL},
    {"trace", "TCP handshakes, teardowns and drops, live, packet by packet",
     "Draws each segment as an arrow between client and server, with the state of the\n"
     "connection after it; a dropped one ends in an x, and says why. Ctrl-C ends it.\n"
     "Without IFACE: the one that is attached.",
     IFACE_OPTIONAL, trace_options, cmd_trace, NULL},
    {"check", "what on this host could keep synguard from working, and the remedy",
     "Without IFACE: only what concerns the whole host. Exit code 1 if a check fails.",
     IFACE_OPTIONAL, json_options, cmd_check, NULL},
    {"explain", "what would happen now to a packet, and why; nothing is sent or changed",
     "SERVER is this host's address: 192.0.2.1:4711 198.51.100.2:80, or\n"
     "[2001:db8::1]:4711 [2001:db8::2]:80. Without IFACE: the one interface attached.",
     IFACE_OPTIONAL, explain_options, cmd_explain, explain_operands},
    {0},
};

static const struct command *command_find(const char *name)
{
	const struct command *command;

	for (command = commands; command->name; command++)
		if (!strcmp(command->name, name))
			return command;
	return NULL;
}

/* A full disk or a closed pipe must not pass for success. */
static int output_finish(int code)
{
	if (fflush(stdout) && code == EXIT_OK)
		return EXIT_FAILED;
	return code;
}

int main(int argc, char **argv)
{
	const struct command *command;
	struct args args;
	int code;

	if (argc < 2) {
		fprintf(stderr, "synguard: which command? (see: synguard --help)\n");
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		cli_usage(commands);
		return output_finish(EXIT_OK);
	}
	if (!strcmp(argv[1], "--version")) {
		printf("synguard %s\n", SYNGUARD_VERSION);
		return output_finish(EXIT_OK);
	}
	command = command_find(argv[1]);
	if (!command) {
		fprintf(stderr, "synguard: unknown %s '%s' (see: synguard --help)\n",
			argv[1][0] == '-' ? "option" : "command", argv[1]);
		return EXIT_USAGE;
	}
	code = cli_parse(command, argc - 2, argv + 2, &args);
	if (code)
		return code;
	if (args.help) {
		cli_usage_command(command);
		return output_finish(EXIT_OK);
	}
	error_log_capture();
	pins_reach();
	return output_finish(command->run(&args));
}
