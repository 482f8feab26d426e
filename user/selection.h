/* SPDX-License-Identifier: GPL-2.0 */
/* Services as the command line names them.  Pure. */
#ifndef SYNGUARD_SELECTION_H
#define SYNGUARD_SELECTION_H

#include <stdbool.h>

#include "error.h"
#include "ports.h"

struct port_list {
	unsigned int count;
	struct port_range *range; /* in the order of the text; none overlaps another */
};

/* 80,443,8000-8100; free() its range.  0, -EINVAL or -ENOMEM. */
int port_list_parse(const char *text, struct port_list *ret_list, struct error *error);

/* [ADDR:]PORTS: 80,443  192.0.2.1:80  [2001:db8::1]:8000-8100  all */
struct selection {
	bool any_addr;
	__u8 addr[16];
	bool every; /* all: to change, every service (of that address); to add, all ports */
	struct port_list ports;
};

/* 0, -EINVAL or -ENOMEM. */
int selection_parse(const char *text, struct selection *ret_selection, struct error *error);
void selection_free(struct selection *selection);

#endif
