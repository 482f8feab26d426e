// SPDX-License-Identifier: GPL-2.0
/* Each connection gets one number to compare by, except where addresses are compared. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conns_sort.h"

enum { ROOM_FIRST = 1024 };

struct keyed {
	__u64 key; /* the smallest comes first */
	struct conn_row row;
};

struct conns_sorter {
	enum conns_order order;
	const struct conn_clock *clock;
	size_t count;
	size_t room;
	struct keyed *items;
};

static const char *const names[ORDER_MAX] = {
    [ORDER_NONE] = "",       [ORDER_STATE] = "state",     [ORDER_CLIENT] = "client",
    [ORDER_PORT] = "port",   [ORDER_AGE] = "age",         [ORDER_IDLE] = "idle",
    [ORDER_BYTES] = "bytes", [ORDER_PACKETS] = "packets", [ORDER_RTT] = "rtt",
};

const char *order_name(enum conns_order order)
{
	return names[order];
}

int order_parse(const char *text, enum conns_order *ret_order)
{
	int order;

	for (order = ORDER_NONE + 1; order < ORDER_MAX; order++)
		if (!strcmp(text, names[order])) {
			*ret_order = (enum conns_order)order;
			return 0;
		}
	return -EINVAL;
}

static __u64 key_of(const struct conns_sorter *sorter, const struct conn *conn)
{
	switch (sorter->order) {
	case ORDER_STATE:
		return conn->head.state;
	case ORDER_PORT:
		return conn->key.local_port;
	case ORDER_AGE:
		return ~(__u64)conn_age_s(conn, sorter->clock);
	case ORDER_IDLE:
		return ~(__u64)conn_idle_s(conn, sorter->clock);
	case ORDER_PACKETS:
		return ~conn_packets(conn);
	case ORDER_BYTES:
		return ~conn_bytes(conn);
	case ORDER_RTT: /* unknown ones last */
		return ~(__u64)(conn->rtt_ms == RTT_UNKNOWN ? 0 : conn->rtt_ms + 1);
	default:
		return 0;
	}
}

static int by_key(const void *left, const void *right)
{
	const struct keyed *a = left, *b = right;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return (a->row.slot > b->row.slot) - (a->row.slot < b->row.slot);
}

static int by_client(const void *left, const void *right)
{
	const struct keyed *a = left, *b = right;
	const struct conn_key *x = &a->row.conn.key, *y = &b->row.conn.key;
	int order = memcmp(x->remote, y->remote, sizeof(x->remote));

	if (!order)
		order = x->remote_port - y->remote_port;
	return order ? order : by_key(left, right);
}

struct conns_sorter *sorter_new(enum conns_order order, const struct conn_clock *clock)
{
	struct conns_sorter *sorter = calloc(1, sizeof(*sorter));

	if (!sorter)
		return NULL;
	sorter->order = order;
	sorter->clock = clock;
	return sorter;
}

int sorter_add(struct conns_sorter *sorter, const struct conn_row *row)
{
	size_t room = sorter->room ? sorter->room * 2 : ROOM_FIRST;
	struct keyed *items;

	if (sorter->count == sorter->room) {
		items = reallocarray(sorter->items, room, sizeof(*items));
		if (!items)
			return -ENOMEM;
		sorter->items = items;
		sorter->room = room;
	}
	sorter->items[sorter->count++] =
	    (struct keyed){.key = key_of(sorter, &row->conn), .row = *row};
	return 0;
}

int sorter_each(struct conns_sorter *sorter, conn_visit visit, void *context)
{
	int result = 0;
	size_t i;

	if (sorter->count)
		qsort(sorter->items, sorter->count, sizeof(*sorter->items),
		      sorter->order == ORDER_CLIENT ? by_client : by_key);
	for (i = 0; i < sorter->count && !result; i++)
		result = visit(&sorter->items[i].row, context);
	return result;
}

void sorter_free(struct conns_sorter *sorter)
{
	if (sorter)
		free(sorter->items);
	free(sorter);
}
