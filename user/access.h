/* SPDX-License-Identifier: GPL-2.0 */
/* Whether this process may look at what is pinned, told apart from nothing being there. */
#ifndef SYNGUARD_ACCESS_H
#define SYNGUARD_ACCESS_H

#include "error.h"

/* 0, also if nothing was ever attached; or -errno with what is missing. */
int access_check(struct error *error);

#endif
