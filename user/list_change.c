// SPDX-License-Identifier: GPL-2.0
/* From the list as it is to the one that is wanted, and into the maps. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "jiffies.h"
#include "list_change.h"
#include "names.h"
#include "prefixset_build.h"

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int list_clock(const struct instance *instance, struct prefix_clock *ret_clock, struct error *error)
{
	int err = jiffies_read(&ret_clock->jiffies);

	ret_clock->hz = instance->config.hz;
	if (!err && !ret_clock->hz)
		err = -EPROTO;
	return err ? error_set(error, err, "cannot read the kernel's clock: %s", strerror(-err))
		   : 0;
}

/* What has expired is not carried on. */
static int old_load(const struct change *change, const char *dir, struct prefix_list *list,
		    struct error *error)
{
	int err = lists_load(dir, change->kind, list, error);
	size_t i, kept = 0;

	for (i = 0; !err && i < list->count; i++)
		if (!list->entries[i].expires || prefix_left_ms(&list->entries[i], &change->clock))
			list->entries[kept++] = list->entries[i];
	if (!err)
		list->count = kept;
	return err;
}

int list_add(struct change *change, const char *dir, struct prefix_list *list, struct error *error)
{
	int err = old_load(change, dir, list, error);
	struct prefix_entry entry;
	size_t i;

	for (i = 0; i < change->given.count && !err; i++) {
		entry = change->given.entries[i];
		if (change->args->lifetime)
			prefix_lifetime(change->args->lifetime, &change->clock, &entry.expires);
		err = prefix_list_add(list, &entry);
		if (err)
			error_set(error, err, "not enough memory");
	}
	if (err)
		return err;
	list->count = prefix_sort(list->entries, list->count);
	if (list->count > MAX_LIST)
		return error_set(error, -E2BIG, "the list would have more than %d prefixes",
				 MAX_LIST);
	return 0;
}

static int entry_remove(struct prefix_list *list, const struct prefix_entry *entry)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (!prefix_compare(&list->entries[i], entry))
			break;
	if (i == list->count)
		return -ENOENT;
	list->count--;
	memmove(&list->entries[i], &list->entries[i + 1],
		(list->count - i) * sizeof(list->entries[i]));
	return 0;
}

int list_del(struct change *change, const char *dir, struct prefix_list *list, struct error *error)
{
	int err = old_load(change, dir, list, error);
	char text[PREFIX_TEXT];
	size_t i;

	for (i = 0; i < change->given.count && !err; i++) {
		err = entry_remove(list, &change->given.entries[i]);
		prefix_print(&change->given.entries[i], text);
		if (err)
			error_set(error, err,
				  "%s is not on the %slist, so nothing was removed; see: synguard"
				  " %s list",
				  text, list_name(change->kind), list_name(change->kind));
	}
	return err;
}

int list_file_read(struct change *change, struct error *error)
{
	const double started = now_s();
	int err = prefix_file_read(change->args->file, &change->text, &change->text_size, error);

	change->read_s = now_s() - started;
	return err;
}

/* What the file says is understood once, for all interfaces. */
int list_read(struct change *change, const char *dir, struct prefix_list *list, struct error *error)
{
	struct prefix_list given = {0};
	int err = 0;

	(void)dir;
	if (!change->given.room)
		err =
		    prefix_list_parse(&given, change->text, change->text_size,
				      prefix_file_name(change->args->file), &change->clock, error);
	if (err)
		prefix_list_free(&given);
	else if (!change->given.room)
		change->given = given;
	*list = change->given;
	return err;
}

static int instance_change(struct change *change, const struct instance *instance,
			   struct error *error)
{
	const double started = now_s();
	struct prefix_list list = {0};
	int err = list_clock(instance, &change->clock, error);

	if (!err)
		err = change->make(change, instance->dir, &list, error);
	if (!err)
		err = lists_replace(instance->dir, change->kind, &list, &change->bytes, error);
	change->count = list.count;
	change->seconds = change->read_s + now_s() - started;
	if (list.entries != change->given.entries)
		prefix_list_free(&list);
	return err;
}

static int change_each(struct change *change)
{
	struct instance instance;
	struct error error;
	struct names names;
	int code = EXIT_OK;
	unsigned int i, found = 0;

	names_list(change->args->iface, &names);
	for (i = 0; i < names.count; i++) {
		instance_read(names.name[i], &instance);
		if (instance.state != INSTANCE_LIVE)
			continue;
		found++;
		if (!instance_change(change, &instance, &error)) {
			change->report(change, names.name[i]);
			continue;
		}
		fprintf(stderr, "synguard: %s: %s\n", names.name[i], error.text);
		code = EXIT_FAILED;
	}
	if (found)
		return code;
	fprintf(
	    stderr, "synguard: %s is not protected, so it has no %slist; see: synguard status\n",
	    change->args->iface ? change->args->iface : "no interface", list_name(change->kind));
	return EXIT_FAILED;
}

int list_change(struct change *change)
{
	struct error error;
	int lock = pins_lock(&error), code;

	if (lock < 0) {
		fprintf(stderr, "synguard: cannot change the %slist: %s\n", list_name(change->kind),
			error.text);
		return EXIT_FAILED;
	}
	code = change_each(change);
	close(lock);
	return code;
}
