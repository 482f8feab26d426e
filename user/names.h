/* SPDX-License-Identifier: GPL-2.0 */
/* Which interfaces a command without IFACE is about: those that have a directory, sorted. */
#ifndef SYNGUARD_NAMES_H
#define SYNGUARD_NAMES_H

#include <net/if.h>

enum { NAMES_MAX = 256 };

struct names {
	unsigned int count;
	char name[NAMES_MAX][IFNAMSIZ];
};

/* Only iface if it is not NULL, else all. */
void names_list(const char *iface, struct names *ret_names);

#endif
