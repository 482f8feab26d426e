/* SPDX-License-Identifier: GPL-2.0 */
/* Which traced packets were for a service in mode monitor, so that their verdict had no effect. */
#ifndef SYNGUARD_TRACE_MODES_H
#define SYNGUARD_TRACE_MODES_H

#include <stdbool.h>

#include "instance.h"
#include "setup.h"

struct trace_modes {
	char dir[PIN_PATH_MAX];
	bool known;
	__u64 read_at; /* ns of CLOCK_BOOTTIME */
	struct setup setup;
};

/* Reads the setup that is in force; if that fails nothing counts as monitored. */
void trace_modes_open(struct trace_modes *modes, const struct instance *instance);
void trace_modes_close(struct trace_modes *modes);

/* Reads the setup again if that is longer ago than a second: a reload may have changed it. */
bool trace_modes_monitor(struct trace_modes *modes, const struct trace_event *event);

/* Does every service only watch? */
bool trace_modes_all_monitor(const struct trace_modes *modes);

#endif
