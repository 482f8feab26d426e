/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The XDP hook of an interface, through libxdp.  A program is synguard's if it uses the pinned map
 * `config`; whatever else is on the hook belongs to somebody else and is never replaced.
 */
#ifndef SYNGUARD_XDP_H
#define SYNGUARD_XDP_H

#include <stdbool.h>

#include "abi.h"
#include "error.h"

struct xdp_found {
	__u32 main_id;      /* the program on the hook, 0: none */
	char main_name[16]; /* its name, "" if it may not be asked */
	__u32 our_id;       /* ours, the same or a component of a dispatcher; 0: none */
	bool dispatcher;    /* libxdp's dispatcher is on the hook */
	enum xdp_mode mode; /* of the program on the hook */
};

/*
 * Looks at the hook.  map_id is the id of our map `config` (0: nothing of ours can be there);
 * saved_id our program's id as remembered, for callers who may not look into programs.
 */
int xdp_find(__u32 ifindex, __u32 map_id, __u32 saved_id, struct xdp_found *ret_found);

/* Loads the program with the maps pinned in dir, and attaches it. */
int xdp_attach(const char *dir, const struct config *config, struct error *error);

/* Takes our program, and nothing else, off the hook. */
int xdp_detach(__u32 ifindex, const struct xdp_found *found, struct error *error);

#endif
