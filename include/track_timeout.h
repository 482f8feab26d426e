/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long a connection lives without a packet.  nf_conntrack's count of retransmissions, after
 * which it shortens the timeout, is not kept.
 */
#ifndef SYNGUARD_TRACK_TIMEOUT_H
#define SYNGUARD_TRACK_TIMEOUT_H

#include "abi.h"

/* nf_conntrack's defaults. */
INLINE struct timeouts timeouts_default(void)
{
	return (struct timeouts){
	    .syn_sent = 120,
	    .syn_recv = 60,
	    .established = 432000,
	    .fin_wait = 120,
	    .close_wait = 60,
	    .last_ack = 30,
	    .time_wait = 120,
	    .close = 10,
	    .unacknowledged = 300,
	};
}

INLINE __u32 state_timeout(enum conn_state state, const struct timeouts *t)
{
	switch (state) {
	case SYN_SENT:
	case SYN_SENT2:
		return t->syn_sent;
	case SYN_RECV:
		return t->syn_recv;
	case ESTABLISHED:
		return t->established;
	case FIN_WAIT:
		return t->fin_wait;
	case CLOSE_WAIT:
		return t->close_wait;
	case LAST_ACK:
		return t->last_ack;
	case TIME_WAIT:
		return t->time_wait;
	default:
		return t->close;
	}
}

/* Seconds that the connection lives after its last packet that counted. */
INLINE __u32 track_timeout(const struct conn *c, const struct conn_head *head,
			   const struct timeouts *t)
{
	const __u32 timeout = state_timeout(head->state, t);

	if ((c->client.unacked || c->server.unacked) && timeout > t->unacknowledged)
		return t->unacknowledged;
	return timeout;
}

#endif
