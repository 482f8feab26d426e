// SPDX-License-Identifier: GPL-2.0
/* "It sends nothing, why?": what the counters and the listeners of a live instance tell. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "reason_table.h"
#include "setup_view.h"

static __u64 frames_seen(const struct counters *counters)
{
	__u64 sum = 0;
	int reason;

	for (reason = 0; reason < REASON_MAX; reason++)
		if (!strcmp(reason_table[reason].stage, "XDP"))
			sum += reason_count(counters, reason)->packets;
	return sum;
}

static void state_check(struct check *check)
{
	const struct report *report = check->report;
	enum instance_state state = report->instance.state;

	check_add(check, "attached",
		  *report->problem         ? CHECK_FAIL
		  : state == INSTANCE_LIVE ? CHECK_OK
					   : CHECK_WARN,
		  "%s", state == INSTANCE_UNREADABLE ? "unknown" : report->state);
	if (*report->problem) {
		check_why(check, "%s", report->problem);
		check_remedy(check, "%s", report->remedy);
	} else if (state != INSTANCE_LIVE) {
		check_why(check, "nothing protects the interface");
		check_remedy(check, "synguard attach %s", check->iface->name);
	}
}

static void frames_check(struct check *check, const struct counters *counters)
{
	__u64 frames = frames_seen(counters);

	check_add(check, "frames", frames ? CHECK_OK : CHECK_WARN, "%" PRIu64 " seen since attach",
		  (uint64_t)frames);
	if (frames)
		return;
	check_why(check,
		  "nothing has come in by %s: perhaps clients reach this host by another"
		  " interface, or it is down",
		  check->iface->name);
	check_remedy(check, "see which interface clients come by: ip route get CLIENT");
}

/* A service in mode monitor is not protected; that somebody tries it out is fine for a while. */
static void monitor_check(struct check *check, const struct counters *counters)
{
	const struct setup *setup = &check->report->setup;
	const unsigned int watched = setup_mode_count(setup, MODE_MONITOR);
	__u64 passed = 0;
	int reason;

	if (!check->report->has_setup || !watched)
		return;
	for (reason = 0; reason < REASON_MAX; reason++)
		passed += reason_count(counters, reason)->not_enforced;
	check_add(check, "monitor", CHECK_WARN,
		  "%u of %u services %s in mode monitor, since %s; %" PRIu64
		  " packets passed that would not have",
		  watched, setup->count, watched == 1 ? "is" : "are", check->report->since,
		  (uint64_t)passed);
	check_why(check, "in this mode everything is counted and passed, nothing is protected");
	check_remedy(check,
		     "synguard service set %s PORTS --mode auto (PORTS as in: synguard service"
		     " list), and the same in the configuration file if there is one",
		     check->instance->name);
}

static void answers_check(struct check *check, const struct counters *counters)
{
	const __u64 sent =
	    counters->syn_cookie_sent.packets - counters->syn_cookie_sent.not_enforced;

	check_add(check, "answers", CHECK_OK,
		  "%" PRIu64 " SYNs passed, %" PRIu64 " answered with a cookie, %" PRIu64
		  " valid ACKs came back, %" PRIu64 " handed to the kernel",
		  (uint64_t)counters->syn_passed.packets, (uint64_t)sent,
		  (uint64_t)counters->ack_cookie_valid.packets,
		  (uint64_t)counters->handoff_ok.packets);
	if (!sent || counters->ack_cookie_valid.packets || counters->ack_cookie_invalid.packets)
		return;
	check->finding[check->count - 1].level = CHECK_WARN;
	check_why(check, "no client has answered a SYN-ACK: all of it is a flood, or the SYN-ACKs"
			 " are lost on the way out");
	check_remedy(check, "try one connection and watch at the client: tcpdump 'tcp[13] == 18';"
			    " if none arrives: attach with --xdp generic");
}

/* Reasons which explain that a SYN was not answered or a handshake not finished. */
static const struct {
	int reason;
	enum check_level level;
	int only_if_silent; /* worth a word only if no SYN was answered at all */
	const char *why;
	const char *remedy;
} causes[] = {
    {REASON_not_protected, CHECK_WARN, 1,
     "TCP came to ports that are not protected or have no listener",
     "compare: synguard status, ss -ltn"},
    {REASON_other_host, CHECK_WARN, 1,
     "frames are addressed to another station's MAC: a bridge, a macvlan, or a MAC that changed",
     "attach where the server itself is"},
    {REASON_syn_mptcp, CHECK_WARN, 0,
     "the listener speaks MPTCP (the default of current Go); the kernel takes no cookies for it,"
     " so its SYNs are not protected",
     "start the server with GODEBUG=multipathtcp=0, or: sysctl -w net.mptcp.enabled=0"},
    {REASON_syn_mss_small, CHECK_WARN, 1, "the kernel takes no cookies with so small an MSS",
     "look at the path or the client that sends such SYNs"},
    {REASON_syn_md5_ao, CHECK_WARN, 1, "signed SYNs are the kernel's", "nothing needs doing"},
    {REASON_syn_reply_failed, CHECK_WARN, 0, "the driver had no room for the answer",
     "attach with --xdp generic"},
    {REASON_handoff_failed, CHECK_WARN, 0, "the kernel's TCP refused finished handshakes",
     "look at tcp_syncookies, tcp_timestamps, tcp_sack and tcp_window_scaling above: were they"
     " changed since attach? Then detach and attach"},
    {REASON_syn_accept_full, CHECK_WARN, 0,
     "the application does not accept connections fast enough, so new ones are turned away",
     "raise its backlog (listen) and net.core.somaxconn, or look why it is slow: ss -ltn"},
    {REASON_syn_new_limited, CHECK_WARN, 0,
     "clients of one prefix opened more connections than the limit new_connections allows",
     "if they are honest: raise it in the configuration, or synguard allow add PREFIX"},
    {REASON_handoff_backlog, CHECK_WARN, 0,
     "the application does not accept connections fast enough",
     "raise its backlog (listen) and net.core.somaxconn, or look why it is slow"},
    {REASON_ip_bad_checksum, CHECK_WARN, 1, "IPv4 headers arrive damaged",
     "look at the sender's or the driver's checksum offload"},
};

static bool all_ports(const struct check *check)
{
	return !check->report->has_setup || check->report->setup.all_ports;
}

static void causes_check(struct check *check, const struct counters *counters)
{
	const struct count *count;
	size_t i;

	for (i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		count = reason_count(counters, causes[i].reason);
		if (!count->packets ||
		    (causes[i].only_if_silent &&
		     (counters->syn_cookie_sent.packets || counters->syn_passed.packets)))
			continue;
		/* Where not all ports are protected, that is what was asked for. */
		if (causes[i].reason == REASON_not_protected && !all_ports(check))
			continue;
		check_add(check, reason_table[causes[i].reason].name, causes[i].level,
			  "%" PRIu64 " packets", (uint64_t)count->packets);
		check_why(check, "%s", causes[i].why);
		check_remedy(check, "%s", causes[i].remedy);
	}
}

static void handoff_check(struct check *check, const struct counters *counters)
{
	__u64 done = counters->handoff_ok.packets + counters->handoff_failed.packets +
		     counters->handoff_backlog.packets + counters->handoff_pending.packets +
		     counters->handoff_closed.packets;

	/* In mode monitor the kernel has the handshake already, and there is none to hand off. */
	if (!counters->ack_cookie_valid.packets || done ||
	    (check->report->has_setup && setup_mode_count(&check->report->setup, MODE_MONITOR)))
		return;
	check_add(check, "handoff", CHECK_FAIL, "%" PRIu64 " valid ACKs, none reached the hand-off",
		  (uint64_t)counters->ack_cookie_valid.packets);
	check_why(check, "another program at tc ingress takes these frames before synguard's");
	check_remedy(check, "list them: bpftool net show dev %s; tc filter show dev %s ingress",
		     check->iface->name, check->iface->name);
}

/* Marks the ports in state LISTEN; 0A in the fourth column of /proc/net/tcp. */
static void listeners_read(const char *path, __u8 *listening)
{
	unsigned int port, state;
	char line[256];
	FILE *file = fopen(path, "re");

	if (!file)
		return;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x", &port, &state) ==
			2 &&
		    state == 0x0A && port < MAX_PORTS)
			listening[port] = 1;
	fclose(file);
}

static void listeners_count(const struct check *check, const __u8 *listening,
			    unsigned int *ret_served, unsigned int *ret_idle)
{
	const struct setup *setup = &check->report->setup;
	unsigned int port;

	for (port = 1; port < MAX_PORTS && check->report->has_setup; port++) {
		if (!listening[port] && setup->all_ports)
			continue;
		if (!setup_protects(setup, port, port))
			continue;
		*ret_served += listening[port];
		*ret_idle += !listening[port];
	}
}

static void listeners_check(struct check *check)
{
	__u8 *listening = calloc(MAX_PORTS, 1);
	unsigned int served = 0, idle = 0;

	if (!listening)
		return;
	listeners_read("/proc/self/net/tcp", listening);
	listeners_read("/proc/self/net/tcp6", listening);
	listeners_count(check, listening, &served, &idle);
	free(listening);
	check_add(check, "listeners", served ? CHECK_OK : CHECK_WARN,
		  "%u protected ports have a listener%s", served, idle ? ", others have none" : "");
	if (served)
		return;
	check_why(check, "SYNs to a port without a listener are the kernel's, which resets them");
	check_remedy(check, "start the server, or name its ports: ss -ltn");
}

void check_traffic(struct check *check)
{
	const struct counters *counters = &check->report->counters;

	state_check(check);
	if (check->instance->state != INSTANCE_LIVE || !check->report->has_counters)
		return;
	listeners_check(check);
	frames_check(check, counters);
	monitor_check(check, counters);
	answers_check(check, counters);
	causes_check(check, counters);
	handoff_check(check, counters);
}
