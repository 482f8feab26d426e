/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A set of prefixes, built once (user/prefixset_build.c) and then only read: is this address in it?
 * An address is in until the latest expiry of all prefixes that cover it, so nested prefixes come
 * down to ranges that do not overlap.  Made for a million prefixes that are looked up by chance:
 * what counts is how many cache lines a look-up touches, and how many lines there are.
 *
 * An array of lines of 64 bytes.  First comes a filter, since a flood of random sources misses the
 * caches at each line of the tree, and most of them are in no list: line 0 says how large it is (word
 * 0: lines, less one) and which classes of prefixes there are (word 1), and for each of these one
 * word of it has three bits for each prefix, by a hash of its first bits:
 *
 *   class   0     1        2        3
 *   IPv4    /32   /24-/31  /16-/23  /8-/15      and class 4, what is shorter: no filter helps
 *   IPv6    /128  /64-/127 /48-/63  /32-/47
 *
 * Behind the filter an address is looked up 32 bits at a time, from line 1 (IPv4: its only 32 bits)
 * or line 2 (IPv6).  Lines form trees:
 *
 *   word 0    63 ........ 48 | 47 .. 40 | 39 .. 32 | 31 ............. 0
 *             not used       | shift    | kind     | base
 *   word 1    63 ....................32 | 31 ....................... 0
 *             branch: how many lines    | branch: the first; leaf: its notes, or PREFIX_NO_NOTES
 *   word 2-7  leaf: cells
 *
 * A branch goes on in the line whose number is first + ((x - base) >> shift).  A leaf holds cells,
 * ranges of x: in 24 lanes of 16 bits units of 1 << shift (points); in pairs of lanes of 15 bits
 * first and end, ascending (ranges); in 12 words of 32 bits first and how many bits its size has
 * (nets); or in pairs of words first and size - 1 (wide).
 *
 * What is to be known about a cell is its note, 32 bits in a line of 16 notes; a leaf without notes
 * has prefixes that never expire:
 *
 *   31 = 0 | 30 ............................. 0    in it until then (prefix_time)
 *   31 = 1 | 30 .. 24 = 0    | 23 ........... 0    the line where the next 32 bits go on
 *   31 = 1 | 30 .. 24 = bits | 23 ........... 0    the tail that so many further bits must equal
 *
 * A tail is the rest of a prefix that is alone in its cell: three words, and its expiry.
 */
#ifndef SYNGUARD_PREFIXSET_H
#define SYNGUARD_PREFIXSET_H

#include "abi.h"
#include "addr.h"

enum prefix_kind {
	PREFIX_EMPTY,
	PREFIX_BRANCH,
	PREFIX_POINTS,
	PREFIX_RANGES,
	PREFIX_NETS,
	PREFIX_WIDE
};

enum prefix_shape {
	PREFIX_FRONT = 0,
	PREFIX_ROOT_V4 = 1,
	PREFIX_ROOT_V6 = 2,
	PREFIX_FILTER = 3,
	PREFIX_CLASSES = 5, /* of each family: bits of IPv6's come after those of IPv4's */
	PREFIX_CELL_WORDS = 6,
	PREFIX_POINT_CELLS = 24,
	PREFIX_RANGE_CELLS = 12,
	PREFIX_NET_CELLS = 12,
	PREFIX_NET_BITS = 5,
	PREFIX_WIDE_CELLS = 6,
	PREFIX_LANES_MAX = 0x8000,
	PREFIX_NOTES = 16, /* of a line */
	PREFIX_TAILS = 4,
	PREFIX_REF_BITS = 24,
	PREFIX_REF_MASK = (1 << PREFIX_REF_BITS) - 1,
	PREFIX_TIME_SHIFT = 7, /* expiries are in units of so many jiffies: a second or less */
	/* Each branch tells two bits or more of 32; then a leaf and a note; and a tail at last. */
	PREFIX_STEPS = 4 * (16 + 2) + 1,
};

#define PREFIX_NO_NOTES 0xffffffffU
#define PREFIX_REF      0x80000000U
#define PREFIX_FOREVER  0x7fffffffU
#define PREFIX_LANES    0x0001000100010001ULL

struct prefix_line {
	union {
		__u64 word[8];
		__u32 half[16];
	};
};

_Static_assert(sizeof(struct prefix_line) == 64, "a line is a cache line");

enum prefix_answer { PREFIX_OUT = 0, PREFIX_IN = 1, PREFIX_GO_ON = 2 };

/* What a walk reads next. */
enum prefix_stage { PREFIX_AT_TREE, PREFIX_AT_NOTE, PREFIX_AT_TAIL };

/* A look-up on its way. */
struct prefix_walk {
	__u64 high; /* what is left of the address, the next 32 bits on top */
	__u64 low;
	__u32 now;   /* prefix_time */
	__u32 line;  /* to be read next */
	__u32 place; /* in it, of a note or tail */
	__u32 bits;  /* that a tail must equal */
	enum prefix_stage stage;
};

/* Rounded up for an expiry, so that nothing expires early, and cut where years do not fit. */
INLINE __u32 prefix_expiry(__u64 jiffies)
{
	const __u64 units = (jiffies + (1 << PREFIX_TIME_SHIFT) - 1) >> PREFIX_TIME_SHIFT;

	return !jiffies || units > PREFIX_FOREVER ? PREFIX_FOREVER : (__u32)units;
}

INLINE __u32 prefix_time(__u64 jiffies)
{
	return (__u32)(jiffies >> PREFIX_TIME_SHIFT);
}

/*
 * Where a walk begins, behind the filter.  high, low: an address's first and second 64 bits in host
 * order; now: jiffies.
 */
INLINE struct prefix_walk prefix_walk_begin(__u64 high, __u64 low, __u64 now)
{
	struct prefix_walk w = {
	    .high = high, .low = low, .now = prefix_time(now), .line = PREFIX_ROOT_V6};

	if (!high && low >> 32 == 0xffff) {
		w.high = low << 32;
		w.low = 0;
		w.line = PREFIX_ROOT_V4;
	}
	return w;
}

/*
 * Of an address's, or a prefix's, bits up to where the class begins; high and low as in a walk.  The
 * uppermost bits name the line in the filter, the lowest the word and the bits in it.
 */
INLINE __u64 prefix_hash_of(__u64 high, __u64 low, __u32 root, __u32 class)
{
	const __u32 v4 = 32 + 8 * class, v6 = class ? 16 * (class - 1) : 0;
	__u64 x;

	x = high >> ((root == PREFIX_ROOT_V4 ? v4 : v6) & 63);
	x = (x + class) * 0x9e3779b97f4a7c15ULL + (class ? 0 : low * 0xbf58476d1ce4e5b9ULL);
	x = (x ^ x >> 32) * 0x94d049bb133111ebULL;
	return x ^ x >> 29;
}

INLINE __u32 prefix_filter_line(__u64 hash, __u32 mask)
{
	return PREFIX_FILTER + ((__u32)(hash >> 40) & mask);
}

INLINE __u32 prefix_filter_word(__u64 hash)
{
	return hash & 7;
}

INLINE __u64 prefix_filter_bits(__u64 hash)
{
	return 1ULL << (hash >> 3 & 63) | 1ULL << (hash >> 9 & 63) | 1ULL << (hash >> 15 & 63);
}

/* May the prefix with this hash be in the set?  l: its line. */
INLINE int prefix_filter_has(const struct prefix_line *l, __u64 hash)
{
	const __u64 bits = prefix_filter_bits(hash);

	return (l->word[prefix_filter_word(hash)] & bits) == bits;
}

/* Of line PREFIX_FRONT: the classes that an address may be in, by its family's root. */
INLINE __u32 prefix_classes(const struct prefix_line *front, __u32 root)
{
	const __u32 classes = (__u32)front->word[1];

	return root == PREFIX_ROOT_V4 ? classes : classes >> PREFIX_CLASSES;
}

/* x: in each lane.  How many lanes are not above it; these have 15 bits, or are PREFIX_LANES_MAX. */
INLINE __u32 prefix_lanes_upto(const struct prefix_line *l, __u64 x)
{
	const __u64 lanes = (x | PREFIX_LANES_MAX) * PREFIX_LANES;
	__u64 sum = 0;

	UNROLL
	for (int i = 0; i < PREFIX_CELL_WORDS; i++)
		sum += (lanes - l->word[2 + i]) >> 15 & PREFIX_LANES;
	return (__u32)(sum * PREFIX_LANES >> 48);
}

/* Does one of the lanes equal x?  (Sean Anderson, Bit Twiddling Hacks: a word with a zero byte.) */
INLINE int prefix_lanes_have(const struct prefix_line *l, __u64 x)
{
	const __u64 lanes = x * PREFIX_LANES;
	__u64 zero = 0;

	UNROLL
	for (int i = 0; i < PREFIX_CELL_WORDS; i++) {
		const __u64 differing = lanes ^ l->word[2 + i];

		zero |= (differing - PREFIX_LANES) & ~differing;
	}
	return !!(zero & PREFIX_LANES << 15);
}

/* Which of the nets x is in; PREFIX_NET_CELLS: none. */
INLINE __u32 prefix_nets_find(const struct prefix_line *l, __u32 x)
{
	__u32 found = PREFIX_NET_CELLS;

	UNROLL
	for (int i = PREFIX_NET_CELLS - 1; i >= 0; i--) {
		const __u32 net = l->half[4 + i];

		if (!((x ^ net >> PREFIX_NET_BITS) >> (net & 31)))
			found = (__u32)i;
	}
	return found;
}

/* Which of the wide cells x is in; PREFIX_WIDE_CELLS: none. */
INLINE __u32 prefix_wide_find(const struct prefix_line *l, __u32 x)
{
	__u32 found = PREFIX_WIDE_CELLS;

	UNROLL
	for (int i = PREFIX_WIDE_CELLS - 1; i >= 0; i--)
		if (x - l->half[4 + 2 * i] <= l->half[5 + 2 * i])
			found = (__u32)i;
	return found;
}

INLINE enum prefix_answer prefix_note_read(const struct prefix_line *l, struct prefix_walk *w)
{
	const __u32 note = l->half[w->place % PREFIX_NOTES], ref = note & PREFIX_REF_MASK;

	if (!(note & PREFIX_REF))
		return w->now < note ? PREFIX_IN : PREFIX_OUT;
	w->high = w->high << 32 | w->low >> 32;
	w->low <<= 32;
	w->bits = (note & ~PREFIX_REF) >> PREFIX_REF_BITS;
	w->stage = w->bits ? PREFIX_AT_TAIL : PREFIX_AT_TREE;
	w->line = w->bits ? ref / PREFIX_TAILS : ref;
	w->place = ref;
	return PREFIX_GO_ON;
}

INLINE enum prefix_answer prefix_tail_read(const struct prefix_line *l, const struct prefix_walk *w)
{
	const __u32 *tail = &l->half[w->place % PREFIX_TAILS * 4];
	const __u64 high = ((__u64)tail[0] << 32 | tail[1]) ^ w->high;
	const __u64 low = (__u64)tail[2] << 32 ^ w->low;

	if (w->bits <= 64 ? high >> ((64 - w->bits) & 63) : high | low >> ((128 - w->bits) & 63))
		return PREFIX_OUT;
	return w->now < tail[3] ? PREFIX_IN : PREFIX_OUT;
}

INLINE enum prefix_answer prefix_cell_found(__u32 notes, __u32 cell, struct prefix_walk *w)
{
	if (notes == PREFIX_NO_NOTES)
		return PREFIX_IN;
	w->stage = PREFIX_AT_NOTE;
	w->line = (notes + cell) / PREFIX_NOTES;
	w->place = notes + cell;
	return PREFIX_GO_ON;
}

INLINE enum prefix_answer prefix_tree_read(const struct prefix_line *l, struct prefix_walk *w)
{
	const __u64 head = l->word[0], more = l->word[1];
	const __u32 x = (__u32)(w->high >> 32) - (__u32)head;
	const __u32 unit = x >> (head >> 40 & 31), kind = head >> 32 & 0xff;
	__u32 cell;

	if (kind == PREFIX_BRANCH) {
		w->line = (__u32)more + unit;
		return unit < more >> 32 ? PREFIX_GO_ON : PREFIX_OUT;
	}
	if (kind == PREFIX_POINTS)
		return unit <= 0xffff && prefix_lanes_have(l, unit) ? PREFIX_IN : PREFIX_OUT;
	if (kind == PREFIX_RANGES) {
		cell = unit < PREFIX_LANES_MAX ? prefix_lanes_upto(l, unit) : 0;
		return cell & 1 ? prefix_cell_found((__u32)more, cell / 2, w) : PREFIX_OUT;
	}
	if (kind == PREFIX_NETS) {
		cell = prefix_nets_find(l, unit);
		return cell < PREFIX_NET_CELLS ? prefix_cell_found((__u32)more, cell, w)
					       : PREFIX_OUT;
	}
	if (kind != PREFIX_WIDE)
		return PREFIX_OUT;
	cell = prefix_wide_find(l, (__u32)(w->high >> 32));
	return cell < PREFIX_WIDE_CELLS ? prefix_cell_found((__u32)more, cell, w) : PREFIX_OUT;
}

/* l: line w->line.  Returns enum prefix_answer. */
PROVEN_ONCE int prefix_step(const struct prefix_line *l, struct prefix_walk *w)
{
	if (!l || !w)
		return PREFIX_OUT;
	if (w->stage == PREFIX_AT_TREE)
		return prefix_tree_read(l, w);
	return w->stage == PREFIX_AT_NOTE ? prefix_note_read(l, w) : prefix_tail_read(l, w);
}

/* The whole look-up, for those who have the lines in memory: 1 or 0. */
INLINE int prefix_lookup(const struct prefix_line *lines, __u32 count, const __u8 addr[16],
			 __u64 now)
{
	struct prefix_walk w = prefix_walk_begin(__builtin_bswap64(load64(addr)),
						 __builtin_bswap64(load64(addr + 8)), now);
	const __u32 classes = prefix_classes(&lines[PREFIX_FRONT], w.line);
	int answer = PREFIX_GO_ON, may = classes >> (PREFIX_CLASSES - 1) & 1;

	for (__u32 class = 0; class < PREFIX_CLASSES - 1; class ++) {
		const __u64 hash = prefix_hash_of(w.high, w.low, w.line, class);
		const __u32 line = prefix_filter_line(hash, (__u32)lines[PREFIX_FRONT].word[0]);

		may |= (int)(classes >> class & 1) && prefix_filter_has(&lines[line], hash);
	}
	for (int i = 0; may && i < PREFIX_STEPS && answer == PREFIX_GO_ON; i++)
		answer = w.line < count ? prefix_step(&lines[w.line], &w) : PREFIX_OUT;
	return answer == PREFIX_IN;
}

#endif
