/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A program that decides as ever and changes nothing, for synguard explain: dry.bpf.c is xdp.bpf.c
 * compiled once more, with dry_run 1.  Each place with an effect asks dry_run, or works on copies in
 * the CPU's own struct dry_room.  A variable that the verifier knows would do, but leaves a load and a
 * jump at each such place in the programs that are attached, 8 of them in the answer to a SYN.
 */
#ifndef SYNGUARD_DRY_H
#define SYNGUARD_DRY_H

#include "maps.h"

#ifndef DRY_RUN
#define DRY_RUN 0
#endif

enum { dry_run = DRY_RUN };

#if DRY_RUN
/* Each CPU's account of one dry run.  Written by it, read by who ran it. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dry_room);
} dry_rooms SEC(".maps");

INLINE struct dry_room *dry_room_get(void)
{
	const __u32 zero = 0;

	return bpf_map_lookup_elem(&dry_rooms, &zero);
}
#else
INLINE struct dry_room *dry_room_get(void)
{
	return 0;
}
#endif

static __noinline struct conn *dry_copy(const struct conn *from, struct conn *to)
{
	copy32(to, from, sizeof(*from) / 4);
	return to;
}

/* The entry to work on: the one found, or in a dry run a copy of it.  NULL stays NULL. */
INLINE struct conn *conn_to_use(struct conn *found)
{
	struct dry_room *room;

	if (!found || !dry_run)
		return found;
	room = dry_room_get();
	if (!room)
		return 0;
	dry_copy(found, &room->conn);
	return dry_copy(found, &room->conn_copy);
}

/* The same for a handshake of the kernel's own. */
INLINE struct conn *half_to_use(struct conn *found)
{
	struct dry_room *room;

	if (!found || !dry_run)
		return found;
	room = dry_room_get();
	if (!room)
		return 0;
	return dry_copy(found, &room->half_copy);
}

/* How the frame ended, for who ran it. */
INLINE void dry_tell(enum reason r, __u64 now)
{
	struct dry_room *room = dry_room_get();

	if (!room)
		return;
	room->reason = r;
	room->now = now;
}

#endif
