// SPDX-License-Identifier: GPL-2.0
/* Frames from plain values; see pkt.h. */
#include <string.h>

#include "pkt.h"

const __u8 pkt_client_mac[6] = {0x02, 0, 0, 0, 0, 0xc1};
__u8 pkt_server_mac[6] = {0x02, 0, 0, 0, 0, 0x51};

static const __u8 client4[4] = {10, 9, 0, 2}, server4[4] = {10, 9, 0, 1};
static const __u8 client6[16] = {0xfd, 0, 0, 9, [15] = 2}, server6[16] = {0xfd, 0, 0, 9, [15] = 1};

__u16 get16(const __u8 *p)
{
	return (__u16)(p[0] << 8 | p[1]);
}

__u32 get32(const __u8 *p)
{
	return (__u32)get16(p) << 16 | get16(p + 2);
}

void put16(__u8 *p, __u16 value)
{
	p[0] = (__u8)(value >> 8);
	p[1] = (__u8)value;
}

void put32(__u8 *p, __u32 value)
{
	put16(p, (__u16)(value >> 16));
	put16(p + 2, (__u16)value);
}

/* RFC 1071, two bytes at a time. */
static __u32 sum_add(__u32 sum, const __u8 *p, unsigned int len)
{
	for (; len > 1; p += 2, len -= 2)
		sum += get16(p);
	return len ? sum + (__u32)(p[0] << 8) : sum;
}

static __u16 sum_end(__u32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)~sum;
}

struct pkt pkt_new(int v6, __u16 sport, __u16 dport, __u8 flags)
{
	struct pkt p = {
	    .v6 = v6,
	    .ttl = 64,
	    .sport = sport,
	    .dport = dport,
	    .flags = flags,
	    .seq = 0x01020304,
	    .window = 64240,
	};

	memcpy(p.src_mac, pkt_client_mac, 6);
	memcpy(p.dst_mac, pkt_server_mac, 6);
	memcpy(p.src, v6 ? client6 : client4, v6 ? 16 : 4);
	memcpy(p.dst, v6 ? server6 : server4, v6 ? 16 : 4);
	return p;
}

struct pkt pkt_reverse(const struct pkt *p)
{
	struct pkt r = {
	    .v6 = p->v6,
	    .ttl = 64,
	    .sport = p->dport,
	    .dport = p->sport,
	    .n_tags = p->n_tags,
	};

	memcpy(r.tag, p->tag, sizeof(r.tag));
	memcpy(r.src_mac, p->dst_mac, 6);
	memcpy(r.dst_mac, p->src_mac, 6);
	memcpy(r.src, p->dst, 16);
	memcpy(r.dst, p->src, 16);
	return r;
}

void pkt_opt(struct pkt *p, const void *bytes, unsigned int len)
{
	memcpy(p->opt + p->opt_len, bytes, len);
	p->opt_len += len;
}

void pkt_opt_mss(struct pkt *p, __u16 mss)
{
	const __u8 bytes[] = {2, 4, (__u8)(mss >> 8), (__u8)mss};

	pkt_opt(p, bytes, sizeof(bytes));
}

void pkt_opt_ts(struct pkt *p, __u32 tsval, __u32 tsecr)
{
	__u8 bytes[] = {8, 10, 0, 0, 0, 0, 0, 0, 0, 0};

	put32(bytes + 2, tsval);
	put32(bytes + 6, tsecr);
	pkt_opt(p, bytes, sizeof(bytes));
}

void pkt_opt_end(struct pkt *p)
{
	while (p->opt_len % 4)
		p->opt[p->opt_len++] = 1;
}

void pkt_opt_syn(struct pkt *p, unsigned int set, __u16 mss, __u8 wscale, __u32 tsval)
{
	const __u8 nops[] = {1, 1}, sack[] = {4, 2}, ws[] = {1, 3, 3, wscale};

	pkt_opt_mss(p, mss);
	if (set & PKT_SACK) {
		if (!(set & PKT_TS))
			pkt_opt(p, nops, 2);
		pkt_opt(p, sack, 2);
	} else if (set & PKT_TS) {
		pkt_opt(p, nops, 2);
	}
	if (set & PKT_TS)
		pkt_opt_ts(p, tsval, 0);
	if (set & PKT_WS)
		pkt_opt(p, ws, 4);
	if (set & PKT_ECN)
		p->flags |= PKT_ECE | PKT_CWR;
}

static unsigned int build_eth(const struct pkt *p, __u8 *out)
{
	unsigned int off = 12;

	memcpy(out, p->dst_mac, 6);
	memcpy(out + 6, p->src_mac, 6);
	for (unsigned int i = 0; i < p->n_tags; i++, off += 4) {
		put16(out + off, p->tag[i].tpid);
		put16(out + off + 2, p->tag[i].tci);
	}
	put16(out + off, p->v6 ? 0x86dd : 0x0800);
	return off + 2;
}

static unsigned int build_v4(const struct pkt *p, __u8 *ip, unsigned int l4_len)
{
	unsigned int header = 20 + 4U * p->ip_words;

	ip[0] = (__u8)(0x40 | header / 4);
	ip[1] = p->tos;
	put16(ip + 2, (__u16)(header + l4_len));
	put16(ip + 4, p->id);
	put16(ip + 6, p->frag);
	ip[8] = p->ttl;
	ip[9] = 6;
	memcpy(ip + 12, p->src, 4);
	memcpy(ip + 16, p->dst, 4);
	memset(ip + 20, 1, header - 20);
	put16(ip + 10, sum_end(sum_add(0, ip, header)));
	return header;
}

static unsigned int build_v6(const struct pkt *p, __u8 *ip, unsigned int l4_len)
{
	unsigned int off = 40;

	ip[0] = (__u8)(0x60 | p->tos >> 4);
	ip[1] = (__u8)(p->tos << 4);
	ip[6] = p->n_ext ? p->ext[0].type : 6;
	ip[7] = p->ttl;
	memcpy(ip + 8, p->src, 16);
	memcpy(ip + 24, p->dst, 16);
	for (unsigned int i = 0; i < p->n_ext; i++) {
		const struct pkt_ext *ext = &p->ext[i];

		ip[off] = i + 1 < p->n_ext ? p->ext[i + 1].type : 6;
		ip[off + 1] = (__u8)(ext->units - 1);
		memcpy(ip + off + 2, ext->body, 2);
		off += 8U * ext->units;
	}
	put16(ip + 4, (__u16)(off - 40 + l4_len));
	return off;
}

void pkt_fix_ip(__u8 *frame, const struct pkt_at *at)
{
	__u8 *ip = frame + at->l3;

	put16(ip + 10, 0);
	put16(ip + 10, sum_end(sum_add(0, ip, (ip[0] & 15U) * 4)));
}

void pkt_fix_tcp(__u8 *frame, const struct pkt_at *at, int v6)
{
	const __u8 *ip = frame + at->l3;
	const unsigned int len = at->l3 + (v6 ? 40U + get16(ip + 4) : get16(ip + 2)) - at->l4;
	__u32 sum = 6 + len;

	sum = v6 ? sum_add(sum, ip + 8, 32) : sum_add(sum, ip + 12, 8);
	put16(frame + at->l4 + 16, 0);
	put16(frame + at->l4 + 16, sum_end(sum_add(sum, frame + at->l4, len)));
}

unsigned int pkt_build(const struct pkt *p, __u8 *out, struct pkt_at *at)
{
	const unsigned int l4_len = 20 + p->opt_len + p->payload_len;
	struct pkt_at here;
	__u8 *tcp;

	memset(out, 0, PKT_ROOM);
	here.l3 = build_eth(p, out);
	here.l4 = here.l3 +
		  (p->v6 ? build_v6(p, out + here.l3, l4_len) : build_v4(p, out + here.l3, l4_len));
	here.len = here.l4 + l4_len;
	tcp = out + here.l4;
	put16(tcp, p->sport);
	put16(tcp + 2, p->dport);
	put32(tcp + 4, p->seq);
	put32(tcp + 8, p->ack);
	tcp[12] = (__u8)((20 + p->opt_len) << 2 | p->reserved);
	tcp[13] = p->flags;
	put16(tcp + 14, p->window);
	memcpy(tcp + 20, p->opt, p->opt_len);
	for (unsigned int i = 0; i < p->payload_len; i++)
		tcp[20 + p->opt_len + i] = (__u8)i;
	pkt_fix_tcp(out, &here, p->v6);
	if (here.len < p->pad_to)
		here.len = p->pad_to;
	if (at)
		*at = here;
	return here.len;
}
