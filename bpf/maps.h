/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every map, shared by both objects through pins in the interface's directory.  Layouts: abi.h.
 */
#ifndef SYNGUARD_MAPS_H
#define SYNGUARD_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "abi.h"

/* Settings.  Written by the loader; read by all.  Lives as long as the attachment. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct config);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} config SEC(".maps");

/*
 * What the programs tell each other and the loader.  Single words; lost increments are harmless.
 * Mapped into memory by the loader, which so changes one word and no other.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct runtime);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} runtime SEC(".maps");

/*
 * The cookie keys.  Written by the loader.  A rotation writes while programs read: they may see
 * the ring half-written for some nanoseconds, and then lose a cookie, which the client's next SYN
 * repairs.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct keys);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} keys SEC(".maps");

/* By local port.  protect: the loader; kernel_until: the programs. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_PORTS);
	__type(key, __u32);
	__type(value, struct port);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} ports SEC(".maps");

/* Written by the programs, summed over CPUs by the loader.  A new attachment starts new ones. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct counters);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} counters SEC(".maps");

/*
 * The connections on protected ports, in slots (include/table.h).  Entered when a handshake is
 * proven: by XDP for a cookie or the kernel's own SYN-ACK, by the socket watcher, by the adoption
 * at attach.  Removed by the sweeper, as state and socket say (include/lifetime.h).  Full: of the
 * places that a new one may have, the one closed for longest makes room; if there is none,
 * runtime.table_complete goes to 0, and a miss asks the kernel from then on.  Mapped into memory by
 * the loader, which lists it.  The loader sets max_entries.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, MAX_CONNS + MAX_CONNS / 5 + 4);
	__type(key, __u32);
	__type(value, struct conn);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} conns SEC(".maps");

/*
 * Handshakes that the kernel does itself, until they are proven.  Apart from conns, so that a flood
 * of SYNs may churn it and nothing else.  Full: the one not seen for longest goes, and its packets
 * ask the kernel.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_HALFOPEN);
	__type(key, struct conn_key);
	__type(value, struct conn);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} halfopen SEC(".maps");

/*
 * In front of conns: a tuple whose cell is 0 is not in it.  A look-up of a random tuple in conns
 * costs a miss of every cache, 170 ns where the whole answer to a SYN takes 100; this costs 5.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct presence);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} presence SEC(".maps");

/*
 * What each CPU lately learned from the kernel about an address and port, by a hash of both; a
 * collision only costs the look-up again.  Per CPU, so that nothing is ever read half-written.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LISTENER_SLOTS);
	__type(key, __u32);
	__type(value, struct listener);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} listeners SEC(".maps");

/* See budget_take() and handoffs_pending(). */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct budget);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} budgets SEC(".maps");

/* What synguard trace wants to see.  Written by it; read while runtime.trace_until is to come. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct trace_filter);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} trace_filter SEC(".maps");

/* Events (struct trace_event) for synguard trace.  Full: runtime.trace_lost counts what is lost. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} trace SEC(".maps");

/* What XDP tells the hand-off hook about a frame, in the lowest bits of the mark. */
enum mark {
	MARK_PROVEN = 0,  /* its cookie is valid, and the handshake entered */
	MARK_PENDING = 1, /* it belongs to a handshake whose hand-off may not be done yet */
	MARK_NONE = -1,
};

INLINE struct config *config_get(void)
{
	const __u32 zero = 0;

	return bpf_map_lookup_elem(&config, &zero);
}

INLINE struct runtime *runtime_get(void)
{
	const __u32 zero = 0;

	return bpf_map_lookup_elem(&runtime, &zero);
}

INLINE struct keys *keys_get(void)
{
	const __u32 zero = 0;

	return bpf_map_lookup_elem(&keys, &zero);
}

INLINE struct port *port_get(__u16 port)
{
	const __u32 index = port;

	return bpf_map_lookup_elem(&ports, &index);
}

/* Opaque to the compiler from here on. */
#ifndef barrier_var
#define barrier_var(var) asm volatile("" : "+r"(var))
#endif

/* One packet of len bytes that ended in reason r. */
INLINE void count(enum reason r, __u32 len)
{
	const __u32 zero = 0;
	struct count *c = bpf_map_lookup_elem(&counters, &zero);

	if (!c || r >= REASON_MAX)
		return;
	c[r].packets++;
	c[r].bytes += len;
}

#endif
