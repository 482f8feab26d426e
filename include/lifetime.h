/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long an entry of the connection table stays without a packet.  What the kernel has comes
 * before what the packets say: an entry whose socket exists does not go before its packets have
 * told of its end, so a connection may be idle for months.  After that end it goes even if nobody
 * has told that the socket went: a few in 100,000 of the kernel's socket events never reach a
 * tracing program.
 */
#ifndef SYNGUARD_LIFETIME_H
#define SYNGUARD_LIFETIME_H

#include "track.h"

enum lifetime_s {
	LIFETIME_ENDLESS = 0,
	LINGER_S = 65, /* the kernel's TIME_WAIT is 60 s */
};

INLINE int state_over(enum conn_state state)
{
	return state == LAST_ACK || state == TIME_WAIT || state == CLOSE;
}

/*
 * Have both sides said that they are done, or one of them reset the connection?  The state does not
 * tell: a FIN sent again takes nf_conntrack's to LAST_ACK although it is half-closed only.
 */
INLINE int conn_ended(const struct conn *c, const struct conn_head *head)
{
	return head->state == CLOSE || (state_over(head->state) && c->client.fin && c->server.fin);
}

/* May the kernel have a TIME_WAIT of its own, or be waiting for the last ACK? */
INLINE int kernel_lingers(const struct conn *c, const struct conn_head *head)
{
	const struct conn_side *local = head->flags.opened_here ? &c->client : &c->server;

	if (head->socket == SOCKET_OPEN)
		return head->state == LAST_ACK || local->closing;
	return head->socket == SOCKET_TIME_WAIT;
}

/* In seconds after conn.seen, or LIFETIME_ENDLESS. */
INLINE __u32 conn_lifetime(const struct conn *c, const struct conn_head *head,
			   const struct timeouts *t)
{
	const __u32 by_state = track_timeout(c, head, t);

	if (head->socket == SOCKET_OPEN && !conn_ended(c, head))
		return LIFETIME_ENDLESS;
	if (head->socket == SOCKET_PENDING || head->socket == SOCKET_HALF_OPEN)
		return LINGER_S;
	if (kernel_lingers(c, head))
		return by_state > LINGER_S ? by_state : LINGER_S;
	return by_state ? by_state : 1;
}

#endif
