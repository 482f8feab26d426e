/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cookies with this host's keys and clock: the shell around cookie.h, used by XDP to make and
 * check, and by the hand-off hook to check again where the connection table does not tell.
 */
#ifndef SYNGUARD_COOKIES_H
#define SYNGUARD_COOKIES_H

#include "cookie.h"
#include "limits.h"
#include "packet.h"
#include "tracking.h"

/*
 * Without timestamps a cookie has 22 bits to guess, so it is accepted only when cookies of that
 * kind were issued in its very epoch (the in-flight check of OpenBSD's pf).  Where the key is
 * shared, another machine may have issued it, so there the 22 bits stand alone.
 */
INLINE void nots_issued(struct runtime *rt, __u64 epoch)
{
	__u32 *slot = &rt->nots_epoch[epoch & 1];

	if (*slot != (__u32)epoch)
		*slot = (__u32)epoch;
}

/* All but the client's ISN; the ring and the prefixes are there. */
INLINE void cookie_input_fill(struct cookie_input *in, const struct packet *pkt,
			      const struct config *cfg, __u64 now)
{
	in->tuple = &pkt->key;
	in->is_v6 = pkt->is_v6;
	in->vlan = pkt->vlan;
	in->tick_ms_q16 = cfg->tick_ms_q16;
	in->epoch = cookie_epoch_now(in->ring, cfg, now);
	in->tick = cookie_tick_now(in->ring, cfg, now);
}

/* Check the cookie of the ACK in *room.  COOKIE_VALID fills room->offer. */
INLINE enum cookie_verdict ack_check(struct room *room, const struct config *cfg,
				     const struct runtime *rt, __u64 now)
{
	const struct packet *pkt = &room->pkt;
	const struct tcpopts *opts = &room->opts;
	const struct cookie c = {.isn = pkt->ack - 1, .tsval = opts->tsecr};
	const struct keys *ring = keys_get();
	const __u32 tstamp = opts->has_ts && opts->tsecr;
	struct cookie_input in = {.ring = ring, .prefixes = room->prefixes};

	if (!ring)
		return COOKIE_INVALID;
	cookie_input_fill(&in, pkt, cfg, now);
	in.client_isn = pkt->seq - 1;
	if (!tstamp && !ring->shared) {
		const __u64 epoch = cookie_epoch(&in, c.isn);

		if (in.epoch - epoch < EPOCHS_VALID && rt->nots_epoch[epoch & 1] != (__u32)epoch)
			return COOKIE_INVALID;
	}
	return cookie_check(&in, &c, tstamp, &room->offer);
}

/*
 * A proven handshake, as both sides must see it: the client's SYN and our SYN-ACK are behind it,
 * and nobody has kept them.  The socket watcher fills in this host's window once there is a socket.
 */
INLINE void conn_fill_proven(struct conn *c, const struct packet *pkt,
			     const struct tcp_offer *offer, __u32 assigned_at)
{
	const __u32 scaling = offer->wscale != WSCALE_NONE;
	const __u32 window = (__u32)pkt->window << (scaling ? offer->wscale & 15 : 0);

	c->client.end = pkt->seq + pkt->l4_len - TCP_LEN - pkt->opt_len;
	c->client.max_end = pkt->seq + 65535;
	c->client.max_ack = pkt->ack;
	c->client.max_win = window ? window : 1;
	c->client.acked = 1;
	c->client.scaling = scaling;
	c->client.wscale = scaling ? offer->wscale : 0;
	c->client.mss = offer->mss;
	c->client.sack = offer->sack;
	c->client.tstamp = offer->tstamp;
	c->client.ecn = offer->ecn;
	c->server.end = pkt->ack;
	c->server.max_end = pkt->ack + window;
	c->server.max_ack = pkt->seq;
	c->server.max_win = 65535;
	c->server.acked = 1;
	c->server.scaling = scaling;
	c->server.sack = offer->sack;
	c->server.tstamp = offer->tstamp;
	c->server.ecn = offer->ecn;
	c->client.packets = 1;
	c->client.bytes = pkt->l4_off - pkt->l3_off + (__u64)pkt->l4_len;
	c->rtt_ms = offer->rtt_ms;
	c->assigned_at = (__u16)assigned_at;
}

/* What the client offered, out of an entry that conn_fill_proven() made. */
INLINE void offer_of(const struct conn *c, struct tcp_offer *ret_offer)
{
	__builtin_memset(ret_offer, 0, sizeof(*ret_offer));
	ret_offer->mss = c->client.mss;
	ret_offer->wscale = c->client.scaling ? c->client.wscale : WSCALE_NONE;
	ret_offer->sack = c->client.sack;
	ret_offer->ecn = c->client.ecn;
	ret_offer->tstamp = c->client.tstamp;
}

/* Is this the entry of the handshake whose SYN-ACK this acknowledges? */
INLINE int handshake_is(const struct conn *c, __u32 ack)
{
	return c->head.socket == SOCKET_PENDING && c->server.end == ack;
}

/*
 * The ACK in pkt has proven a handshake: enter it for the hand-off hook to finish, over what is
 * left of an older connection of the same tuple.  The same handshake seen again leaves its entry
 * alone, so that assigned_at keeps telling of the request socket made for it.
 */
__noinline int handshake_enter(struct runtime *rt, const struct config *cfg,
			       const struct packet *pkt, const struct tcp_offer *offer,
			       __u32 assigned_at)
{
	const struct conn_head head = {
	    .state = ESTABLISHED, .kind = KIND_COOKIE, .socket = SOCKET_PENDING};
	struct conn *conn;
	__u64 hash;

	if (!rt || !cfg || !pkt || !offer)
		return -1;
	hash = conn_hash(&pkt->key);
	conn = conn_get_hashed(&pkt->key, hash, cfg->slots);
	if (conn && handshake_is(conn, pkt->ack))
		return 0;
	conn = conn_enter_over(rt, cfg, &pkt->key, hash, conn, &head);
	if (!conn)
		return -1;
	conn_fill_proven(conn, pkt, offer, assigned_at);
	client_proven(&pkt->key, cfg, bank_get(rt), bpf_jiffies64());
	return 0;
}

#endif
