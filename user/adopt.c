// SPDX-License-Identifier: GPL-2.0
/* See adopt.h. */
#include <stddef.h>
#include <string.h>

#include "adopt.h"
#include "maps.h"

/*
 * Every socket is in the table now, unless one found no room: before it is said to be complete, or
 * meanwhile.  The programs count that first and then say so, hence the order here.
 */
static int table_tell(const char *dir)
{
	struct runtime runtime;
	int err = map_store_runtime(dir, offsetof(struct runtime, table_complete), 1);

	if (!err)
		err = map_load(dir, "runtime", &runtime, sizeof(runtime));
	if (!err && runtime.table_full)
		err = map_store_runtime(dir, offsetof(struct runtime, table_complete), 0);
	return err;
}

int adopt_run(struct synguard_kernel *kernel, const char *dir, struct error *error)
{
	int err = kernelside_adopt(kernel, error);

	if (err)
		return err;
	err = table_tell(dir);
	if (err)
		return error_set(error, err, "cannot write to the map runtime: %s", strerror(-err));
	return 0;
}
