// SPDX-License-Identifier: GPL-2.0
/* What is wrong with an instance, and the command that puts it right with the same settings. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "iface.h"
#include "report.h"
#include "setup_view.h"
#include "timeouts.h"

enum { PORTS_SHOWN_MAX = 256 };

__attribute__((format(printf, 2, 3))) static void problem_set(struct report *report,
							      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(report->problem, sizeof(report->problem), format, args);
	va_end(args);
}

__attribute__((format(printf, 2, 3))) static void remedy_set(struct report *report,
							     const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(report->remedy, sizeof(report->remedy), format, args);
	va_end(args);
}

__attribute__((format(printf, 2, 3))) static void command_add(char *command, const char *format,
							      ...)
{
	const size_t used = strlen(command);
	va_list args;

	va_start(args, format);
	vsnprintf(command + used, ATTACH_COMMAND_MAX - used, format, args);
	va_end(args);
}

/* The options for a table that is not the default one. */
static void table_add(const struct config *config, char *command)
{
	char timeouts[256];

	if (config->max_conns != MAX_CONNS)
		command_add(command, " --max-conns %u", config->max_conns);
	timeouts_text(&config->timeouts, timeouts, sizeof(timeouts));
	if (*timeouts)
		command_add(command, " --timeout %s", timeouts);
}

/* Can options say all of it? */
static bool options_do(const struct report *report)
{
	return !report->has_setup || setup_is_plain(&report->setup);
}

void report_save_command(const struct report *report, char ret_command[ATTACH_COMMAND_MAX])
{
	*ret_command = '\0';
	if (!*report->config_file && !options_do(report))
		snprintf(ret_command, ATTACH_COMMAND_MAX, "synguard config show %s >%s.yaml; ",
			 report->instance.name, report->instance.name);
}

static void services_add(const struct report *report, const char *mode, char *command)
{
	const char *ports = strcmp(report->ports, "all") != 0 ? report->ports : "";

	if (*report->config_file) {
		command_add(command, " --config %.300s", report->config_file);
		if (!mode && report->override_mode)
			mode = mode_name(report->override_mode);
		if (mode)
			command_add(command, " --mode %s", mode);
		return;
	}
	if (!options_do(report)) {
		command_add(command, " --config %s.yaml", report->instance.name);
		return;
	}
	/* A list too long for a message is in status. */
	if (*ports)
		command_add(command, " --port %s",
			    strlen(ports) < PORTS_SHOWN_MAX ? ports : "LIST");
	if (!mode && report->has_setup && setup_mode(&report->setup) != MODE_AUTO)
		mode = report->mode;
	if (mode)
		command_add(command, " --mode %s", mode);
}

void report_attach_command(const struct report *report, const char *iface, const char *mode,
			   const char *xdp, char ret_command[ATTACH_COMMAND_MAX])
{
	const bool known = report->instance.config.abi != 0;

	snprintf(ret_command, ATTACH_COMMAND_MAX, "synguard attach %s", iface);
	if (known)
		services_add(report, mode, ret_command);
	if (!xdp && known)
		xdp = report->xdp_mode;
	if (xdp)
		command_add(ret_command, " --xdp %s", xdp);
	if (known && !*report->config_file && options_do(report))
		table_add(&report->instance.config, ret_command);
}

/* Native mode on a veth whose peer has lost its XDP program, as far as can be seen from here. */
static bool native_is_cut(const struct instance *instance)
{
	struct iface iface;

	return instance->config.xdp_mode == XDP_ATTACH_NATIVE && instance->netns == host_netns() &&
	       !iface_read_index(instance->ifindex, &iface) &&
	       iface_peer_xdp(&iface) == IFACE_PEER_NO_XDP;
}

/* What makes protection fail although all is in place.  Returns whether there is anything. */
static bool surroundings_describe(struct report *report)
{
	const struct instance *instance = &report->instance;
	char attach[ATTACH_COMMAND_MAX];
	const char *name = *instance->name_now ? instance->name_now : instance->name;
	char save[ATTACH_COMMAND_MAX];
	long cookies;

	if (instance->netns != host_netns() ||
	    (report->has_setup && setup_mode(&report->setup) == MODE_MONITOR))
		return false;
	if (!host_sysctl("net/ipv4/tcp_syncookies", &cookies) && !cookies) {
		problem_set(report, "net.ipv4.tcp_syncookies is 0: the kernel takes no handshake "
				    "from a cookie, so nothing is protected in an attack");
		remedy_set(report,
			   "set it: sysctl -w net.ipv4.tcp_syncookies=1 (see: synguard check %s)",
			   instance->name);
		return true;
	}
	if (!native_is_cut(instance))
		return false;
	report_attach_command(report, name, NULL, "auto", attach);
	report_save_command(report, save);
	problem_set(report, "its veth peer has no native XDP program any more, so every SYN-ACK"
			    " that carries a cookie is lost");
	remedy_set(report,
		   "attach anew: %ssynguard detach %s; %s (or attach an XDP program to the peer; "
		   "see: synguard"
		   " check %s)",
		   save, instance->name, attach, name);
	return true;
}

static void lost_describe(struct report *report)
{
	const struct instance *instance = &report->instance;
	char attach[ATTACH_COMMAND_MAX], save[ATTACH_COMMAND_MAX];

	report_save_command(report, save);
	/* Native would be refused where its answers are lost. */
	report_attach_command(report, instance->name, NULL, native_is_cut(instance) ? "auto" : NULL,
			      attach);

	if (instance->xdp.main_id) {
		problem_set(report, "its XDP program was replaced: id %u (%s) found, %u expected",
			    instance->xdp.main_id,
			    *instance->xdp.main_name ? instance->xdp.main_name : "no name",
			    instance->config.xdp_prog_id);
		remedy_set(report, "take that one off, then: %s%s", save, attach);
	} else {
		problem_set(report, "its XDP program (id %u) is gone, somebody else took it off",
			    instance->config.xdp_prog_id);
		remedy_set(report, "put it back: %s%s", save, attach);
	}
}

static void live_describe(struct report *report)
{
	const struct instance *instance = &report->instance;
	const char *name = *instance->name_now ? instance->name_now : instance->name;
	char attach[ATTACH_COMMAND_MAX], save[ATTACH_COMMAND_MAX];

	report_attach_command(report, name, NULL, NULL, attach);
	report_save_command(report, save);
	if (instance->netns != instance->config.netns_ino) {
		problem_set(report, "the interface was moved to another network namespace; its"
				    " connections are not found there");
		remedy_set(report, "%ssynguard detach %s, then in that namespace: %s", save,
			   instance->name, attach);
	} else if (instance->config.detached_at) {
		problem_set(report, "a detach was interrupted");
		remedy_set(report, "finish it: synguard detach %s, or undo it: synguard attach %s",
			   instance->name, instance->name);
	} else if (!instance->config.xdp_prog_id) {
		problem_set(report, "the attach was interrupted while it adopted existing"
				    " connections");
		remedy_set(report, "complete it: synguard attach %s", instance->name);
	} else if (surroundings_describe(report)) {
		return;
	} else if (*instance->name_now && strcmp(instance->name, instance->name_now) != 0) {
		problem_set(report, "interface %u was renamed, it is now %s; still protected",
			    instance->ifindex, instance->name_now);
		remedy_set(report, "to use the new name: %ssynguard detach %s; %s", save,
			   instance->name, attach);
	}
}

void report_find_problem(struct report *report)
{
	const struct instance *instance = &report->instance;

	switch (instance->state) {
	case INSTANCE_LIVE:
		live_describe(report);
		break;
	case INSTANCE_LOST:
		lost_describe(report);
		break;
	case INSTANCE_GONE:
		problem_set(report, "interface %u, which it was attached to, is gone",
			    instance->config.ifindex);
		remedy_set(report, "clean up: synguard detach %s (attach does it, too)",
			   instance->name);
		break;
	case INSTANCE_INTERRUPTED:
		problem_set(report, "an attach was interrupted before protection was live");
		remedy_set(report, "clean up: synguard detach %s (attach does it, too)",
			   instance->name);
		break;
	case INSTANCE_FOREIGN:
		problem_set(report, "another version of synguard attached it");
		remedy_set(report, "first: synguard detach %s", instance->name);
		break;
	case INSTANCE_UNREADABLE:
		problem_set(report, "its pins in %s cannot be read", instance->dir);
		remedy_set(report, "try again");
		break;
	case INSTANCE_NONE:
	case INSTANCE_LINGERING:
		break;
	}
}
