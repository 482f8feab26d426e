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

void report_make_unknown(const char *name, const struct error *why, struct report *ret_report)
{
	struct report *report = ret_report;

	memset(report, 0, sizeof(*report));
	snprintf(report->instance.name, sizeof(report->instance.name), "%s", name);
	report->instance.state = INSTANCE_UNREADABLE;
	report->state = words[INSTANCE_UNREADABLE].state;
	report->handoff = words[INSTANCE_UNREADABLE].handoff;
	snprintf(report->problem, sizeof(report->problem), "%.300s", why->text);
	snprintf(report->remedy, sizeof(report->remedy), "run as root");
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
	report->mode = config->mode == MODE_MONITOR ? "monitor" : "always";
	report->xdp_mode = config->xdp_mode == XDP_ATTACH_NATIVE ? "native" : "generic";
	if (report->instance.state != INSTANCE_FOREIGN && config->abi)
		ports_describe(&report->instance, report->ports);
	report_find_problem(report);
	if (report->instance.state == INSTANCE_FOREIGN || !config->abi)
		return;
	since = (time_t)config->attached_at;
	strftime(report->since, sizeof(report->since), "%Y-%m-%dT%H:%M:%SZ",
		 gmtime_r(&since, &when));
	if (report->instance.state == INSTANCE_LINGERING)
		report->seconds_left = instance_seconds_left(&report->instance);
}

static __u64 conns_used(const struct runtime *runtime)
{
	const __u64 gone = runtime->conns_closed + runtime->conns_expired;

	return runtime->conns_made > gone ? runtime->conns_made - gone : 0;
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
	printf("  connections   %" PRIu64 " of %u (%s)\n", (uint64_t)conns_used(runtime),
	       instance->config.max_conns, table_text(runtime));
	printf("                %" PRIu64 " entered so far; removed: %" PRIu64
	       " after their end, %" PRIu64 " by timeout before\n",
	       (uint64_t)runtime->conns_made, (uint64_t)runtime->conns_closed,
	       (uint64_t)runtime->conns_expired);
	if (runtime->table_full)
		printf("  table full    %" PRIu64
		       " times there was no room for a connection; nothing is"
		       " cut; to make room: synguard detach %s, and attach it with a larger"
		       " --max-conns\n",
		       (uint64_t)runtime->table_full, instance->name);
}

void report_print(const struct report *report)
{
	const struct instance *instance = &report->instance;

	if (instance->state == INSTANCE_LINGERING)
		printf("%s: detached; the hand-off stays %u s for handshakes in flight\n",
		       instance->name, report->seconds_left);
	else if (instance->state == INSTANCE_LIVE)
		printf("%s: attached since %s%s\n", instance->name, report->since,
		       instance->netns == host_netns() ? "" : ", in another network namespace");
	else
		printf("%s: not protected (%s)\n", instance->name, report->state);
	if (*report->problem)
		printf("  problem       %s; %s\n", report->problem, report->remedy);
	if (instance->config.abi)
		details_print(report);
}

json_t *report_json(const struct report *report)
{
	const struct instance *instance = &report->instance;
	const struct runtime *runtime = &instance->runtime;
	const __u64 used = conns_used(runtime);
	const __u32 max = instance->config.max_conns ? instance->config.max_conns : 1;
	const __u64 filled = used * 10000 / max;
	char problem[sizeof(report->problem) + sizeof(report->remedy) + sizeof("; ")];

	snprintf(problem, sizeof(problem), "%s; %s", report->problem, report->remedy);
	return json_pack(
	    "{s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s, s:s?, s:I, s:I, s:I, s:b, s:b,"
	    " s:{s:{s:I, s:I, s:f}}, s:I, s:I, s:I, s:I, s:I}",
	    "interface", instance->name, "state", report->state, "xdp_mode",
	    instance->config.abi ? report->xdp_mode : NULL, "mode",
	    instance->config.abi ? report->mode : NULL, "ports",
	    *report->ports ? report->ports : NULL, "attached_since",
	    *report->since ? report->since : NULL, "handoff", report->handoff, "problem",
	    *report->problem ? problem : NULL, "handoff_seconds_left",
	    (json_int_t)report->seconds_left, "xdp_prog_id", (json_int_t)instance->xdp.our_id,
	    "xdp_prog_id_found", (json_int_t)instance->xdp.main_id, "dispatcher",
	    (int)instance->xdp.dispatcher, "table_complete", (int)runtime->table_complete, "maps",
	    "conns", "used", (json_int_t)used, "max", (json_int_t)max, "fill",
	    (double)filled / 10000, "conns_made", (json_int_t)runtime->conns_made, "conns_closed",
	    (json_int_t)runtime->conns_closed, "conns_expired", (json_int_t)runtime->conns_expired,
	    "table_full", (json_int_t)runtime->table_full, "ifindex",
	    (json_int_t)instance->ifindex);
}
