/* SPDX-License-Identifier: GPL-2.0 */
/* What a trace is asked to show, from the words of the command line. */
#ifndef SYNGUARD_TRACE_ARGS_H
#define SYNGUARD_TRACE_ARGS_H

#include "abi.h"
#include "cli.h"

enum trace_output { TRACE_LADDER, TRACE_JSON, TRACE_PCAP };

struct trace_request {
	struct trace_filter filter;
	enum trace_output output;
	__u64 count; /* events to show; 0: no end */
};

/* EXIT_OK, or EXIT_USAGE once it has said why. */
int trace_args_parse(const struct args *args, struct trace_request *ret_request);

#endif
