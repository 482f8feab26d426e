/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Values as people write them, with their units, and back: 500ms, 200k/s, 50%, 256k.  Exact: what
 * cannot be said in whole milliseconds (packets per second, per cent, pieces) is refused, never
 * rounded.  k and M are powers of 1000.  Pure.
 */
#ifndef SYNGUARD_UNITS_H
#define SYNGUARD_UNITS_H

#include <linux/types.h>

enum unit {
	UNIT_TIME,    /* in milliseconds: 500ms 30s 5m 2h 1d */
	UNIT_RATE,    /* per second: 100/s 200k/s 1.5M/s */
	UNIT_PERCENT, /* 50% */
	UNIT_COUNT,   /* 262144 256k 1M */
};

/* 0, -EINVAL if the text is none of these, or -ERANGE if it is too much for 64 bits or not whole. */
int unit_parse(enum unit unit, const char *text, __u64 *ret_value);

enum { UNIT_TEXT = 32 };

/* In the largest unit that says it exactly. */
void unit_print(enum unit unit, __u64 value, char ret_text[UNIT_TEXT]);

/* What such a value looks like: "a time such as 500ms, 30s, 5m, 2h, 1d". */
const char *unit_example(enum unit unit);

/* "a time", "a rate", "a percentage", "a number" */
const char *unit_noun(enum unit unit);

#endif
