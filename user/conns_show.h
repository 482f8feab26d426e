/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The connections of one or several interfaces, with what goes around them: headings, sums, JSON.
 */
#ifndef SYNGUARD_CONNS_SHOW_H
#define SYNGUARD_CONNS_SHOW_H

#include "conns_list.h"
#include "names.h"

struct conns_showing {
	struct list_request request;
	struct names names;
	bool json;
	bool watch; /* this is one round of many: a stream of lines, if JSON */
};

/* Returns the exit code, having said what went wrong. */
int conns_show(const struct conns_showing *showing);

#endif
