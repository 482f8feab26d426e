// SPDX-License-Identifier: GPL-2.0
/* The words of --timeout to struct timeouts. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "timeouts.h"

const char *const timeout_names[] = {
    "syn_sent", "syn_recv",  "established", "fin_wait",       "close_wait",
    "last_ack", "time_wait", "close",       "unacknowledged", NULL,
};

/* The members in the order of the names: the struct has nothing else. */
_Static_assert(sizeof(struct timeouts) / sizeof(__u32) + 1 ==
		   sizeof(timeout_names) / sizeof(timeout_names[0]),
	       "a name for each timeout");

static int name_find(const char *text, size_t length)
{
	int i;

	for (i = 0; timeout_names[i]; i++)
		if (strlen(timeout_names[i]) == length && !memcmp(timeout_names[i], text, length))
			return i;
	return -1;
}

static long unit_seconds(const char *unit)
{
	if (!*unit || !strcmp(unit, "s"))
		return 1;
	if (!strcmp(unit, "m"))
		return 60;
	if (!strcmp(unit, "h"))
		return 3600;
	return strcmp(unit, "d") ? 0 : 86400;
}

/* 1 to TIMEOUT_MAX_S, or 0 if the text says nothing of that kind. */
static __u32 duration_parse(const char *text)
{
	char *end;
	long value, unit;

	if (*text < '0' || *text > '9')
		return 0;
	errno = 0;
	value = strtol(text, &end, 10);
	unit = unit_seconds(end);
	if (errno || !unit || value < 1 || value > TIMEOUT_MAX_S / unit)
		return 0;
	return (__u32)(value * unit);
}

static int item_parse(const char *item, struct timeouts *timeouts, struct error *error)
{
	const char *equals = strchr(item, '=');
	__u32 values[sizeof(*timeouts) / sizeof(__u32)], seconds;
	int i = equals ? name_find(item, (size_t)(equals - item)) : -1;

	if (i < 0)
		return error_set(
		    error, -EINVAL,
		    "--timeout '%.60s' is not NAME=TIME with NAME one of syn_sent, syn_recv,"
		    " established, fin_wait, close_wait, last_ack, time_wait, close, "
		    "unacknowledged",
		    item);
	seconds = duration_parse(equals + 1);
	if (!seconds)
		return error_set(error, -EINVAL,
				 "--timeout '%.60s': the time must be 1s to %dd (units s, m, h, d)",
				 item, TIMEOUT_MAX_S / 86400);
	memcpy(values, timeouts, sizeof(values));
	values[i] = seconds;
	memcpy(timeouts, values, sizeof(values));
	return 0;
}

int timeouts_parse(const char *text, struct timeouts *timeouts, struct error *error)
{
	struct timeouts result = *timeouts;
	char *copy = strdup(text), *rest = copy, *item;
	int err = copy ? 0 : error_set(error, -ENOMEM, "out of memory");

	while (!err && (item = strsep(&rest, ",")))
		err = item_parse(item, &result, error);
	free(copy);
	if (!err)
		*timeouts = result;
	return err;
}
