// SPDX-License-Identifier: GPL-2.0
/* The driver hook's program for dry runs: see dry.h. */
#define DRY_RUN 1
#include "xdp.bpf.c"
