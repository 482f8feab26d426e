// SPDX-License-Identifier: GPL-2.0
/* The rights that reading the pinned maps needs. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "access.h"
#include "host.h"
#include "pins.h"

int access_check(struct error *error)
{
	char missing[64];

	if (access(PIN_ROOT, F_OK) && errno == ENOENT)
		return 0;
	if (access(PIN_ROOT, R_OK | X_OK))
		return error_set(error, -errno, "cannot read %s (%s); run as root", PIN_ROOT,
				 strerror(errno));
	host_missing_caps(missing, sizeof(missing));
	if (!*missing)
		return 0;
	return error_set(error, -EPERM,
			 "this process lacks %s, which reading BPF maps and the XDP hook needs; run"
			 " as root, or grant it",
			 missing);
}
