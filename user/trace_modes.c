// SPDX-License-Identifier: GPL-2.0
/* See trace_modes.h. */
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "setup_maps.h"
#include "setup_view.h"
#include "trace_modes.h"

#define NS_PER_S 1000000000ULL

static void modes_read(struct trace_modes *modes)
{
	struct error error;
	struct setup setup;

	modes->read_at = host_boottime_ns();
	if (setup_read(modes->dir, &setup, &error))
		return;
	trace_modes_close(modes);
	modes->setup = setup;
	modes->known = true;
}

void trace_modes_open(struct trace_modes *modes, const struct instance *instance)
{
	*modes = (struct trace_modes){0};
	snprintf(modes->dir, sizeof(modes->dir), "%s", instance->dir);
	modes_read(modes);
}

void trace_modes_close(struct trace_modes *modes)
{
	if (modes->known)
		setup_free(&modes->setup);
	modes->known = false;
}

bool trace_modes_monitor(struct trace_modes *modes, const struct trace_event *event)
{
	const struct service *service;

	if (host_boottime_ns() - modes->read_at > NS_PER_S)
		modes_read(modes);
	if (!modes->known)
		return false;
	service = setup_find(&modes->setup, event->key.local, event->key.local_port);
	return (service ? service->policy.mode : modes->setup.settings.mode) == MODE_MONITOR;
}

bool trace_modes_all_monitor(const struct trace_modes *modes)
{
	return modes->known && setup_mode(&modes->setup) == MODE_MONITOR;
}
