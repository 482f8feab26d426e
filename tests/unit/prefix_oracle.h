/* SPDX-License-Identifier: GPL-2.0 */
/* Random prefixes, and the slow answer to whether an address is among them. */
#ifndef TESTS_PREFIX_ORACLE_H
#define TESTS_PREFIX_ORACLE_H

#include "addr.h"
#include "prefixset_build.h"

static inline void addr_cut(__u8 addr[16], unsigned int len)
{
	for (unsigned int i = 0; i < 16; i++) {
		const unsigned int bits = len > i * 8 ? len - i * 8 : 0;

		addr[i] &= (__u8)(bits >= 8 ? 0xff : 0xff00 >> bits);
	}
}

static inline int oracle_covers(const struct prefix_entry *e, const __u8 addr[16])
{
	__u8 cut[16];

	memcpy(cut, addr, 16);
	addr_cut(cut, e->len);
	return addr_is_v4(e->addr) == addr_is_v4(addr) && !memcmp(cut, e->addr, 16);
}

/* Expiries are multiples of PREFIX_TIME_SHIFT's unit here, so that nothing is rounded. */
static inline int oracle_has(const struct prefix_entry *e, size_t count, const __u8 addr[16],
			     __u64 now)
{
	for (size_t i = 0; i < count; i++)
		if (oracle_covers(&e[i], addr) && (!e[i].expires || now < e[i].expires))
			return 1;
	return 0;
}

/*
 * addr: random, and only some bits of it: so lists are dense in places, and prefixes nest, touch and
 * repeat.  long_only: none for which a set's filter is of no use.
 */
static inline struct prefix_entry prefix_random(int v6, unsigned int dense, int expiring,
						int long_only)
{
	struct prefix_entry e = {.used = 1};
	const unsigned int first = (v6 ? 0 : 96U) + (long_only ? v6 ? 32 : 8 : 0);

	rng_fill(e.addr, 16);
	for (unsigned int i = 0; i < 16; i++)
		if (rng() % 8 < dense)
			e.addr[i] &= (__u8)(rng() % 4 ? 0 : 3);
	e.len = (__u8)(first + rng() % (129 - first));
	if (rng() % 2)
		e.len = 128;
	if (v6)
		e.addr[0] |= 0x20;
	else
		addr_from_v4(e.addr, load32(e.addr + 12));
	addr_cut(e.addr, e.len);
	if (!v6 || e.len == 0)
		e.addr[0] = 0;
	if (expiring && rng() % 2)
		e.expires = (1 + rng() % 5) << (PREFIX_TIME_SHIFT + 4);
	return e;
}

/* An address in or right beside a prefix. */
static inline void addr_near(const struct prefix_entry *e, __u8 ret_addr[16])
{
	const unsigned int free_bits = 128U - e->len;
	const unsigned int how = (unsigned int)rng() % 4;
	__u8 random[16];

	rng_fill(random, 16);
	memcpy(ret_addr, e->addr, 16);
	for (unsigned int bit = 128 - free_bits; how && bit < 128; bit++)
		if (how == 1 || (how == 2 && random[bit / 8] & 1 << bit % 8))
			ret_addr[bit / 8] |= (__u8)(0x80 >> bit % 8);
	if (how == 3)
		for (int i = 15; i >= (addr_is_v4(e->addr) ? 12 : 0) && !ret_addr[i]--; i--)
			;
	else if (rng() % 2)
		for (int i = 15; i >= (addr_is_v4(e->addr) ? 12 : 0) && !++ret_addr[i]; i--)
			;
}

#endif
