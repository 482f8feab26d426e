/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The programs beside XDP: the hand-off hook, the look at outgoing packets, the watch over sockets,
 * their adoption, and the sweeper of the connection table.
 */
#ifndef SYNGUARD_KERNELSIDE_H
#define SYNGUARD_KERNELSIDE_H

#include "abi.h"
#include "error.h"

struct synguard_kernel;

/* Loads the programs and pins their maps in dir; slots: of the connection table. */
int kernelside_load(const char *dir, __u32 slots, struct synguard_kernel **ret_kernel,
		    struct error *error);

/* Starts the timer that removes connections which are over.  It ends with the maps' pins. */
int kernelside_sweep(struct synguard_kernel *kernel, struct error *error);

/*
 * Puts the hand-off and the look at outgoing packets on ifindex, and the watch over sockets, and
 * pins the links in dir; with them the file `connections`, which prints the table.
 */
int kernelside_link(struct synguard_kernel *kernel, const char *dir, __u32 ifindex,
		    struct error *error);

/* Enters each TCP socket of this network namespace into the table of connections. */
int kernelside_adopt(struct synguard_kernel *kernel, struct error *error);

void kernelside_close(struct synguard_kernel *kernel);

#endif
