/* SPDX-License-Identifier: GPL-2.0 */
/* Changing the services of a setup, for synguard service.  Pure. */
#ifndef SYNGUARD_SETUP_EDIT_H
#define SYNGUARD_SETUP_EDIT_H

#include "selection.h"
#include "setup.h"

/* What of a policy was given. */
struct policy_change {
	bool mode, syn_rate, unfinished, hold, speaks_first;
	struct policy policy;
};

/*
 * Each makes a new setup and leaves old alone; 0 or -errno with a message.  A service that the
 * selection has a part of is split.
 */

/*
 * What the change leaves out is as setup_default_policy() has it, with the mode of the settings.
 * -EEXIST if a port has a service of that address already, be it not the one of all ports.
 */
int setup_edit_add(const struct setup *old, const struct selection *selection,
		   const struct policy_change *change, struct setup *ret_setup,
		   struct error *error);

/* -ENOENT if a port has no service of that address; change NULL: removes them. */
int setup_edit_set(const struct setup *old, const struct selection *selection,
		   const struct policy_change *change, struct setup *ret_setup,
		   struct error *error);

#endif
