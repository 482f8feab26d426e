/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What parity.bpf.c says about a frame, for tests/prog/test_parity to hold against the host's
 * words.
 */
#ifndef TESTS_PARITY_H
#define TESTS_PARITY_H

#include "tcpopt.h"

struct parity {
	struct packet packet;
	struct tcpopts opts; /* when reason is PACKET_OK */
	__u32 reason;        /* what packet_parse() returned */
	__u32 sane;          /* what packet_sane() returned, when reason is PACKET_OK */
};

#endif
