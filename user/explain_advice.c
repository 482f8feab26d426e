// SPDX-License-Identifier: GPL-2.0
/*
 * What an administrator may do about a decision: by reason, and where that is not enough by fact.
 */
#include <stdio.h>

#include "cookie.h"
#include "explain_words.h"

static const char mptcp[] = "this listener takes no hand-off, so its SYNs are not shielded; for Go:"
			    " GODEBUG=multipathtcp=0";
static const char no_cookie[] =
    "if a client has this connection, the kernel no longer does (ss -tan), and the client has to"
    " connect again; an ACK that brings a valid cookie back would pass";

static const char syn_accept_full[] =
    "the application does not accept fast enough (ss -ltn: Recv-Q above Send-Q); raise its backlog "
    "and net.core.somaxconn";
static const char syn_synack_limited[] =
    "a client that sends its SYN again is answered; if honest ones share this prefix, raise the "
    "limit synack_per_prefix";
static const char syn_new_limited[] =
    "if this prefix is honest, raise the limit new_connections, or: synguard allow add PREFIX";
static const char syn_small_limited[] =
    "a client that sends it again gets through when the kernel's queue has room";
static const char syn_live_limited[] =
    "a client that has restarted gets through when its prefix sends fewer";
static const char ack_limited[] =
    "the same ACK again, or the data after it, is checked, and one with timestamps always; if "
    "honest ones share this prefix, raise the limit bad_acks";

static const char *const advices[REASON_MAX] = {
    [REASON_deny_listed] = "if it should not be: synguard deny del PREFIX (synguard deny list)",
    [REASON_syn_accept_full] = syn_accept_full,
    [REASON_syn_synack_limited] = syn_synack_limited,
    [REASON_syn_new_limited] = syn_new_limited,
    [REASON_syn_small_limited] = syn_small_limited,
    [REASON_syn_live_limited] = syn_live_limited,
    [REASON_syn_allowed] = "nothing; to have it answered with a cookie: synguard allow del PREFIX",
    [REASON_syn_proven] = "nothing; it keeps all its options",
    [REASON_synack_repeated] = "nothing; the client repeats its SYN",
    [REASON_synack_unknown] = "nothing; this host has sent no SYN to it (or that was long ago)",
    [REASON_ack_limited] = ack_limited,
    [REASON_data_unknown] = no_cookie,
    [REASON_fin_unknown] = "nothing; there is no connection to close",
    [REASON_syn_conn_limited] = "a client that has restarted gets through within a second",
    [REASON_syn_mptcp] = mptcp,
    [REASON_syn_md5_ao] = "nothing; signed connections (BGP) are left to the kernel",
    [REASON_conn_rst_outside] = "nothing; a RST of the real peer has other numbers",
    [REASON_conn_fin_outside] = "nothing; a FIN of the real peer has other numbers",
    [REASON_conn_data_outside] = "nothing; a segment of the real peer has other numbers",
    [REASON_ack_cookie_invalid] = no_cookie,
    [REASON_ack_cookie_expired] = "the client has to connect again",
    [REASON_ack_kernel] = "nothing; the kernel answers it, with a RST if it does not know it",
    [REASON_rst_unknown] = "nothing; there is no connection to reset",
    [REASON_tcp_bad_flags] = "nothing; no honest stack sends these flags",
    [REASON_src_land] = "give the client's address first, then this host's",
    [REASON_src_loopback] = "loopback addresses do not come from the network",
    [REASON_src_not_unicast] = "such a source is no client",
    [REASON_dst_not_unicast] = "TCP has no group addresses",
    [REASON_syn_reply_failed] = "report it, with the name of the interface's driver",
};

static void not_protected(const struct explanation *e, const char *iface, char *text, size_t size)
{
	const __u16 port = e->request.key.local_port;

	if (e->service.policy_id)
		snprintf(text, size,
			 "nothing listens on port %u at that address (ss -ltn), or it is not an"
			 " address of this host (ip address), which comes second, after the"
			 " client's; the kernel answers",
			 port);
	else
		snprintf(text, size,
			 "no service has port %u at that address (synguard service list %s); to"
			 " protect it: synguard service add %s %u",
			 port, iface, iface, port);
}

static void syn_passed(const struct explanation *e, char *text, size_t size)
{
	if (e->has_listener && !e->listener.allow_cookie)
		snprintf(text, size, "sysctl -w net.ipv4.tcp_syncookies=1");
	else
		snprintf(text, size, "nothing; in an attack it would be answered with a cookie");
}

static void mss_small(const struct explanation *e, char *text, size_t size)
{
	snprintf(text, size,
		 "%s has an MSS below %d, for which the kernel takes no hand-off; its own SYN"
		 " cookies cover it",
		 e->listener.mss_small ? "the listener (TCP_MAXSEG)" : "the SYN",
		 e->request.is_v6 ? MSS_FLOOR_V6 : MSS_FLOOR_V4);
}

void explain_advice(const struct explanation *e, const char *iface, char *ret_text, size_t size)
{
	*ret_text = '\0';
	if (!explanation_enforced(e))
		snprintf(ret_text, size,
			 "mode monitor only counts; to protect: synguard service set %s %u --mode"
			 " auto",
			 iface, e->request.key.local_port);
	else if (e->reason == REASON_not_protected)
		not_protected(e, iface, ret_text, size);
	else if (e->reason == REASON_syn_passed)
		syn_passed(e, ret_text, size);
	else if (e->reason == REASON_syn_mss_small)
		mss_small(e, ret_text, size);
	else if (e->reason < REASON_MAX && advices[e->reason])
		snprintf(ret_text, size, "%s", advices[e->reason]);
}
