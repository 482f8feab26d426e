/* SPDX-License-Identifier: GPL-2.0 */
/* What differs between clang for BPF and the host's compilers, and nothing else. */
#ifndef SYNGUARD_COMPILER_H
#define SYNGUARD_COMPILER_H

#include <linux/types.h>

/* Unroll the loop that follows in full; its bound is a constant. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif

#define INLINE static inline __attribute__((always_inline))

/*
 * For BPF a global function: the verifier proves it once, instead of once for every path that leads
 * to a call.  Its pointers may be NULL, as far as the verifier knows.
 */
#ifdef __bpf__
#define PROVEN_ONCE __attribute__((noinline))
#else
#define PROVEN_ONCE INLINE
#endif

/*
 * Loads and stores of packets and of address bytes, whose alignment the type does not tell.  For
 * BPF, memcpy() would take them apart into bytes, which is slow and spills beyond the stack's
 * 512; the verifier knows whether the machine can.
 */
#ifdef __bpf__
INLINE __u16 load16(const void *p)
{
	return *(const __u16 *)p;
}

INLINE __u32 load32(const void *p)
{
	return *(const __u32 *)p;
}

INLINE __u64 load64(const void *p)
{
	return *(const __u64 *)p;
}

INLINE void store32(void *p, __u32 word)
{
	*(__u32 *)p = word;
}

INLINE void store64(void *p, __u64 word)
{
	*(__u64 *)p = word;
}
#else
INLINE __u16 load16(const void *p)
{
	__u16 word;

	__builtin_memcpy(&word, p, sizeof(word));
	return word;
}

INLINE __u32 load32(const void *p)
{
	__u32 word;

	__builtin_memcpy(&word, p, sizeof(word));
	return word;
}

INLINE __u64 load64(const void *p)
{
	__u64 word;

	__builtin_memcpy(&word, p, sizeof(word));
	return word;
}

INLINE void store32(void *p, __u32 word)
{
	__builtin_memcpy(p, &word, sizeof(word));
}

INLINE void store64(void *p, __u64 word)
{
	__builtin_memcpy(p, &word, sizeof(word));
}
#endif

/*
 * 16 bytes.  Addresses are written and read by words of 8: a load that needs two earlier stores waits
 * until both have left the processor's store buffer, which costs as much as a cache miss.
 */
INLINE void copy_addr(void *dst, const void *src)
{
	store64(dst, load64(src));
	store64((__u8 *)dst + 8, load64((const __u8 *)src + 8));
}

/*
 * What is added to this from here on is added last, whatever the compiler makes of it: what takes
 * long to compute must not be at the head of a chain of additions.
 */
#define SUMMED_FIRST(sum) __asm__ volatile("" : "+r"(sum))

/* The lower half.  A mask or a cast becomes two shifts, where a move of 32 bits does. */
INLINE __u64 low32(__u64 x)
{
#ifdef __bpf__
	__u32 low = (__u32)x;

	__asm__("%0 = %0" : "+w"(low));
	return low;
#else
	return x & 0xffffffff;
#endif
}

/* n words of 4 bytes; n is a constant. */
INLINE void copy32(void *dst, const void *src, int n)
{
	UNROLL
	for (int i = 0; i < n; i++)
		store32((__u8 *)dst + 4 * i, load32((const __u8 *)src + 4 * i));
}

#endif
