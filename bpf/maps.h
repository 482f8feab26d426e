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
 * The cookie keys, for root's eyes only.  Made by the loader; then written by the sweeper's timer,
 * and mapped into memory by the loader for its orders (include/keyring.h).
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct keys);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} keys SEC(".maps");

/*
 * What is protected and how: rules by port, policies, and the services of one address.  Written by
 * the loader, into the bank that runtime.bank does not name; read by the programs.  So a new
 * configuration takes effect between two packets, and all of it at once.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BANKS *MAX_PORTS);
	__type(key, __u32);
	__type(value, struct rule);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} rules SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BANKS *MAX_POLICIES);
	__type(key, __u32);
	__type(value, struct policy);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} policies SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, BANKS *MAX_ADDR_SERVICES);
	__type(key, struct addr_key);
	__type(value, struct addr_service);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} addr_services SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BANKS);
	__type(key, __u32);
	__type(value, struct settings);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} settings SEC(".maps");

/* What belongs to the settings of a bank and no program reads: files, words of the command line. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BANKS);
	__type(key, __u32);
	__type(value, struct notes);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} notes SEC(".maps");

/* By port, then by addr_service.defence.  Written by the programs, read by status. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DEFENCES);
	__type(key, __u32);
	__type(value, struct defence);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} defences SEC(".maps");

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
	__uint(max_entries, MAX_CONNS + MAX_CONNS / 5 + 64);
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
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, PRESENCE_LEAST / PRESENCE_IN_WORD + 1); /* or more, set by the loader */
	__type(key, __u32);
	__type(value, __u64);
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

/* See budget_take(), handoffs_pending() and synguard_sock2. */
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

/* Seconds that the kernel may keep a handshake: it gives up after 127 (tcp_synack_retries). */
enum { KERNEL_SYN_S = 130 };

/* What XDP tells the hand-off hook about a frame, in the lowest bits of the mark. */
enum mark {
	MARK_PROVEN = 0,  /* its cookie is valid, and the handshake entered */
	MARK_PENDING = 1, /* it belongs to a handshake whose hand-off may not be done yet */
	MARK_NONE = -1,
};

/*
 * The index in a map of one entry.  In read-only data, because a key on the stack would still be
 * written where user/direct.c has taken the look-up out.
 */
static const __u32 only = 0;

INLINE struct config *config_get(void)
{
	return bpf_map_lookup_elem(&config, &only);
}

INLINE struct budget *budget_get(void)
{
	const __u32 zero = 0;

	return bpf_map_lookup_elem(&budgets, &zero);
}

INLINE struct runtime *runtime_get(void)
{
	return bpf_map_lookup_elem(&runtime, &only);
}

INLINE struct keys *keys_get(void)
{
	return bpf_map_lookup_elem(&keys, &only);
}

/* The bank in force.  Read once per packet, so that nothing is put together from two. */
INLINE __u32 bank_get(const struct runtime *rt)
{
	return rt->bank & (BANKS - 1);
}

INLINE const struct rule *rule_get(__u32 bank, __u16 port)
{
	const __u32 index = bank * MAX_PORTS + port;

	return bpf_map_lookup_elem(&rules, &index);
}

INLINE const struct policy *policy_get(__u32 bank, __u32 policy)
{
	const __u32 index = bank * MAX_POLICIES + policy;

	return bpf_map_lookup_elem(&policies, &index);
}

INLINE const struct settings *settings_get(__u32 bank)
{
	return bpf_map_lookup_elem(&settings, &bank);
}

INLINE struct defence *defence_get(__u32 index)
{
	return bpf_map_lookup_elem(&defences, &index);
}

/* Opaque to the compiler from here on. */
#ifndef barrier_var
#define barrier_var(var) asm volatile("" : "+r"(var))
#endif

/* One packet of len bytes that ended in reason r; enforced: and had the verdict that r stands for. */
INLINE void count(enum reason r, __u32 len, int enforced)
{
	const __u32 zero = 0;
	struct count *c = bpf_map_lookup_elem(&counters, &zero);

	if (!c || r >= REASON_MAX)
		return;
	c[r].packets++;
	c[r].bytes += len;
	if (!enforced)
		c[r].not_enforced++;
}

#endif
