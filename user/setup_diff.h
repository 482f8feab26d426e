/* SPDX-License-Identifier: GPL-2.0 */
/* The difference between two setups, one line for each thing that differs.  Pure. */
#ifndef SYNGUARD_SETUP_DIFF_H
#define SYNGUARD_SETUP_DIFF_H

#include "setup.h"

enum { DIFF_LINE = 512 };

/*
 * Calls line with "+ service 192.0.2.1:443 mode auto", "- service 80", "~ service 22: mode auto ->
 * always", "~ limits.syn_to_live.rate: 100/s -> 50/s": the file's words.  Returns how many lines, or -ENOMEM.
 */
int setup_diff(const struct setup *old, const struct setup *new,
	       void (*line)(const char *text, void *context), void *context);

/* 80  8000-8100  all ports  192.0.2.1:80  [2001:db8::1]:8000-8100 */
void service_name(const struct service *service, char ret_text[SERVICE_TEXT]);

/* Does new protect a port, of some address, that old does not? */
bool setup_widens(const struct setup *old, const struct setup *new);

#endif
