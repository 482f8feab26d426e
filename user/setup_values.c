// SPDX-License-Identifier: GPL-2.0
/* Reading and printing the numbers and words of the configuration file by table. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "setup_values.h"
#include "timeouts.h"

enum {
	SECOND = 1000, /* in milliseconds, as all times here */
	HOUR = 3600 * SECOND,
	DAY = 24 * HOUR,
	BURST_MAX = 2000000, /* include/bucket.h: packets times hz in 31 bits */
	CONNS_LEAST = 1024,
	CONNS_MOST = 1 << 24,
	PROVEN_MAX = 18 * HOUR,    /* include/proven.h: then its time comes round */
	ROTATE_MIN = 120 * SECOND, /* a handshake in flight needs its key for two epochs */
};

#define SETTING(key, word, member, ...)                                                  \
	{                                                                                \
		key, offsetof(struct setup_words, word), offsetof(struct setup, member), \
		    sizeof(((struct setup *)0)->member), __VA_ARGS__                     \
	}
#define TIMEOUT(name)                                                               \
	SETTING("timeouts." #name, timeouts.name, timeouts.name, UNIT_TIME, SECOND, \
		(__u64)TIMEOUT_MAX_S *SECOND, SECOND, NULL)
#define LIMIT(name, member)                                                                     \
	SETTING("limits." name ".rate", limits.member.rate, settings.member.rate, UNIT_RATE, 1, \
		UINT32_MAX, 1, "none"),                                                         \
	    SETTING("limits." name ".burst", limits.member.burst, settings.member.burst,        \
		    UNIT_COUNT, 1, BURST_MAX, 1, NULL)

const struct value setup_values[] = {
    SETTING("max_connections", max_connections, max_conns, UNIT_COUNT, CONNS_LEAST, CONNS_MOST, 1,
	    NULL),
    SETTING("proven.for", proven.lasts, settings.proven_s, UNIT_TIME, SECOND, PROVEN_MAX, SECOND,
	    "never"),
    SETTING("proven.credit", proven.credit, settings.proven_credit, UNIT_COUNT, 0, UINT8_MAX, 1,
	    NULL),
    LIMIT("synack_per_prefix", synack),
    LIMIT("syn_to_live", live_syn),
    LIMIT("new_connections", new_conn),
    LIMIT("bad_acks", bad_ack),
    SETTING("resend.times", resend.times, settings.resend_times, UNIT_COUNT, 0, 5, 1, NULL),
    SETTING("resend.after", resend.after, settings.resend_ms, UNIT_TIME, 200, 10 * SECOND, 1, NULL),
    TIMEOUT(syn_sent),
    TIMEOUT(syn_recv),
    TIMEOUT(established),
    TIMEOUT(fin_wait),
    TIMEOUT(close_wait),
    TIMEOUT(last_ack),
    TIMEOUT(time_wait),
    TIMEOUT(close),
    TIMEOUT(unacknowledged),
    SETTING("keys.rotate", keys.rotate, rotate_s, UNIT_TIME, ROTATE_MIN, 365ULL * DAY, SECOND,
	    "never"),
    {0},
};

#define POLICY(key, word, member, ...)                                                     \
	{                                                                                  \
		key, offsetof(struct attack_words, word), offsetof(struct policy, member), \
		    sizeof(((struct policy *)0)->member), __VA_ARGS__                      \
	}

const struct value policy_values[] = {
    POLICY("attack.syn_rate.on", syn_rate.on, syn_rate_on, UNIT_RATE, 1, UINT32_MAX, 1, "none"),
    POLICY("attack.syn_rate.off", syn_rate.off, syn_rate_off, UNIT_RATE, 1, UINT32_MAX, 1, "none"),
    POLICY("attack.unfinished.on", unfinished.on, unfinished_on, UNIT_PERCENT, 1, 100, 1, "none"),
    POLICY("attack.unfinished.off", unfinished.off, unfinished_off, UNIT_PERCENT, 1, 100, 1,
	   "none"),
    POLICY("attack.hold", hold, hold_ms, UNIT_TIME, SECOND, DAY, 1, NULL),
    {0},
};

static const char *const modes[] = {NULL, "always", "monitor", "auto"};
static const char *const xdps[] = {"auto", "native", "generic"};
static const char *const yes_no[] = {"no", "yes"};

const struct word_list mode_words = {modes, 4};
const struct word_list xdp_words = {xdps, 3};
const struct word_list yes_no_words = {yes_no, 2};

void reader_tell(const struct reader *reader, const char *key, const char *format, ...)
{
	char path[PROBLEM_TEXT], text[PROBLEM_TEXT];
	va_list args;

	snprintf(path, sizeof(path), "%s%s", reader->prefix, key);
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	problem_add(reader->problems, yaml_tree_line(reader->tree, path), "%s: %s", path, text);
}

static void number_store(const struct value *row, void *target, __u64 number)
{
	char *at = (char *)target + row->target;
	const __u32 word = (__u32)number;
	const __u8 byte = (__u8)number;

	memcpy(at, row->size == 1 ? (const void *)&byte : (const void *)&word, row->size);
}

static __u32 number_load(const struct value *row, const void *target)
{
	const char *at = (const char *)target + row->target;
	__u32 word;

	if (row->size == 1)
		return (__u8)*at;
	memcpy(&word, at, sizeof(word));
	return word;
}

static void misfit_tell(const struct reader *reader, const struct value *row, const char *text)
{
	char found[FOUND_TEXT];

	reader_tell(reader, row->key, "found %s, expected %s%s%s", found_text(text, found),
		    unit_example(row->unit), row->none ? ", or " : "", row->none ? row->none : "");
}

static void range_tell(const struct reader *reader, const struct value *row, const char *text)
{
	char found[FOUND_TEXT], min[UNIT_TEXT], max[UNIT_TEXT];

	unit_print(row->unit, row->min, min);
	unit_print(row->unit, row->max, max);
	reader_tell(reader, row->key, "found %s, expected %s from %s to %s%s%s%s",
		    found_text(text, found), unit_noun(row->unit), min, max,
		    row->scale > 1 ? ", in whole seconds" : "", row->none ? ", or " : "",
		    row->none ? row->none : "");
}

static void value_read(const struct reader *reader, const struct value *row, const char *text,
		       void *target)
{
	__u64 value;
	int err;

	if (row->none && !strcmp(text, row->none)) {
		number_store(row, target, 0);
		return;
	}
	err = unit_parse(row->unit, text, &value);
	if (err == -EINVAL)
		misfit_tell(reader, row, text);
	else if (err || value < row->min || value > row->max || value % row->scale)
		range_tell(reader, row, text);
	else
		number_store(row, target, value / row->scale);
}

static char *const *word_at(const struct value *row, const void *words)
{
	return (char *const *)((const char *)words + row->words);
}

void values_read(const struct reader *reader, const struct value *rows, const void *words,
		 void *target)
{
	for (; rows->key; rows++)
		if (*word_at(rows, words))
			value_read(reader, rows, *word_at(rows, words), target);
}

int word_read(const struct reader *reader, const char *key, const char *text,
	      const struct word_list *list, int fallback)
{
	char found[FOUND_TEXT], expected[128] = "";
	size_t used = 0;
	int i;

	if (!text)
		return fallback;
	for (i = 0; i < list->count; i++) {
		if (!list->words[i])
			continue;
		if (!strcmp(text, list->words[i]))
			return i;
		used += (size_t)snprintf(expected + used, sizeof(expected) - used, "%s%s",
					 used ? ", " : "", list->words[i]);
	}
	reader_tell(reader, key, "found %s, expected one of %s", found_text(text, found), expected);
	return -1;
}

int values_print(const struct value *rows, const void *target, void *words)
{
	char text[UNIT_TEXT], **word;
	__u32 number;

	for (; rows->key; rows++) {
		number = number_load(rows, target);
		unit_print(rows->unit, (__u64)number * rows->scale, text);
		word = (char **)((char *)words + rows->words);
		*word = strdup(!number && rows->none ? rows->none : text);
		if (!*word)
			return -ENOMEM;
	}
	return 0;
}
