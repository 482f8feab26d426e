/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The map addr_services as a sorted list, and its writing: which services of an address there are
 * in a bank, and which struct defence each has.
 */
#ifndef SYNGUARD_ADDR_MAP_H
#define SYNGUARD_ADDR_MAP_H

#include "abi.h"
#include "error.h"

struct addr_entry {
	struct addr_key key;
	struct addr_service service;
};

struct addr_entries {
	struct addr_entry *entry;
	unsigned int count;
	unsigned int room;
};

/* Room for so many.  0 or -ENOMEM; addr_entries_free() them in either case. */
int addr_entries_make(unsigned int room, struct addr_entries *ret_entries);
void addr_entries_free(struct addr_entries *entries);

/* There must be room. */
void addr_entries_add(struct addr_entries *entries, const __u8 addr[16], __u16 port, __u32 bank,
		      struct addr_service service);

/* Those of a bank, by address and port. */
int addr_map_read(int fd, __u32 bank, struct addr_entries *ret_entries, struct error *error);

/* The index of its struct defence; DEFENCES if there is no such service.  Sorted, as when read. */
__u32 addr_entries_defence(const struct addr_entries *entries, const __u8 addr[16], __u16 port);

/*
 * Makes them all that the bank has.  Sorts them, and gives each the defence that the other bank has
 * for it, or else one that no service of that bank has, zeroed.
 */
int addr_map_write(int fd, int defences, __u32 bank, struct addr_entries *entries,
		   struct error *error);

#endif
