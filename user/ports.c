// SPDX-License-Identifier: GPL-2.0
/* Port lists: parsing, and finding the ranges again.  Pure: no maps, no output. */
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

static int range_add(const char *item, int length, long first, long last, struct port *ports,
		     struct error *error)
{
	long port;

	if (first < 1 || last > PORT_LAST)
		return error_set(error, -EINVAL, "port list: '%.*s': a port is 1 to 65535", length,
				 item);
	if (first > last)
		return error_set(error, -EINVAL,
				 "port list: '%.*s': the range is reversed; write %ld-%ld", length,
				 item, last, first);
	for (port = first; port <= last; port++) {
		if (ports[port].protect)
			return error_set(error, -EINVAL,
					 "port list: '%.*s': port %ld is listed twice", length,
					 item, port);
		ports[port].protect = 1;
	}
	return 0;
}

static int item_parse(const char *item, size_t length, struct port *ports, struct error *error)
{
	const char *dash = memchr(item, '-', length);
	size_t first_length = dash ? (size_t)(dash - item) : length;
	long first = port_parse(item, first_length), last = first;

	if (!length)
		return error_set(error, -EINVAL,
				 "port list: '' between commas or at an end: an item is missing");
	if (dash)
		last = port_parse(dash + 1, length - first_length - 1);
	if (first < 0 || last < 0)
		return error_set(error, -EINVAL,
				 "port list: '%.*s' is no port (1 to 65535) and no range such as "
				 "8000-8100",
				 (int)length, item);
	return range_add(item, (int)length, first, last, ports, error);
}

int ports_parse(const char *list, struct port *ports, struct error *error)
{
	size_t length;
	int err;

	if (!*list)
		return error_set(error, -EINVAL,
				 "port list: the list is empty; write ports and ranges, as in"
				 " 80,443,8000-8100");
	for (;;) {
		length = strcspn(list, ",");
		err = item_parse(list, length, ports, error);
		if (err || !list[length])
			return err;
		list += length + 1;
	}
}

void ports_each_range(const struct port *ports,
		      void (*visit)(unsigned int first, unsigned int last, void *context),
		      void *context)
{
	unsigned int port, first = 0;

	for (port = 1; port <= MAX_PORTS; port++) {
		if (port < MAX_PORTS && ports[port].protect) {
			first = first ? first : port;
			continue;
		}
		if (first)
			visit(first, port - 1, context);
		first = 0;
	}
}
