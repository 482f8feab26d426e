/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sequences of segments as text: segments with | between them, each
 *
 *   FROM FLAGS SEQ ACK [+LENGTH] [wWINDOW] [tTIMEOUT] STATE[RESULT]
 *
 * FROM is o or r: o sends the first one.  FLAGS are F S R P U E W and . for ACK. SEQ and ACK count
 * from the side's first SYN; ACK is - without the flag.  Lengths and windows are in bytes.  STATE
 * is what the segment leads to, TIMEOUT in how many seconds it then ends.  RESULT is nothing for
 * "ok", ? ignored, ! invalid, ^ outside, ~ inexact RST, * reopened.
 */
#ifndef TESTS_TRACK_TEXT_H
#define TESTS_TRACK_TEXT_H

#include "track_lane.h"

/* The start of most: a handshake. */
#define OPEN "o S 0 - SS | r S. 0 1 SR | o . 1 1 ES | "

/* What the two SYNs say; windows in bytes mean the same with each. */
struct text_options {
	const char *name;
	__u8 wscale[2]; /* of o and r */
	__u8 shift;     /* what applies then */
};

enum { TEXT_WINDOW = 65408 }; /* 511 << 7: the default */

static const struct text_options text_options[] = {
    {"no scaling", {WSCALE_NONE, WSCALE_NONE}, 0},
    {"scaling", {7, 7}, 7},
    {"scaling refused", {7, WSCALE_NONE}, 0},
    {"scaling not offered", {WSCALE_NONE, 7}, 0},
};

struct text_step {
	char from;
	struct segment segment;
	char state[3];
	enum track_result result;
	__u32 timeout; /* 0: any */
};

static inline enum track_result text_result(const char *mark)
{
	static const char marks[] = "?!^~*";
	const char *at = *mark ? strchr(marks, *mark) : NULL;

	return at ? TRACK_IGNORED + (enum track_result)(at - marks) : TRACK_OK;
}

static inline const char *text_state(enum conn_state state)
{
	static const char *const names[] = {
	    [NONE] = "-",      [SYN_SENT] = "SS",   [SYN_RECV] = "SR", [ESTABLISHED] = "ES",
	    [FIN_WAIT] = "FW", [CLOSE_WAIT] = "CW", [LAST_ACK] = "LA", [TIME_WAIT] = "TW",
	    [CLOSE] = "CL",    [SYN_SENT2] = "S2"};

	return names[state];
}

static inline void text_token(const char *token, struct text_step *ret)
{
	const __u32 number = (__u32)strtoul(token + 1, NULL, 10);
	const size_t letters = strspn(token, "-ABCDEFGHIJKLMNOPQRSTUVWXYZ2");

	if (token[0] == '+') {
		ret->segment.len = number;
	} else if (token[0] == 't') {
		ret->timeout = number;
	} else if (token[0] == 'w') {
		ret->segment.window = (__u16)number;
	} else {
		assert_in_range(letters, 1, 2);
		memcpy(ret->state, token, letters);
		ret->result = text_result(token + letters);
	}
}

static inline struct text_step text_step(char *text, const struct text_options *o)
{
	struct text_step step = {.segment.window = TEXT_WINDOW};
	struct segment *s = &step.segment;
	char flags[9], ack[16];
	long long seq;
	int used;

	if (sscanf(text, " %c %8s %lld %15s%n", &step.from, flags, &seq, ack, &used) != 4)
		fail_msg("not a segment: %s", text);
	s->flags = flags_read(flags);
	s->seq = (__u32)seq;
	s->ack = (__u32)strtoll(ack, NULL, 10);
	assert_int_equal(!!(s->flags & TCP_ACK), strcmp(ack, "-") != 0);
	for (char *t = strtok(text + used, " "); t; t = strtok(NULL, " "))
		text_token(t, &step);
	if (!step.state[0])
		fail_msg("no state: %s", text);
	if (s->flags & TCP_SYN)
		s->wscale = o->wscale[step.from == 'r'];
	else
		s->window >>= o->shift;
	return step;
}

static inline void text_check(const struct lane *lane, const struct text_step *step,
			      enum track_result r, const char *text)
{
	const enum conn_state state = lane_state(lane);

	if (r != step->result)
		fail_msg("%s: %c %u: %s", text, step->from, step->segment.seq, result_name(r));
	if (strcmp(text_state(state), step->state) != 0)
		fail_msg("%s: %c %u: %s, not %s", text, step->from, step->segment.seq,
			 text_state(state), step->state);
	if (step->timeout && step->timeout != lane_timeout(lane))
		fail_msg("%s: %c %u: %u s", text, step->from, step->segment.seq,
			 lane_timeout(lane));
}

/* Run a sequence; returns where it ends. */
static inline struct lane text_run(const char *text, const struct text_options *o, __u32 isn_o,
				   __u32 isn_r)
{
	struct lane lane = {.isn = {isn_o, isn_r}};
	char copy[1024], *rest = copy, *part;

	assert_in_range(snprintf(copy, sizeof(copy), "%s", text), 1, sizeof(copy) - 1);
	while ((part = strsep(&rest, "|"))) {
		const struct text_step step = text_step(part, o);

		text_check(&lane, &step, lane_send(&lane, step.from, step.segment), text);
	}
	return lane;
}

/* Sequence numbers that wrap within the handshake, within the data, or turn negative there. */
static inline void text_run_all(const char *const *texts, size_t n)
{
	static const __u32 isns[][2] = {
	    {1000, 5000},
	    {0xffffffff, 0xffffffff},
	    {0xffffffff, 0x7fffffff},
	    {0x7fffffff, 0xfffffffe},
	    {0xffffff00, 0x80000000},
	    {0x80000000, 0x7fffff00},
	    {0xfffeffff, 0xffff0000},
	    {0x7fff0000, 0x12345678},
	    {0, 0},
	};

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < COUNT_OF(isns); k++) {
			for (size_t j = 0; j < COUNT_OF(text_options); j++)
				text_run(texts[i], &text_options[j], isns[k][0], isns[k][1]);
		}
	}
}

#endif
