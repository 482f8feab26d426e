/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sequences of TCP packets in a notation that people can write and a test can print:
 *
 *   o S 0 -; r S. 0 1; o . 1 1; o P. 1 1 100 win=0
 *
 * Each packet is: the side (o: client, r: server), flags (S F R P U, '.' for ACK, E W, or 0 for
 * none), sequence number, acknowledgement number or '-' (no ACK flag), bytes of payload if any,
 * then win=N (65535), opt=HEX (TCP options), badsum=1, doff=N.  Numbers are relative to the ISNs of
 * the two sides, signed.  The columns are those of tests/data/nf_conntrack_reference.csv.
 */
#ifndef TESTS_PROG_CTSEQ_H
#define TESTS_PROG_CTSEQ_H

#include "ctworld.h"

enum ctseq_limits { CTSEQ_MAX = 32, CTSEQ_TEXT = 8192, CTSEQ_LEN_MAX = 1900 };

struct ctstep {
	enum ctside from;
	__u8 flags; /* enum pkt_flag */
	__u32 seq;  /* relative */
	__u32 ack;  /* relative; counts with PKT_ACK */
	__u16 len;  /* bytes of payload */
	__u16 window;
	__u8 opt[40];
	__u8 opt_len;
	__u8 badsum;
	__u8 doff; /* 0: the right one */
};

struct ctseq {
	char name[64];
	int v6;
	__u32 isn[2]; /* by enum ctside */
	unsigned int n;
	struct ctstep step[CTSEQ_MAX];
};

/*
 * Append the packets of the text to the sequence.  Returns 0, or -1 and the text of the packet that
 * cannot be read.
 */
int ctseq_parse(struct ctseq *s, const char *text, const char **ret_bad);

/* One packet in the notation, into out[size]. */
void ctstep_print(const struct ctstep *step, char *out, unsigned int size);

/* The frame of step i.  Returns its length in out[PKT_ROOM]. */
unsigned int ctseq_frame(const struct ctseq *s, unsigned int i, __u16 client_port, __u8 *out);

/* A sequence out of random numbers: the same for the same seed. */
void ctseq_random(struct ctseq *s, __u64 seed);

#endif
