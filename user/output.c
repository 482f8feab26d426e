// SPDX-License-Identifier: GPL-2.0
/* JSON on stdout. */
#include <errno.h>
#include <stdio.h>

#include "output.h"

int output_json(json_t *value, enum json_layout layout)
{
	size_t flags = layout == JSON_PRETTY ? JSON_INDENT(2) : JSON_COMPACT;
	int err = value ? 0 : -ENOMEM;

	if (!err && json_dumpf(value, stdout, flags))
		err = -EIO;
	json_decref(value);
	if (!err && (putchar('\n') == EOF || fflush(stdout)))
		err = -EPIPE;
	return err;
}
