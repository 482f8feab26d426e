/* SPDX-License-Identifier: GPL-2.0 */
/* Connections that were there before: entering them into the table, and saying that all are. */
#ifndef SYNGUARD_ADOPT_H
#define SYNGUARD_ADOPT_H

#include "error.h"
#include "kernelside.h"

int adopt_run(struct synguard_kernel *kernel, const char *dir, struct error *error);

#endif
