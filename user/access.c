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
	int err;

	if (access(PIN_ROOT, R_OK | X_OK)) {
		err = errno == ENOENT ? pins_reached() : -errno;
		if (!err)
			return 0;
		return error_set(error, err, "cannot read the pins in %s (%s); run as root",
				 PIN_ROOT, strerror(-err));
	}
	host_missing_caps(missing, sizeof(missing));
	if (!*missing)
		return 0;
	return error_set(error, -EPERM,
			 "this process lacks %s, which reading BPF maps and the XDP hook needs; run"
			 " as root, or grant it",
			 missing);
}
