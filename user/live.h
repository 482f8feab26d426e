/* SPDX-License-Identifier: GPL-2.0 */
/* The instance that a command about settings in force is for. */
#ifndef SYNGUARD_LIVE_H
#define SYNGUARD_LIVE_H

#include "instance.h"
#include "names.h"

/*
 * Of this name, and it must be live; without a name the only one that is.  EXIT_OK, or the exit
 * code once it has said why not, as "cannot WHAT".
 */
int live_choose(const char *command, const char *what, const char *iface,
		struct instance *ret_instance);

/* Those that are live; without iface all of them. */
void live_names(const char *iface, struct names *ret_names);

/* Why it is not live, and what to do: after "cannot reload eth0: ". */
void live_refuse(const struct instance *instance, struct error *error);

/* For what changes something: the lock, or -errno once it has said why, as "cannot WHAT". */
int live_lock(const char *what);

#endif
