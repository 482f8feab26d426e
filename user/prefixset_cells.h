/* SPDX-License-Identifier: GPL-2.0 */
/* What the two halves of building a set hand to each other: prefixset_build.c, prefixset_tree.c. */
#ifndef SYNGUARD_PREFIXSET_CELLS_H
#define SYNGUARD_PREFIXSET_CELLS_H

#include "prefixset_build.h"

/* A range of 32 bits of address, and the note about it. */
struct prefix_cell {
	__u32 first;
	__u32 last;
	__u32 note;
};

struct prefix_cells {
	struct prefix_cell *at;
	size_t count;
	size_t room;
};

struct prefix_builder {
	struct prefix_set set;
	__u32 room;                    /* lines that set.lines has room for */
	__u32 note, notes;             /* the next note's number, and how many its line has left */
	__u32 tail, tails;             /* the same of tails */
	struct prefix_cells levels[4]; /* by the word of the address that is at work */
	int err;                       /* what went wrong first; from then on nothing is done */
};

/* Numbers of so many new lines in a row, all zero. */
__u32 prefix_lines_add(struct prefix_builder *b, __u32 count);

/* A note that points to the rest of a prefix: words of it after this one. */
__u32 prefix_tail_add(struct prefix_builder *b, const __u32 *words, __u32 count, __u32 bits,
		      __u32 expiry);

/* Writes the tree of these cells, ascending and disjoint, with its root in a given line. */
void prefix_tree_write(struct prefix_builder *b, __u32 line, struct prefix_cell *cells,
		       size_t count);

#endif
