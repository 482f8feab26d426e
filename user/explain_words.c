// SPDX-License-Identifier: GPL-2.0
/* Questions to an explanation; see explain_words.h. */
#include <stddef.h>
#include <string.h>

#include "explain_words.h"
#include "host.h"
#include "reason_table.h"

#define NS_PER_S 1000000000ULL

const char *explanation_kernel(const struct explanation *e)
{
	/* enum sock_found of bpf/kernel_ask.h, plus one. */
	static const char *const found[] = {NULL, "nothing", "listener", "half-open", "connection"};

	return e->kernel_asked < sizeof(found) / sizeof(found[0]) ? found[e->kernel_asked] : NULL;
}

struct conn_clock explanation_clock(const struct explanation *e)
{
	return (struct conn_clock){
	    .jiffies = (__u32)e->now,
	    .hz = e->config.hz,
	    .boottime_s = (__u32)(host_boottime_ns() / NS_PER_S),
	    .timeouts = e->config.timeouts,
	};
}

int explanation_complete(const struct explanation *e)
{
	return e->runtime.table_complete && e->runtime.incomplete_until <= e->now;
}

int explanation_attacked(const struct explanation *e)
{
	return e->service.defence.until > e->now;
}

int explanation_has_facts(const struct explanation *e)
{
	return e->facts.mss != 0 || e->facts.dst_unicast;
}

int explanation_enforced(const struct explanation *e)
{
	const enum mode mode =
	    e->service.policy_id ? e->service.policy.mode : e->service.settings.mode;

	return mode != MODE_MONITOR || !strcmp(reason_table[e->reason].verdict, "PASS");
}

int explanation_kernel_active(const struct explanation *e)
{
	return e->service.kernel_until > e->now;
}
