/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Packets for synguard trace.  While nobody traces, a packet pays one comparison; then, its first
 * bytes are kept before the program may turn the frame into its answer, and sent with the outcome.
 */
#ifndef SYNGUARD_TRACING_H
#define SYNGUARD_TRACING_H

#include "conns.h"
#include "packet.h"

/* The event that each CPU is about to send: too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct trace_event);
} trace_scratch SEC(".maps");

INLINE int tracing(const struct runtime *rt, __u64 now)
{
	return rt->trace_until > now;
}

INLINE struct trace_event *trace_room(void)
{
	const __u32 zero = 0;

	return bpf_map_lookup_elem(&trace_scratch, &zero);
}

INLINE int trace_filter_matches(const struct trace_filter *f, const struct conn_key *key)
{
	__u32 differs = 0;

	UNROLL
	for (int i = 0; i < 4; i++)
		differs |=
		    (addr_word(key->remote, i) ^ addr_word(f->client, i)) & addr_word(f->mask, i);
	return !differs && (!f->port || f->port == key->local_port);
}

/*
 * Handshakes, teardowns, and what is not let through.  The segment that proves a handshake is the
 * second of its client's; the segments of a teardown are those in a state other than ESTABLISHED.
 */
INLINE int trace_notable(const struct packet *pkt, enum reason r, const struct conn *c)
{
	if (pkt->flags & (TCP_SYN | TCP_FIN | TCP_RST))
		return 1;
	if (r != REASON_conn_packet && r != REASON_out_conn)
		return 1;
	return c && (c->head.state != ESTABLISHED ||
		     (c->client.packets <= 2 && r == REASON_conn_packet));
}

INLINE int reason_traced(enum reason r)
{
	return r != REASON_not_protected && r != REASON_other_host && r != REASON_not_tcp &&
	       r != REASON_not_ip;
}

/* Send what is in trace_room(), if it is wanted.  pkt->key is remote and local. */
__noinline int trace_send(struct runtime *rt, const struct config *cfg, const struct packet *pkt,
			  __u32 r, __u32 point)
{
	const __u32 zero = 0;
	const struct trace_filter *f = bpf_map_lookup_elem(&trace_filter, &zero);
	struct trace_event *e = trace_room();
	const struct conn *c;

	if (!rt || !cfg || !pkt || !f || !e || !pkt->has_ports || !reason_traced(r) ||
	    !trace_filter_matches(f, &pkt->key))
		return 0;
	c = conn_get(&pkt->key, cfg);
	if (!c)
		c = bpf_map_lookup_elem(&halfopen, &pkt->key);
	if (!f->everything && !trace_notable(pkt, r, c))
		return 0;
	e->at = bpf_ktime_get_boot_ns();
	copy32(&e->key, &pkt->key, sizeof(e->key) / 4);
	__builtin_memset(&e->head, 0, sizeof(e->head));
	if (c)
		e->head = c->head;
	e->point = (enum trace_point)point;
	e->reason = (__u8)r;
	if (bpf_ringbuf_output(&trace, e, sizeof(*e), 0))
		__sync_fetch_and_add(&rt->trace_lost, 1);
	return 0;
}

#endif
