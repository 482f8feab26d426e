/* SPDX-License-Identifier: GPL-2.0 */
/* The configuration file that settings come from. */
#ifndef SYNGUARD_ORIGIN_H
#define SYNGUARD_ORIGIN_H

#include "setup.h"

/*
 * Reads the file, without the overrides of attach's command line, and notes its absolute name.  0,
 * or -errno with a message that names the file.
 */
int origin_load(const char *file, struct setup *ret_setup, struct origin *ret_origin,
		struct error *error);

#endif
