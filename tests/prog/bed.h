/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The test bed of the program tests: a world and a shield in it, made once per test program, and
 * the few things that every table of cases does.  Includes what cmocka wants before it.
 */
#ifndef TESTS_PROG_BED_H
#define TESTS_PROG_BED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cookie.h"
#include "shield.h"
#include "world.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

struct bed {
	struct world w;
	struct shield s;
};

/* cmocka's group setup and teardown; *state becomes the bed. */
int bed_make(void **state);
int bed_end(void **state);

/* cmocka's setup of each test: no connections, default settings, every flavour protected. */
int bed_reset(void **state);

/* A client port that was not used before in this program. */
__u16 bed_sport(void);

/* A SYN with the options that Linux sends, from a fresh port. */
struct pkt bed_syn(int v6, __u16 dport);

/*
 * Run the frame; fail, naming the row, unless verdict, reason, the number of reasons counted and
 * the bytes counted are right, and unless a frame that is not answered came out as it went in.
 */
void bed_expect(struct bed *b, const __u8 *frame, unsigned int len, int verdict, enum reason reason,
		const char *row, struct outcome *ret);
void bed_expect_pkt(struct bed *b, const struct pkt *p, int verdict, enum reason reason,
		    const char *row, struct outcome *ret);

/* Fail with the row's name and both frames in hex unless they are equal. */
void bed_equal(const __u8 *got, unsigned int got_len, const __u8 *want, unsigned int want_len,
	       const char *row);

/* The fields of an answer that a client sends back. */
struct synack {
	__u32 isn;
	__u32 ack;
	__u32 tsval; /* 0: no timestamps */
	__u32 tsecr;
	int has_ts;
};

struct synack bed_synack(const struct pkt *syn, const struct outcome *o);

/* Does the answer's cookie hold, for the SYN it answers, and what does it say? */
enum cookie_verdict bed_decode(struct bed *b, const struct pkt *syn, const struct synack *a,
			       struct tcp_offer *ret_offer);

/* The segment that finishes the handshake: same tuple, with timestamps if the answer has them. */
struct pkt bed_ack(const struct pkt *syn, const struct synack *a, __u32 tsval);

/* Both in one: have the SYN answered, and build the ACK. */
struct pkt bed_shake(struct bed *b, const struct pkt *syn);

/*
 * A connection seen just now, of which next, sent by the client, is the next segment; windows are
 * 64 KiB both ways.
 */
struct conn bed_conn(struct bed *b, const struct pkt *next, enum conn_socket socket,
		     enum conn_state state);

/* The same, entered under next's tuple. */
void bed_conn_add(struct bed *b, const struct pkt *next, enum conn_socket socket,
		  enum conn_state state);

/*
 * Fill every place that the tuple may have with other tuples' connections, open ones, in the order
 * of the places.  Returns how many; ret_keys has room for TABLE_WINDOW, or is NULL.
 */
unsigned int bed_places_fill(struct bed *b, const struct conn_key *key, struct conn_key *ret_keys);

/* Set a connection's last packet back by so many seconds. */
void bed_age(struct bed *b, const struct conn_key *key, __u32 seconds);

#endif
