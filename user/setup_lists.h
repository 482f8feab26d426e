/* SPDX-License-Identifier: GPL-2.0 */
/* The allowlist and the denylist of a setup that is to be put in force: from its files. */
#ifndef SYNGUARD_SETUP_LISTS_H
#define SYNGUARD_SETUP_LISTS_H

#include "lists.h"
#include "setup.h"

struct setup_lists {
	bool given[LISTS]; /* false: the list stays what it is */
	struct prefix_list list[LISTS];
};

/*
 * Reads the files that setup names.  A list whose file is in old and not in setup any more becomes
 * empty.  hz: jiffies per second.  setup_lists_free() them.
 */
int setup_lists_read(const struct setup *old, const struct setup *setup, __u32 hz,
		     struct setup_lists *ret_lists, struct error *error);
void setup_lists_free(struct setup_lists *lists);

/*
 * Fills the sets of the bank to, with those of the bank from where the list stays.  Returns
 * settings.lists for it, or -errno.
 */
int setup_lists_store(const char *dir, __u32 from, __u32 to, const struct setup_lists *lists,
		      struct error *error);

/* Once the bank is in force. */
int setup_lists_remember(const char *dir, const struct setup_lists *lists, struct error *error);

#endif
