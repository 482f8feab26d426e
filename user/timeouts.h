/* SPDX-License-Identifier: GPL-2.0 */
/* How long connections live without a packet, as the user writes it. */
#ifndef SYNGUARD_TIMEOUTS_H
#define SYNGUARD_TIMEOUTS_H

#include <stddef.h>

#include "abi.h"
#include "error.h"

enum { TIMEOUT_MAX_S = 20 * 86400 }; /* jiffies cut to 32 bits, signed, at 1000 Hz: 24 days */

/*
 * Changes what text says, as in "established=5d,time_wait=30s,close=10"; without a unit it is
 * seconds.  0, or -EINVAL with the reason and *timeouts untouched.
 */
int timeouts_parse(const char *text, struct timeouts *timeouts, struct error *error);

/* Those that are not the default, as "time_wait=30,close=5"; "" if all are. */
void timeouts_text(const struct timeouts *timeouts, char *ret_text, size_t size);

/* The names, in order; NULL ends them. */
extern const char *const timeout_names[];

#endif
