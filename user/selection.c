// SPDX-License-Identifier: GPL-2.0
/* See selection.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "selection.h"

static int range_add(struct port_range range, struct port_list *list, struct error *error)
{
	const struct port_range *other;
	unsigned int i;

	for (i = 0; i < list->count; i++) {
		other = &list->range[i];
		if (range.first <= other->last && range.last >= other->first)
			return error_set(error, -EINVAL, "port %d is listed twice",
					 range.first > other->first ? range.first : other->first);
	}
	list->range[list->count++] = range;
	return 0;
}

static size_t items_count(const char *text)
{
	size_t count = 1;

	for (; *text; text++)
		count += *text == ',';
	return count;
}

int port_list_parse(const char *text, struct port_list *ret_list, struct error *error)
{
	struct port_list list = {.range = calloc(items_count(text), sizeof(*list.range))};
	struct port_range range;
	struct error why;
	int more = 1, err = 0;

	if (!list.range)
		return error_set(error, -ENOMEM, "out of memory");
	if (!*text)
		more = error_set(&why, -EINVAL,
				 "the list is empty; write ports and ranges, as in"
				 " 80,443,8000-8100");
	while (more > 0 && !err) {
		more = ports_next(&text, &range, &why);
		if (more > 0)
			err = range_add(range, &list, &why);
	}
	if (!err && more < 0)
		err = more;
	if (!err) {
		*ret_list = list;
		return 0;
	}
	free(list.range);
	return error_set(error, err, "port list: %.900s", why.text);
}

static int addr_parse(const char *text, bool is_v6, __u8 ret_addr[16])
{
	struct in6_addr v6;
	struct in_addr v4;

	if (!is_v6 && inet_pton(AF_INET, text, &v4) == 1)
		addr_from_v4(ret_addr, v4.s_addr);
	else if (is_v6 && inet_pton(AF_INET6, text, &v6) == 1 && !IN6_IS_ADDR_V4MAPPED(&v6))
		memcpy(ret_addr, &v6, sizeof(v6));
	else
		return -EINVAL;
	return 0;
}

/* Before the last colon; ret_ports: after it.  Without one: of any address. */
static int selection_split(const char *text, struct selection *selection, const char **ret_ports)
{
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 2];
	bool is_v6 = *text == '[';
	size_t length;

	*ret_ports = colon ? colon + 1 : text;
	selection->any_addr = !colon;
	if (!colon)
		return 0;
	length = (size_t)(colon - text);
	if (length >= sizeof(host) || (is_v6 && (length < 2 || colon[-1] != ']')))
		return -EINVAL;
	memcpy(host, text, length);
	host[is_v6 ? length - 1 : length] = '\0';
	return addr_parse(host + is_v6, is_v6, selection->addr);
}

int selection_parse(const char *text, struct selection *ret_selection, struct error *error)
{
	struct selection selection = {0};
	const char *ports;
	int err;

	if (selection_split(text, &selection, &ports))
		return error_set(error, -EINVAL,
				 "'%.80s' is no service; write ports, or an address and ports, as"
				 " in 80,443 or 192.0.2.1:80 or [2001:db8::1]:8000-8100",
				 text);
	selection.every = !strcmp(ports, "all");
	err = port_list_parse(selection.every ? "1-65535" : ports, &selection.ports, error);
	if (!err)
		*ret_selection = selection;
	return err;
}

void selection_free(struct selection *selection)
{
	free(selection->ports.range);
	*selection = (struct selection){0};
}
