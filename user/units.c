// SPDX-License-Identifier: GPL-2.0
/* Values with units: one table says how each kind is written. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "units.h"

enum { SUFFIXES = 6, DECIMALS_MAX = 9 };

struct suffix {
	const char *text; /* NULL ends them */
	__u64 factor;
};

/* Suffixes from the largest to the smallest, so that printing takes the first that divides. */
static const struct kind {
	const char *noun;
	const char *example;
	struct suffix suffixes[SUFFIXES];
} kinds[] = {
    [UNIT_TIME] = {"a time",
		   "a time such as 500ms, 30s, 5m, 2h, 1d",
		   {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}}},
    [UNIT_RATE] = {"a rate",
		   "a rate such as 100/s, 200k/s, 1.5M/s",
		   {{"M/s", 1000000}, {"k/s", 1000}, {"/s", 1}}},
    [UNIT_PERCENT] = {"a percentage", "a percentage such as 50%", {{"%", 1}}},
    [UNIT_COUNT] = {"a number",
		    "a number such as 5000, 256k, 1M",
		    {{"M", 1000000}, {"k", 1000}, {"", 1}}},
};

const char *unit_example(enum unit unit)
{
	return kinds[unit].example;
}

const char *unit_noun(enum unit unit)
{
	return kinds[unit].noun;
}

/* Adds a decimal digit. */
static int digit_add(__u64 *value, char digit)
{
	if (__builtin_mul_overflow(*value, 10, value) ||
	    __builtin_add_overflow(*value, (__u64)(digit - '0'), value))
		return -ERANGE;
	return 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The fraction's digits as a number over *scale; text is behind the point. */
static int fraction_parse(const char **text, __u64 *value, __u64 *scale)
{
	int decimals = 0;

	if (!is_digit(**text))
		return -EINVAL;
	for (; is_digit(**text); (*text)++) {
		if (++decimals > DECIMALS_MAX)
			continue;
		*value = *value * 10 + (__u64)(**text - '0');
		*scale *= 10;
	}
	return decimals > DECIMALS_MAX ? -ERANGE : 0;
}

int unit_parse(enum unit unit, const char *text, __u64 *ret_value)
{
	const struct suffix *suffix = kinds[unit].suffixes;
	__u64 whole = 0, fraction = 0, scale = 1;
	int err = 0, too_much = 0;

	if (!is_digit(*text))
		return -EINVAL;
	for (; is_digit(*text); text++)
		too_much = digit_add(&whole, *text) || too_much;
	if (*text == '.') {
		text++;
		err = fraction_parse(&text, &fraction, &scale);
	}
	if (err == -EINVAL)
		return err;
	while (suffix->text && strcmp(suffix->text, text) != 0)
		suffix++;
	if (!suffix->text)
		return -EINVAL;
	/* Below 10^9 times a day in milliseconds: no overflow here. */
	fraction *= suffix->factor;
	if (err || too_much || fraction % scale ||
	    __builtin_mul_overflow(whole, suffix->factor, &whole) ||
	    __builtin_add_overflow(whole, fraction / scale, &whole))
		return -ERANGE;
	*ret_value = whole;
	return 0;
}

void unit_print(enum unit unit, __u64 value, char ret_text[UNIT_TEXT])
{
	const struct suffix *suffix = kinds[unit].suffixes;

	while (suffix->factor > 1 && (!value || value % suffix->factor))
		suffix++;
	snprintf(ret_text, UNIT_TEXT, "%llu%s", (unsigned long long)(value / suffix->factor),
		 suffix->text);
}
