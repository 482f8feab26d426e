// SPDX-License-Identifier: GPL-2.0
/* The list of interfaces that a command is about. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "pins.h"

static void name_add(const char *name, void *context)
{
	struct names *names = context;

	if (names->count < NAMES_MAX)
		snprintf(names->name[names->count++], IFNAMSIZ, "%s", name);
}

static int name_compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

void names_list(const char *iface, struct names *ret_names)
{
	ret_names->count = 0;
	if (iface)
		name_add(iface, ret_names);
	else
		pins_each(name_add, ret_names);
	qsort(ret_names->name, ret_names->count, sizeof(ret_names->name[0]), name_compare);
}
