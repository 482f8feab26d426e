/* SPDX-License-Identifier: GPL-2.0 */
/* One interface's connections, chosen, put in order and printed. */
#ifndef SYNGUARD_CONNS_LIST_H
#define SYNGUARD_CONNS_LIST_H

#include "conns_filter.h"
#include "conns_sort.h"
#include "conns_tally.h"

enum list_form {
	LIST_TABLE,
	LIST_JSON,
	LIST_NOTHING, /* the tally is all that is wanted */
};

struct list_request {
	struct conns_filter filter;
	enum conns_order order;
	enum list_form form;
	__u64 limit;              /* lines at most */
	int (*interrupted)(void); /* asked now and then; NULL: never */
};

/* The maps of one interface, and what is known of it. */
struct list_source {
	const char *interface;
	const char *lead;      /* of LIST_JSON: what comes before the first object, */
	const char *separator; /* and between two */
	int conns_fd;
	int halfopen_fd;
	struct conn_clock clock;
};

struct list_result {
	struct conns_tally tally; /* all that match, whatever the limit */
	__u64 shown;              /* lines printed */
};

/*
 * 0 or -errno; *ret_result says in any case what was found and printed.  -EINTR: the watch was
 * interrupted, or nobody reads any more.
 */
int list_print(const struct list_source *source, const struct list_request *request,
	       struct list_result *ret_result);

#endif
