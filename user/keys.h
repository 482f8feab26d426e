/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The cookie keys of one interface: made at attach, rotated by order, told about without showing
 * them.  The sweeper in the kernel does the rotating (include/keyring.h), also when no process runs.
 */
#ifndef SYNGUARD_KEYS_H
#define SYNGUARD_KEYS_H

#include <stdbool.h>

#include "abi.h"
#include "error.h"
#include "instance.h"
#include "keyfile.h"

enum { KEYS_PERIOD_MIN_S = 120, KEYS_PERIOD_MAX_S = 365 * 86400 };

/* What may be known of a ring; no secrets. */
struct keys_status {
	bool shared;       /* from a key file */
	bool periodic;     /* the sweeper rotates each period_s */
	bool stale;        /* it should have by now: its timer does not run */
	bool turning;      /* the newest key does not serve yet */
	__u32 serves_in_s; /* then: until it does, rounded up */
	__u32 wait_s;      /* until a rotation by hand is possible, rounded up; 0: now */
	__u32 period_s;
	__u32 next_in_s;    /* with periodic: rounded up; 0: now */
	__u64 turned_ago_s; /* the last rotation, or the ring's making */
	__u64 turns;        /* rotations */
};

/*
 * Fills the maps `keys` and `runtime` below dir at attach.  What old has is taken over if
 * handshakes in flight may need it: if it is detached but waits, or was lost, and its keys come
 * from the same place, this host or the same key file.  key_file: NULL for keys of this host's own.
 * rotate_s: 0 for no rotation by itself.
 */
struct keys_request {
	const char *dir;
	const struct instance *old;
	const char *old_dir;
	const char *key_file;
	__u32 rotate_s;
};

int keys_prepare(const struct keys_request *request, struct error *error);

/* What a rotation came to. */
struct keys_change {
	bool same;         /* the file's key is the newest one already: nothing was done */
	bool renumbered;   /* the wall clock had moved: handshakes in flight begin anew */
	__u32 serves_in_s; /* rounded up */
};

/*
 * A new key: from the key file, or with NULL from getrandom(2).  The lock must be held.  -EAGAIN
 * with the time to wait in the message if the last rotation is too recent.
 */
int keys_rotate(const char *dir, const char *key_file, struct keys_change *ret_change,
		struct error *error);

/* Would it refuse this file, or none, now and later?  Changes nothing. */
int keys_source_check(const char *dir, const char *key_file, struct error *error);

/* Rotate by itself each so many seconds since the last rotation; 0: no more. */
int keys_every(const char *dir, __u32 seconds, struct error *error);

/* 0 or -errno. */
int keys_status(const char *dir, struct keys_status *ret_status);

/* The same from what was read.  Pure. */
void keys_status_at(const struct keys *ring, const struct config *config, __u64 jiffies,
		    struct keys_status *ret_status);

/*
 * struct keys .clock that makes jiffies count the same epochs as on other machines: the wall clock
 * in jiffies since 1970, less this host's.  Pure.
 */
__u64 keys_clock_of(__u64 realtime_ns, __u32 hz, __u64 jiffies);

/* The same with the wall clock of now. */
__u64 keys_clock_now(__u32 hz, __u64 jiffies);

/* The old one while the two are a tenth of a second apart at most: clocks are not better.  Pure. */
__u64 keys_clock_choose(__u64 old, __u64 now, __u32 hz);

/* Is the ring's newest key the file's?  Without a file: is it this host's own?  Pure. */
int keys_same_source(const struct keys *ring, const struct keyfile *file);

#endif
