/* SPDX-License-Identifier: GPL-2.0 */
/* One connection's way through the tracker, with what the shell does around it, for tests. */
#ifndef TESTS_TRACK_LANE_H
#define TESTS_TRACK_LANE_H

#include "unit.h"

#include "track.h"

struct lane {
	struct conn conn;
	__u32 isn[2]; /* of the sides o and r of the text */
	int live;
	int flipped; /* r opened what is live */
};

static inline __u8 flags_read(const char *text)
{
	static const char letters[] = "FSRP.UEW"; /* from bit 0 on */
	__u8 flags = 0;

	for (; *text; text++) {
		const char *at = strchr(letters, *text);

		if (!at)
			fail_msg("no such flag: %c", *text);
		else
			flags |= (__u8)(1U << (at - letters));
	}
	return flags;
}

static inline const char *state_name(enum conn_state state)
{
	static const char *const names[] = {[NONE] = "-",
					    [SYN_SENT] = "SYN_SENT",
					    [SYN_RECV] = "SYN_RECV",
					    [ESTABLISHED] = "ESTABLISHED",
					    [FIN_WAIT] = "FIN_WAIT",
					    [CLOSE_WAIT] = "CLOSE_WAIT",
					    [LAST_ACK] = "LAST_ACK",
					    [TIME_WAIT] = "TIME_WAIT",
					    [CLOSE] = "CLOSE",
					    [SYN_SENT2] = "SYN_SENT2"};

	return state < STATE_MAX ? names[state] : "?";
}

static inline const char *result_name(enum track_result r)
{
	static const char *const names[] = {"ok",      "ignored",     "invalid",
					    "outside", "RST inexact", "reopened"};

	return names[r];
}

static inline enum track_result lane_open(struct lane *lane, char from, const struct segment *s)
{
	struct conn_head head = lane->conn.head;
	const enum track_result r = track_open(&lane->conn, s, 1, &head);

	if (r == TRACK_OK) {
		lane->conn.head = head;
		lane->live = 1;
		lane->flipped = from == 'r';
	}
	return r;
}

static inline enum track_dir lane_dir(const struct lane *lane, char from)
{
	return (from == 'r') != lane->flipped ? TRACK_SERVER : TRACK_CLIENT;
}

/* Send a segment, whose numbers count from the sides' ISNs: 'o' or 'r' is who sends it. */
static inline enum track_result lane_send(struct lane *lane, char from, struct segment s)
{
	struct conn_head head = lane->conn.head;
	enum track_result r;

	s.seq += lane->isn[from == 'r'];
	if (s.flags & TCP_ACK)
		s.ack += lane->isn[from != 'r'];
	if (!lane->live)
		return lane_open(lane, from, &s);
	r = track_segment(&lane->conn, &head, lane_dir(lane, from), &s);
	lane->conn.head = head;
	if (r == TRACK_REOPENED)
		assert_int_equal(lane_open(lane, from, &s), TRACK_OK);
	return r;
}

static inline enum conn_state lane_state(const struct lane *lane)
{
	return lane->live ? lane->conn.head.state : NONE;
}

static inline __u32 lane_timeout(const struct lane *lane)
{
	const struct timeouts t = timeouts_default();

	return lane->live ? track_timeout(&lane->conn, &lane->conn.head, &t) : 0;
}

#endif
