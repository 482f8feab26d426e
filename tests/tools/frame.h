/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TCP frames as test tools write and read them: a struct of plain values, one function that makes
 * the bytes (every checksum complete) and one that takes them apart.  Host byte order except for
 * addresses.  No IPv4 options or IPv6 extension headers; a frame that has them is not understood.
 */
#ifndef TESTS_FRAME_H
#define TESTS_FRAME_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
	FRAME_MAX = 2048,
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20,
	TCP_ECE = 0x40,
	TCP_CWR = 0x80,
};

struct frame {
	uint8_t dst_mac[6];
	uint8_t src_mac[6];
	uint16_t vlan[2]; /* VLAN ids, outermost first */
	unsigned int n_vlans;
	int family; /* AF_INET or AF_INET6 */
	uint8_t src[16];
	uint8_t dst[16];
	uint8_t ttl;
	uint8_t tos;
	bool dont_fragment;
	uint16_t ip_id;
	uint16_t src_port;
	uint16_t dst_port;
	uint32_t seq;
	uint32_t ack;
	uint16_t flags; /* TCP_*, and 0x100 for AE */
	uint16_t window;
	uint8_t options[40];
	unsigned int options_len; /* a multiple of 4 */
	const uint8_t *payload;
	unsigned int payload_len;
};

static inline void put16(uint8_t *p, uint16_t value)
{
	p[0] = value >> 8;
	p[1] = value;
}

static inline void put32(uint8_t *p, uint32_t value)
{
	put16(p, value >> 16);
	put16(p + 2, value);
}

static inline uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* One's-complement sum of big-endian words (RFC 1071), not folded. */
static inline uint32_t sum_add(uint32_t sum, const uint8_t *data, unsigned int len)
{
	for (; len > 1; data += 2, len -= 2)
		sum += get16(data);
	return len ? sum + (data[0] << 8) : sum;
}

static inline uint16_t sum_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static inline unsigned int addr_len(int family)
{
	return family == AF_INET ? 4 : 16;
}

/* Writes the IP header at p; len counts what follows it.  Returns the header's length. */
static inline unsigned int frame_write_ip(const struct frame *frame, uint8_t *p, unsigned int len)
{
	memset(p, 0, 40);
	if (frame->family == AF_INET6) {
		p[0] = 0x60 | frame->tos >> 4;
		p[1] = frame->tos << 4;
		put16(p + 4, len);
		p[6] = IPPROTO_TCP;
		p[7] = frame->ttl;
		memcpy(p + 8, frame->src, 16);
		memcpy(p + 24, frame->dst, 16);
		return 40;
	}
	p[0] = 0x45;
	p[1] = frame->tos;
	put16(p + 2, 20 + len);
	put16(p + 4, frame->ip_id);
	p[6] = frame->dont_fragment ? 0x40 : 0;
	p[8] = frame->ttl;
	p[9] = IPPROTO_TCP;
	memcpy(p + 12, frame->src, 4);
	memcpy(p + 16, frame->dst, 4);
	put16(p + 10, sum_fold(sum_add(0, p, 20)));
	return 20;
}

static inline void frame_write_tcp(const struct frame *frame, uint8_t *p, unsigned int len)
{
	unsigned int header = 20 + frame->options_len;
	uint32_t sum = IPPROTO_TCP + len;

	put16(p, frame->src_port);
	put16(p + 2, frame->dst_port);
	put32(p + 4, frame->seq);
	put32(p + 8, frame->ack);
	p[12] = header << 2 | (frame->flags >> 8 & 1);
	p[13] = frame->flags;
	put16(p + 14, frame->window);
	put32(p + 16, 0);
	memcpy(p + 20, frame->options, frame->options_len);
	if (frame->payload_len)
		memcpy(p + header, frame->payload, frame->payload_len);
	sum = sum_add(sum, frame->src, addr_len(frame->family));
	sum = sum_add(sum, frame->dst, addr_len(frame->family));
	put16(p + 16, sum_fold(sum_add(sum, p, len)));
}

/* Writes the whole frame to out[FRAME_MAX]; returns its length.  The payload must fit. */
static inline unsigned int frame_write(const struct frame *frame, uint8_t *out)
{
	unsigned int len = 20 + frame->options_len + frame->payload_len;
	uint8_t *p = out + 12;

	memcpy(out, frame->dst_mac, 6);
	memcpy(out + 6, frame->src_mac, 6);
	for (unsigned int i = 0; i < frame->n_vlans; i++, p += 4) {
		put16(p, frame->n_vlans == 2 && i == 0 ? 0x88a8 : 0x8100);
		put16(p + 2, frame->vlan[i]);
	}
	put16(p, frame->family == AF_INET ? 0x0800 : 0x86dd);
	p += 2;
	p += frame_write_ip(frame, p, len);
	frame_write_tcp(frame, p, len);
	return p + len - out;
}

/*
 * Makes the frame at out (no VLAN) the first fragment of its packet, with len bytes after the IP
 * header: a multiple of 8, as a fragment must have.  Returns the new length.
 */
static inline unsigned int frame_cut(uint8_t *out, unsigned int len, uint32_t id)
{
	uint8_t *p = out + 14;

	if (p[0] >> 4 == 4) {
		put16(p + 2, 20 + len);
		put16(p + 4, id);
		p[6] = 0x20;
		put16(p + 10, 0);
		put16(p + 10, sum_fold(sum_add(0, p, 20)));
		return 34 + len;
	}
	put16(p + 4, 8 + len);
	p[6] = IPPROTO_FRAGMENT;
	memmove(p + 48, p + 40, len);
	put16(p + 40, IPPROTO_TCP << 8);
	put16(p + 42, 1); /* more follow */
	put32(p + 44, id);
	return 62 + len;
}

/* Reads the IP header; returns its length, 0 if this is not whole TCP.  *ret_len: what follows. */
static inline unsigned int frame_read_ip(const uint8_t *p, unsigned int room, struct frame *frame,
					 unsigned int *ret_len)
{
	unsigned int header = frame->family == AF_INET ? 20 : 40;

	if (room < header || p[frame->family == AF_INET ? 9 : 6] != IPPROTO_TCP)
		return 0;
	if (frame->family == AF_INET6) {
		frame->tos = p[0] << 4 | p[1] >> 4;
		frame->ttl = p[7];
		memcpy(frame->src, p + 8, 16);
		memcpy(frame->dst, p + 24, 16);
		*ret_len = get16(p + 4);
		return header + *ret_len <= room ? header : 0;
	}
	if (p[0] != 0x45 || get16(p + 2) < header || get16(p + 6) & 0x3fff)
		return 0;
	frame->tos = p[1];
	frame->ip_id = get16(p + 4);
	frame->dont_fragment = p[6] & 0x40;
	frame->ttl = p[8];
	memcpy(frame->src, p + 12, 4);
	memcpy(frame->dst, p + 16, 4);
	*ret_len = get16(p + 2) - header;
	return header + *ret_len <= room ? header : 0;
}

static inline bool frame_read_tcp(const uint8_t *p, unsigned int len, struct frame *frame)
{
	unsigned int header;

	if (len < 20)
		return false;
	header = (p[12] >> 4) * 4;
	if (header < 20 || header > len)
		return false;
	frame->src_port = get16(p);
	frame->dst_port = get16(p + 2);
	frame->seq = get32(p + 4);
	frame->ack = get32(p + 8);
	frame->flags = (p[12] & 1) << 8 | p[13];
	frame->window = get16(p + 14);
	frame->options_len = header - 20;
	memcpy(frame->options, p + 20, header - 20);
	frame->payload = p + header;
	frame->payload_len = len - header;
	return true;
}

/* False if the bytes are not one whole TCP packet.  ret->payload points into data. */
static inline bool frame_read(const uint8_t *data, unsigned int len, struct frame *ret)
{
	const uint8_t *p = data + 12;
	unsigned int header;
	uint16_t type;

	memset(ret, 0, sizeof(*ret));
	if (len < 14)
		return false;
	memcpy(ret->dst_mac, data, 6);
	memcpy(ret->src_mac, data + 6, 6);
	for (; get16(p) == 0x8100 || get16(p) == 0x88a8; p += 4) {
		if (ret->n_vlans == 2 || data + len - p < 6)
			return false;
		ret->vlan[ret->n_vlans++] = get16(p + 2) & 0xfff;
	}
	type = get16(p);
	if (type != 0x0800 && type != 0x86dd)
		return false;
	p += 2;
	ret->family = type == 0x0800 ? AF_INET : AF_INET6;
	header = frame_read_ip(p, data + len - p, ret, &len);
	return header && frame_read_tcp(p + header, len, ret);
}

/* False if text is no address of either family. */
static inline bool addr_parse(const char *text, int *ret_family, uint8_t ret_addr[16])
{
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;
	uint8_t addr[16] = {0};

	if (inet_pton(family, text, addr) != 1)
		return false;
	*ret_family = family;
	memcpy(ret_addr, addr, sizeof(addr));
	return true;
}

static inline bool mac_parse(const char *text, uint8_t ret_mac[6])
{
	uint8_t mac[6];
	char rest;

	if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx%c", &mac[0], &mac[1], &mac[2], &mac[3],
		   &mac[4], &mac[5], &rest) != 6)
		return false;
	memcpy(ret_mac, mac, sizeof(mac));
	return true;
}

#endif
