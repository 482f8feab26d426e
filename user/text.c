// SPDX-License-Identifier: GPL-2.0
/* Numbers, times and addresses as people read them. */
#include <arpa/inet.h>

#include "addr.h"
#include "text.h"

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR, DIGITS_MAX = 20 };

void text_spaces(struct text *text, size_t count)
{
	if (count > text->size - text->used)
		count = text->size - text->used;
	memset(text->data + text->used, ' ', count);
	text->used += count;
}

void text_u64(struct text *text, __u64 number)
{
	char digits[DIGITS_MAX], *at = digits + sizeof(digits);

	do
		*--at = (char)('0' + number % 10);
	while (number /= 10);
	text_add(text, at, (size_t)(digits + sizeof(digits) - at));
}

void text_duration(struct text *text, __u64 seconds)
{
	static const struct {
		char letter;
		__u32 seconds;
	} units[] = {{'s', 1}, {'m', MINUTE}, {'h', HOUR}, {'d', DAY}};
	size_t unit = sizeof(units) / sizeof(units[0]) - 1;

	while (unit && seconds < units[unit].seconds)
		unit--;
	text_u64(text, seconds / units[unit].seconds);
	text_char(text, units[unit].letter);
}

void text_quantity(struct text *text, __u64 number)
{
	static const char units[] = " kMGTPE";
	const char *unit = units;
	__u64 scale = 1;

	while (number / scale >= 1000) {
		scale *= 1000;
		unit++;
	}
	text_u64(text, number / scale);
	if (scale > 1 && number / scale < 10) {
		text_char(text, '.');
		text_char(text, (char)('0' + number / (scale / 10) % 10));
	}
	if (scale > 1)
		text_char(text, *unit);
}

static void byte_add(struct text *text, __u8 byte)
{
	if (byte >= 100)
		text_char(text, (char)('0' + byte / 100));
	if (byte >= 10)
		text_char(text, (char)('0' + byte / 10 % 10));
	text_char(text, (char)('0' + byte % 10));
}

static void v4_add(struct text *text, const __u8 addr[4])
{
	int i;

	for (i = 0; i < 4; i++) {
		if (i)
			text_char(text, '.');
		byte_add(text, addr[i]);
	}
}

void text_addr(struct text *text, const __u8 addr[16])
{
	char v6[INET6_ADDRSTRLEN];

	if (addr_is_v4(addr))
		v4_add(text, addr + 12);
	else if (inet_ntop(AF_INET6, addr, v6, sizeof(v6)))
		text_str(text, v6);
}

void text_endpoint(struct text *text, const __u8 addr[16], __u16 port)
{
	const int v4 = addr_is_v4(addr);

	if (!v4)
		text_char(text, '[');
	text_addr(text, addr);
	if (!v4)
		text_char(text, ']');
	text_char(text, ':');
	text_u64(text, port);
}
