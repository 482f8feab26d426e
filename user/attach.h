/* SPDX-License-Identifier: GPL-2.0 */
/* Bringing protection up, all or nothing. */
#ifndef SYNGUARD_ATTACH_H
#define SYNGUARD_ATTACH_H

#include "iface.h"
#include "instance.h"
#include "setup_lists.h"

struct attach_request {
	struct iface iface;
	const struct setup *setup;
	const struct origin *origin;
	const struct setup_lists *lists;
};

struct attach_result {
	enum xdp_mode xdp_mode;
	bool dispatcher;       /* libxdp's: other XDP programs can share the interface */
	bool repaired;         /* the XDP program had been taken off by somebody else */
	const char *completed; /* not NULL: attached before, this is what had been left undone */
	const char *why;       /* why generic was chosen, "" if it was not by --xdp auto */
	struct error native;   /* what the driver said, if it was asked and refused */
};

/* Whether this host and interface allow it at all; reads only.  0 or -errno with the reason. */
int attach_check(const struct attach_request *request, struct error *error);

/*
 * Attaches; any failure undoes what was done.  The lock must be held, and instance be what recovery
 * left: INSTANCE_NONE, or INSTANCE_LINGERING, _LOST or _GONE, whose keys the new one takes over.
 */
int attach_run(const struct attach_request *request, const struct instance *old,
	       struct attach_result *ret_result, struct error *error);

/*
 * Puts the XDP program whose maps are in dir on the interface, trying the modes in the order that
 * the choice allows.  Writes config with the mode before each try.
 */
int xdp_choose(const struct attach_request *request, const char *dir, struct config *config,
	       struct attach_result *result, struct error *error);

/* Ends an attach that was killed after its XDP program was on. */
int attach_complete(const struct instance *instance, struct error *error);

#endif
