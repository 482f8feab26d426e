/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cookies with this host's keys and clock: the shell around cookie.h, used by XDP to make and
 * check, and by the hand-off hook to check again where the connection table does not tell.
 */
#ifndef SYNGUARD_COOKIES_H
#define SYNGUARD_COOKIES_H

#include "conns.h"
#include "cookie.h"
#include "packet.h"
#include "tcpopt.h"

/*
 * Without timestamps a cookie has 22 bits to guess, so it is accepted only when cookies of that
 * kind were issued in its very epoch (the in-flight check of OpenBSD's pf).
 */
INLINE void nots_issued(struct runtime *rt, __u64 epoch)
{
	__u32 *slot = &rt->nots_epoch[epoch & 1];

	if (*slot != (__u32)epoch)
		*slot = (__u32)epoch;
}

/* Check the ACK's cookie.  COOKIE_VALID fills *ret_offer. */
INLINE enum cookie_verdict ack_check(const struct packet *pkt, const struct tcpopts *opts,
				     const struct config *cfg, const struct runtime *rt, __u64 now,
				     struct tcp_offer *ret_offer)
{
	const struct cookie c = {.isn = pkt->ack - 1, .tsval = opts->tsecr};
	const __u32 tstamp = opts->has_ts && opts->tsecr;
	struct cookie_input in = {
	    .ring = keys_get(),
	    .tuple = &pkt->key,
	    .epoch = now >> (cfg->epoch_shift & 63),
	    .client_isn = pkt->seq - 1,
	    .is_v6 = pkt->is_v6,
	    .vlan = pkt->vlan,
	};

	if (!in.ring)
		return COOKIE_INVALID;
	if (!tstamp) {
		const __u64 epoch = cookie_epoch(&in, c.isn);

		if (in.epoch - epoch < EPOCHS_VALID && rt->nots_epoch[epoch & 1] != (__u32)epoch)
			return COOKIE_INVALID;
	}
	return cookie_check(&in, &c, tstamp, ret_offer);
}

/*
 * The ACK in pkt has proven a handshake: enter it for the hand-off hook to finish, over what is
 * left of an older connection of the same tuple.  The same handshake seen again leaves its entry
 * alone, so that assigned_at keeps telling of the request socket made for it.
 */
INLINE void handshake_enter(struct runtime *rt, const struct config *cfg, const struct packet *pkt,
			    const struct tcp_offer *offer, __u32 assigned_at)
{
	const __u64 now = bpf_jiffies64();
	struct conn *old = conn_get(&pkt->key);
	struct conn conn = {
	    .state = SYN_RECV,
	    .kind = KIND_COOKIE,
	    .assigned_at = assigned_at,
	    .offer = *offer,
	    .client_isn = pkt->seq - 1,
	    .server_isn = pkt->ack - 1,
	    .expires = now + (__u64)LINGER_S * cfg->hz,
	};

	if (old && old->state == SYN_RECV && old->client_isn == conn.client_isn &&
	    old->server_isn == conn.server_isn)
		return;
	conn_enter(rt, &pkt->key, old, &conn, now);
}

#endif
