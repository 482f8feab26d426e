/* SPDX-License-Identifier: GPL-2.0 */
/* Reading and writing the pinned maps as the plain structs of abi.h. */
#ifndef SYNGUARD_MAPS_H
#define SYNGUARD_MAPS_H

#include <stddef.h>

#include "abi.h"

/* Opens dir/name; a descriptor or -errno. */
int map_open(const char *dir, const char *name);

/* The id of an open map, and the size of its values. */
int map_identify(int fd, __u32 *ret_id, __u32 *ret_value_size);

/* Entry 0 of a one-entry array. */
int map_read(int fd, void *ret_value);
int map_write(int fd, const void *value);

/*
 * Writes one word of entry 0.  The programs count in the same struct, so this goes through a memory
 * map where the map allows that; otherwise a count of theirs may be lost.
 */
int map_write_u32(int fd, unsigned int offset, __u32 value);

/*
 * Opened, read (or written) and closed in one go.  -EPROTO if the map's values have another size:
 * it belongs to another version of synguard.
 */
int map_load(const char *dir, const char *name, void *ret_value, size_t value_size);
int map_store(const char *dir, const char *name, const void *value, size_t value_size);

/* One word of struct runtime, by map_write_u32(). */
int map_store_runtime(const char *dir, unsigned int offset, __u32 value);

/* The sum over all CPUs. */
int map_counters(const char *dir, struct counters *ret_sum);

#endif
