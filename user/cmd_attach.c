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
#include "ports.h"
#include "timeouts.h"
#include "track.h"

struct word {
	const char *text;
	int value;
};

static const struct word xdp_words[] = {
    {"auto", XDP_CHOICE_AUTO}, {"native", XDP_CHOICE_NATIVE}, {"generic", XDP_CHOICE_GENERIC}, {0}};
static const struct word mode_words[] = {{"always", MODE_ALWAYS}, {"monitor", MODE_MONITOR}, {0}};

/* The value of text, or of the first word if text is NULL; -1 if it is none of them. */
static int word_find(const struct word *words, const char *text)
{
	const struct word *word;

	if (!text)
		return words->value;
	for (word = words; word->text; word++)
		if (!strcmp(word->text, text))
			return word->value;
	return -1;
}

static int words_parse(const struct args *args, struct attach_request *request)
{
	int xdp = word_find(xdp_words, args->xdp), mode = word_find(mode_words, args->mode);

	if (xdp < 0)
		return cli_refuse("attach", "--xdp '%s' is none of auto, native, generic",
				  args->xdp);
	if (mode < 0)
		return cli_refuse("attach", "--mode '%s' is none of always, monitor", args->mode);
	request->xdp = (enum xdp_choice)xdp;
	request->mode = (enum mode)mode;
	return EXIT_OK;
}

enum { CONNS_LEAST = 1024, CONNS_MOST = 1 << 24 };

static int table_parse(const struct args *args, struct attach_request *request)
{
	struct error error;
	char *end = NULL;
	long n = MAX_CONNS;

	if (args->max_conns)
		n = strtol(args->max_conns, &end, 10);
	if (end && (*end || end == args->max_conns || n < CONNS_LEAST || n > CONNS_MOST))
		return cli_refuse("attach", "--max-conns '%s' is not a number from %d to %d",
				  args->max_conns, CONNS_LEAST, CONNS_MOST);
	request->max_conns = (__u32)n;
	request->timeouts = timeouts_default();
	if (args->timeout && timeouts_parse(args->timeout, &request->timeouts, &error))
		return cli_refuse("attach", "%s", error.text);
	return EXIT_OK;
}

static int ports_choose(const struct args *args, struct port *ports, struct error *error)
{
	int i;

	if (args->port)
		return ports_parse(args->port, ports, error);
	for (i = 0; i < MAX_PORTS; i++)
		ports[i].protect = 1;
	return 0;
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
			 " synguard detach %s, then attach again",
			 instance->name, instance->name);
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

static void result_print(const struct attach_request *request, const struct attach_result *result,
			 const char *ports)
{
	const char *mode = result->xdp_mode == XDP_ATTACH_NATIVE ? "native" : "generic";

	if (result->completed) {
		printf("%s: was attached already, with the settings of then; %s\n",
		       request->iface.name, result->completed);
		return;
	}
	printf("%s: %s %s, XDP %s", request->iface.name,
	       request->mode == MODE_MONITOR ? "watching (mode monitor)" : "protecting",
	       ports ? ports : "every TCP port with a listener", mode);
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

int cmd_attach(const struct args *args)
{
	struct port *ports = calloc(MAX_PORTS, sizeof(*ports));
	struct attach_request request = {.all_ports = !args->port, .ports = ports};
	struct attach_result result = {0};
	struct error error;
	int err, code = ports ? words_parse(args, &request) : EXIT_FAILED;

	if (code == EXIT_OK)
		code = table_parse(args, &request);
	if (code == EXIT_OK && ports_choose(args, ports, &error))
		code = cli_refuse("attach", "%s", error.text);
	if (code == EXIT_OK) {
		err = prepare(args, &request, &error);
		if (!err)
			err = locked_attach(&request, &result, &error);
		if (err)
			fprintf(stderr, "synguard: cannot attach to %s: %s\n", args->iface,
				error.text);
		else
			result_print(&request, &result, args->port);
		code = err ? EXIT_FAILED : EXIT_OK;
	}
	free(ports);
	return code;
}
