// SPDX-License-Identifier: GPL-2.0
/*
 * synguard allow|deny add, del, load: changes of a list, for one interface or each that is
 * protected.  What was asked for is understood whole before anything is changed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "list_change.h"
#include "units.h"

static int given_refuse(const char *command, const char *text, size_t length, int err)
{
	return cli_refuse(command,
			  err == -ERANGE
			      ? "'%.*s': the prefix length is 0 to 32 for IPv4, 0 to 128"
				" for IPv6"
			      : "'%.*s' is no prefix; expected an address, or ADDR/LEN as"
				" in 192.0.2.0/24 or 2001:db8::/32",
			  (int)length, text);
}

/* PREFIX,PREFIX... into change->given. */
static int given_parse(struct change *change, const char *command)
{
	const char *text = change->args->prefix;
	struct prefix_entry entry;
	size_t length;
	int err;

	for (;; text += length + 1) {
		length = strcspn(text, ",");
		err = prefix_parse(text, length, &entry);
		if (err < 0)
			return given_refuse(command, text, length, err);
		if (err)
			return cli_refuse(command, "'%.*s' has bits set beyond its length",
					  (int)length, text);
		if (prefix_list_add(&change->given, &entry))
			return EXIT_FAILED;
		if (!text[length])
			return EXIT_OK;
	}
}

static int lifetime_check(const struct change *change, const char *command)
{
	const struct prefix_clock any = {.jiffies = 1, .hz = 1};
	__u64 expires;

	if (!change->args->lifetime || !prefix_lifetime(change->args->lifetime, &any, &expires))
		return EXIT_OK;
	return cli_refuse(command, "--for '%s': expected %s", change->args->lifetime,
			  unit_example(UNIT_TIME));
}

static void change_report(const struct change *change, const char *iface)
{
	printf("%s: the %slist has %zu prefix%s\n", iface, list_name(change->kind), change->count,
	       change->count == 1 ? "" : "es");
}

static void load_report(const struct change *change, const char *iface)
{
	printf("%s: the %slist has %zu prefix%s; loaded in %.2f s, takes %.1f MiB\n", iface,
	       list_name(change->kind), change->count, change->count == 1 ? "" : "es",
	       change->seconds, (double)change->bytes / (1 << 20));
	if (change->given.masked)
		printf("%s: %zu had bits set beyond their length, which do not count\n", iface,
		       change->given.masked);
}

static int edit(struct change *change, const char *command)
{
	int code = lifetime_check(change, command);

	if (!code)
		code = given_parse(change, command);
	if (!code)
		code = list_change(change);
	prefix_list_free(&change->given);
	return code;
}

static int add(const struct args *args, enum list_kind kind, const char *command)
{
	struct change change = {
	    .args = args, .kind = kind, .make = list_add, .report = change_report};

	return edit(&change, command);
}

static int del(const struct args *args, enum list_kind kind, const char *command)
{
	struct change change = {
	    .args = args, .kind = kind, .make = list_del, .report = change_report};

	return edit(&change, command);
}

static int load(const struct args *args, enum list_kind kind)
{
	struct change change = {
	    .args = args, .kind = kind, .make = list_read, .report = load_report};
	struct error error;
	int code = EXIT_FAILED;

	if (list_file_read(&change, &error))
		fprintf(stderr, "synguard: cannot load the %slist: %s\n", list_name(kind),
			error.text);
	else
		code = list_change(&change);
	prefix_list_free(&change.given);
	free(change.text);
	return code;
}

int cmd_allow_add(const struct args *args)
{
	return add(args, LIST_ALLOW, "allow add");
}

int cmd_allow_del(const struct args *args)
{
	return del(args, LIST_ALLOW, "allow del");
}

int cmd_allow_load(const struct args *args)
{
	return load(args, LIST_ALLOW);
}

int cmd_deny_add(const struct args *args)
{
	return add(args, LIST_DENY, "deny add");
}

int cmd_deny_del(const struct args *args)
{
	return del(args, LIST_DENY, "deny del");
}

int cmd_deny_load(const struct args *args)
{
	return load(args, LIST_DENY);
}
