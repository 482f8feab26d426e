/* SPDX-License-Identifier: GPL-2.0 */
/* A traced packet as a JSON object, for scripts.  Pure. */
#ifndef SYNGUARD_TRACE_JSON_H
#define SYNGUARD_TRACE_JSON_H

#include <jansson.h>

#include "trace_conns.h"

/* wall_ns: when it was seen, since 1970.  A new object, or NULL without memory. */
json_t *trace_json(const struct trace_conn *conn, const struct trace_packet *packet, __u64 wall_ns,
		   bool monitor);

#endif
