/* SPDX-License-Identifier: GPL-2.0 */
/* Lists of TCP ports as people write them: `80,443,8000-8100`.  Pure. */
#ifndef SYNGUARD_PORTS_H
#define SYNGUARD_PORTS_H

#include <linux/types.h>

#include "error.h"

struct port_range {
	__u16 first; /* both included */
	__u16 last;
};

/*
 * Takes the first item off the list.  1, 0 if there is none left (*list is NULL), or -EINVAL with
 * the reason.  The list as a whole: begin with *list at its start.
 */
int ports_next(const char **list, struct port_range *ret_range, struct error *error);

#endif
