/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One interface's protection as found on the system: its pinned directory, its configuration, and
 * what is really on the interface.  The XDP program is the commit point: a directory whose
 * interface carries it is attached, whatever else an interrupted loader left undone.
 */
#ifndef SYNGUARD_INSTANCE_H
#define SYNGUARD_INSTANCE_H

#include <net/if.h>

#include "abi.h"
#include "error.h"
#include "pins.h"
#include "xdp.h"

enum instance_state {
	INSTANCE_NONE,        /* nothing is pinned for this name */
	INSTANCE_INTERRUPTED, /* an attach that ended before its XDP program was on */
	INSTANCE_LIVE,        /* the XDP program is on */
	INSTANCE_LINGERING,   /* detached; the hand-off waits for handshakes in flight */
	INSTANCE_LOST,        /* somebody else took the XDP program off or replaced it */
	INSTANCE_GONE,        /* the interface it was attached to no longer exists */
	INSTANCE_FOREIGN,     /* pinned by a synguard whose maps have another layout */
	INSTANCE_UNREADABLE,  /* the kernel refused to tell; nothing may be concluded */
};

struct instance {
	char name[IFNAMSIZ];
	char dir[PIN_PATH_MAX];
	enum instance_state state;
	struct config config;
	struct runtime runtime;
	__u32 config_id;         /* of the map `config` */
	__u32 ifindex;           /* of the interface as it is now, 0: gone */
	char name_now[IFNAMSIZ]; /* "" if it cannot be told */
	__u32 netns;             /* inode of the namespace in which the interface was found */
	struct xdp_found xdp;
};

/* Reads the directory for name.  Never fails: INSTANCE_UNREADABLE is a state, too. */
void instance_read(const char *name, struct instance *ret_instance);

/* The same for the directory that was set aside during a re-attach. */
void instance_read_aside(const char *name, struct instance *ret_instance);

/* How long a cookie is accepted. */
__u64 instance_lifetime_ns(const struct config *config);

/* Seconds, rounded up, until a detached instance may be removed; 0: now. */
unsigned int instance_seconds_left(const struct instance *instance);

/* XDP is off and its cookies have expired: nothing needs the directory any more. */
int instance_is_over(const struct instance *instance);

/*
 * Puts right what an interrupted attach, detach or removal left, and reads what is there then.  The
 * lock must be held.  Fails, changing nothing, if the state cannot be told.
 */
int instance_recover(const char *name, struct instance *ret_instance, struct error *error);

#endif
