// SPDX-License-Identifier: GPL-2.0
/* getrandom(2), which up to 256 bytes gives all or nothing. */
#include <errno.h>
#include <sys/random.h>

#include "random.h"

int random_fill(void *bytes, size_t size)
{
	ssize_t got;

	do {
		got = getrandom(bytes, size, 0);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	return got == (ssize_t)size ? 0 : -EIO;
}
