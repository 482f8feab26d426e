/* SPDX-License-Identifier: GPL-2.0 */
/* Traced packets for the unit tests: an Ethernet frame with the options that a test gives. */
#ifndef TESTS_UNIT_TRACE_EVENT_H
#define TESTS_UNIT_TRACE_EVENT_H

#include "packet.h"

struct shape {
	enum trace_point point;
	__u8 reason; /* REASON_MAX: none */
	enum conn_state state;
	__u64 at_us;
	__u8 flags;
	__u32 seq, ack, len;
	__u16 window;
	const char *options; /* bytes in hex, a multiple of 8 digits */
	int is_v6, opened_here;
	__u16 remote_port; /* 0: 40222 */
};

/* Options of a Linux SYN, with a window scale of 7. */
#define OPTIONS_LINUX "020405b40402080a000000010000000001030307"

static inline void put16(__u8 *p, __u32 value)
{
	p[0] = (__u8)(value >> 8);
	p[1] = (__u8)value;
}

static inline void put32(__u8 *p, __u32 value)
{
	put16(p, value >> 16);
	put16(p + 2, value);
}

static inline void event_addresses(const struct shape *s, struct conn_key *key)
{
	static const __u8 prefix[16] = {0x20, 0x01, 0x0d, 0xb8};

	memcpy(key->remote, prefix, 16);
	memcpy(key->local, prefix, 16);
	key->remote[15] = 7;
	key->local[15] = 10;
	if (!s->is_v6) {
		addr_from_v4(key->remote, __builtin_bswap32(0xc6336407)); /* 198.51.100.7 */
		addr_from_v4(key->local, __builtin_bswap32(0xc000020a));  /* 192.0.2.10 */
	}
	key->remote_port = s->remote_port ? s->remote_port : 40222;
	key->local_port = 443;
}

static inline __u32 event_ip(const struct shape *s, const struct conn_key *key, int from_remote,
			     __u32 l4_len, __u8 *ip)
{
	const __u8 *src = from_remote ? key->remote : key->local;
	const __u8 *dst = from_remote ? key->local : key->remote;

	if (s->is_v6) {
		ip[0] = 0x60;
		put16(ip + 4, l4_len);
		ip[6] = 6;
		memcpy(ip + 8, src, 16);
		memcpy(ip + 24, dst, 16);
		return IPV6_LEN;
	}
	ip[0] = 0x45;
	put16(ip + 2, IPV4_LEN + l4_len);
	ip[9] = 6;
	memcpy(ip + 12, src + 12, 4);
	memcpy(ip + 16, dst + 12, 4);
	return IPV4_LEN;
}

static inline struct trace_event event_make(const struct shape *s)
{
	const int from_remote = s->point == TRACE_IN || s->point == TRACE_HANDOFF;
	const __u32 opt_len = s->options ? (__u32)strlen(s->options) / 2 : 0;
	struct trace_event e = {
	    .at = s->at_us * 1000,
	    .head = {.state = s->state, .flags = {.opened_here = s->opened_here & 1}},
	    .reason = s->reason,
	    .point = s->point};
	__u32 at = ETH_LEN;
	unsigned int byte;

	event_addresses(s, &e.key);
	put16(e.data + 12, s->is_v6 ? 0x86dd : 0x0800);
	at += event_ip(s, &e.key, from_remote, TCP_LEN + opt_len + s->len, e.data + at);
	put16(e.data + at, from_remote ? e.key.remote_port : e.key.local_port);
	put16(e.data + at + 2, from_remote ? e.key.local_port : e.key.remote_port);
	put32(e.data + at + 4, s->seq);
	put32(e.data + at + 8, s->ack);
	e.data[at + 12] = (__u8)((TCP_LEN + opt_len) / 4 << 4);
	e.data[at + 13] = s->flags;
	put16(e.data + at + 14, s->window);
	at += TCP_LEN;
	for (__u32 i = 0; i < opt_len && sscanf(s->options + 2 * i, "%2x", &byte) == 1; i++)
		e.data[at++] = (__u8)byte;
	e.frame_len = at + s->len;
	e.captured = (__u16)(e.frame_len < TRACE_BYTES ? e.frame_len : TRACE_BYTES);
	return e;
}

#endif
