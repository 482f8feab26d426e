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

static const char *const advices[REASON_MAX] = {
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

	if (e->port.protect)
		snprintf(text, size,
			 "nothing listens on port %u at that address (ss -ltn), or it is not an"
			 " address of this host (ip address), which comes second, after the"
			 " client's; the kernel answers",
			 port);
	else
		snprintf(text, size,
			 "port %u is not in the list of --port (synguard status %s); to protect it,"
			 " detach and attach with it in the list",
			 port, iface);
}

static void syn_passed(const struct explanation *e, const char *iface, char *text, size_t size)
{
	if (e->has_listener && !e->listener.allow_cookie)
		snprintf(text, size, "sysctl -w net.ipv4.tcp_syncookies=1");
	else if (e->config.mode == MODE_MONITOR)
		snprintf(text, size,
			 "mode monitor only counts; to protect: synguard detach %s, and attach it"
			 " without --mode monitor",
			 iface);
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
	if (e->reason == REASON_not_protected)
		not_protected(e, iface, ret_text, size);
	else if (e->reason == REASON_syn_passed)
		syn_passed(e, iface, ret_text, size);
	else if (e->reason == REASON_syn_mss_small)
		mss_small(e, ret_text, size);
	else if (e->reason < REASON_MAX && advices[e->reason])
		snprintf(ret_text, size, "%s", advices[e->reason]);
}
