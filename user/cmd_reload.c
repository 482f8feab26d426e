// SPDX-License-Identifier: GPL-2.0
/* synguard reload: the configuration file again, what changed, and all of it or nothing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "live.h"
#include "origin.h"
#include "overrides.h"
#include "setup_apply.h"
#include "setup_diff.h"
#include "setup_maps.h"

/* One interface's reload. */
struct reload {
	const struct args *args;
	struct instance instance;
	struct setup old, setup;
	struct origin origin;
	struct setup_lists lists;
};

static void line_print(const char *text, void *context)
{
	const struct reload *reload = context;

	printf("%s: %s\n", reload->instance.name, text);
}

/* The file as it is now, with what attach's command line said. */
static int setup_load(struct reload *reload, struct error *error)
{
	const char *file = reload->args->config;
	char before[FILE_NAME_MAX];
	int err;

	snprintf(before, sizeof(before), "%s", reload->origin.config_file);
	if (!file && !*before)
		return error_set(error, -ENOENT,
				 "it was attached without a configuration file; name one: synguard"
				 " reload %s --config FILE (synguard config show %s prints what is"
				 " in force)",
				 reload->instance.name, reload->instance.name);
	err = origin_load(file ? file : before, &reload->setup, &reload->origin, error);
	if (err)
		return err;
	overrides_apply(&reload->origin.overrides, &reload->setup);
	return setup_lists_read(&reload->old, &reload->setup, reload->instance.config.hz,
				&reload->lists, error);
}

/* How many lines were printed, or -errno. */
static int lists_diff(const struct reload *reload, struct error *error)
{
	struct prefix_list before;
	int kind, err, lines = 0;

	for (kind = 0; kind < LISTS; kind++) {
		if (!reload->lists.given[kind])
			continue;
		err = lists_load(reload->instance.dir, (enum list_kind)kind, &before, error);
		if (err)
			return err;
		if (before.count != reload->lists.list[kind].count) {
			printf("%s: ~ %slist: %zu -> %zu prefixes\n", reload->instance.name,
			       list_name((enum list_kind)kind), before.count,
			       reload->lists.list[kind].count);
			lines++;
		}
		prefix_list_free(&before);
	}
	return lines;
}

static int diff_print(struct reload *reload, struct error *error)
{
	int lines = setup_diff(&reload->old, &reload->setup, line_print, reload);
	int more = lines < 0 ? 0 : lists_diff(reload, error);

	if (lines < 0)
		return error_set(error, lines, "out of memory");
	return more < 0 ? more : lines + more;
}

static int apply(struct reload *reload, struct error *error)
{
	const struct transition transition = {&reload->old, &reload->setup, &reload->origin,
					      &reload->lists};
	bool in_force = false;
	int err = setup_apply_check(&reload->instance, &transition, error);

	if (err || reload->args->dry_run)
		return err;
	err = setup_apply(&reload->instance, &transition, &in_force, error);
	if (err && in_force)
		fprintf(stderr,
			"synguard: %s: the new settings are in force, but not all of what belongs"
			" to them was done; try the same again\n",
			reload->instance.name);
	return err;
}

static int one_run(struct reload *reload, struct error *error)
{
	int lines, err;

	if (reload->instance.state != INSTANCE_LIVE) {
		live_refuse(&reload->instance, error);
		return -ENOENT;
	}
	err = setup_read_origin(reload->instance.dir, &reload->old, &reload->origin, error);
	if (!err)
		err = setup_load(reload, error);
	if (err)
		return err;
	lines = diff_print(reload, error);
	if (lines < 0)
		return lines;
	err = apply(reload, error);
	if (!err && !lines)
		printf("%s: no change\n", reload->instance.name);
	else if (!err)
		printf("%s: %s\n", reload->instance.name,
		       reload->args->dry_run ? "nothing was applied (--dry-run)" : "applied");
	return err;
}

static int one_reload(const struct args *args, const char *name)
{
	struct reload *reload = calloc(1, sizeof(*reload));
	struct error error;
	int err;

	if (!reload) {
		fprintf(stderr, "synguard: cannot reload %s: out of memory\n", name);
		return EXIT_FAILED;
	}
	reload->args = args;
	instance_read(name, &reload->instance);
	err = one_run(reload, &error);
	if (err) {
		fflush(stdout);
		fprintf(stderr, "synguard: cannot reload %s: %s\n", name, error.text);
	}
	setup_free(&reload->old);
	setup_free(&reload->setup);
	setup_lists_free(&reload->lists);
	free(reload);
	return err ? EXIT_FAILED : EXIT_OK;
}

int cmd_reload(const struct args *args)
{
	struct names names;
	unsigned int i;
	int code = EXIT_OK, lock = live_lock("reload");

	if (lock < 0)
		return EXIT_FAILED;
	if (args->iface)
		names_list(args->iface, &names);
	else
		live_names(NULL, &names);
	for (i = 0; i < names.count; i++)
		if (one_reload(args, names.name[i]))
			code = EXIT_FAILED;
	if (!names.count) {
		fprintf(stderr, "synguard: cannot reload: nothing is attached; to protect an"
				" interface: synguard attach IFACE\n");
		code = EXIT_FAILED;
	}
	close(lock);
	return code;
}
