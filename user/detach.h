/* SPDX-License-Identifier: GPL-2.0 */
/* Taking protection down in two steps: XDP at once, the hand-off when no cookie is valid any more.
 */
#ifndef SYNGUARD_DETACH_H
#define SYNGUARD_DETACH_H

#include "instance.h"

enum detach_when { DETACH_LINGER, DETACH_NOW };

enum detach_outcome {
	DETACH_LINGERS,   /* XDP is off now, the hand-off follows by itself */
	DETACH_WAITING,   /* XDP was off before; the hand-off still waits */
	DETACH_REMOVED,   /* nothing is left */
	DETACH_NOT_THERE, /* there was nothing */
};

/* The lock must be held.  Starts a process in the background if the hand-off is to linger. */
int detach_run(const char *name, enum detach_when when, enum detach_outcome *ret_outcome,
	       struct instance *ret_instance, struct error *error);

/* In the background: sleeps until instance's cookies have expired, then removes its directory. */
int linger_start(const struct instance *instance);

#endif
