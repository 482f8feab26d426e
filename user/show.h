/* SPDX-License-Identifier: GPL-2.0 */
/* What the commands share that show something, once or again and again. */
#ifndef SYNGUARD_SHOW_H
#define SYNGUARD_SHOW_H

#include "names.h"

/* Only iface if it is not NULL; else what is attached, and what lingers only if that is all. */
void show_names(const char *iface, struct names *ret_names);

/*
 * Says why there is no `what` ("counters") of an interface, and returns EXIT_FAILED. -ENOENT: it is
 * not attached.
 */
int show_missing(const char *what, const char *name, int err);

/* --watch[=SECONDS].  EXIT_OK, or EXIT_USAGE once it has said why. */
int show_seconds_parse(const char *command, const char *text, double *ret_seconds);

/*
 * Calls round each so many seconds until it returns other than EXIT_OK, somebody interrupts, or
 * nobody reads any more.  Clears the terminal before each, if it is one and clear is set.  Returns
 * the exit code.
 */
int show_watch(double seconds, int clear, int (*round)(void *context), void *context);

/* In a watch: has it been interrupted?  For rounds that take long. */
int show_interrupted(void);

#endif
