// SPDX-License-Identifier: GPL-2.0
/* See live.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "host.h"
#include "live.h"

void live_refuse(const struct instance *instance, struct error *error)
{
	const char *name = instance->name;

	if (instance->state == INSTANCE_NONE && !if_nametoindex(name))
		error_set(error, -ENODEV,
			  "there is no such interface in this network namespace; list them with: ip"
			  " link");
	else if (instance->state == INSTANCE_NONE || instance->state == INSTANCE_LINGERING)
		error_set(error, -ENOENT, "it is not attached; attach it: synguard attach %s",
			  name);
	else if (instance->state == INSTANCE_FOREIGN)
		error_set(error, -EPROTO,
			  "another version of synguard attached it; first: synguard detach %s",
			  name);
	else
		error_set(error, -EIO, "it is not protected now; see: synguard status %s", name);
}

void live_names(const char *iface, struct names *ret_names)
{
	struct instance instance;
	unsigned int i, kept = 0;

	names_list(iface, ret_names);
	for (i = 0; i < ret_names->count; i++) {
		instance_read(ret_names->name[i], &instance);
		if (instance.state == INSTANCE_LIVE)
			memmove(ret_names->name[kept++], ret_names->name[i], IFNAMSIZ);
	}
	ret_names->count = kept;
}

static int one_choose(const char *what, const char *iface, struct instance *ret_instance)
{
	struct error error;

	instance_read(iface, ret_instance);
	if (ret_instance->state == INSTANCE_LIVE)
		return EXIT_OK;
	live_refuse(ret_instance, &error);
	fprintf(stderr, "synguard: cannot %s of %s: %s\n", what, iface, error.text);
	return EXIT_FAILED;
}

int live_choose(const char *command, const char *what, const char *iface,
		struct instance *ret_instance)
{
	char list[512] = "";
	struct names names;
	unsigned int i;

	if (iface)
		return one_choose(what, iface, ret_instance);
	live_names(NULL, &names);
	for (i = 0; i < names.count; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", i ? ", " : "",
			 names.name[i]);
	if (names.count > 1)
		return cli_refuse(command, "which interface? Attached are %s", list);
	if (names.count)
		return one_choose(what, names.name[0], ret_instance);
	fprintf(stderr,
		"synguard: cannot %s: nothing is attached; to protect an interface: synguard"
		" attach IFACE\n",
		what);
	return EXIT_FAILED;
}

int live_lock(const char *what)
{
	char missing[64];
	struct error error;
	int lock;

	host_missing_caps(missing, sizeof(missing));
	if (*missing)
		lock = error_set(&error, -EPERM,
				 "this process lacks %s, which BPF maps need; run as root, or grant"
				 " it",
				 missing);
	else
		lock = pins_lock(&error);
	if (lock == -ENOENT)
		error_set(&error, lock,
			  "nothing is attached; to protect an interface: synguard attach IFACE");
	if (lock < 0)
		fprintf(stderr, "synguard: cannot %s: %s\n", what, error.text);
	return lock;
}
