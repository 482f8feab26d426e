// SPDX-License-Identifier: GPL-2.0
/* Which commands there are and what each accepts. */
#include "cli.h"

#define MEMBER(name) offsetof(struct args, name)

#define MODES "auto|always|monitor"
#define OPTION_JSON                                                                    \
	{                                                                              \
		"--json", VALUE_NONE, NULL, "print JSON instead of text", MEMBER(json) \
	}

static const struct option no_options[] = {{0}};

static const struct option attach_options[] = {
    {"--config", VALUE_REQUIRED, "FILE",
     "the settings, in YAML (see: synguard config default); what else is given here overrides them",
     MEMBER(config)},
    {"--port", VALUE_REQUIRED, "LIST",
     "ports and ranges, as in 80,443,8000-8100 (default: all with a listener)", MEMBER(port)},
    {"--xdp", VALUE_REQUIRED, "auto|native|generic",
     "where XDP runs: auto (default) tries native, then generic", MEMBER(xdp)},
    {"--mode", VALUE_REQUIRED, MODES,
     "auto (default) answers SYNs during an attack, always each one; monitor only counts",
     MEMBER(mode)},
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
    OPTION_JSON,
    {0},
};

static const struct option reload_options[] = {
    {"--config", VALUE_REQUIRED, "FILE", "read this one, and from now on (default: as at attach)",
     MEMBER(config)},
    {"--dry-run", VALUE_NONE, NULL, "show the difference and change nothing", MEMBER(dry_run)},
    {0},
};

static const struct option service_options[] = {
    {"--mode", VALUE_REQUIRED, MODES,
     "what becomes of its SYNs (add: by default as the file's mode)", MEMBER(mode)},
    {"--syn-rate", VALUE_REQUIRED, "ON[,OFF]",
     "SYNs per second from which on it is an attack, and below which it is over, as in 5k/s,2k/s",
     MEMBER(syn_rate)},
    {"--unfinished", VALUE_REQUIRED, "ON[,OFF]",
     "the same for unfinished handshakes, per cent of the listener's backlog, as in 50%,25%",
     MEMBER(unfinished)},
    {"--hold", VALUE_REQUIRED, "TIME", "cookies for so long after the last excess, as in 10s",
     MEMBER(hold)},
    {"--speaks-first", VALUE_REQUIRED, "yes|no",
     "the server speaks first (SSH, SMTP): lost SYN-ACKs are sent again", MEMBER(speaks_first)},
    {0},
};

static const struct operand service_operands[] = {{"[ADDR:]PORTS", MEMBER(service)}, {0}};

static const struct option list_add_options[] = {
    {"--for", VALUE_REQUIRED, "TIME", "remove it after that time (default: never)",
     MEMBER(lifetime)},
    {0},
};

static const struct option list_options[] = {
    {"--count", VALUE_NONE, NULL, "print only how many there are", MEMBER(count)},
    {"--json", VALUE_NONE, NULL, "print JSON instead of text", MEMBER(json)},
    {0},
};

static const struct operand prefix_operands[] = {{"PREFIX[,PREFIX...]", MEMBER(prefix)}, {0}};
static const struct operand file_operands[] = {{"FILE", MEMBER(file)}, {0}};

static const struct option rotate_options[] = {
    {"--every", VALUE_REQUIRED, "TIME",
     "and again each time so long has passed (2m to 365d); never: no"
     " more",
     MEMBER(every)},
    {"--file", VALUE_REQUIRED, "FILE", "take the new key from this file (mode 0600)", MEMBER(file)},
    {0},
};

static const struct option key_new_options[] = {
    {"--replace", VALUE_NONE, NULL, "put a new key in the place of the one that FILE has",
     MEMBER(replace)},
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
    OPTION_JSON,
    {0},
};

static const struct operand explain_operands[] = {
    {"CLIENT:PORT", MEMBER(client)},
    {"SERVER:PORT", MEMBER(server)},
    {0},
};

#define SERVICE_NOTE                                                                           \
	"It holds until reload or detach; synguard config show prints what to write into the " \
	"file.\n"                                                                              \
	"Without IFACE: the one interface attached."
#define LIST_NOTE \
	"PREFIX: as in 192.0.2.0/24 or 2001:db8::/56. Without IFACE: every interface attached."
#define LISTED_NOTE "What it prints, `load` reads. Without IFACE: every interface attached."
#define LOAD_NOTE                                                                              \
	"One prefix per line, perhaps with `for TIME` behind it; comments from # or ; on. -: " \
	"from\n"                                                                               \
	"standard input. Without IFACE: every interface attached."

const struct command cli_commands[] = {
    {"attach", "protect an interface; stays live with no process running",
     "Returns once protection is live. Connections that the kernel already has go on.",
     IFACE_REQUIRED, attach_options, cmd_attach, NULL},
    {"detach",
     "stop protecting an interface; cuts no connection (--now: only handshakes in flight)",
     "XDP goes at once. The hand-off stays for about a minute, so that handshakes in flight\n"
     "finish, and then removes itself.",
     IFACE_OR_ALL, detach_options, cmd_detach, NULL},
    {"reload", "read the configuration file again and apply what changed, at once and as a whole",
     "Prints the difference first. A file with any error changes nothing. Without IFACE: every\n"
     "interface attached.",
     IFACE_OPTIONAL, reload_options, cmd_reload, NULL},
    {"config check", "is this configuration file right?",
     "Names the line, the key, what was found and what is expected. Exit code 1 if it is wrong.",
     IFACE_NONE, no_options, cmd_config_check, file_operands},
    {"config show", "the settings in force, as a configuration file",
     "Without IFACE: the one interface attached.", IFACE_OPTIONAL, no_options, cmd_config_show,
     NULL},
    {"config default", "a configuration file with every setting, explained",
     "These are the settings without a file.", IFACE_NONE, no_options, cmd_config_default, NULL},
    {"service add", "protect ports, or ports of one address, at once",
     "PORTS are as in 80,443,8000-8100; ADDR: as in 192.0.2.1:80 or "
     "[2001:db8::1]:80.\n" SERVICE_NOTE,
     IFACE_OPTIONAL, service_options, cmd_service_add, service_operands},
    {"service set", "change how a service is protected, at once",
     "PORTS are as service list shows them; some out of all ports become a service of their\n"
     "own.  What is not given stays.\n" SERVICE_NOTE,
     IFACE_OPTIONAL, service_options, cmd_service_set, service_operands},
    {"service del", "protect a service no longer, from now on",
     "PORTS are as service list shows them.\n" SERVICE_NOTE, IFACE_OPTIONAL, no_options,
     cmd_service_del, service_operands},
    {"service list", "the services: modes, thresholds, attacks",
     "Without IFACE: the one interface attached.", IFACE_OPTIONAL, json_options, cmd_service_list,
     NULL},
    {"allow add", "SYNs of these clients need no cookie", LIST_NOTE, IFACE_OPTIONAL,
     list_add_options, cmd_allow_add, prefix_operands},
    {"allow del", "remove a prefix from the allowlist", LIST_NOTE, IFACE_OPTIONAL, no_options,
     cmd_allow_del, prefix_operands},
    {"allow list", "the allowlist", LISTED_NOTE, IFACE_OPTIONAL, list_options, cmd_allow_list,
     NULL},
    {"allow load", "replace the allowlist by that in a file", LOAD_NOTE, IFACE_OPTIONAL, no_options,
     cmd_allow_load, file_operands},
    {"deny add", "drop every packet of these clients", LIST_NOTE, IFACE_OPTIONAL, list_add_options,
     cmd_deny_add, prefix_operands},
    {"deny del", "remove a prefix from the denylist", LIST_NOTE, IFACE_OPTIONAL, no_options,
     cmd_deny_del, prefix_operands},
    {"deny list", "the denylist", LISTED_NOTE, IFACE_OPTIONAL, list_options, cmd_deny_list, NULL},
    {"deny load", "replace the denylist by that in a file", LOAD_NOTE, IFACE_OPTIONAL, no_options,
     cmd_deny_load, file_operands},
    {"key rotate", "a new cookie key; handshakes in flight go on",
     "Without IFACE: every interface attached. At most once in about two minutes. With --file the\n"
     "key serves from the next full two minutes or so on, so that machines that are told within\n"
     "the same ones switch together.",
     IFACE_OPTIONAL, rotate_options, cmd_key_rotate, NULL},
    {"key new", "write a key file, for several machines to share",
     "The file is made with mode 0600, and must not exist. Copy it to each machine, and attach\n"
     "with it there. The key is not shown.",
     IFACE_NONE, key_new_options, cmd_key_new, file_operands},
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
