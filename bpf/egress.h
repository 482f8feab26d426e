/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What this host sends on protected ports, as the tracker needs it: the other half of every
 * connection's sequence numbers, windows and counts.  The kernel's socket events tell when a
 * connection begins and ends, but neither its segments nor their numbers.
 */
#ifndef SYNGUARD_EGRESS_H
#define SYNGUARD_EGRESS_H

#include "defence.h"
#include "halfopen.h"
#include "skb.h"

INLINE void key_turn(struct conn_key *key)
{
	const struct conn_key out = *key;

	copy32(key->remote, out.local, 4);
	copy32(key->local, out.remote, 4);
	key->remote_port = out.local_port;
	key->local_port = out.remote_port;
}

/* Offset of the payload. */
INLINE __u32 tcp_payload_at(const struct packet *pkt)
{
	return pkt->l4_off + (__u32)TCP_LEN + pkt->opt_len;
}

/* One skb may be many packets yet: the NIC, or the kernel for it, will cut it (GSO). */
INLINE void passage_fill_skb(struct passage *t, const struct __sk_buff *skb,
			     const struct packet *pkt)
{
	const __u32 headers = tcp_payload_at(pkt);

	passage_fill(t, pkt, bpf_jiffies64());
	t->from_here = 1;
	t->seg.len = skb->len - headers;
	t->packets = skb->gso_segs > 1 ? skb->gso_segs : 1;
	t->bytes = skb->len - pkt->l3_off + (t->packets - 1) * (headers - pkt->l3_off);
}

/* A SYN-ACK: is there a SYN that it answers?  In an attack, one more than SYNs came is owed. */
static __noinline int synack_note(struct runtime *rt, const struct conn_key *key, __u64 now)
{
	struct conn *half = bpf_map_lookup_elem(&halfopen, key);
	struct protection service;

	if (!half || half->head.flags.opened_here)
		return 0;
	if (half->displaced) {
		half->displaced--;
		return 0;
	}
	protection_find(key, bank_get(rt), &service);
	if (defence_active(service.defence, now))
		rt->synacks_owed++;
	return 0;
}

INLINE int egress_look(struct __sk_buff *skb, const struct config *cfg, struct runtime *rt)
{
	struct room *room = room_get();
	struct packet *pkt;
	struct passage *t;
	enum reason r;
	int known;

	if (!room)
		return 0;
	pkt = &room->pkt;
	t = &room->passage;
	__builtin_memset(pkt, 0, sizeof(*pkt));
	if (skb_parse(skb, pkt) != PACKET_OK || skb->len < tcp_payload_at(pkt))
		return 0;
	key_turn(&pkt->key);
	if (!port_protected(rt, pkt->key.local_port))
		return 0;
	passage_fill_skb(t, skb, pkt);
	if (pkt->flags & TCP_SYN) {
		skb_options(skb, pkt, &room->opts);
		segment_options(&t->seg, &room->opts);
	}
	if ((pkt->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		known = !half_open(&pkt->key, t);
	else
		known = flow_track(rt, cfg, &pkt->key, t);
	if ((pkt->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK))
		synack_note(rt, &pkt->key, bpf_jiffies64());
	r = known ? REASON_out_conn : REASON_out_unknown;
	count(r, skb->len, 1);
	if (tracing(rt, bpf_jiffies64()))
		trace_skb(skb, rt, cfg, pkt, r);
	return 0;
}

#endif
