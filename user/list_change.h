/* SPDX-License-Identifier: GPL-2.0 */
/* Changing a list of one interface or of each that is protected, for the commands that do. */
#ifndef SYNGUARD_LIST_CHANGE_H
#define SYNGUARD_LIST_CHANGE_H

#include "cli.h"
#include "instance.h"
#include "lists.h"

/* What is to become of a list, for one interface after the other. */
struct change {
	const struct args *args;
	enum list_kind kind;
	int (*make)(struct change *change, const char *dir, struct prefix_list *list,
		    struct error *error);
	void (*report)(const struct change *change, const char *iface);
	char *text; /* of the file */
	size_t text_size;
	double read_s; /* seconds that reading it took */
	struct prefix_list given;
	struct prefix_clock clock;
	size_t count;   /* of the list that came of it */
	size_t bytes;   /* of memory that it takes */
	double seconds; /* that it took */
};

int list_clock(const struct instance *instance, struct prefix_clock *ret_clock,
	       struct error *error);

/* For .make: what is given is added, is removed (all of it must be there), is a file's. */
int list_add(struct change *change, const char *dir, struct prefix_list *list, struct error *error);
int list_del(struct change *change, const char *dir, struct prefix_list *list, struct error *error);
int list_read(struct change *change, const char *dir, struct prefix_list *list,
	      struct error *error);

/*
 * The file that args name, for list_read().  Without the lock, since it may be a pipe whose other
 * end takes its time, or waits for the lock itself.
 */
int list_file_read(struct change *change, struct error *error);

/* Under the lock, for each interface that args say.  Prints what becomes of it: an exit code. */
int list_change(struct change *change);

#endif
