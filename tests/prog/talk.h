/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A connection told segment by segment through the real programs: what the remote side sends goes
 * through XDP, what this host sends through the egress hook.  Numbers count from each side's ISN,
 * as in tests/data/nf_conntrack_reference.csv: its SYN is 0, its first byte 1.
 */
#ifndef TESTS_PROG_TALK_H
#define TESTS_PROG_TALK_H

#include "bed.h"

struct talk {
	struct bed *b;
	struct pkt in; /* the remote side's segments are made of this */
	struct conn_key key;
	__u32 isn[2];    /* of the client, of the server */
	int opened_here; /* the client is this host */
	__u16 window;    /* of the segments to come */
	struct outcome last;
};

/* A fresh pair of ports; remote is the client. */
struct talk talk_new(struct bed *b, int v6, __u16 port);

/*
 * One segment of the client ('o') or the server ('r'), with flags as in "S.", and what became of
 * it.  SYNs carry MSS 1400 and window scale 7.
 */
enum reason talk_say(struct talk *t, char dir, const char *flags, __u32 seq, __u32 ack, __u32 len);

/* The same, and it must end so. */
void talk_expect(struct talk *t, char dir, const char *flags, __u32 seq, __u32 ack, __u32 len,
		 enum reason reason);

/* The segment, without sending it. */
struct pkt talk_segment(const struct talk *t, char dir, const char *flags, __u32 seq, __u32 ack,
			__u32 len);

/* Its entry in the table, which must be there. */
struct conn talk_conn(const struct talk *t);

/* Its state in the table, or else as a half-open one; NONE: neither. */
enum conn_state talk_state(const struct talk *t);

/* Write the entry's socket, as the watcher would. */
void talk_socket(struct talk *t, enum conn_socket socket);

/* A handshake by cookie, up to the entry that waits for its socket. */
void talk_cookie(struct talk *t);

/*
 * Real handshakes, up to a socket that is accepted, which is returned: by cookie, and by the kernel
 * itself (mode monitor).  The ACK comes with len bytes. shield_tc_attach() is needed, and
 * shield_egress_attach() to see the answers.
 */
int talk_live(struct talk *t, __u32 len);
int talk_live_kernel(struct talk *t, __u32 len);

/* Close a socket without leaving the kernel anything to repeat later, in another test. */
void talk_abort(int fd);

/* Through XDP and into the kernel. */
void talk_receive(struct talk *t, const char *flags, __u32 seq, __u32 ack, __u32 len);

/*
 * The same, and wait for the kernel's ACK, which it may put off for 40 ms: it leaves through the hook,
 * and would be counted with whatever is run then.
 */
void talk_receive_acked(struct talk *t, const char *flags, __u32 seq, __u32 ack, __u32 len);

__u8 flags_of(const char *flags);

/* A test bed with the hand-off and egress hooks on its interface: a group's setup and teardown. */
int talk_setup(void **state);
int talk_teardown(void **state);

/* A connection table with room for few, empty; and, checked and cleared, the usual one again. */
void talk_table_small(struct bed *b, __u32 conns);
void talk_table_whole(struct bed *b);

#endif
