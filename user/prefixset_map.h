/* SPDX-License-Identifier: GPL-2.0 */
/* Maps made whole: their entries are written in one go, before anybody else knows of them. */
#ifndef SYNGUARD_PREFIXSET_MAP_H
#define SYNGUARD_PREFIXSET_MAP_H

#include <stddef.h>

#include "abi.h"

struct bpf_map_create_opts;

/* An array, BPF_F_MMAPABLE by opts, with so many entries of size bytes.  A descriptor or -errno. */
int array_map_make(const char *name, const void *entries, __u32 size, __u32 count,
		   const struct bpf_map_create_opts *opts);

/* A set as the inner map for prefix_sets, of entries as prefix_sort() leaves them. */
int prefix_set_map(const struct prefix_entry *entries, size_t count);

#endif
