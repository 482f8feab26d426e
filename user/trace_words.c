// SPDX-License-Identifier: GPL-2.0
/* Names for the enums and addresses of a traced packet. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "reason_table.h"
#include "trace_decode.h"

const char *trace_point_name(enum trace_point point)
{
	static const char *const names[] = {[TRACE_IN] = "in",
					    [TRACE_ANSWER] = "answer",
					    [TRACE_OUT] = "out",
					    [TRACE_HANDOFF] = "handoff"};

	return point >= TRACE_IN && point <= TRACE_HANDOFF ? names[point] : "unknown";
}

int trace_is_sent(const struct trace_event *event)
{
	return event->point == TRACE_ANSWER || event->point == TRACE_OUT;
}

const char *trace_verdict(const struct trace_event *event, bool monitor)
{
	if (event->reason >= REASON_MAX || trace_is_sent(event))
		return NULL;
	if (monitor || !strcmp(reason_table[event->reason].verdict, "PASS"))
		return "pass";
	return strcmp(reason_table[event->reason].verdict, "TX") ? "drop" : "tx";
}

int trace_is_drop(const struct trace_event *event, bool monitor)
{
	const char *verdict = trace_verdict(event, monitor);

	return verdict && !strcmp(verdict, "drop");
}

void trace_address(const __u8 addr[16], char ret_text[ENDPOINT_MAX])
{
	const bool v4 = addr_is_v4(addr);

	if (!inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? addr + 12 : addr, ret_text, ENDPOINT_MAX))
		snprintf(ret_text, ENDPOINT_MAX, "unknown");
}

void trace_endpoint(const __u8 addr[16], __u16 port, char ret_text[ENDPOINT_MAX])
{
	static const __u8 none[16];
	char text[ENDPOINT_MAX];

	trace_address(addr, text);
	if (!port && addr_equal(addr, none))
		snprintf(ret_text, ENDPOINT_MAX, "unknown");
	else
		snprintf(ret_text, ENDPOINT_MAX, addr_is_v4(addr) ? "%.46s:%u" : "[%.46s]:%u", text,
			 port);
}
