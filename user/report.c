// SPDX-License-Identifier: GPL-2.0
/* From an instance to the facts that status shows. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "host.h"
#include "maps.h"
#include "report.h"
#include "setup_maps.h"
#include "setup_view.h"

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

static void setup_describe(struct report *report)
{
	struct origin origin;
	struct error error;

	report->mode = "unknown";
	if (setup_read_origin(report->instance.dir, &report->setup, &origin, &error))
		return;
	snprintf(report->config_file, sizeof(report->config_file), "%s", origin.config_file);
	report->override_mode = origin.overrides.mode;
	report->has_setup = true;
	report->mode = mode_name(setup_mode(&report->setup));
	setup_ports_text(&report->setup, report->ports, sizeof(report->ports));
}

/* The list as it was given has a map of its own, of one entry that is not used if it is empty. */
static long list_count(const char *dir, const char *name)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info), zero = 0;
	struct prefix_entry first = {0};
	int err, fd = map_open(dir, name);

	if (fd < 0)
		return -1;
	err = bpf_obj_get_info_by_fd(fd, &info, &size);
	if (!err && info.value_size != sizeof(first))
		err = -EPROTO;
	if (!err)
		err = bpf_map_lookup_elem(fd, &zero, &first);
	close(fd);
	return err ? -1 : first.used ? (long)info.max_entries : 0;
}

static void maps_read(struct report *report)
{
	const struct instance *instance = &report->instance;

	setup_describe(report);
	report->has_keys = !keys_status(instance->dir, &report->keys);
	report->list_count[LIST_ALLOW] = list_count(instance->dir, "allow_entries");
	report->list_count[LIST_DENY] = list_count(instance->dir, "deny_entries");
	report->has_counters = !map_counters(instance->dir, &report->counters);
	report->has_attacks = instance->state == INSTANCE_LIVE &&
			      !attacks_read(instance->dir, instance->runtime.bank & (BANKS - 1),
					    instance->config.hz, &report->attacks);
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
	report->xdp_mode = config->xdp_mode == XDP_ATTACH_NATIVE ? "native" : "generic";
	if (report->instance.state != INSTANCE_FOREIGN && config->abi)
		maps_read(report);
	report_find_problem(report);
	if (report->instance.state == INSTANCE_FOREIGN || !config->abi)
		return;
	since = (time_t)config->attached_at;
	strftime(report->since, sizeof(report->since), "%Y-%m-%dT%H:%M:%SZ",
		 gmtime_r(&since, &when));
	if (report->instance.state == INSTANCE_LINGERING)
		report->seconds_left = instance_seconds_left(&report->instance);
}

void report_free(struct report *report)
{
	if (report->has_setup)
		setup_free(&report->setup);
	report->has_setup = false;
}

__u64 report_conns_used(const struct runtime *runtime)
{
	const __u64 gone = runtime->conns_closed + runtime->conns_expired;

	return runtime->conns_made > gone ? runtime->conns_made - gone : 0;
}
