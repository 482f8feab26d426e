/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A key file: what machines need in common to accept each other's cookies, in one line of 48 hex
 * digits, 16 bytes of key and 8 of epoch mask.  It is made by root for root, and refused when
 * others may read it.
 */
#ifndef SYNGUARD_KEYFILE_H
#define SYNGUARD_KEYFILE_H

#include <linux/types.h>

#include "error.h"

struct keyfile {
	__u8 key[16];
	__u64 epoch_mask;
};

/*
 * Reads it; erase *ret_keyfile with explicit_bzero() after use.  0 or -errno with the reason, which
 * says nothing of what is in the file.
 */
int keyfile_read(const char *path, struct keyfile *ret_keyfile, struct error *error);

/* Makes one from getrandom(2), mode 0600, on disk when this returns; -EEXIST if path exists. */
int keyfile_make(const char *path, struct error *error);

/*
 * A new key in place of that in path, with the same epoch mask, as a rotation needs it.  Atomic:
 * whoever reads finds the old one or the new one.
 */
int keyfile_replace(const char *path, struct error *error);

#endif
