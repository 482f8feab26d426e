/* SPDX-License-Identifier: GPL-2.0 */
/* Look-ups in maps of one entry become the entry's address when a program is loaded. */
#ifndef SYNGUARD_DIRECT_H
#define SYNGUARD_DIRECT_H

/*
 * From now on, whoever loads an object of ours with libbpf.  To be called before an object is
 * opened, any number of times, by one thread.  Returns 0 or -errno: then programs load all the
 * same, and are slower.
 */
int direct_enable(void);

#endif
