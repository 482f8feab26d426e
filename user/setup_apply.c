// SPDX-License-Identifier: GPL-2.0
/* See setup_apply.h. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "adopt.h"
#include "keys.h"
#include "maps.h"
#include "setup_apply.h"
#include "setup_diff.h"
#include "setup_maps.h"

static bool text_same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* Another key file, or none, is one that the keys in use can change to, and a rotation is possible. */
static int keys_check(const struct instance *instance, const struct transition *transition,
		      struct error *error)
{
	const char *file = transition->setup->key_file;
	struct keys_status status;
	int err;

	if (text_same(file, transition->old->key_file))
		return 0;
	err = keys_status(instance->dir, &status);
	if (err)
		return error_set(error, err, "cannot read the cookie keys: %s", strerror(-err));
	if (status.wait_s)
		return error_set(error, -EAGAIN,
				 "keys.file cannot change within %u s, because a new key came into"
				 " use lately; nothing was changed, try again then",
				 status.wait_s);
	return keys_source_check(instance->dir, file, error);
}

int setup_apply_check(const struct instance *instance, const struct transition *transition,
		      struct error *error)
{
	const struct setup *old = transition->old, *setup = transition->setup;
	const char *name = instance->name;

	if (setup->xdp != old->xdp)
		return error_set(error, -EINVAL,
				 "xdp cannot change while it is attached, and nothing was changed;"
				 " leave it as it was, or: synguard detach %s, then attach again",
				 name);
	if (setup->max_conns != old->max_conns)
		return error_set(error, -EINVAL,
				 "max_connections cannot change from %u to %u while it is attached,"
				 " and nothing was changed; leave it as it was, or: synguard detach"
				 " %s, then attach again",
				 old->max_conns, setup->max_conns, name);
	return keys_check(instance, transition, error);
}

static int word_store(const struct instance *instance, unsigned int offset, __u32 value,
		      struct error *error)
{
	int err = map_store_runtime(instance->dir, offset, value);

	return err ? error_set(error, err, "cannot write to the map runtime: %s", strerror(-err))
		   : 0;
}

static int bank_fill(const struct instance *instance, const struct transition *transition,
		     __u32 bank, struct error *error)
{
	struct setup setup = *transition->setup;
	struct setup_maps maps;
	int err, lists = setup_lists_store(instance->dir, !bank, bank, transition->lists, error);

	if (lists < 0)
		return lists;
	setup.settings.lists = (__u8)lists;
	err = setup_maps_open(instance->dir, &maps, error);
	if (err)
		return err;
	err = setup_write(&maps, bank, &setup, transition->origin, error);
	setup_maps_close(&maps);
	return err;
}

/* They have no banks: a reader may see some of them new and some old for some nanoseconds. */
static int timeouts_store(const struct instance *instance, const struct setup *setup,
			  struct error *error)
{
	struct config config = instance->config;
	int err;

	if (!memcmp(&config.timeouts, &setup->timeouts, sizeof(config.timeouts)))
		return 0;
	config.timeouts = setup->timeouts;
	err = map_store(instance->dir, "config", &config, sizeof(config));
	return err ? error_set(error, err, "cannot write the timeouts: %s", strerror(-err)) : 0;
}

static int connections_adopt(const struct instance *instance, struct error *error)
{
	struct synguard_kernel *kernel;
	int err = kernelside_load(instance->dir, instance->config.slots, &kernel, error);

	if (err)
		return err;
	err = adopt_run(kernel, instance->dir, error);
	kernelside_close(kernel);
	return err;
}

static int keys_change(const struct instance *instance, const struct transition *transition,
		       struct error *error)
{
	const struct setup *old = transition->old, *setup = transition->setup;
	struct keys_change change;
	int err = 0;

	if (!text_same(setup->key_file, old->key_file))
		err = keys_rotate(instance->dir, setup->key_file, &change, error);
	/* Whatever it was: a reload that was killed may have left the ring behind. */
	return err ? err : keys_every(instance->dir, setup->rotate_s, error);
}

/* What has no banks, once the bank is in force. */
static int rest_apply(const struct instance *instance, const struct transition *transition,
		      struct error *error)
{
	int err = timeouts_store(instance, transition->setup, error);

	if (!err)
		err = setup_lists_remember(instance->dir, transition->lists, error);
	return err ? err : keys_change(instance, transition, error);
}

/*
 * Connections of ports that were not protected are not in the table: until they are, which is after
 * the new setup is in force, a miss must ask the kernel.  That is also what an earlier adoption
 * left that was killed.
 */
int setup_apply(const struct instance *instance, const struct transition *transition,
		bool *ret_in_force, struct error *error)
{
	const struct runtime *runtime = &instance->runtime;
	bool widens = setup_widens(transition->old, transition->setup);
	bool adopts = widens || (!runtime->table_complete && !runtime->table_full);
	__u32 bank = !(runtime->bank & (BANKS - 1));
	int err = bank_fill(instance, transition, bank, error);

	*ret_in_force = false;
	if (!err && widens)
		err = word_store(instance, offsetof(struct runtime, table_complete), 0, error);
	if (!err)
		err = word_store(instance, offsetof(struct runtime, bank), bank, error);
	if (err)
		return err;
	*ret_in_force = true;
	if (adopts)
		err = connections_adopt(instance, error);
	return err ? err : rest_apply(instance, transition, error);
}
