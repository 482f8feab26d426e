// SPDX-License-Identifier: GPL-2.0
/*
 * A report as text.  What somebody needs who is woken up comes first: is it attached, what is
 * wrong, is it under attack, are clients served?
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "report.h"
#include "setup_view.h"
#include "text.h"
#include "timeouts.h"

enum { GROUPS_SHOWN = 16, LIMITS_TEXT_MAX = 512, LABEL_WIDTH = 13 };

static void headline_print(const struct report *report)
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
		printf("  %-*s %s; %s\n", LABEL_WIDTH, "problem", report->problem, report->remedy);
}

static const char *attack_answer(const struct report *report, const struct attack *attack)
{
	const struct service *service = NULL;

	if (report->has_setup)
		service = setup_find(&report->setup, attack->addr, attack->port);
	return service && service->policy.mode == MODE_MONITOR ? " (mode monitor: all of it passes)"
							       : "";
}

static void attacks_print(const struct report *report)
{
	const struct attacks *attacks = &report->attacks;
	char text[ATTACK_TEXT_MAX];
	unsigned int i;

	if (!report->has_attacks)
		return;
	if (!attacks->active) {
		attacks_past_text(attacks, text);
		printf("  %-*s %s\n", LABEL_WIDTH, "attacks", text);
		return;
	}
	for (i = 0; i < attacks->count; i++) {
		attack_text(&attacks->of[i], text);
		printf("  %-*s %s%s\n", LABEL_WIDTH, i ? "" : "UNDER ATTACK", text,
		       attack_answer(report, &attacks->of[i]));
	}
	if (attacks->active > attacks->count)
		printf("  %-*s and %u services more\n", LABEL_WIDTH, "",
		       attacks->active - attacks->count);
	printf("  %-*s attacks so far: %" PRIu64 "\n", LABEL_WIDTH, "", (uint64_t)attacks->seen);
}

static void clients_print(const struct report *report)
{
	const struct counters *c = &report->counters;
	const __u64 full = c->syn_accept_full.packets - c->syn_accept_full.not_enforced +
			   c->handoff_backlog.packets;
	const __u64 passed = c->syn_passed.packets + c->syn_proven.packets +
			     c->syn_allowed.packets + c->syn_cookie_sent.not_enforced;

	if (!report->has_counters)
		return;
	printf("  %-*s %" PRIu64 " SYNs passed, %" PRIu64 " answered with a cookie; %" PRIu64
	       " handshakes handed over",
	       LABEL_WIDTH, "clients", (uint64_t)passed,
	       (uint64_t)(c->syn_cookie_sent.packets - c->syn_cookie_sent.not_enforced),
	       (uint64_t)c->handoff_ok.packets);
	if (c->handoff_failed.packets)
		printf(", %" PRIu64 " refused by the kernel", (uint64_t)c->handoff_failed.packets);
	printf("\n");
	if (full)
		printf("  %-*s %" PRIu64 " SYNs and ACKs dropped, because the application does not"
		       " accept fast enough (ss -ltn)\n",
		       LABEL_WIDTH, "", (uint64_t)full);
}

static void services_print(const struct report *report)
{
	struct service_group group = {0};
	unsigned int index = 0, shown = 0;

	if (!report->has_setup) {
		printf("  %-*s cannot be read\n", LABEL_WIDTH, "services");
		return;
	}
	while (setup_group_next(&report->setup, &index, &group)) {
		if (shown == GROUPS_SHOWN) {
			printf("  %-*s ... (synguard service list %s)\n", LABEL_WIDTH, "",
			       report->instance.name);
			return;
		}
		printf("  %-*s %s: %s\n", LABEL_WIDTH, shown ? "" : "services", group.ports,
		       group.policy);
		shown++;
	}
	if (!shown)
		printf("  %-*s none: nothing is protected\n", LABEL_WIDTH, "services");
}

/* What is as it is by default goes without saying. */
static void settings_print(const struct report *report)
{
	char limits[LIMITS_TEXT_MAX], timeouts[LIMITS_TEXT_MAX];
	struct setup usual;

	setup_default_values(&usual);
	timeouts_text(&report->instance.config.timeouts, timeouts, sizeof(timeouts));
	if (*timeouts)
		printf("  %-*s %s\n", LABEL_WIDTH, "timeouts", timeouts);
	if (!report->has_setup)
		return;
	setup_limits_text(&report->setup.settings, &usual.settings, limits, sizeof(limits));
	if (*limits)
		printf("  %-*s %s\n", LABEL_WIDTH, "limits", limits);
}

static void lists_print(const struct report *report)
{
	const long allow = report->list_count[LIST_ALLOW], deny = report->list_count[LIST_DENY];

	if (deny > 0 || allow > 0)
		printf("  %-*s deny %ld prefixes, allow %ld\n", LABEL_WIDTH, "lists",
		       deny > 0 ? deny : 0, allow > 0 ? allow : 0);
}

static void duration_add(struct text *text, const char *before, __u64 seconds, const char *after)
{
	text_str(text, before);
	text_duration(text, seconds);
	text_str(text, after);
}

static void keys_print(const struct report *report)
{
	const struct keys_status *keys = &report->keys;
	char line[256];
	struct text text = {.data = line, .size = sizeof(line) - 1};

	if (!report->has_keys)
		return;
	duration_add(&text, keys->turns ? "changed " : "made ", keys->turned_ago_s, " ago");
	if (keys->shared)
		text_str(&text, ", from a key file");
	if (keys->turning)
		duration_add(&text, "; the new one serves in ", keys->serves_in_s, "");
	if (keys->periodic) {
		duration_add(&text, "; a new one each ", keys->period_s, "");
		duration_add(&text, ", next in ", keys->next_in_s, "");
	}
	if (keys->stale)
		text_str(&text, "; OVERDUE: the kernel's timer does not run");
	line[text.used] = '\0';
	printf("  %-*s %s\n", LABEL_WIDTH, "key", line);
}

static const char *table_text(const struct runtime *runtime)
{
	return runtime->table_complete ? "complete" : "incomplete: unknown packets ask the kernel";
}

static void table_print(const struct instance *instance)
{
	const struct runtime *runtime = &instance->runtime;

	printf("  %-*s %" PRIu64 " of %u (%s)\n", LABEL_WIDTH, "connections",
	       (uint64_t)report_conns_used(runtime), instance->config.max_conns,
	       table_text(runtime));
	printf("  %-*s %" PRIu64 " entered so far; removed: %" PRIu64 " after their end, %" PRIu64
	       " by timeout before\n",
	       LABEL_WIDTH, "", (uint64_t)runtime->conns_made, (uint64_t)runtime->conns_closed,
	       (uint64_t)runtime->conns_expired);
	if (runtime->table_full)
		printf("  %-*s %" PRIu64 " times there was no room for a connection; nothing is"
		       " cut; to make room: synguard detach %s, and attach it with a larger"
		       " --max-conns\n",
		       LABEL_WIDTH, "table full", (uint64_t)runtime->table_full, instance->name);
}

/* The file, and what counts more than it, at each reload, too. */
static void config_print(const struct report *report)
{
	if (!*report->config_file)
		return;
	printf("  %-*s %s", LABEL_WIDTH, "config", report->config_file);
	if (report->override_mode)
		printf("; but --mode %s, which attach was given", mode_name(report->override_mode));
	putchar('\n');
}

static void details_print(const struct report *report)
{
	const struct instance *instance = &report->instance;

	attacks_print(report);
	clients_print(report);
	services_print(report);
	settings_print(report);
	lists_print(report);
	keys_print(report);
	config_print(report);
	if (instance->state == INSTANCE_LIVE)
		printf("  %-*s %s, program %u%s\n", LABEL_WIDTH, "XDP", report->xdp_mode,
		       instance->xdp.our_id,
		       instance->xdp.dispatcher ? " under libxdp's dispatcher"
						: ", alone on the hook");
	printf("  %-*s %s\n", LABEL_WIDTH, "hand-off", report->handoff);
	table_print(instance);
}

void report_print(const struct report *report)
{
	headline_print(report);
	if (report->instance.config.abi)
		details_print(report);
}
