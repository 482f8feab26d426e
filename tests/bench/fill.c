// SPDX-License-Identifier: GPL-2.0
/* Entering connections into the table's memory; see fill.h. */
#include <arpa/inet.h>
#include <string.h>

#include "addr.h"
#include "bench.h"
#include "fill.h"
#include "table.h"

struct conn_key fill_key(__u32 i, __be32 server, __u16 port)
{
	struct conn_key key = {.remote_port = bench_source_port(i), .local_port = port};

	addr_from_v4(key.remote, htonl(bench_source(i)));
	addr_from_v4(key.local, server);
	return key;
}

struct conn fill_open(__u32 seen)
{
	return (struct conn){
	    .head = {.state = ESTABLISHED, .kind = KIND_KERNEL, .socket = SOCKET_OPEN},
	    .seen = seen,
	};
}

struct conn fill_closed(__u32 seen)
{
	return (struct conn){
	    .head = {.state = TIME_WAIT, .kind = KIND_KERNEL, .socket = SOCKET_GONE},
	    .seen = seen,
	};
}

static int fill_enter(struct fill *f, const struct conn_key *key, const struct conn *conn)
{
	const __u64 hash = table_hash(&f->tuple, key);
	const __u32 home = table_home(hash, f->n_slots), cell = presence_cell(hash, f->n_slots);
	struct conn *slot;
	__u32 i, displaced;

	for (i = 0; i < TABLE_WINDOW; i++) {
		slot = &f->slots[table_place(home, i, f->n_slots)];
		if (!slot_live(slot))
			break;
	}
	if (i == TABLE_WINDOW)
		return 0;
	displaced = slot->displaced;
	*slot = *conn;
	slot->key = *key;
	slot->displaced = displaced;
	f->slots[home].displaced |= 1U << i;
	__atomic_fetch_add(&f->presence[cell / PRESENCE_IN_WORD], presence_one(cell),
			   __ATOMIC_RELAXED);
	return 1;
}

__u32 fill_clients(struct fill *f, __u32 n, __be32 server, __u16 port, const struct conn *conn)
{
	__u32 entered = 0;

	for (__u32 i = 0; i < n; i++) {
		const struct conn_key key = fill_key(i, server, port);

		entered += (__u32)fill_enter(f, &key, conn);
	}
	return entered;
}
