/* SPDX-License-Identifier: GPL-2.0 */
/* What attach's command line says, which counts more than the file.  Pure. */
#ifndef SYNGUARD_OVERRIDES_H
#define SYNGUARD_OVERRIDES_H

#include "cli.h"
#include "setup.h"

/* auto, always, monitor; -EINVAL. */
int mode_parse(const char *text, enum mode *ret_mode);

/* EXIT_OK, or EXIT_USAGE once it has said why. */
int overrides_parse(const struct args *args, struct overrides *ret_overrides);

void overrides_apply(const struct overrides *overrides, struct setup *setup);

#endif
