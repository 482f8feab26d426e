/* SPDX-License-Identifier: GPL-2.0 */
/* A list of prefixes as people write it, and as the maps keep it.  Pure but for the reading. */
#ifndef SYNGUARD_PREFIX_LIST_H
#define SYNGUARD_PREFIX_LIST_H

#include <stddef.h>

#include "abi.h"
#include "error.h"

struct prefix_list {
	struct prefix_entry *entries;
	size_t count;
	size_t room;
	size_t masked; /* how many had bits set beyond their length, which are cleared */
};

/* Now, for expiries: jiffies, and how many there are in a second. */
struct prefix_clock {
	__u64 jiffies;
	__u32 hz;
};

enum { PREFIX_TEXT = 64 };

/*
 * ADDR or ADDR/LEN.  -EINVAL: no address; -ERANGE: no such length for it.  Returns 1 if bits beyond
 * the length were set.
 */
int prefix_parse(const char *text, size_t length, struct prefix_entry *ret_entry);

/* As prefix_parse() takes it; an address alone where that is the whole prefix. */
void prefix_print(const struct prefix_entry *entry, char ret_text[PREFIX_TEXT]);

/* "1h" from now on: jiffies. 0, or -errno of unit_parse(). */
int prefix_lifetime(const char *text, const struct prefix_clock *clock, __u64 *ret_expires);

/* Milliseconds that it has left; 0: it has expired.  Not for those that never do. */
__u64 prefix_left_ms(const struct prefix_entry *entry, const struct prefix_clock *clock);

int prefix_list_add(struct prefix_list *list, const struct prefix_entry *entry);
void prefix_list_free(struct prefix_list *list);

/*
 * Lines of a file, each with a prefix, perhaps "for TIME", perhaps a comment from # or ; on.  Adds
 * them to the list, sorted and each once.  name: of the file, for messages.
 */
int prefix_list_parse(struct prefix_list *list, const char *text, size_t size, const char *name,
		      const struct prefix_clock *clock, struct error *error);

/* All of a file, for prefix_list_parse(); "-" is standard input.  ret_text is to be freed. */
int prefix_file_read(const char *path, char **ret_text, size_t *ret_size, struct error *error);

/* What messages call it. */
const char *prefix_file_name(const char *path);

/* Both in one. */
int prefix_list_read(struct prefix_list *list, const char *path, const struct prefix_clock *clock,
		     struct error *error);

#endif
