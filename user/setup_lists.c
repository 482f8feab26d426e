// SPDX-License-Identifier: GPL-2.0
/* See setup_lists.h. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "jiffies.h"
#include "setup_lists.h"

static const char *file_of(const struct setup *setup, int kind)
{
	return kind == LIST_ALLOW ? setup->allow_file : setup->deny_file;
}

/* A command that holds the lock must not wait for the other end of a pipe. */
static int file_read(const char *file, const struct prefix_clock *clock, struct prefix_list *list,
		     struct error *error)
{
	struct stat st;

	if (!stat(file, &st) && S_ISFIFO(st.st_mode))
		return error_set(error, -EINVAL, "%s is a pipe, expected a file", file);
	return prefix_list_read(list, file, clock, error);
}

int setup_lists_read(const struct setup *old, const struct setup *setup, __u32 hz,
		     struct setup_lists *ret_lists, struct error *error)
{
	struct prefix_clock clock = {.hz = hz};
	struct setup_lists lists = {0};
	int kind, err = jiffies_read(&clock.jiffies);

	if (err)
		return error_set(error, err, "cannot read the kernel's clock: %s", strerror(-err));
	for (kind = 0; !err && kind < LISTS; kind++) {
		lists.given[kind] = file_of(setup, kind) || file_of(old, kind);
		if (file_of(setup, kind))
			err = file_read(file_of(setup, kind), &clock, &lists.list[kind], error);
	}
	if (err)
		setup_lists_free(&lists);
	else
		*ret_lists = lists;
	return err;
}

void setup_lists_free(struct setup_lists *lists)
{
	int kind;

	for (kind = 0; kind < LISTS; kind++)
		prefix_list_free(&lists->list[kind]);
	*lists = (struct setup_lists){0};
}

int setup_lists_store(const char *dir, __u32 from, __u32 to, const struct setup_lists *lists,
		      struct error *error)
{
	int kind, bit, bits = 0;

	for (kind = 0; kind < LISTS; kind++) {
		bit = lists->given[kind]
			  ? lists_store(dir, to, (enum list_kind)kind, &lists->list[kind], error)
			  : lists_copy(dir, from, to, (enum list_kind)kind, error);
		if (bit < 0)
			return bit;
		bits |= bit;
	}
	return bits;
}

int setup_lists_remember(const char *dir, const struct setup_lists *lists, struct error *error)
{
	int kind, err = 0;

	for (kind = 0; !err && kind < LISTS; kind++)
		if (lists->given[kind])
			err = lists_remember(dir, (enum list_kind)kind, &lists->list[kind], error);
	return err;
}
