// SPDX-License-Identifier: GPL-2.0
/* Port lists, item by item. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "ports.h"

enum { PORT_DIGITS = 5, PORT_LAST = 65535 };

/* Digits only: strtoul would take signs and blanks.  Returns the port or -EINVAL. */
static long port_parse(const char *text, size_t length)
{
	long port = 0;
	size_t i;

	if (!length || length > PORT_DIGITS)
		return -EINVAL;
	for (i = 0; i < length; i++) {
		if (!isdigit((unsigned char)text[i]))
			return -EINVAL;
		port = port * 10 + (text[i] - '0');
	}
	return port;
}

static int range_check(const char *item, int length, long first, long last, struct error *error)
{
	if (first < 0 || last < 0)
		return error_set(error, -EINVAL,
				 "'%.*s' is no port (1 to 65535) and no range such as 8000-8100",
				 length, item);
	if (first < 1 || first > PORT_LAST || last < 1 || last > PORT_LAST)
		return error_set(error, -EINVAL, "'%.*s': a port is 1 to 65535", length, item);
	if (first > last)
		return error_set(error, -EINVAL, "'%.*s': the range is reversed; write %ld-%ld",
				 length, item, last, first);
	return 0;
}

int ports_next(const char **list, struct port_range *ret_range, struct error *error)
{
	const char *item = *list, *dash;
	size_t length, first_length;
	long first, last;
	int err;

	if (!item)
		return 0;
	item += strspn(item, " ");
	length = strcspn(item, ",");
	if (!length)
		return error_set(error, -EINVAL,
				 "an item is missing: at an end, or between two commas");
	dash = memchr(item, '-', length);
	first_length = dash ? (size_t)(dash - item) : length;
	first = last = port_parse(item, first_length);
	if (dash)
		last = port_parse(dash + 1, length - first_length - 1);
	err = range_check(item, length > 60 ? 60 : (int)length, first, last, error);
	if (err)
		return err;
	*ret_range = (struct port_range){(__u16)first, (__u16)last};
	*list = item[length] ? item + length + 1 : NULL;
	return 1;
}
