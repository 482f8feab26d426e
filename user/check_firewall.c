// SPDX-License-Identifier: GPL-2.0
/*
 * The host's firewall.  It never sees the SYN-ACK that XDP sent, so a cookie client's ACK is the
 * first packet it sees of a connection: NEW to conntrack if that picks connections up in the
 * middle, else INVALID.  Rules that expect a SYN first, or drop INVALID, cut such clients off.
 */

#include "check.h"
#include "host.h"
#include "setup_view.h"

static const struct {
	const char *name;
	enum check_level level;
	const char *what;
	const char *why;
	const char *remedy;
} rules[] = {
    [RULE_SYN_ONLY] = {"firewall_syn", CHECK_WARN, "accepts new connections by their SYN",
		       "the client's ACK comes without a SYN before it and is not accepted here",
		       "accept by port alone, or by `ct state new` with nf_conntrack_tcp_loose=1"},
    [RULE_NOT_SYN_DROP] = {"firewall_not_syn", CHECK_FAIL,
			   "drops new connections that do not begin with a SYN",
			   "that is what a cookie client's ACK looks like",
			   "leave protected ports out of this rule"},
    [RULE_INVALID_DROP] = {"firewall_invalid", CHECK_FAIL,
			   "drops conntrack's INVALID, with nf_conntrack_tcp_loose=0",
			   "the client's ACK is INVALID with that setting",
			   "sysctl -w net.netfilter.nf_conntrack_tcp_loose=1, or `notrack` for"
			   " protected ports in a prerouting chain of priority raw"},
    [RULE_DNAT] = {"firewall_dnat", CHECK_WARN, "redirects a protected port",
		   "synguard hands the connection to this host's own listener on the port the"
		   " client named, not to the redirection's target",
		   "protect only ports that this host serves itself: see synguard service"},
};

void check_rule(struct check *check, struct firewall *firewall, enum rule_kind kind,
		const char *where)
{
	firewall->suspects++;
	check_add(check, rules[kind].name, rules[kind].level, "%s: %s", where, rules[kind].what);
	check_why(check, "%s", rules[kind].why);
	check_remedy(check, "%s", rules[kind].remedy);
}

int check_port_protected(const struct check *check, unsigned int first, unsigned int last)
{
	const struct instance *instance = check->instance;

	if (!instance || instance->state != INSTANCE_LIVE || !check->report->has_setup)
		return 1;
	return setup_protects(&check->report->setup, first, last);
}

static void conntrack_check(struct check *check, const struct firewall *firewall)
{
	int invalid = firewall->conntrack && firewall->tcp_loose == 0;

	if (firewall->tcp_loose < 0 || !firewall->conntrack) {
		check_add(check, "conntrack", CHECK_OK, "not used by this host's firewall");
		return;
	}
	check_add(check, "conntrack", invalid ? CHECK_WARN : CHECK_OK,
		  "in use, net.netfilter.nf_conntrack_tcp_loose = %ld", firewall->tcp_loose);
	if (!invalid)
		return;
	check_why(check,
		  "a cookie client's ACK is the first packet conntrack sees, and INVALID with"
		  " this setting: it matches no `ct state new`");
	check_remedy(check, "sysctl -w net.netfilter.nf_conntrack_tcp_loose=1, or `notrack` for"
			    " protected ports in a prerouting chain of priority raw");
}

void check_firewall(struct check *check)
{
	struct firewall firewall = {.tcp_loose = -1};

	if (host_sysctl("net/netfilter/nf_conntrack_tcp_loose", &firewall.tcp_loose))
		firewall.tcp_loose = -1;
	check_nftables(check, &firewall);
	check_iptables(check, &firewall);
	conntrack_check(check, &firewall);
	if (!firewall.suspects)
		check_add(check, "firewall_rules", CHECK_OK,
			  "no rule found that expects a SYN first");
}
