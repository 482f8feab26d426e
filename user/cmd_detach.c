// SPDX-License-Identifier: GPL-2.0
/* synguard detach: one interface or all that have a directory. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "detach.h"
#include "host.h"
#include "iface.h"

static void outcome_print(const struct instance *instance, enum detach_outcome outcome)
{
	const char *name = instance->name;

	switch (outcome) {
	case DETACH_LINGERS:
		printf("%s: %s; the hand-off stays %u s for handshakes in flight, then removes"
		       " itself\n",
		       name,
		       instance->state == INSTANCE_LOST ? "somebody else had taken XDP off already"
							: "XDP is off",
		       instance_seconds_left(instance));
		break;
	case DETACH_WAITING:
		printf(
		    "%s: was detached already; the hand-off stays %u s more (now: synguard detach"
		    " %s --now)\n",
		    name, instance_seconds_left(instance), name);
		break;
	case DETACH_REMOVED:
		printf("%s: detached%s\n", name,
		       instance->state == INSTANCE_GONE ? "; the interface itself no longer exists"
							: "");
		break;
	case DETACH_NOT_THERE:
		break;
	}
}

static int one_detach(const char *name, enum detach_when when)
{
	enum detach_outcome outcome = DETACH_NOT_THERE;
	struct instance instance;
	struct error error;
	struct iface iface;
	int err = detach_run(name, when, &outcome, &instance, &error);

	if (!err && outcome == DETACH_NOT_THERE)
		err = error_set(&error, -ENOENT, "%s; see: synguard status",
				iface_read(name, &iface) ? "there is no such interface, and nothing"
							   " is attached under that name"
							 : "it is not attached");
	if (err)
		fprintf(stderr, "synguard: cannot detach %s: %s\n", name, error.text);
	else
		outcome_print(&instance, outcome);
	return err ? EXIT_FAILED : EXIT_OK;
}

struct sweep {
	enum detach_when when;
	int code;
};

static void sweep_visit(const char *name, void *context)
{
	struct sweep *sweep = context;
	enum detach_outcome outcome = DETACH_NOT_THERE;
	struct instance instance;
	struct error error;

	if (detach_run(name, sweep->when, &outcome, &instance, &error)) {
		fprintf(stderr, "synguard: cannot detach %s: %s\n", name, error.text);
		sweep->code = EXIT_FAILED;
		return;
	}
	if (outcome == DETACH_NOT_THERE)
		printf("%s: removed what an earlier run had left\n", name);
	outcome_print(&instance, outcome);
}

static int privilege_check(const char *what)
{
	char missing[64];

	host_missing_caps(missing, sizeof(missing));
	if (!*missing)
		return EXIT_OK;
	fprintf(stderr,
		"synguard: cannot detach %s: this process lacks %s, which detaching BPF programs"
		" needs; run as root, or grant it\n",
		what, missing);
	return EXIT_FAILED;
}

int cmd_detach(const struct args *args)
{
	struct sweep sweep = {.when = args->now ? DETACH_NOW : DETACH_LINGER, .code = EXIT_OK};
	const char *what = args->iface ? args->iface : "all interfaces";
	struct error error;
	int lock;

	if (privilege_check(what))
		return EXIT_FAILED;
	lock = pins_lock(&error);
	if (lock == -ENOENT && args->all) {
		printf("nothing is attached\n");
		return EXIT_OK;
	}
	if (lock < 0) {
		fprintf(stderr, "synguard: cannot detach %s: %s\n", what, error.text);
		return EXIT_FAILED;
	}
	if (args->iface)
		sweep.code = one_detach(args->iface, sweep.when);
	else if (!pins_each(sweep_visit, &sweep))
		printf("nothing is attached\n");
	close(lock);
	return sweep.code;
}
