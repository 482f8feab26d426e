/* SPDX-License-Identifier: GPL-2.0 */
/* Packets as the tc hooks see them.  Global functions, for the verifier's sake, as in xdp.bpf.c. */
#ifndef SYNGUARD_SKB_H
#define SYNGUARD_SKB_H

#include "packet.h"
#include "tcpopt.h"
#include "tracing.h"

__noinline int skb_parse(struct __sk_buff *skb, struct packet *ret_pkt)
{
	const struct frame f = {(void *)(long)skb->data, (void *)(long)skb->data_end};

	if (!ret_pkt)
		return REASON_eth_truncated;
	return packet_parse(&f, skb->len, ret_pkt);
}

__noinline int skb_options(struct __sk_buff *skb, const struct packet *pkt,
			   struct tcpopts *ret_opts)
{
	const struct frame f = {(void *)(long)skb->data, (void *)(long)skb->data_end};

	if (!pkt || !ret_opts)
		return -1;
	tcpopts_parse(&f, pkt, ret_opts);
	return 0;
}

/* The packet's start and the outcome, for synguard trace. */
static __noinline int trace_skb(struct __sk_buff *skb, struct runtime *rt, const struct config *cfg,
				const struct packet *pkt, enum reason r)
{
	const int out = r == REASON_out_conn || r == REASON_out_unknown;
	struct trace_event *e = trace_room();
	__u32 len = skb->len;

	if (!e || !len)
		return 0;
	e->frame_len = len;
	barrier_var(len);
	if (len > TRACE_BYTES)
		len = TRACE_BYTES;
	e->captured = (__u16)len;
	if (bpf_skb_load_bytes(skb, 0, e->data, len))
		return 0;
	return trace_send(rt, cfg, pkt, r, out ? TRACE_OUT : TRACE_HANDOFF);
}

#endif
