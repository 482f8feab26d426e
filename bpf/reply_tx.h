/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Turn the SYN's frame into the SYN-ACK's, in place: resize, swap the MAC addresses, keep the VLAN
 * tags, write the headers.  Everything that is written was computed before (reply.h).
 */
#ifndef SYNGUARD_REPLY_TX_H
#define SYNGUARD_REPLY_TX_H

#include "reply.h"

INLINE void eth_swap(__u8 *eth)
{
	const __u32 dst = load32(eth), src = load32(eth + 6);
	const __u16 dst_end = load16(eth + 4), src_end = load16(eth + 10);

	store32(eth, src);
	*(__u16 *)(eth + 4) = src_end;
	store32(eth + 6, dst);
	*(__u16 *)(eth + 10) = dst_end;
}

/* The header, and words 5 to 9 as far as they are in use, each within the frame. */
INLINE int tcp_write(const struct frame *f, __u32 off, const struct reply *r)
{
	__u32 *w;

	if (r->tcp_len == 4 * REPLY_TCP_WORDS) { /* most often: everything was offered */
		w = (__u32 *)frame_at(f, off, 4 * REPLY_TCP_WORDS);
		if (!w)
			return -1;
		copy32(w, r->tcp, REPLY_TCP_WORDS);
		return 0;
	}
	w = (__u32 *)frame_at(f, off, TCP_LEN);
	if (!w)
		return -1;
	copy32(w, r->tcp, 5);
	UNROLL
	for (__u32 i = 5; i < REPLY_TCP_WORDS; i++) {
		__u32 *word = (__u32 *)frame_at(f, off + 4 * i, 4);

		if (r->tcp_len <= 4 * i)
			return 0;
		if (!word)
			return -1;
		*word = r->tcp[i];
	}
	return 0;
}

/* The headers are built on the stack and copied: the verifier tracks what is summed there best. */
INLINE int ip_write(const struct frame *f, const struct packet *pkt, const struct listener *lst,
		    const struct reply *r)
{
	__u32 words[10];
	void *ip;

	if (pkt->is_v6) {
		ip = (void *)frame_at(f, pkt->l3_off, IPV6_LEN);
		if (!ip)
			return -1;
		reply_ipv6(pkt, lst, r->tcp_len, words);
		copy32(ip, words, 10);
		return 0;
	}
	ip = (void *)frame_at(f, pkt->l3_off, IPV4_LEN);
	if (!ip)
		return -1;
	reply_ipv4(pkt, lst, r->tcp_len, words);
	copy32(ip, words, 5);
	return 0;
}

/* Returns 0, or -1 when the driver has no room; the frame is then to be dropped. */
INLINE int reply_write(struct xdp_md *ctx, const struct packet *pkt, const struct listener *lst,
		       const struct reply *r)
{
	const __u32 ip_len = pkt->is_v6 ? IPV6_LEN : IPV4_LEN;
	const __u32 tcp_off = pkt->l3_off + ip_len;
	__u32 len = tcp_off + r->tcp_len;
	struct frame f;
	__u8 *eth;

	if (len < FRAME_MIN && pkt->frame_len >= FRAME_MIN)
		len = FRAME_MIN;
	if (len != pkt->frame_len && bpf_xdp_adjust_tail(ctx, (int)len - (int)pkt->frame_len))
		return -1;
	f.data = (const void *)(long)ctx->data;
	f.end = (const void *)(long)ctx->data_end;
	eth = (__u8 *)frame_at(&f, 0, ETH_LEN);
	if (!eth)
		return -1;
	eth_swap(eth);
	if (ip_write(&f, pkt, lst, r))
		return -1;
	return tcp_write(&f, tcp_off, r);
}

#endif
