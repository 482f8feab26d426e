/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Addresses as 16 bytes in network order, IPv4 as v4-mapped IPv6 (RFC 4291 2.5.5.2), so that every
 * table, hash and comparison has one shape.  No strings and no sockets here.
 */
#ifndef SYNGUARD_ADDR_H
#define SYNGUARD_ADDR_H

#include <linux/types.h>

#include "abi.h"

enum addr_class { ADDR_UNICAST, ADDR_LOOPBACK, ADDR_NOT_UNICAST };

/* Two words that follow each other in memory, as one. */
INLINE __u64 word_pair(__u32 first, __u32 second)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (__u64)second << 32 | first;
#else
	return (__u64)first << 32 | second;
#endif
}

INLINE __u32 half_pair(__u16 first, __u16 second)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (__u32)second << 16 | first;
#else
	return (__u32)first << 16 | second;
#endif
}

/* v4: as on the wire. */
INLINE void addr_from_v4(__u8 ret_addr[16], __u32 v4)
{
	const __u32 mapped = __builtin_bswap32(0xffff);

	store64(ret_addr, 0);
	store64(ret_addr + 8, word_pair(mapped, v4));
}

INLINE __u32 addr_word(const __u8 addr[16], int i)
{
	return load32(addr + 4 * i);
}

INLINE int addr_is_v4(const __u8 addr[16])
{
	return !load64(addr) && addr_word(addr, 2) == __builtin_bswap32(0xffff);
}

INLINE int addr_equal(const __u8 a[16], const __u8 b[16])
{
	return !((load64(a) ^ load64(b)) | (load64(a + 8) ^ load64(b + 8)));
}

/* 0/8 "this network", 127/8, 224/4 multicast, 240/4 reserved and broadcast (RFC 6890). */
INLINE enum addr_class addr_classify_v4(__u32 v4)
{
	__u32 host = __builtin_bswap32(v4);

	if (host >> 24 == 127)
		return ADDR_LOOPBACK;
	if (host >> 24 == 0 || host >> 28 >= 14)
		return ADDR_NOT_UNICAST;
	return ADDR_UNICAST;
}

/* Two words as one product: NH (Black et al., UMAC, 1999). */
INLINE __u64 hash_pair(const __u8 words[8], __u32 key, __u32 next_key)
{
	return (__u64)(load32(words) + key) * (load32(words + 4) + next_key);
}

/* Mixes a sum of products: without it one could be told from the others. */
INLINE __u64 hash_finish(__u64 x, __u64 odd)
{
	x = (x ^ x >> 32) * odd;
	return (x ^ x >> 29) * odd;
}

/* secret: 64 random bits. */
INLINE void tuple_key_make(struct tuple_key *ret_key, __u64 secret)
{
	const __u64 odd = secret | 1;
	const __u64 pairs[4] = {odd * 0x9e3779b97f4a7c15ULL, odd * 0xbf58476d1ce4e5b9ULL,
				odd * 0x94d049bb133111ebULL, odd * 0xd6e8feb86659fd93ULL};

	*ret_key =
	    (struct tuple_key){.odd = odd, .factor = (secret >> 32) + odd, .ports = (__u32)secret};
	for (int i = 0; i < 8; i++)
		ret_key->words[i] = (__u32)(pairs[i / 2] >> 32 * (i % 2));
}

/*
 * 64 bits of a whole tuple, for tables, filters and masks, not for secrets; the upper bits are the
 * best, the last six order a stretch (table.h).  Clients choose their ports and much of an IPv6
 * address: each word gets into a product with another one and key bits before it meets the rest,
 * because where one is only added to what another one was added to, the two can be made to cancel
 * each other whatever the secret is.
 */
INLINE __u64 tuple_hash_ports(const struct tuple_key *k, const struct conn_key *t, __u32 ports)
{
	__u64 x = ((__u64)ports + k->ports) * k->factor;

	x += hash_pair(t->remote, k->words[0], k->words[1]);
	x += hash_pair(t->remote + 8, k->words[2], k->words[3]);
	x += hash_pair(t->local, k->words[4], k->words[5]);
	x += hash_pair(t->local + 8, k->words[6], k->words[7]);
	return hash_finish(x, k->odd);
}

INLINE __u64 tuple_hash(const struct tuple_key *k, const struct conn_key *t)
{
	return tuple_hash_ports(k, t, load32(&t->remote_port));
}

/*
 * ::, ::1, ff00::/8, and IPv4 in IPv6: a v4-mapped or v4-compatible address on the wire is a
 * forgery (RFC 6890, RFC 4291 2.5.5.1).  is_v6 tells a real IPv6 packet from the mapped form of
 * an IPv4 one.
 */
INLINE enum addr_class addr_classify(const __u8 addr[16], int is_v6)
{
	if (!is_v6)
		return addr_classify_v4(addr_word(addr, 3));
	if (addr[0] == 0xff)
		return ADDR_NOT_UNICAST;
	if (addr_word(addr, 0) | addr_word(addr, 1))
		return ADDR_UNICAST;
	if (!addr_word(addr, 2) && addr_word(addr, 3) == __builtin_bswap32(1))
		return ADDR_LOOPBACK;
	if (!addr_word(addr, 2) || addr_is_v4(addr))
		return ADDR_NOT_UNICAST;
	return ADDR_UNICAST;
}

#endif
