/* SPDX-License-Identifier: GPL-2.0 */
/* Building the set that the programs look addresses up in (include/prefixset.h).  Pure. */
#ifndef SYNGUARD_PREFIXSET_BUILD_H
#define SYNGUARD_PREFIXSET_BUILD_H

#include <stddef.h>

#include "prefixset.h"

struct prefix_set {
	struct prefix_line *lines; /* aligned to a line */
	__u32 count;
};

/* IPv4 first, then by address, then by length. */
int prefix_compare(const struct prefix_entry *a, const struct prefix_entry *b);

/* Sorts; of entries with the same prefix the last one stays.  Returns how many are left. */
size_t prefix_sort(struct prefix_entry *entries, size_t count);

/*
 * entries: as prefix_sort() leaves them; nothing is set beyond their length.  0, -ENOMEM, or -E2BIG
 * if the set would need more lines than it can number (for a million prefixes it does not).
 */
int prefix_set_build(const struct prefix_entry *entries, size_t count, struct prefix_set *ret_set);
void prefix_set_free(struct prefix_set *set);

#endif
