/* SPDX-License-Identifier: GPL-2.0 */
/* The clock by which the programs stamp connections: jiffies, which no system call tells. */
#ifndef SYNGUARD_JIFFIES_H
#define SYNGUARD_JIFFIES_H

#include <linux/types.h>

/*
 * bpf_jiffies64() of now.  They start at INITIAL_JIFFIES, not at 0, and do not go by
 * CLOCK_BOOTTIME, so nothing that user space can read tells them: a program of five instructions is
 * loaded, once per process. 0 or -errno.
 */
int jiffies_read(__u64 *ret_jiffies);

#endif
