/* SPDX-License-Identifier: GPL-2.0 */
/* Randomness that keys may be made of. */
#ifndef SYNGUARD_RANDOM_H
#define SYNGUARD_RANDOM_H

#include <stddef.h>

/* From getrandom(2), at most 256 bytes: 0 or -errno. */
int random_fill(void *bytes, size_t size);

#endif
