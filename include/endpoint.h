/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An address and port as text, for programs that have no library to do it: 192.0.2.7:443, and
 * [2001:db8::7]:443 as RFC 5952 writes it.
 */
#ifndef SYNGUARD_ENDPOINT_H
#define SYNGUARD_ENDPOINT_H

#include "addr.h"

/* A power of two, so that the verifier sees from a mask that no index is out; 48 are needed. */
enum { ENDPOINT_ROOM = 64, V6_WORDS = 8 };

struct endpoint {
	char text[ENDPOINT_ROOM]; /* ends with a zero once endpoint_write() is through */
	__u32 len;
};

INLINE void endpoint_put(struct endpoint *e, char c)
{
	e->text[e->len++ & (ENDPOINT_ROOM - 1)] = c;
}

PROVEN_ONCE int endpoint_decimal(struct endpoint *e, __u32 number)
{
	if (!e)
		return 0;
	for (__u32 unit = 10000; unit; unit /= 10)
		if (number >= unit || unit == 1)
			endpoint_put(e, (char)('0' + number / unit % 10));
	return 0;
}

PROVEN_ONCE int endpoint_hex(struct endpoint *e, __u32 word)
{
	if (!e)
		return 0;
	for (int shift = 12; shift >= 0; shift -= 4)
		if (word >> shift || !shift)
			endpoint_put(e, "0123456789abcdef"[word >> shift & 15]);
	return 0;
}

INLINE __u32 v6_word(const __u8 addr[16], int i)
{
	return (__u32)addr[2 * i] << 8 | addr[2 * i + 1];
}

/*
 * The words that "::" stands for: the longest run of zeros, the first of these, and not one alone.
 */
struct zeros {
	int first;
	int count;
};

INLINE struct zeros zeros_find(const __u8 addr[16])
{
	__u32 zero = 0;

	for (int i = 0; i < V6_WORDS; i++)
		zero |= (__u32)!v6_word(addr, i) << i;
	for (int count = V6_WORDS; count > 1; count--)
		for (int first = 0; first <= V6_WORDS - count; first++)
			if (!(~zero >> first & ((1U << count) - 1)))
				return (struct zeros){first, count};
	return (struct zeros){V6_WORDS, 0};
}

INLINE void endpoint_v6(struct endpoint *e, const __u8 addr[16])
{
	const struct zeros zeros = zeros_find(addr);

	for (int i = 0; i < V6_WORDS; i++) {
		if (i == zeros.first)
			endpoint_put(e, ':');
		if (i >= zeros.first && i < zeros.first + zeros.count)
			continue;
		if (i)
			endpoint_put(e, ':');
		endpoint_hex(e, v6_word(addr, i));
	}
	if (zeros.count && zeros.first + zeros.count == V6_WORDS)
		endpoint_put(e, ':');
}

INLINE void endpoint_v4(struct endpoint *e, const __u8 addr[16])
{
	for (int i = 12; i < 16; i++) {
		if (i > 12)
			endpoint_put(e, '.');
		endpoint_decimal(e, addr[i]);
	}
}

/* addr: network order, IPv4 as v4-mapped; port: host order. */
INLINE void endpoint_write(struct endpoint *ret_e, const __u8 addr[16], __u16 port)
{
	ret_e->len = 0;
	if (addr_is_v4(addr)) {
		endpoint_v4(ret_e, addr);
	} else {
		endpoint_put(ret_e, '[');
		endpoint_v6(ret_e, addr);
		endpoint_put(ret_e, ']');
	}
	endpoint_put(ret_e, ':');
	endpoint_decimal(ret_e, port);
	endpoint_put(ret_e, '\0');
}

#endif
