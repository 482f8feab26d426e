/* SPDX-License-Identifier: GPL-2.0 */
/* Putting another setup in force on what is attached, between two packets and as a whole. */
#ifndef SYNGUARD_SETUP_APPLY_H
#define SYNGUARD_SETUP_APPLY_H

#include "instance.h"
#include "setup_lists.h"

/* What is in force, and what shall be. */
struct transition {
	const struct setup *old;
	const struct setup *setup;
	const struct origin *origin; /* of setup */
	const struct setup_lists *lists;
};

/* -errno with a message if it would change what only attach can, or what cannot be done now. */
int setup_apply_check(const struct instance *instance, const struct transition *transition,
		      struct error *error);

/*
 * The lock must be held, and the instance be live.  On failure the old setup is in force, unless
 * *ret_in_force says that the new one is, and only the adoption of connections failed.
 */
int setup_apply(const struct instance *instance, const struct transition *transition,
		bool *ret_in_force, struct error *error);

#endif
