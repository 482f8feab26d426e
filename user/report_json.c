// SPDX-License-Identifier: GPL-2.0
/* A report as JSON.  What is not known is null. */
#include <arpa/inet.h>
#include <string.h>

#include "addr.h"
#include "report.h"
#include "setup_view.h"
#include "timeouts.h"

static json_t *addr_json(bool any_addr, const __u8 addr[16])
{
	char text[INET6_ADDRSTRLEN];

	if (any_addr)
		return json_null();
	if (addr_is_v4(addr))
		inet_ntop(AF_INET, addr + 12, text, sizeof(text));
	else
		inet_ntop(AF_INET6, addr, text, sizeof(text));
	return json_string(text);
}

static json_t *service_json(const struct service *service)
{
	const struct policy *p = &service->policy;

	return json_pack("{s:o, s:i, s:i, s:s, s:b, s:I, s:I, s:i, s:i, s:I}", "address",
			 addr_json(service->any_addr, service->addr), "first_port", service->first,
			 "last_port", service->last, "mode", mode_name(p->mode), "speaks_first",
			 (int)p->speaks_first, "syn_rate_on", (json_int_t)p->syn_rate_on,
			 "syn_rate_off", (json_int_t)p->syn_rate_off, "unfinished_percent_on",
			 p->unfinished_on, "unfinished_percent_off", p->unfinished_off, "hold_ms",
			 (json_int_t)p->hold_ms);
}

static json_t *services_json(const struct report *report)
{
	json_t *array;
	unsigned int i;

	if (!report->has_setup)
		return json_null();
	array = json_array();
	for (i = 0; i < report->setup.count; i++)
		json_array_append_new(array, service_json(&report->setup.services[i]));
	return array;
}

static json_t *rate_json(const struct rate_limit *limit)
{
	return json_pack("{s:I, s:I}", "rate", (json_int_t)limit->rate, "burst",
			 (json_int_t)limit->burst);
}

static json_t *limits_json(const struct report *report)
{
	const struct settings *s = &report->setup.settings;

	if (!report->has_setup)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:I, s:i, s:I, s:i}", "synack_per_prefix",
			 rate_json(&s->synack), "syn_to_live", rate_json(&s->live_syn),
			 "new_connections", rate_json(&s->new_conn), "bad_acks",
			 rate_json(&s->bad_ack), "proven_s", (json_int_t)s->proven_s,
			 "proven_credit", s->proven_credit, "resend_ms", (json_int_t)s->resend_ms,
			 "resend_times", s->resend_times);
}

static json_t *attacks_json(const struct report *report)
{
	const struct attack *attack;
	json_t *array;
	unsigned int i;

	if (!report->has_attacks)
		return json_null();
	array = json_array();
	for (i = 0; i < report->attacks.count; i++) {
		attack = &report->attacks.of[i];
		json_array_append_new(array,
				      json_pack("{s:o, s:i, s:b, s:I, s:I}", "address",
						addr_json(attack->any_addr, attack->addr), "port",
						attack->port, "active", (int)attack->active,
						"began_s_ago", (json_int_t)attack->age_s,
						"syns_per_second", (json_int_t)attack->syn_rate));
	}
	return array;
}

static json_t *timeouts_json(const struct timeouts *timeouts)
{
	__u32 values[sizeof(*timeouts) / sizeof(__u32)];
	json_t *object = json_object();
	int i;

	memcpy(values, timeouts, sizeof(values));
	for (i = 0; timeout_names[i]; i++)
		json_object_set_new(object, timeout_names[i], json_integer(values[i]));
	return object;
}

static json_t *count_json(long count)
{
	return count < 0 ? json_null() : json_integer(count);
}

/* No secret is among it. */
static json_t *keys_json(const struct report *report)
{
	const struct keys_status *k = &report->keys;

	if (!report->has_keys)
		return json_null();
	return json_pack("{s:b, s:I, s:I, s:o, s:o, s:b}", "shared", (int)k->shared, "rotations",
			 (json_int_t)k->turns, "changed_s_ago", (json_int_t)k->turned_ago_s,
			 "rotate_every_s", k->periodic ? json_integer(k->period_s) : json_null(),
			 "next_in_s", k->periodic ? json_integer(k->next_in_s) : json_null(),
			 "overdue", (int)k->stale);
}

/* What was read from the maps. */
static void settings_add(const struct report *report, json_t *object)
{
	const bool known = report->instance.config.abi != 0;

	json_object_set_new(object, "under_attack",
			    report->has_attacks ? json_boolean(report->attacks.active > 0)
						: json_null());
	json_object_set_new(object, "services_under_attack",
			    report->has_attacks ? json_integer(report->attacks.active)
						: json_null());
	json_object_set_new(object, "attacks_so_far",
			    report->has_attacks ? json_integer((json_int_t)report->attacks.seen)
						: json_null());
	json_object_set_new(object, "attacks", attacks_json(report));
	json_object_set_new(object, "services", services_json(report));
	json_object_set_new(object, "limits", limits_json(report));
	json_object_set_new(object, "lists",
			    json_pack("{s:o, s:o}", "allow",
				      count_json(known ? report->list_count[LIST_ALLOW] : -1),
				      "deny",
				      count_json(known ? report->list_count[LIST_DENY] : -1)));
	json_object_set_new(object, "keys", keys_json(report));
	json_object_set_new(object, "config_file",
			    *report->config_file ? json_string(report->config_file) : json_null());
	json_object_set_new(object, "timeouts",
			    known ? timeouts_json(&report->instance.config.timeouts) : json_null());
}

static json_t *instance_json(const struct report *report)
{
	const struct instance *instance = &report->instance;
	const struct runtime *runtime = &instance->runtime;
	const __u64 used = report_conns_used(runtime);
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

json_t *report_json(const struct report *report)
{
	json_t *object = instance_json(report);

	if (object)
		settings_add(report, object);
	return object;
}
