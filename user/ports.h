/* SPDX-License-Identifier: GPL-2.0 */
/* Lists of TCP ports as people write them: `80,443,8000-8100`. */
#ifndef SYNGUARD_PORTS_H
#define SYNGUARD_PORTS_H

#include <stddef.h>

#include "abi.h"
#include "error.h"

/* Sets protect in the entries that the list names; the others are left alone.  0 or -EINVAL. */
int ports_parse(const char *list, struct port *ports, struct error *error);

/* Calls visit with each run of protected ports, lowest first. */
void ports_each_range(const struct port *ports,
		      void (*visit)(unsigned int first, unsigned int last, void *context),
		      void *context);

#endif
