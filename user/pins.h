/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where synguard lives in the BPF file system: one directory per interface with its maps and links,
 * and the lock that lets one loader work at a time.  Nothing here knows what the pins mean.
 */
#ifndef SYNGUARD_PINS_H
#define SYNGUARD_PINS_H

#include "error.h"

#define PIN_ROOT "/sys/fs/bpf/synguard"

enum { PIN_PATH_MAX = 128 };

/* An interface's directory: bpffs refuses dots in names, and interface names cannot hold colons. */
void pins_dir(const char *iface, char ret_dir[PIN_PATH_MAX]);

/* Where that directory waits while a new one takes its place. */
void pins_dir_aside(const char *iface, char ret_dir[PIN_PATH_MAX]);

void pins_file(const char *dir, const char *name, char ret_path[PIN_PATH_MAX]);

/* Call first: goes to the mounts of the process that started this, if these here have no bpffs. */
void pins_reach(void);

/* How that went: 0, or -errno if there may be pins that cannot be seen from here. */
int pins_reached(void);

/* Mounts bpffs if it is not there and makes PIN_ROOT. */
int pins_prepare(struct error *error);

int pins_exist(const char *dir); /* 1 or 0 */
int pins_make(const char *dir, struct error *error);

/* Removes a directory with all it holds: links first, the configuration last. */
int pins_remove(const char *dir);

/*
 * One loader at a time: waits up to five seconds for the lock.  Returns a descriptor to close,
 * which the kernel does too if the process dies, or -ENOENT if nothing was ever attached.
 */
int pins_lock(struct error *error);

/* Calls visit with each interface that has a directory (also one set aside).  Returns how many. */
int pins_each(void (*visit)(const char *iface, void *context), void *context);

#endif
