// SPDX-License-Identifier: GPL-2.0
/*
 * synguard allow|deny list.  What it prints is what `load` reads.  A million lines: each is put
 * together by hand.
 */
#include <stdio.h>
#include <string.h>

#include "access.h"
#include "cli.h"
#include "list_change.h"
#include "show.h"
#include "text.h"

enum { LINE_ROOM = 160 };

struct listing {
	const struct args *args;
	enum list_kind kind;
	const char *iface;
	struct prefix_clock clock;
	struct prefix_list list; /* without what has expired */
};

static __u64 seconds_left(const struct listing *listing, const struct prefix_entry *entry)
{
	return (prefix_left_ms(entry, &listing->clock) + 999) / 1000;
}

static void line_print(const struct listing *listing, const struct prefix_entry *entry)
{
	char data[LINE_ROOM], prefix[PREFIX_TEXT];
	struct text text = {.data = data, .size = sizeof(data)};

	prefix_print(entry, prefix);
	text_str(&text, prefix);
	if (entry->expires) {
		text_str(&text, " for ");
		text_u64(&text, seconds_left(listing, entry));
		text_char(&text, 's');
	}
	text_char(&text, '\n');
	fwrite(data, 1, text.used, stdout);
}

static void table_print(const struct listing *listing)
{
	size_t i;

	printf("# %s: %slist, %zu prefix%s\n", listing->iface, list_name(listing->kind),
	       listing->list.count, listing->list.count == 1 ? "" : "es");
	for (i = 0; i < listing->list.count; i++)
		line_print(listing, &listing->list.entries[i]);
}

/* Nothing in it needs escaping; jansson would take a second and 300 MB for a million. */
static void json_print(const struct listing *listing)
{
	const struct prefix_entry *entry = listing->list.entries;
	char prefix[PREFIX_TEXT];
	size_t i;

	printf("{\"interface\": \"%s\", \"list\": \"%s\", \"count\": %zu, \"prefixes\": [",
	       listing->iface, list_name(listing->kind), listing->list.count);
	for (i = 0; i < listing->list.count; i++, entry++) {
		prefix_print(entry, prefix);
		printf("%s\n  {\"prefix\": \"%s\"", i ? "," : "", prefix);
		if (entry->expires)
			printf(", \"seconds_left\": %llu",
			       (unsigned long long)seconds_left(listing, entry));
		printf("}");
	}
	printf("%s]}", listing->list.count ? "\n" : "");
}

static int listing_read(struct listing *listing, const struct instance *instance,
			struct error *error)
{
	int err = list_clock(instance, &listing->clock, error);
	size_t i, kept = 0;

	if (!err)
		err = lists_load(instance->dir, listing->kind, &listing->list, error);
	for (i = 0; !err && i < listing->list.count; i++) {
		const struct prefix_entry entry = listing->list.entries[i];

		if (!entry.expires || prefix_left_ms(&entry, &listing->clock))
			listing->list.entries[kept++] = entry;
	}
	if (!err)
		listing->list.count = kept;
	return err;
}

static int show_one(struct listing *listing, int position)
{
	struct instance instance;
	struct error error;

	instance_read(listing->iface, &instance);
	if (instance.state != INSTANCE_LIVE)
		error_set(&error, 0, "it is not protected; see: synguard status");
	if (instance.state != INSTANCE_LIVE || listing_read(listing, &instance, &error)) {
		fprintf(stderr, "synguard: cannot list %s: %s\n", listing->iface, error.text);
		return EXIT_FAILED;
	}
	if (listing->args->count) {
		printf("%s %zu\n", listing->iface, listing->list.count);
	} else if (listing->args->json) {
		if (position)
			printf(",\n");
		json_print(listing);
	} else {
		table_print(listing);
	}
	prefix_list_free(&listing->list);
	return EXIT_OK;
}

static int show(const struct args *args, enum list_kind kind)
{
	struct listing listing = {.args = args, .kind = kind};
	struct error error;
	struct names names;
	int code = EXIT_OK, array;
	unsigned int i;

	if (access_check(&error)) {
		fprintf(stderr, "synguard: cannot list: %s\n", error.text);
		return EXIT_FAILED;
	}
	show_names(args->iface, &names);
	array = args->json && names.count > 1;
	if (array)
		printf("[");
	for (i = 0; i < names.count; i++) {
		listing.iface = names.name[i];
		if (show_one(&listing, (int)i))
			code = EXIT_FAILED;
	}
	if (array)
		printf("]");
	if (!names.count)
		printf("%s\n", args->json ? "[]" : "nothing is attached");
	else if (args->json)
		printf("\n");
	return code;
}

int cmd_allow_list(const struct args *args)
{
	return show(args, LIST_ALLOW);
}

int cmd_deny_list(const struct args *args)
{
	return show(args, LIST_DENY);
}
