// SPDX-License-Identifier: GPL-2.0
/* synguard attach: from words to an attach_request, and one message about how it went. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach.h"
#include "cli.h"
#include "host.h"
#include "origin.h"
#include "overrides.h"
#include "selection.h"
#include "setup_view.h"

/* The ports of --port, with the usual policy. */
static int ports_add(const char *list, struct setup *setup, struct error *error)
{
	struct service service = {.any_addr = true, .policy = setup_default_policy()};
	struct port_list ports;
	unsigned int i;
	int err = port_list_parse(list, &ports, error);

	if (err)
		return err;
	for (i = 0; !err && i < ports.count; i++) {
		service.first = ports.range[i].first;
		service.last = ports.range[i].last;
		err = setup_add_usual(setup, &service, error);
	}
	free(ports.range);
	return err;
}

static int setup_choose(const struct args *args, struct setup *ret_setup, struct error *error)
{
	struct setup setup;
	int err;

	if (!args->port)
		return setup_default(ret_setup) ? error_set(error, -ENOMEM, "out of memory") : 0;
	setup_default_values(&setup);
	err = ports_add(args->port, &setup, error);
	if (err)
		setup_free(&setup);
	else
		*ret_setup = setup;
	return err;
}

/* EXIT_OK, or the exit code once it has said why. */
static int settings_choose(const struct args *args, struct setup *ret_setup,
			   struct origin *ret_origin)
{
	struct error error;
	int code = overrides_parse(args, &ret_origin->overrides);

	if (code)
		return code;
	if (args->config && args->port)
		return cli_refuse("attach",
				  "--port and --config exclude each other: the file names the"
				  " ports, under services");
	if (args->config && origin_load(args->config, ret_setup, ret_origin, &error)) {
		fprintf(stderr, "synguard: cannot attach to %s: %s\n", args->iface, error.text);
		return EXIT_FAILED;
	}
	if (!args->config && setup_choose(args, ret_setup, &error))
		return cli_refuse("attach", "%s", error.text);
	overrides_apply(&ret_origin->overrides, ret_setup);
	return EXIT_OK;
}

static int held_elsewhere(const struct attach_request *request, const struct instance *instance,
			  struct error *error)
{
	const char *name = request->iface.name;

	if (instance->netns != host_netns())
		return error_set(
		    error, -EBUSY,
		    "an interface of this name in another network namespace is attached,"
		    " and names are shared; rename one, or: synguard detach %s --now",
		    name);
	return error_set(error, -EBUSY,
			 "the name belonged to interface %u (now %s), which is still attached under"
			 " it; first: synguard detach %s",
			 instance->ifindex, *instance->name_now ? instance->name_now : "unknown",
			 name);
}

/* What an interrupted run left undone although the XDP program is on; NULL if nothing. */
static const char *undone(const struct instance *instance)
{
	if (instance->state != INSTANCE_LIVE)
		return NULL;
	if (instance->config.detached_at)
		return "a detach had been interrupted and is undone";
	if (!instance->config.xdp_prog_id)
		return "the attach had been interrupted; existing connections are adopted now";
	return NULL;
}

static int already_attached(const struct instance *instance, struct error *error)
{
	if (undone(instance))
		return 0;
	return error_set(error, -EEXIST,
			 "it is attached already (see: synguard status %s); to change its settings:"
			 " synguard reload %s, or synguard detach %s, then attach again",
			 instance->name, instance->name, instance->name);
}

struct earlier_name {
	__u32 ifindex;
	char name[IFNAMSIZ];
};

static void earlier_name_visit(const char *name, void *context)
{
	struct earlier_name *earlier = context;
	struct instance instance;

	instance_read(name, &instance);
	if (instance.state == INSTANCE_LIVE && instance.ifindex == earlier->ifindex &&
	    instance.netns == host_netns())
		memcpy(earlier->name, name, strlen(name) + 1);
}

/* Is the interface attached under a name that it had before? */
static int renamed_check(const struct attach_request *request, struct error *error)
{
	struct earlier_name earlier = {.ifindex = request->iface.index};

	pins_each(earlier_name_visit, &earlier);
	if (!*earlier.name || !strcmp(earlier.name, request->iface.name))
		return 0;
	return error_set(
	    error, -EEXIST,
	    "it is attached already under its earlier name %s; first: synguard detach %s",
	    earlier.name, earlier.name);
}

static int state_check(const struct attach_request *request, const struct instance *instance,
		       struct error *error)
{
	int same = instance->ifindex == request->iface.index && instance->netns == host_netns();

	if (instance->state == INSTANCE_FOREIGN)
		return error_set(
		    error, -EBUSY,
		    "another version of synguard attached it; first: synguard detach %s",
		    request->iface.name);
	if (instance->state == INSTANCE_LIVE)
		return same ? already_attached(instance, error)
			    : held_elsewhere(request, instance, error);
	if (instance->state == INSTANCE_LOST && !same)
		return held_elsewhere(request, instance, error);
	return renamed_check(request, error);
}

static int locked_attach(const struct attach_request *request, struct attach_result *result,
			 struct error *error)
{
	struct instance old;
	int err, lock = pins_lock(error);

	if (lock < 0)
		return lock;
	err = instance_recover(request->iface.name, &old, error);
	if (!err)
		err = state_check(request, &old, error);
	if (!err && undone(&old)) {
		result->completed = undone(&old);
		err = attach_complete(&old, error);
	} else if (!err) {
		err = attach_check(request, error);
		if (!err)
			err = attach_run(request, &old, result, error);
	}
	close(lock);
	return err;
}

/* "protecting every TCP port with a listener, mode auto" */
static void protected_print(const struct attach_request *request, const struct args *args)
{
	const struct setup *setup = request->setup;
	const enum mode mode = setup_mode(setup);

	printf("%s: %s", request->iface.name, mode == MODE_MONITOR ? "watching " : "protecting ");
	if (args->config)
		printf("the services of %s", args->config);
	else
		printf("%s", args->port ? args->port : "every TCP port with a listener");
	if (mode)
		printf(", mode %s", mode_name(mode));
}

static void result_print(const struct attach_request *request, const struct attach_result *result,
			 const struct args *args)
{
	const char *xdp = result->xdp_mode == XDP_ATTACH_NATIVE ? "native" : "generic";

	if (result->completed) {
		printf("%s: was attached already, with the settings of then; %s\n",
		       request->iface.name, result->completed);
		return;
	}
	protected_print(request, args);
	printf(", XDP %s", xdp);
	if (*result->why)
		printf(" (%s%s%s)", result->why, *result->native.text ? " " : "",
		       result->native.text);
	printf("%s\n", result->repaired ? "; somebody else had taken the XDP program off" : "");
	if (!result->dispatcher)
		printf("%s: note: this kernel does not let libxdp chain XDP programs, so no other"
		       " XDP program can be attached to it meanwhile; synguard itself is not"
		       " affected\n",
		       request->iface.name);
	if (!(request->iface.flags & IFF_UP))
		printf("%s: is down; protection starts when it comes up: ip link set dev %s up\n",
		       request->iface.name, request->iface.name);
}

static int prepare(const struct args *args, struct attach_request *request, struct error *error)
{
	char missing[64];
	int err = iface_read(args->iface, &request->iface);

	if (err)
		return error_set(error, err,
				 err == -ENODEV ? "there is no such interface in this network"
						  " namespace; list them with: ip link"
						: "cannot read the interface: %s",
				 strerror(-err));
	host_missing_caps(missing, sizeof(missing));
	if (*missing)
		return attach_check(request, error);
	return pins_prepare(error);
}

static int attach(const struct args *args, struct attach_request *request,
		  struct setup_lists *lists)
{
	struct attach_result result = {0};
	struct error error;
	int err = prepare(args, request, &error);

	if (!err)
		err = setup_lists_read(request->setup, request->setup, host_hz(), lists, &error);
	if (!err)
		err = locked_attach(request, &result, &error);
	if (err)
		fprintf(stderr, "synguard: cannot attach to %s: %s\n", args->iface, error.text);
	else
		result_print(request, &result, args);
	return err ? EXIT_FAILED : EXIT_OK;
}

int cmd_attach(const struct args *args)
{
	struct origin *origin = calloc(1, sizeof(*origin));
	struct setup setup = {0};
	struct setup_lists lists = {0};
	struct attach_request request = {.setup = &setup, .origin = origin, .lists = &lists};
	int code;

	if (!origin) {
		fprintf(stderr, "synguard: cannot attach to %s: out of memory\n", args->iface);
		return EXIT_FAILED;
	}
	code = settings_choose(args, &setup, origin);
	if (!code)
		code = attach(args, &request, &lists);
	setup_free(&setup);
	setup_lists_free(&lists);
	free(origin);
	return code;
}
