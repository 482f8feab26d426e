/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Clients that lately finished a handshake, so that their addresses are known to be theirs.  In an
 * attack their SYNs may go to the kernel, which keeps every option; each proof is worth a few of
 * them (credit), and only the next proof brings new ones: who spoofs a proven client uses up that
 * credit, and gains no more.
 *
 * A cell per hash, the newest client in it: whoever proves itself from very many addresses pushes
 * out others, and these get cookies.
 *
 *   63 ................... 32 | 31 ........... 16 | 15 ........ 8 | 7 ... 0
 *   fingerprint of the client | proven at, seconds|    not used   | credit
 */
#ifndef SYNGUARD_PROVEN_H
#define SYNGUARD_PROVEN_H

#include "abi.h"
#include "addr.h"

enum proven_shape {
	PROVEN_AT_SHIFT = 16,
	PROVEN_CREDIT_MASK = 0xff,
};

/* A client: an IPv4 address, or a /64.  secret: 64 random bits.  Never 0. */
INLINE __u64 client_hash(__u64 secret, const __u8 addr[16])
{
	const __u64 odd = secret | 1, key = odd * 0x9e3779b97f4a7c15ULL;
	const int v4 = addr_is_v4(addr);
	__u64 x = hash_pair(v4 ? addr + 8 : addr, (__u32)key, (__u32)(key >> 32));

	x = (x ^ x >> 32) * odd;
	return x ^ x >> 29;
}

INLINE __u32 proven_index(__u64 hash)
{
	return (__u32)hash & (PROVEN_CELLS - 1);
}

/* now_s: seconds of jiffies. */
INLINE __u64 proven_cell(__u64 hash, __u32 now_s, __u32 credit)
{
	return (hash >> 32) << 32 | (now_s & 0xffff) << PROVEN_AT_SHIFT |
	       (credit & PROVEN_CREDIT_MASK);
}

/*
 * What is left of a client's credit; 0 if it is not proven, or was longer than proven_s ago.  The
 * time comes round after 18 hours: a client that was proven then passes for one proven now, with
 * what credit it had left.
 */
INLINE __u32 proven_credit(__u64 cell, __u64 hash, __u32 now_s, __u32 proven_s)
{
	const __u32 age = (now_s - (__u32)(cell >> PROVEN_AT_SHIFT)) & 0xffff;

	return cell >> 32 == hash >> 32 && age < proven_s ? (__u32)cell & PROVEN_CREDIT_MASK : 0;
}

#endif
