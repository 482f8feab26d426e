// SPDX-License-Identifier: GPL-2.0
/* synguard key rotate and key new: says what happens when, never what a key is. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "instance.h"
#include "keyfile.h"
#include "keys.h"
#include "names.h"
#include "pins.h"
#include "units.h"

struct rotation {
	const char *file;
	bool every; /* period_s is to be set */
	__u32 period_s;
};

/* EXIT_OK, or EXIT_USAGE once it has said why. */
static int rotation_parse(const struct args *args, struct rotation *ret_rotation)
{
	struct rotation rotation = {.file = args->file, .every = args->every != NULL};
	__u64 ms;

	if (args->every && args->file)
		return cli_refuse("key rotate",
				  "with --file, --every would let each machine that has the file go"
				  " its own way; run `key rotate --file` on all of them from cron");
	if (args->every && strcmp(args->every, "never") != 0) {
		if (unit_parse(UNIT_TIME, args->every, &ms) || ms < KEYS_PERIOD_MIN_S * 1000ULL ||
		    ms > KEYS_PERIOD_MAX_S * 1000ULL)
			return cli_refuse(
			    "key rotate",
			    "--every '%s': expected a time from 2m to 365d, as in 12h,"
			    " or never",
			    args->every);
		rotation.period_s = (__u32)(ms / 1000);
	}
	*ret_rotation = rotation;
	return EXIT_OK;
}

static void change_print(const char *name, const struct keys_change *change)
{
	const time_t when = time(NULL) + change->serves_in_s;
	struct tm local;
	char clock[16] = "";

	if (change->same && !change->serves_in_s) {
		printf("%s: has the key of this file already\n", name);
		return;
	}
	if (localtime_r(&when, &local))
		strftime(clock, sizeof(clock), "%H:%M:%S", &local);
	printf("%s: %s serves from %s on, in %u s; %s\n", name,
	       change->same ? "the key of this file" : "a new key", clock, change->serves_in_s,
	       change->renumbered ? "the wall clock had moved since it was attached, so handshakes"
				    " begun in the last minute begin again"
				  : "handshakes in flight go on");
}

static int every_set(const char *name, const char *dir, const struct rotation *rotation,
		     struct error *error)
{
	char text[UNIT_TEXT];
	int err = keys_every(dir, rotation->period_s, error);

	if (err)
		return err;
	unit_print(UNIT_TIME, rotation->period_s * 1000ULL, text);
	if (rotation->period_s)
		printf("%s: and a new one every %s from then on\n", name, text);
	else
		printf("%s: keys are no longer rotated by themselves\n", name);
	return 0;
}

/* The period counts from the last rotation, so one that is a minute old will do. */
static int one_rotate(const struct instance *instance, const struct rotation *rotation,
		      struct error *error)
{
	struct keys_change change = {0};
	int err = 0;

	if (!rotation->every || rotation->period_s) {
		err = keys_rotate(instance->dir, rotation->file, &change, error);
		if (!err)
			change_print(instance->name, &change);
		else if (err == -EAGAIN && rotation->every)
			err = 0;
	}
	if (!err && rotation->every)
		err = every_set(instance->name, instance->dir, rotation, error);
	return err;
}

static int failed(const char *name, const struct error *error)
{
	fprintf(stderr, "synguard: cannot rotate the key of %s: %s\n", name, error->text);
	return EXIT_FAILED;
}

/* Those that wait for handshakes in flight are passed over, unless the user names one. */
static int all_rotate(const struct args *args, const struct rotation *rotation)
{
	struct instance instance = {.state = INSTANCE_NONE};
	unsigned int i, live = 0;
	struct names names;
	struct error error;
	int code = EXIT_OK;

	names_list(args->iface, &names);
	for (i = 0; i < names.count; i++) {
		instance_read(names.name[i], &instance);
		if (instance.state != INSTANCE_LIVE)
			continue;
		live++;
		if (one_rotate(&instance, rotation, &error))
			code = failed(instance.name, &error);
	}
	if (live)
		return code;
	if (args->iface && instance.state != INSTANCE_NONE)
		error_set(&error, -ENOENT, "its protection is not live; see: synguard status %s",
			  args->iface);
	else
		error_set(&error, -ENOENT, "nothing is attached there; see: synguard status");
	return failed(args->iface ? args->iface : "any interface", &error);
}

int cmd_key_rotate(const struct args *args)
{
	struct rotation rotation = {0};
	struct error error;
	int lock, code = rotation_parse(args, &rotation);

	if (code)
		return code;
	lock = pins_lock(&error);
	if (lock < 0)
		return failed(args->iface ? args->iface : "any interface", &error);
	code = all_rotate(args, &rotation);
	close(lock);
	return code;
}

int cmd_key_new(const struct args *args)
{
	struct error error;
	int err =
	    args->replace ? keyfile_replace(args->file, &error) : keyfile_make(args->file, &error);

	if (err) {
		fprintf(stderr, "synguard: cannot make a key: %s\n", error.text);
		return EXIT_FAILED;
	}
	printf("%s: %s\n", args->file,
	       args->replace ? "a new key, for: synguard key rotate --file"
			     : "a key for several machines; keep it secret");
	return EXIT_OK;
}
