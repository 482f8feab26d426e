/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Building a line in a buffer, much faster than printf: for lists of a million lines.  What does
 * not fit is cut off.  Pure: no output, no clock.
 */
#ifndef SYNGUARD_TEXT_H
#define SYNGUARD_TEXT_H

#include <linux/types.h>
#include <stddef.h>
#include <string.h>

struct text {
	char *data; /* not terminated */
	size_t used;
	size_t size;
};

static inline void text_add(struct text *text, const char *data, size_t length)
{
	if (length > text->size - text->used)
		length = text->size - text->used;
	memcpy(text->data + text->used, data, length);
	text->used += length;
}

static inline void text_str(struct text *text, const char *string)
{
	text_add(text, string, strlen(string));
}

static inline void text_char(struct text *text, char c)
{
	if (text->used < text->size)
		text->data[text->used++] = c;
}

void text_spaces(struct text *text, size_t count);
void text_u64(struct text *text, __u64 number);

/* Whole seconds in their largest unit, rounded down: 59s, 5m, 23h, 4d. */
void text_duration(struct text *text, __u64 seconds);

/* At most four characters, powers of 1000, rounded down: 999, 9.9k, 12k, 1.2M. */
void text_quantity(struct text *text, __u64 number);

/* 16 bytes in network order, IPv4 v4-mapped: 192.0.2.1, 2001:db8::1. */
void text_addr(struct text *text, const __u8 addr[16]);

/* 192.0.2.1:80, [2001:db8::1]:80 */
void text_endpoint(struct text *text, const __u8 addr[16], __u16 port);

#endif
