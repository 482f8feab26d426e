/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a connection is in the table: open addressing over one array of slots of two cache lines.
 *
 * A tuple has a home slot, and may be in any of WINDOW places that follow from the home alone: the
 * four of the home's group first, in the same page, then places all over the table.  A home's
 * bitmap `displaced` says which of the others hold its tuples, so that a look-up, hit or miss,
 * touches the home and what the bitmap names and nothing else.  With five sixths of
 * all slots taken, one insertion in 400 finds no free place (0.83^32).
 *
 * Tuples that differ in the last bits of the remote port only, which is what the connections of a
 * client or a proxy do that follow each other, have their homes in one stretch of 64 slots: two
 * pages that were touched a moment ago.  The first touch of one takes 650 ns on a busy virtual
 * machine, 190 of them for the line of the cache.  Which of the 64 is keyed, too, so that nobody can
 * choose ports for one of them.
 *
 * A kernel hash map would need 232 bytes for an entry of 128, and five cache misses for a look-up
 * at a million entries where this needs one or two (600 ns and 110 ns on the same machine).
 */
#ifndef SYNGUARD_TABLE_H
#define SYNGUARD_TABLE_H

#include "abi.h"
#include "addr.h"

enum table_shape {
	TABLE_GROUP = 4,
	TABLE_WINDOW = 32,
	TABLE_STRETCH = 64,
	TABLE_NOWHERE = -1, /* as an index: not in the table */
};

/* Slots for so many connections: a fifth more, in whole stretches. */
INLINE __u32 table_slots(__u32 max_conns)
{
	return (max_conns + max_conns / 5 + TABLE_STRETCH) & ~(TABLE_STRETCH - 1U);
}

/* A fraction of 2^32, in the lower half, as an index. */
INLINE __u32 table_scale(__u64 fraction, __u32 slots)
{
	return (__u32)(low32(fraction) * slots >> 32);
}

/* What a tuple's home and cell in the filter follow from; the last bits say where in a stretch. */
INLINE __u64 table_hash(const struct tuple_key *k, const struct conn_key *t)
{
	const __u16 last = t->remote_port & (TABLE_STRETCH - 1);

	return tuple_hash_ports(k, t, half_pair(t->remote_port ^ last, t->local_port)) ^ last;
}

/* One of n, a multiple of TABLE_STRETCH. */
INLINE __u32 table_spread(__u64 hash, __u64 fraction, __u32 n)
{
	return (table_scale(fraction, n) & ~(TABLE_STRETCH - 1U)) | (hash & (TABLE_STRETCH - 1));
}

/* hash: table_hash() of the tuple. */
INLINE __u32 table_home(__u64 hash, __u32 slots)
{
	return table_spread(hash, hash >> 32, slots);
}

/* Of the filter `presence`, in front of so many slots. */
INLINE __u32 presence_cells(__u32 slots)
{
	return slots < PRESENCE_LEAST / PRESENCE_PER_SLOT ? PRESENCE_LEAST
							  : slots * PRESENCE_PER_SLOT;
}

/*
 * A tuple's: its stretch by other bits than its home's, so that a home may have more than a cell can
 * count.
 */
INLINE __u32 presence_cell(__u64 hash, __u32 slots)
{
	return table_spread(hash, hash >> 20, presence_cells(slots));
}

/* What one connection counts in the cell's word. */
INLINE __u64 presence_one(__u32 cell)
{
	return 1ULL << cell % PRESENCE_IN_WORD * 4;
}

/* How many the cell's word counts there. */
INLINE __u32 presence_in(__u64 word, __u32 cell)
{
	return word >> cell % PRESENCE_IN_WORD * 4 & 15;
}

INLINE __u32 presence_words(__u32 slots)
{
	return presence_cells(slots) / PRESENCE_IN_WORD + 1;
}

/* The i-th place, 0 to TABLE_WINDOW - 1, for the tuples of a home; the 0th is the home itself. */
INLINE __u32 table_place(__u32 home, __u32 i, __u32 slots)
{
	__u32 x;

	if (i < TABLE_GROUP)
		return home ^ i;
	x = (home + i * 0x9e3779b9U) * 0x85ebca6bU;
	x = (x ^ x >> 15) * 0xc2b2ae35U;
	return table_scale(x ^ x >> 13, slots);
}

INLINE int key_equal(const struct conn_key *a, const struct conn_key *b)
{
	return !((load64(a->remote) ^ load64(b->remote)) |
		 (load64(a->remote + 8) ^ load64(b->remote + 8)) |
		 (load64(a->local) ^ load64(b->local)) |
		 (load64(a->local + 8) ^ load64(b->local + 8)) |
		 (load32(&a->remote_port) ^ load32(&b->remote_port)));
}

/* A slot in use: claimed ones whose key is not complete yet have no kind. */
INLINE int slot_live(const struct conn *slot)
{
	return slot->head.state != NONE;
}

#endif
