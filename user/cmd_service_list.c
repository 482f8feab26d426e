// SPDX-License-Identifier: GPL-2.0
/* synguard service list: each service with its policy and what it goes through. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "columns.h"
#include "host.h"
#include "live.h"
#include "output.h"
#include "service_state.h"
#include "setup_diff.h"
#include "setup_view.h"
#include "setup_maps.h"
#include "text.h"
#include "units.h"

struct view {
	struct setup setup;
	struct service_states states;
	__u64 now_s; /* CLOCK_BOOTTIME */
};

static __u64 ago_s(const struct view *view, const struct service_state *state)
{
	return view->now_s > state->started_s ? view->now_s - state->started_s : 0;
}

static json_t *service_json(const struct view *view, const struct service *service)
{
	const struct service_state state = service_state_of(&view->states, &view->setup, service);
	const struct policy *policy = &service->policy;
	char name[SERVICE_TEXT];
	json_t *json;

	service_name(service, name);
	json = json_pack("{s:s, s:i, s:i, s:s, s:b, s:{s:I, s:I, s:i, s:i, s:I}, s:b, s:I}",
			 "service", name, "first_port", service->first, "last_port", service->last,
			 "mode", mode_name(policy->mode), "speaks_first", policy->speaks_first,
			 "attack", "syn_rate_on", (json_int_t)policy->syn_rate_on, "syn_rate_off",
			 (json_int_t)policy->syn_rate_off, "unfinished_on_percent",
			 policy->unfinished_on, "unfinished_off_percent", policy->unfinished_off,
			 "hold_ms", (json_int_t)policy->hold_ms, "attacked", state.attacked,
			 "attacks", (json_int_t)state.attacks);
	if (state.started_s)
		json_object_set_new(json, "attack_started_s_ago",
				    json_integer((json_int_t)ago_s(view, &state)));
	return json;
}

static int list_json(const struct instance *instance, const struct view *view)
{
	json_t *services = json_array();
	unsigned int i;

	for (i = 0; i < view->setup.count; i++)
		json_array_append_new(services, service_json(view, &view->setup.services[i]));
	return output_json(
	    json_pack("{s:s, s:o}", "interface", instance->name, "services", services),
	    JSON_PRETTY);
}

static void pair_cell(struct columns *columns, enum unit unit, __u32 on, __u32 off)
{
	struct text *cell = columns_cell(columns);
	char text[UNIT_TEXT];

	if (!on) {
		text_str(cell, "none");
		return;
	}
	unit_print(unit, on, text);
	text_str(cell, text);
	text_char(cell, ',');
	unit_print(unit, off, text);
	text_str(cell, text);
}

/* "peace", "attack for 12s", "peace, 2 attacks, the last 5m ago" */
static void state_cell(struct columns *columns, const struct view *view,
		       const struct service_state *state)
{
	struct text *cell = columns_cell(columns);

	text_str(cell, state->attacked ? "attack for " : "peace");
	if (state->attacked)
		text_duration(cell, ago_s(view, state));
	if (!state->attacks)
		return;
	text_str(cell, ", ");
	text_u64(cell, state->attacks);
	text_str(cell, state->attacks == 1 ? " attack" : " attacks");
	if (state->attacked)
		return;
	text_str(cell, state->attacks == 1 ? ", " : ", the last ");
	text_duration(cell, ago_s(view, state));
	text_str(cell, " ago");
}

static void service_row(struct columns *columns, const struct view *view,
			const struct service *service)
{
	const struct service_state state = service_state_of(&view->states, &view->setup, service);
	const struct policy *policy = &service->policy;
	char text[SERVICE_TEXT];

	service_name(service, text);
	text_str(columns_cell(columns), text);
	text_str(columns_cell(columns), mode_name(policy->mode));
	pair_cell(columns, UNIT_RATE, policy->syn_rate_on, policy->syn_rate_off);
	pair_cell(columns, UNIT_PERCENT, policy->unfinished_on, policy->unfinished_off);
	unit_print(UNIT_TIME, policy->hold_ms, text);
	text_str(columns_cell(columns), text);
	text_str(columns_cell(columns), policy->speaks_first ? "yes" : "no");
	state_cell(columns, view, &state);
	columns_row_end(columns);
}

static int list_text(const struct instance *instance, const struct view *view)
{
	static const struct column spec[] = {
	    {"SERVICE", ALIGN_LEFT},    {"MODE", ALIGN_LEFT}, {"SYN-RATE", ALIGN_LEFT},
	    {"UNFINISHED", ALIGN_LEFT}, {"HOLD", ALIGN_LEFT}, {"SPEAKS-FIRST", ALIGN_LEFT},
	    {"NOW", ALIGN_LEFT},
	};
	struct columns *columns = columns_new(spec, sizeof(spec) / sizeof(spec[0]));
	unsigned int i;

	if (!columns)
		return -1;
	if (!view->setup.count)
		printf("%s: no service is protected; to add one: synguard service add %s PORTS\n",
		       instance->name, instance->name);
	for (i = 0; i < view->setup.count; i++)
		service_row(columns, view, &view->setup.services[i]);
	if (view->setup.count)
		columns_flush(columns);
	columns_free(columns);
	return 0;
}

static int view_read(const struct instance *instance, struct view *view, struct error *error)
{
	int err, bank = setup_bank(instance->dir, error);

	if (bank < 0)
		return bank;
	err = setup_read(instance->dir, &view->setup, error);
	if (!err)
		err = service_states_read(instance->dir, (__u32)bank, &view->states, error);
	view->now_s = host_boottime_ns() / 1000000000ULL;
	return err;
}

static int list_run(const struct args *args, const struct instance *instance)
{
	struct view view = {0};
	struct error error;
	int err = view_read(instance, &view, &error);

	if (err)
		fprintf(stderr, "synguard: cannot list the services of %s: %s\n", instance->name,
			error.text);
	else
		err = args->json ? list_json(instance, &view) : list_text(instance, &view);
	setup_free(&view.setup);
	service_states_free(&view.states);
	return err ? EXIT_FAILED : EXIT_OK;
}

int cmd_service_list(const struct args *args)
{
	struct instance instance;
	int code, lock = live_lock("list the services");

	if (lock < 0)
		return EXIT_FAILED;
	code = live_choose("service list", "list the services", args->iface, &instance);
	if (!code)
		code = list_run(args, &instance);
	close(lock);
	return code;
}
