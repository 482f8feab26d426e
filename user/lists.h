/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The allowlist and the denylist in the maps of an interface.  For each bank and kind there is a
 * set, which the programs use while settings.lists of that bank has its bit; beside it, once per
 * kind and for people, the list as it was given.  The lock must be held by who changes any of it.
 *
 * For a new configuration: into the bank that is not in force lists_store() what a file gave, or
 * lists_copy() what is to stay as it is; settings.lists of that bank from what these return; the
 * bank; and then lists_remember() what was stored.
 */
#ifndef SYNGUARD_LISTS_H
#define SYNGUARD_LISTS_H

#include "prefix_list.h"

/* "allow", "deny" */
const char *list_name(enum list_kind kind);

/*
 * Builds the set of a list and puts it into its slot, at once; an empty list empties the slot.
 * Returns the list's bit of settings.lists, or -errno.
 */
int lists_store(const char *dir, __u32 bank, enum list_kind kind, const struct prefix_list *list,
		struct error *error);

/* The same with the set of another bank. */
int lists_copy(const char *dir, __u32 from, __u32 to, enum list_kind kind, struct error *error);

/* Keeps the list for lists_load() and bpftool, in a map of its own that takes the old one's place. */
int lists_remember(const char *dir, enum list_kind kind, const struct prefix_list *list,
		   struct error *error);

struct bpf_object;

/* Before an object is loaded that has these maps, too: as large as those that are pinned by now. */
void lists_fit(const char *dir, struct bpf_object *obj);

/* The list as it was last remembered; prefix_list_free() it. */
int lists_load(const char *dir, enum list_kind kind, struct prefix_list *ret_list,
	       struct error *error);

/* Replaces a list in the bank in force: all of the above.  ret_bytes: of memory that it takes. */
int lists_replace(const char *dir, enum list_kind kind, const struct prefix_list *list,
		  size_t *ret_bytes, struct error *error);

#endif
