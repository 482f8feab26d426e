/* SPDX-License-Identifier: GPL-2.0 */
/* Asking another program. */
#ifndef SYNGUARD_RUN_H
#define SYNGUARD_RUN_H

/*
 * Runs argv (NULL-terminated, looked up in PATH) and collects what it prints on stdout; free it.
 * -ENOENT if there is no such program, -EIO if it fails, -EFBIG above 16 MiB.
 */
int run_read(char *const argv[], char **ret_text);

#endif
