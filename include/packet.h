/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ethernet frame to struct packet, once: VLAN tags, IPv4 with options, IPv6 with extension headers,
 * TCP.  Whatever is decided later is decided on the struct; the frame is not looked at again until
 * an answer is written.  All lengths and offsets are checked here, lower bounds included.  Knows
 * nothing of maps, ports that are protected, or connections.
 *
 * The same code runs in XDP, in the hand-off hook and on the host.  Each read derives its pointer
 * from the start of the frame and a number, because the verifier tracks numbers better than
 * pointers.
 */
#ifndef SYNGUARD_PACKET_H
#define SYNGUARD_PACKET_H

#include <linux/types.h>

#include "abi.h"
#include "addr.h"
#include "csum.h"

enum tcp_flag {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20,
	TCP_ECE = 0x40,
	TCP_CWR = 0x80,
};

enum packet_limits {
	ETH_LEN = 14,
	VLAN_LEN = 4,
	VLAN_MAX = 2,
	IPV4_LEN = 20,
	IPV6_LEN = 40,
	TCP_LEN = 20,
	TCP_OPT_MAX = 40,
	EXT_MAX = 6, /* IPv6 extension headers that are walked */
	FRAME_MIN = 60,
	L4_OFF_MAX = 16383, /* bound of any offset, for the verifier */
};

/* A frame: two pointers, and nothing else may be assumed about what is between them. */
struct frame {
	const void *data;
	const void *end;
};

struct packet {
	/* remote = source, local = destination; aligned so that zeroing takes words of 8 */
	struct conn_key key __attribute__((aligned(8)));
	__u32 seq;       /* host order */
	__u32 ack;       /* host order */
	__u32 frame_len; /* bytes, as seen at the hook */
	__u32 vlan;      /* VLAN IDs, 12 bits each, the inner one lowest; 0: untagged */
	__u16 l3_off;    /* bytes from the start of the frame */
	__u16 l4_off;
	__u16 l4_len;  /* bytes of TCP header and payload, from the IP length field */
	__u8 opt_len;  /* bytes of TCP options, 0 to 40 */
	__u8 flags;    /* enum tcp_flag */
	__u8 reserved; /* the low 4 bits of TCP byte 12: AE (AccECN) and reserved */
	__u8 tos;      /* DSCP and ECN bits of the IP header */
	__u8 is_v6;
	__u8 has_ports; /* key.*_port is valid, also when the parser ends in a reason */
	__u8 bad_ip_csum;
	__u8 pad;
	__u16 window; /* host order, as in the header */
	__u16 pad2;
};

/* PACKET_OK: a whole, unfragmented TCP header was found. */
#define PACKET_OK REASON_MAX

/* n bytes at offset off, or NULL when they are not all in the frame.  n is a constant. */
INLINE const void *frame_at(const struct frame *f, __u32 off, __u32 n)
{
	const __u8 *p;

	if (off > L4_OFF_MAX)
		return 0;
	p = (const __u8 *)f->data + off;
	if (p + n > (const __u8 *)f->end)
		return 0;
	return p;
}

/* Big-endian fields of a packet, to host order. */
INLINE __u16 load_u16(const void *p)
{
	return __builtin_bswap16(load16(p));
}

INLINE __u32 load_u32(const void *p)
{
	return __builtin_bswap32(load32(p));
}

INLINE int ethertype_is_vlan(__u16 type)
{
	return type >= 0x8100 && (type == 0x8100 || type == 0x88a8 || type == 0x9100);
}

/* Ethernet and up to VLAN_MAX tags.  Returns PACKET_OK with the EtherType and pkt->l3_off set. */
INLINE enum reason parse_eth(const struct frame *f, struct packet *pkt, __u16 *ret_type)
{
	const __u8 *eth = frame_at(f, 0, ETH_LEN);
	__u16 type, off = ETH_LEN;

	if (!eth)
		return REASON_eth_truncated;
	type = load_u16(eth + 12);
	for (int i = 0; i < VLAN_MAX && ethertype_is_vlan(type); i++) {
		const __u8 *tag = frame_at(f, off, VLAN_LEN);

		if (!tag)
			return REASON_eth_truncated;
		pkt->vlan = pkt->vlan << 12 | (load_u16(tag) & 0xfff);
		type = load_u16(tag + 2);
		off += VLAN_LEN;
	}
	pkt->l3_off = off;
	*ret_type = type;
	return PACKET_OK;
}

/*
 * A fragment of a TCP packet: can it hold the start of a SYN?  The flags are in byte 13 of the TCP
 * header, so a first fragment below 14 bytes, or one at offset 8, could hide or overwrite them
 * (RFC 1858 2 and 3).  offset and len in bytes.
 */
INLINE enum reason parse_fragment(const struct frame *f, struct packet *pkt, __u32 l4_off,
				  __u32 offset, __u32 len)
{
	const __u8 *tcp;

	if (offset == 8)
		return REASON_frag_tiny;
	if (offset)
		return REASON_frag_passed;
	tcp = frame_at(f, l4_off, 14);
	if (!tcp || len < 14)
		return REASON_frag_tiny;
	store32(&pkt->key.remote_port, half_pair(load_u16(tcp), load_u16(tcp + 2)));
	pkt->has_ports = 1;
	return tcp[13] & TCP_SYN ? REASON_frag_syn : REASON_frag_passed;
}

INLINE __u64 parse_ipv4_csum(const struct frame *f, __u32 off, __u32 ihl)
{
	__u64 sum = 0;

	for (__u32 i = 0; i < 15; i++) {
		const __u8 *p;

		if (4 * i >= ihl)
			break;
		p = frame_at(f, off + 4 * i, 4);
		if (!p)
			break;
		sum += load32(p);
	}
	return sum;
}

/*
 * The IP length field, in bytes.  Segments that GRO has merged beyond 64 KiB (BIG TCP) have 0
 * there; generic XDP sees such frames, and nothing here needs more of their length.
 */
INLINE __u32 ip_length(__u16 field, __u32 frame_len)
{
	return !field && frame_len > 65535 ? 65535 - IPV6_LEN : field;
}

INLINE enum reason parse_ipv4(const struct frame *f, struct packet *pkt)
{
	const __u8 *ip = frame_at(f, pkt->l3_off, IPV4_LEN);
	__u32 ihl, total, words[5];
	__u16 frag;

	if (!ip)
		return REASON_ip_truncated;
	ihl = (ip[0] & 0x0f) * 4;
	if (ip[0] >> 4 != 4 || ihl < IPV4_LEN)
		return REASON_ip_bad_header;
	if (ip[9] != 6)
		return REASON_not_tcp;
	total = ip_length(load_u16(ip + 2), pkt->frame_len);
	if (total < ihl || total > pkt->frame_len - pkt->l3_off)
		return REASON_ip_bad_length;
	copy32(words, ip, 5);
	if (ihl == IPV4_LEN)
		pkt->bad_ip_csum = !csum_right(csum_words(words, 5));
	else
		pkt->bad_ip_csum = !csum_right(parse_ipv4_csum(f, pkt->l3_off, ihl));
	pkt->tos = ip[1];
	addr_from_v4(pkt->key.remote, words[3]);
	addr_from_v4(pkt->key.local, words[4]);
	pkt->l4_off = (__u16)(pkt->l3_off + ihl);
	pkt->l4_len = (__u16)(total - ihl);
	frag = load_u16(ip + 6);
	if (frag & 0x3fff)
		return parse_fragment(f, pkt, pkt->l4_off, (frag & 0x1fffU) * 8, pkt->l4_len);
	return PACKET_OK;
}

enum ipv6_next {
	NEXT_HOPOPT = 0,
	NEXT_TCP = 6,
	NEXT_ROUTING = 43,
	NEXT_FRAGMENT = 44,
	NEXT_ESP = 50,
	NEXT_AUTH = 51,
	NEXT_DSTOPT = 60,
	NEXT_MOBILITY = 135,
	NEXT_HIP = 139,
	NEXT_SHIM6 = 140,
};

/* What ends a walk that has not found TCP: a header that TCP may be behind, or another protocol. */
INLINE enum reason ipv6_walk_end(__u8 next)
{
	if (next == NEXT_ESP || next == NEXT_AUTH || next == NEXT_MOBILITY || next == NEXT_HIP ||
	    next == NEXT_SHIM6 || next == NEXT_DSTOPT || next == NEXT_ROUTING)
		return REASON_ext_passed;
	return REASON_not_tcp;
}

/*
 * Walk up to EXT_MAX extension headers (RFC 8200 4).  AH, ESP and anything unknown end the walk:
 * the kernel decides on those, as on a routing header with segments left.  off and len are those of
 * the next header and of what follows the fixed header; both move along.  Behind the header of a
 * first fragment the walk goes on, since a SYN may be behind more headers there (and a "fragment"
 * may be the whole packet, RFC 6946).  No honest packet has more than EXT_MAX that are walked (RFC
 * 8200 4.1: each once, destination options twice), but the kernel takes any number, so a SYN behind
 * one more would pass everything here.
 */
INLINE enum reason parse_ipv6_ext(const struct frame *f, struct packet *pkt, __u8 next, __u32 off,
				  __u32 len)
{
	int fragment = 0;

	UNROLL
	for (int i = 0; i <= EXT_MAX; i++) {
		const __u8 *ext;
		__u32 ext_len, offset;

		if (next == NEXT_TCP) {
			if (fragment)
				return parse_fragment(f, pkt, off, 0, len);
			pkt->l4_off = (__u16)off;
			pkt->l4_len = (__u16)len;
			return PACKET_OK;
		}
		if (next != NEXT_HOPOPT && next != NEXT_ROUTING && next != NEXT_DSTOPT &&
		    next != NEXT_FRAGMENT)
			return ipv6_walk_end(next);
		if (i == EXT_MAX)
			break;
		ext = frame_at(f, off, 8);
		if (!ext)
			return REASON_ip_truncated;
		ext_len = next == NEXT_FRAGMENT ? 8 : (ext[1] + 1U) * 8;
		if (ext_len > len)
			return REASON_ip_bad_length;
		off += ext_len;
		len -= ext_len;
		if (next == NEXT_FRAGMENT) {
			offset = load_u16(ext + 2) & 0xfff8U;
			if (offset)
				return ext[0] == NEXT_TCP ? parse_fragment(f, pkt, off, offset, len)
							  : ipv6_walk_end(ext[0]);
			fragment = 1;
		}
		if (next == NEXT_ROUTING && ext[3])
			return REASON_ext_passed;
		next = ext[0];
	}
	return REASON_ext_too_many;
}

INLINE enum reason parse_ipv6(const struct frame *f, struct packet *pkt)
{
	const __u8 *ip = frame_at(f, pkt->l3_off, IPV6_LEN);
	__u32 len;

	if (!ip)
		return REASON_ip_truncated;
	if (ip[0] >> 4 != 6)
		return REASON_ip_bad_header;
	len = ip_length(load_u16(ip + 4), pkt->frame_len);
	if (len > pkt->frame_len - pkt->l3_off - IPV6_LEN)
		return REASON_ip_bad_length;
	pkt->is_v6 = 1;
	pkt->tos = (__u8)(load_u16(ip) >> 4);
	copy_addr(pkt->key.remote, ip + 8);
	copy_addr(pkt->key.local, ip + 24);
	if (ip[6] == NEXT_TCP) {
		pkt->l4_off = (__u16)(pkt->l3_off + IPV6_LEN);
		pkt->l4_len = (__u16)len;
		return PACKET_OK;
	}
	return parse_ipv6_ext(f, pkt, ip[6], pkt->l3_off + (__u32)IPV6_LEN, len);
}

INLINE enum reason parse_tcp(const struct frame *f, struct packet *pkt)
{
	const __u8 *tcp = frame_at(f, pkt->l4_off, 4);
	__u32 doff;

	if (!tcp || pkt->l4_len < 4)
		return REASON_tcp_truncated;
	store32(&pkt->key.remote_port, half_pair(load_u16(tcp), load_u16(tcp + 2)));
	pkt->has_ports = 1;
	tcp = frame_at(f, pkt->l4_off, TCP_LEN);
	if (!tcp || pkt->l4_len < TCP_LEN)
		return REASON_tcp_truncated;
	doff = (tcp[12] >> 4) * 4U;
	if (doff < TCP_LEN || doff > pkt->l4_len)
		return REASON_tcp_bad_doff;
	pkt->seq = load_u32(tcp + 4);
	pkt->ack = load_u32(tcp + 8);
	pkt->opt_len = (__u8)(doff - TCP_LEN);
	pkt->flags = tcp[13];
	pkt->window = load_u16(tcp + 14);
	pkt->reserved = tcp[12] & 0x0f;
	return PACKET_OK;
}

/*
 * Parse a frame into *pkt, which the caller has zeroed.  frame_len: its length in bytes (with
 * f->end - f->data, except for frames whose end is not linear).  Returns PACKET_OK or the reason
 * that the frame is not a whole TCP packet.
 */
INLINE enum reason packet_parse(const struct frame *f, __u32 frame_len, struct packet *pkt)
{
	enum reason r;
	__u16 type;

	pkt->frame_len = frame_len;
	r = parse_eth(f, pkt, &type);
	if (r != PACKET_OK)
		return r;
	if (type == 0x0800)
		r = parse_ipv4(f, pkt);
	else if (type == 0x86dd)
		r = parse_ipv6(f, pkt);
	else
		return REASON_not_ip;
	if (r != PACKET_OK)
		return r;
	return parse_tcp(f, pkt);
}

/*
 * A bit for each combination of FIN, SYN, RST and ACK that makes sense: SYN alone or with ACK, RST
 * or ACK or both, FIN with ACK.
 */
enum {
	FLAGS_KIND = TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK,
	FLAGS_SANE = 1 << TCP_SYN | 1 << (TCP_SYN | TCP_ACK) | 1 << TCP_RST | 1 << TCP_ACK |
		     1 << (TCP_RST | TCP_ACK) | 1 << (TCP_FIN | TCP_ACK),
};

/*
 * Flags and addresses that no honest stack sends (RFC 9293 3.10.7; land: CERT CA-1997-28).  Only
 * for ports that are protected.  Returns PACKET_OK when nothing is odd.
 */
INLINE enum reason packet_sane(const struct packet *pkt)
{
	enum addr_class src;

	if (pkt->bad_ip_csum)
		return REASON_ip_bad_checksum;
	if (!(FLAGS_SANE >> (pkt->flags & FLAGS_KIND) & 1))
		return REASON_tcp_bad_flags;
	src = addr_classify(pkt->key.remote, pkt->is_v6);
	if (src == ADDR_LOOPBACK)
		return REASON_src_loopback;
	if (src == ADDR_NOT_UNICAST)
		return REASON_src_not_unicast;
	if (addr_equal(pkt->key.remote, pkt->key.local))
		return REASON_src_land;
	return PACKET_OK;
}

#endif
