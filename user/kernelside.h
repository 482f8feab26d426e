/* SPDX-License-Identifier: GPL-2.0 */
/* The programs beside XDP: the hand-off hook, the watch over sockets, and the adoption of sockets.
 */
#ifndef SYNGUARD_KERNELSIDE_H
#define SYNGUARD_KERNELSIDE_H

#include "abi.h"
#include "error.h"

struct synguard_kernel;

/* Loads the programs and pins their maps in dir. */
int kernelside_load(const char *dir, struct synguard_kernel **ret_kernel, struct error *error);

/* Puts the hand-off on ifindex and the watch over sockets, and pins both links in dir. */
int kernelside_link(struct synguard_kernel *kernel, const char *dir, __u32 ifindex,
		    struct error *error);

/* Enters each TCP socket of this network namespace into the table of connections. */
int kernelside_adopt(struct synguard_kernel *kernel, struct error *error);

void kernelside_close(struct synguard_kernel *kernel);

#endif
