/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The SYN-ACK as bytes: TCP header with options and checksum, and the two short IP headers.
 * Field by field what Linux sends for the same listener; the layout of the options, too, since
 * middleboxes and fingerprints know it.  Pure: everything comes as arguments, everything goes
 * into word arrays.
 */
#ifndef SYNGUARD_REPLY_H
#define SYNGUARD_REPLY_H

#include "cookie.h"
#include "csum.h"
#include "tcpopt.h"
#include "window.h"

enum reply_limits {
	REPLY_TCP_WORDS = 10, /* 20 bytes of header, 20 of options */
	REPLY_ECN_BITS = 3,
	REPLY_TSVAL = 7, /* the word of TSval behind an MSS */
};

struct reply {
	__u32 tcp[REPLY_TCP_WORDS]; /* network order; unused words are 0 */
	__u32 tcp_len;              /* bytes: 20, 24, ... 40 */
	__u64 sum;                  /* of the pseudo-header and the words, but for the cookie */
};

/* A checksum, in wire order as csum_fold() gives it, as the first or second half of a word. */
INLINE __u32 csum_high(__u16 csum)
{
	return half_pair(csum, 0);
}

INLINE __u32 csum_low(__u16 csum)
{
	return half_pair(0, csum);
}

/* What the client takes as MSS. */
INLINE __u16 offer_mss(const struct packet *pkt, const struct tcpopts *o)
{
	return o->mss ? o->mss : pkt->is_v6 ? MSS_FLOOR_V6 : MSS_FLOOR_V4;
}

/*
 * What this host would agree to out of what the client offers.  The MSS defaults are the kernel's
 * for a SYN without the option (RFC 9293 3.7.1; the IPv6 minimum MTU).  ECN: RFC 3168 6.1.1 with
 * the kernel's rule that a SYN whose IP header is already ECN-capable asks for nothing.
 */
INLINE struct tcp_offer offer_accept(const struct packet *pkt, const struct tcpopts *o,
				     const struct listener *lst)
{
	const __u8 ecn_setup = TCP_ECE | TCP_CWR;
	struct tcp_offer offer = {.wscale = WSCALE_NONE};

	offer.mss = offer_mss(pkt, o);
	offer.has_mss = o->mss != 0;
	offer.tstamp = o->has_ts & lst->allow_ts;
	offer.sack = o->sack_perm & lst->allow_sack;
	if (lst->allow_wscale)
		offer.wscale = o->wscale;
	offer.ecn = lst->allow_ecn && (pkt->flags & ecn_setup) == ecn_setup &&
		    (!(pkt->tos & REPLY_ECN_BITS) || pkt->reserved);
	return offer;
}

INLINE __u32 reply_tos(const struct packet *pkt, const struct listener *lst)
{
	if (!lst->reflect_tos)
		return lst->tos;
	return (pkt->tos & ~(__u32)REPLY_ECN_BITS) | (lst->tos & REPLY_ECN_BITS);
}

/* Words 5 to 9, MSS first, TSval 0, unused ones 0.  Returns the number of words in use. */
INLINE __u32 reply_options(__u32 *w, const struct tcp_offer *o, const struct listener *lst,
			   __u32 tsval_client)
{
	const __u32 ws = __builtin_bswap32(WORD_NOP_WS | lst->rcv_wscale);
	const int has_ws = o->wscale != WSCALE_NONE;

	w[5] = __builtin_bswap32(WORD_MSS | lst->mss);
	if (o->tstamp) {
		w[6] = __builtin_bswap32(o->sack ? WORD_SACK_TS : WORD_NOP_TS);
		w[REPLY_TSVAL] = 0;
		w[8] = __builtin_bswap32(tsval_client);
		w[9] = has_ws ? ws : 0;
		return has_ws ? 10 : 9;
	}
	w[8] = w[9] = 0;
	if (!o->sack) {
		w[6] = has_ws ? ws : 0;
		w[7] = 0;
		return has_ws ? 7 : 6;
	}
	w[6] = __builtin_bswap32(WORD_NOP_SACK);
	w[7] = has_ws ? ws : 0;
	return has_ws ? 8 : 7;
}

/*
 * A SYN without an MSS gets a SYN-ACK without (RFC 9293 3.7.1 allows that), because nothing may
 * leave longer than it came: the other options are answered only where they were offered, and
 * Linux's layout of them is the shortest.  words: in use, the MSS among them.
 */
INLINE __u32 reply_omit_mss(__u32 *w, __u32 words)
{
	UNROLL
	for (int i = 5; i < REPLY_TCP_WORDS - 1; i++)
		w[i] = w[i + 1];
	w[REPLY_TCP_WORDS - 1] = 0;
	return words - 1;
}

/*
 * The SYN-ACK to pkt, whose TSval was tsval_client, with the agreed offer *o, up to the cookie.  It
 * takes long to compute, and what does not need it is done before: so the processor does both at
 * once.
 */
INLINE void reply_make(const struct packet *pkt, __u32 tsval_client, const struct tcp_offer *o,
		       const struct listener *lst, struct reply *ret_reply)
{
	const __u32 window = min_u32(o->tstamp ? lst->window_ts : lst->window_nots, 65535);
	const __u32 flags = TCP_SYN | TCP_ACK | (o->ecn ? TCP_ECE : 0);
	__u32 *w = ret_reply->tcp;
	__u32 words;

	words = reply_options(w, o, lst, tsval_client);
	if (!o->has_mss)
		words = reply_omit_mss(w, words);
	ret_reply->tcp_len = words * 4;
	w[1] = w[4] = 0;
	w[0] = __builtin_bswap32((__u32)pkt->key.local_port << 16 | pkt->key.remote_port);
	w[2] = __builtin_bswap32(pkt->seq + 1);
	w[3] = __builtin_bswap32(words << 28 | flags << 16 | window);
	ret_reply->sum =
	    csum_pseudo(pkt->key.local, pkt->key.remote, pkt->is_v6, (__u16)ret_reply->tcp_len) +
	    csum_words(w, REPLY_TCP_WORDS);
	SUMMED_FIRST(ret_reply->sum);
}

/* The cookie *c into what reply_make() made for the offer *o, and the checksum. */
INLINE void reply_finish(struct reply *reply, const struct tcp_offer *o, const struct cookie *c)
{
	__u32 *w = reply->tcp, tsval = 0;

	if (o->tstamp)
		tsval = __builtin_bswap32(c->tsval);
	if (o->tstamp && o->has_mss)
		w[REPLY_TSVAL] = tsval;
	else if (o->tstamp)
		w[REPLY_TSVAL - 1] = tsval;
	w[1] = __builtin_bswap32(c->isn);
	w[4] = csum_high(csum_fold(reply->sum + w[1] + tsval));
}

/*
 * IPv4 header without options; tcp_len in bytes.  DF is set and the ID 0 whatever the listener's
 * path MTU discovery: Linux does so for packets of up to 68 bytes (ip_build_and_send_pkt()).
 */
INLINE void reply_ipv4(const struct packet *pkt, const struct listener *lst, __u32 tcp_len,
		       __u32 ret_ip[5])
{
	ret_ip[0] =
	    __builtin_bswap32(0x45000000 | reply_tos(pkt, lst) << 16 | (IPV4_LEN + tcp_len));
	ret_ip[1] = __builtin_bswap32(0x4000);
	ret_ip[2] = __builtin_bswap32((__u32)lst->ttl << 24 | 6U << 16);
	ret_ip[3] = addr_word(pkt->key.local, 3);
	ret_ip[4] = addr_word(pkt->key.remote, 3);
	ret_ip[2] |= csum_low(csum_fold(csum_words(ret_ip, 5)));
}

/* IPv6 header without extensions. */
INLINE void reply_ipv6(const struct packet *pkt, const struct listener *lst, __u32 tcp_len,
		       __u32 ret_ip[10])
{
	ret_ip[0] = __builtin_bswap32(0x60000000 | reply_tos(pkt, lst) << 20);
	ret_ip[1] = __builtin_bswap32(tcp_len << 16 | 6U << 8 | lst->ttl);
	copy32(ret_ip + 2, pkt->key.local, 4);
	copy32(ret_ip + 6, pkt->key.remote, 4);
}

#endif
