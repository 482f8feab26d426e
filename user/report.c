// SPDX-License-Identifier: GPL-2.0
/* From an instance to the facts that status shows. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host.h"
#include "maps.h"
#include "ports.h"
#include "report.h"

static const struct {
	const char *state;
	const char *handoff;
} words[] = {
    [INSTANCE_NONE] = {"detached", "none"},
    [INSTANCE_INTERRUPTED] = {"interrupted", "none"},
    [INSTANCE_LIVE] = {"attached", "reqsk"},
    [INSTANCE_LINGERING] = {"lingering", "lingering"},
    [INSTANCE_LOST] = {"lost", "reqsk"},
    [INSTANCE_GONE] = {"gone", "failed"},
    [INSTANCE_FOREIGN] = {"other-version", "unknown"},
    [INSTANCE_UNREADABLE] = {"unreadable", "unknown"},
};

struct ports_text {
	char *text;
	size_t used;
};

static void range_add(unsigned int first, unsigned int last, void *context)
{
	struct ports_text *ports = context;
	char item[16];
	int length = snprintf(item, sizeof(item), first == last ? "%u" : "%u-%u", first, last);
	const char *comma = ports->used ? "," : "";

	if (ports->used + (size_t)length + sizeof(",...") >= PORTS_TEXT_MAX) {
		if (strcmp(ports->text + ports->used - 3, "...") != 0)
			ports->used += (size_t)sprintf(ports->text + ports->used, ",...");
		return;
	}
	ports->used += (size_t)sprintf(ports->text + ports->used, "%s%s", comma, item);
}

static void ports_describe(const struct instance *instance, char ret_text[PORTS_TEXT_MAX])
{
	struct ports_text text = {.text = ret_text};
	struct port *ports;

	snprintf(ret_text, PORTS_TEXT_MAX, "%s", instance->config.all_ports ? "all" : "");
	if (instance->config.all_ports)
		return;
	ports = calloc(MAX_PORTS, sizeof(*ports));
	if (ports && !map_ports_load(instance->dir, ports))
		ports_each_range(ports, range_add, &text);
	free(ports);
}

static void lost_describe(const struct instance *instance, char *text, size_t size)
{
	if (instance->xdp.main_id)
		snprintf(
		    text, size,
		    "its XDP program was replaced: id %u (%s) found, %u expected; take that one"
		    " off, then: synguard attach %s",
		    instance->xdp.main_id,
		    *instance->xdp.main_name ? instance->xdp.main_name : "no name",
		    instance->config.xdp_prog_id, instance->name);
	else
		snprintf(text, size,
			 "its XDP program (id %u) is gone, somebody else took it off; put it back:"
			 " synguard attach %s",
			 instance->config.xdp_prog_id, instance->name);
}

static void live_describe(const struct instance *instance, char *text, size_t size)
{
	if (instance->netns != instance->config.netns_ino)
		snprintf(text, size,
			 "the interface was moved to another network namespace; its connections are"
			 " not found there: detach it and attach it there");
	else if (instance->config.detached_at)
		snprintf(text, size,
			 "a detach was interrupted; finish it: synguard detach %s, or undo it:"
			 " synguard attach %s",
			 instance->name, instance->name);
	else if (!instance->config.xdp_prog_id)
		snprintf(text, size,
			 "the attach was interrupted while it adopted existing connections;"
			 " complete it: synguard attach %s",
			 instance->name);
	else if (*instance->name_now && strcmp(instance->name, instance->name_now) != 0)
		snprintf(text, size,
			 "interface %u was renamed, it is now %s; still protected. To use the new"
			 " name: synguard detach %s, synguard attach %s",
			 instance->ifindex, instance->name_now, instance->name, instance->name_now);
}

static void problem_describe(const struct instance *instance, char *text, size_t size)
{
	switch (instance->state) {
	case INSTANCE_LIVE:
		live_describe(instance, text, size);
		break;
	case INSTANCE_LOST:
		lost_describe(instance, text, size);
		break;
	case INSTANCE_GONE:
		snprintf(
		    text, size,
		    "interface %u, which it was attached to, is gone; clean up: synguard detach"
		    " %s (attach does it, too)",
		    instance->config.ifindex, instance->name);
		break;
	case INSTANCE_INTERRUPTED:
		snprintf(text, size,
			 "an attach was interrupted before protection was live; clean up: synguard"
			 " detach %s (attach does it, too)",
			 instance->name);
		break;
	case INSTANCE_FOREIGN:
		snprintf(text, size,
			 "another version of synguard attached it; first: synguard detach %s",
			 instance->name);
		break;
	case INSTANCE_UNREADABLE:
		snprintf(text, size, "its pins in %s cannot be read; try again", instance->dir);
		break;
	case INSTANCE_NONE:
	case INSTANCE_LINGERING:
		break;
	}
}

void report_make(const char *name, struct report *ret_report)
{
	struct report *report = ret_report;
	const struct config *config = &report->instance.config;
	time_t since;
	struct tm when;

	memset(report, 0, sizeof(*report));
	instance_read(name, &report->instance);
	report->state = words[report->instance.state].state;
	report->handoff = words[report->instance.state].handoff;
	problem_describe(&report->instance, report->problem, sizeof(report->problem));
	report->mode = config->mode == MODE_MONITOR ? "monitor" : "always";
	report->xdp_mode = config->xdp_mode == XDP_ATTACH_NATIVE ? "native" : "generic";
	if (report->instance.state == INSTANCE_FOREIGN || !config->abi)
		return;
	ports_describe(&report->instance, report->ports);
	since = (time_t)config->attached_at;
	strftime(report->since, sizeof(report->since), "%Y-%m-%dT%H:%M:%SZ",
		 gmtime_r(&since, &when));
	if (report->instance.state == INSTANCE_LINGERING)
		report->seconds_left = instance_seconds_left(&report->instance);
}

static __u64 conns_used(const struct runtime *runtime)
{
	return runtime->conns_made > runtime->conns_gone ? runtime->conns_made - runtime->conns_gone
							 : 0;
}

static const char *table_text(const struct runtime *runtime)
{
	return runtime->table_complete ? "complete" : "incomplete: unknown packets ask the kernel";
}

static void details_print(const struct report *report)
{
	const struct instance *instance = &report->instance;
	const struct runtime *runtime = &instance->runtime;

	printf("  mode          %s\n", report->mode);
	printf("  ports         %s\n",
	       strcmp(report->ports, "all") ? report->ports : "all with a listener");
	if (instance->state == INSTANCE_LIVE)
		printf("  XDP           %s, program %u%s\n", report->xdp_mode, instance->xdp.our_id,
		       instance->xdp.dispatcher ? " under libxdp's dispatcher"
						: ", alone on the hook");
	printf("  hand-off      %s\n", report->handoff);
	printf("  connections   %" PRIu64 " of %d (%s)\n", (uint64_t)conns_used(runtime), MAX_CONNS,
	       table_text(runtime));
	if (runtime->table_full)
		printf("  table full    %" PRIu64 " connections were not entered\n",
		       (uint64_t)runtime->table_full);
}

void report_print(const struct report *report)
{
	const struct instance *instance = &report->instance;

	if (instance->state == INSTANCE_LINGERING)
		printf("%s: detached; the hand-off stays %u s for handshakes in flight\n",
		       instance->name, report->seconds_left);
	else if (instance->state == INSTANCE_LIVE)
		printf("%s: attached since %s\n", instance->name, report->since);
	else
		printf("%s: not protected (%s)\n", instance->name, report->state);
	if (*report->problem)
		printf("  problem       %s\n", report->problem);
	if (instance->config.abi)
		details_print(report);
}

json_t *report_json(const struct report *report)
{
	const struct instance *instance = &report->instance;
	const struct runtime *runtime = &instance->runtime;
	const __u64 used = conns_used(runtime);

	return json_pack(
	    "{s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s, s:s?, s:I, s:I, s:I, s:b, s:b,"
	    " s:{s:{s:I, s:I, s:f}}, s:I, s:I}",
	    "interface", instance->name, "state", report->state, "xdp_mode",
	    instance->config.abi ? report->xdp_mode : NULL, "mode",
	    instance->config.abi ? report->mode : NULL, "ports",
	    *report->ports ? report->ports : NULL, "attached_since",
	    *report->since ? report->since : NULL, "handoff", report->handoff, "problem",
	    *report->problem ? report->problem : NULL, "handoff_seconds_left",
	    (json_int_t)report->seconds_left, "xdp_prog_id", (json_int_t)instance->xdp.our_id,
	    "xdp_prog_id_found", (json_int_t)instance->xdp.main_id, "dispatcher",
	    (int)instance->xdp.dispatcher, "table_complete", (int)runtime->table_complete, "maps",
	    "conns", "used", (json_int_t)used, "max", (json_int_t)MAX_CONNS, "fill",
	    (double)used / MAX_CONNS, "table_full", (json_int_t)runtime->table_full, "ifindex",
	    (json_int_t)instance->ifindex);
}
