// SPDX-License-Identifier: GPL-2.0
/* synguard service add, set and del: the settings in force with one change, applied as a reload is. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live.h"
#include "service_args.h"
#include "setup_apply.h"
#include "setup_diff.h"
#include "setup_maps.h"

enum edit { EDIT_ADD, EDIT_SET, EDIT_DEL };

struct request {
	enum edit edit;
	struct selection selection;
	struct policy_change change;
};

static const char *const commands[] = {"service add", "service set", "service del"};

static int setup_edit(const struct request *request, const struct setup *old,
		      struct setup *ret_setup, struct error *error)
{
	if (request->edit == EDIT_ADD)
		return setup_edit_add(old, &request->selection, &request->change, ret_setup, error);
	return setup_edit_set(old, &request->selection,
			      request->edit == EDIT_SET ? &request->change : NULL, ret_setup,
			      error);
}

static void line_print(const char *text, void *context)
{
	printf("%s: %s\n", (const char *)context, text);
}

static int apply(struct instance *instance, const struct transition *transition,
		 struct error *error)
{
	bool in_force = false;
	int err = setup_apply(instance, transition, &in_force, error);
	int lines = !err || in_force
			? setup_diff(transition->old, transition->setup, line_print, instance->name)
			: 0;

	if (!err && !lines)
		printf("%s: no change\n", instance->name);
	if (!err && lines > 0)
		printf("%s: applied until reload or detach; to keep it, write it into the"
		       " configuration file (synguard config show %s)\n",
		       instance->name, instance->name);
	return err;
}

static int instance_edit(const struct request *request, struct instance *instance,
			 struct origin *origin, struct error *error)
{
	struct setup old = {0}, setup = {0};
	const struct setup_lists lists = {0};
	const struct transition transition = {&old, &setup, origin, &lists};
	int err = setup_read_origin(instance->dir, &old, origin, error);

	if (!err)
		err = setup_edit(request, &old, &setup, error);
	if (!err)
		err = apply(instance, &transition, error);
	setup_free(&old);
	setup_free(&setup);
	return err;
}

static int locked_edit(const struct args *args, const struct request *request)
{
	const char *command = commands[request->edit];
	struct origin *origin = calloc(1, sizeof(*origin));
	struct instance instance;
	struct error error;
	int err, code = live_choose(command, "change the services", args->iface, &instance);

	if (!code) {
		err = origin ? instance_edit(request, &instance, origin, &error)
			     : error_set(&error, -ENOMEM, "out of memory");
		if (err)
			fprintf(stderr, "synguard: %s: %s: %s\n", command, args->service,
				error.text);
		code = err ? EXIT_FAILED : EXIT_OK;
	}
	free(origin);
	return code;
}

static int edit_run(const struct args *args, enum edit edit)
{
	struct request request = {.edit = edit};
	struct error error;
	int code, lock;

	if (service_args_parse(args, &request.selection, &request.change, &error))
		return cli_refuse(commands[edit], "%s", error.text);
	if (edit == EDIT_SET && !args->mode && !args->syn_rate && !args->unfinished &&
	    !args->hold && !args->speaks_first) {
		selection_free(&request.selection);
		return cli_refuse(commands[edit], "what shall change? Give --mode or another one");
	}
	lock = live_lock("change the services");
	code = lock < 0 ? EXIT_FAILED : locked_edit(args, &request);
	if (lock >= 0)
		close(lock);
	selection_free(&request.selection);
	return code;
}

int cmd_service_add(const struct args *args)
{
	return edit_run(args, EDIT_ADD);
}

int cmd_service_set(const struct args *args)
{
	return edit_run(args, EDIT_SET);
}

int cmd_service_del(const struct args *args)
{
	return edit_run(args, EDIT_DEL);
}
