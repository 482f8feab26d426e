/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The allowlist and the denylist: prefixes of sources, as sets (include/prefixset.h) that the
 * loader builds and replaces whole.
 */
#ifndef SYNGUARD_LISTS_H
#define SYNGUARD_LISTS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "prefixset.h"

/*
 * prefix_sets[bank * LISTS + kind].  Written by the loader, one slot at a time, and with it the
 * whole set: a look-up that has begun goes on in the old one, which lives until then.  A slot
 * without a set is an empty list.  The loader makes inner maps of the size that it needs.
 */
struct prefix_lines {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_INNER_MAP | BPF_F_MMAPABLE);
	__uint(max_entries, 2);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct prefix_line));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, BANKS *LISTS);
	__type(key, __u32);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__array(values, struct prefix_lines);
} prefix_sets SEC(".maps");

/*
 * The lists as they were given, for synguard and bpftool to read.  Written by the loader, which
 * replaces the map; no program looks here.  An empty list is one entry that is not used.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct prefix_entry);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} allow_entries SEC(".maps"), deny_entries SEC(".maps");

INLINE const struct prefix_line *prefix_line_get(void *lines, __u32 line)
{
	return bpf_map_lookup_elem(lines, &line);
}

/* Behind the filter.  high, low: the address's halves in host order; now: jiffies. */
__noinline int prefix_tree_has(__u32 slot, __u64 high, __u64 low, __u64 now)
{
	struct prefix_walk w = prefix_walk_begin(high, low, now);
	void *lines = bpf_map_lookup_elem(&prefix_sets, &slot);
	const struct prefix_line *l;
	int answer;

	if (!lines)
		return 0;
	for (int i = 0; i < PREFIX_STEPS; i++) {
		l = prefix_line_get(lines, w.line);
		if (!l)
			return 0;
		answer = prefix_step(l, &w);
		if (answer != PREFIX_GO_ON)
			return answer == PREFIX_IN;
	}
	return 0;
}

__noinline int prefix_set_has(__u32 slot, __u64 high, __u64 low, __u64 now)
{
	const struct prefix_walk w = prefix_walk_begin(high, low, now);
	void *lines = bpf_map_lookup_elem(&prefix_sets, &slot);
	const struct prefix_line *front, *l;
	__u32 classes;

	front = lines ? prefix_line_get(lines, PREFIX_FRONT) : NULL;
	if (!front)
		return 0;
	classes = prefix_classes(front, w.line);
	UNROLL
	for (__u32 class = 0; class < PREFIX_CLASSES - 1; class ++) {
		const __u64 hash = prefix_hash_of(w.high, w.low, w.line, class);

		if (!(classes >> class & 1))
			continue;
		l = prefix_line_get(lines, prefix_filter_line(hash, (__u32)front->word[0]));
		if (l && prefix_filter_has(l, hash))
			return prefix_tree_has(slot, high, low, now);
	}
	return classes >> (PREFIX_CLASSES - 1) & 1 ? prefix_tree_has(slot, high, low, now) : 0;
}

/* Is addr on the list?  Ask only if settings.lists says that the list is not empty.  now: jiffies. */
INLINE int list_has(__u32 bank, enum list_kind kind, const __u8 addr[16], __u64 now)
{
	return prefix_set_has(bank * LISTS + kind, __builtin_bswap64(load64(addr)),
			      __builtin_bswap64(load64(addr + 8)), now);
}

#endif
