// SPDX-License-Identifier: GPL-2.0
/* Cost of a packet against the number of live connections, the table being sized for them. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "fill.h"
#include "scale.h"
#include "xdp.skel.h"

enum { ROOM_MIN = 1024 };

/* Half as many again: what --max-conns is meant for, with every connection certain of a place. */
static __u32 room_for(__u32 conns)
{
	return conns * 3 / 2 > ROOM_MIN ? conns * 3 / 2 : ROOM_MIN;
}

void scale_conns_enter(struct shield *s, __u32 n)
{
	const struct row row = {.source = SOURCE_CONNS};
	const struct pkt p = frame_data(&row, 0);
	const struct conn known = conn_known();
	struct fill f = {.slots = s->slots,
			 .n_slots = s->config.slots,
			 .tuple = shield_keys(s).tuple,
			 .presence = s->presence};
	__be32 server;

	memcpy(&server, p.dst, sizeof(server));
	must(fill_clients(&f, n, server, p.dport, &known) == n, "find a place for all connections");
}

void scale_conns(struct scale *s)
{
	static const __u32 sizes[] = {1, 1000, 64000, 1000000, 4000000};

	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct row rows[] = {scale_row_known("known connection, random"),
				     scale_row_syn("SYN answered", 0),
				     scale_row_bad_ack("bad ACK dropped")};

		if (s->quick && sizes[i] > SCALE_QUICK_MAX)
			break;
		scale_table_open(s, room_for(sizes[i]));
		scale_conns_enter(&s->b.table[TABLE_BIG], sizes[i]);
		rows[0].source = SOURCE_CONNS;
		rows[0].conns = sizes[i];
		scale_measure(s, "conns", sizes[i], rows, COUNT_OF(rows));
		scale_table_close(s);
	}
}
