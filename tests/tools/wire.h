/* SPDX-License-Identifier: GPL-2.0 */
/* What wire.c tells its program (xdp_wire.bpf.c). */
#ifndef TESTS_WIRE_H
#define TESTS_WIRE_H

#include <linux/types.h>

/* Two ports, a (0) and b (1). */
struct wire_ends {
	__u32 ifindex[2];
	__u32 cpu[2]; /* that receives behind this port */
};

#endif
