// SPDX-License-Identifier: GPL-2.0
/* The words of --timeout to struct timeouts. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timeouts.h"
#include "track_timeout.h"
#include "units.h"

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

/* 1 to TIMEOUT_MAX_S, or 0 if the text says nothing of that kind.  A bare number is seconds. */
static __u32 seconds_parse(const char *text)
{
	__u64 ms;

	if (unit_parse(UNIT_TIME, text, &ms) &&
	    (unit_parse(UNIT_COUNT, text, &ms) || __builtin_mul_overflow(ms, 1000, &ms)))
		return 0;
	return ms % 1000 || ms / 1000 > TIMEOUT_MAX_S ? 0 : (__u32)(ms / 1000);
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
	seconds = seconds_parse(equals + 1);
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

void timeouts_text(const struct timeouts *timeouts, char *ret_text, size_t size)
{
	const struct timeouts usual = timeouts_default();
	__u32 values[sizeof(usual) / sizeof(__u32)], defaults[sizeof(usual) / sizeof(__u32)];
	size_t used = 0;
	int i;

	*ret_text = '\0';
	memcpy(values, timeouts, sizeof(values));
	memcpy(defaults, &usual, sizeof(defaults));
	for (i = 0; timeout_names[i]; i++)
		if (values[i] != defaults[i] && used < size)
			used += (size_t)snprintf(ret_text + used, size - used, "%s%s=%u",
						 used ? "," : "", timeout_names[i], values[i]);
}
