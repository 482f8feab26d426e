/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Internet checksum (RFC 1071) over values that are already in registers.  Sums are kept in 64 bits
 * of 32-bit network-order words, so that carries need folding only once, at the end.
 */
#ifndef SYNGUARD_CSUM_H
#define SYNGUARD_CSUM_H

#include <linux/types.h>

#include "compiler.h"

/*
 * Fold a sum of at most 65536 32-bit network-order words into the 16-bit checksum field,
 * complemented.
 */
INLINE __u16 csum_fold(__u64 sum)
{
	sum = low32(sum) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16); /* 0x1fffe at the most: one carry more */
	return (__u16) ~(sum + (sum >> 16));
}

/*
 * Is a header whole?  sum: of its words, not all 0, with the checksum; at most 65536 of them.  What
 * csum_fold() would say, in half the steps: folded twice, a right sum is 0xffff or twice that.
 */
INLINE int csum_right(__u64 sum)
{
	sum = low32(sum) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff || sum == 0x1fffe;
}

/* Sum of n 32-bit words in network order; n is a constant at every call, so that BPF unrolls it. */
INLINE __u64 csum_words(const __u32 *words, int n)
{
	__u64 sum = 0;

	UNROLL
	for (int i = 0; i < n; i++)
		sum += words[i];
	return sum;
}

/*
 * Sum of the TCP pseudo-header (RFC 9293 3.1, RFC 8200 8.1).  Addresses are 16 bytes each; the
 * prefix of a v4-mapped address would add 0xffff, twice, which is 0 in one's complement.  tcp_len in
 * bytes.
 */
INLINE __u64 csum_pseudo(const __u8 src[16], const __u8 dst[16], int is_v6, __u16 tcp_len)
{
	const __u16 proto = 6;
	__u64 sum = (__u64)__builtin_bswap16(tcp_len) + __builtin_bswap16(proto);

	sum += (__u64)load32(src + 12) + load32(dst + 12);
	if (!is_v6)
		return sum;
	UNROLL
	for (int i = 0; i < 12; i += 4)
		sum += (__u64)load32(src + i) + load32(dst + i);
	return sum;
}

#endif
