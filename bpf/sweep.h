/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The sweeper: removes connections whose time is over, a stretch of the table at a time, rotates
 * the cookie keys when that is due, and tells the programs what time it is, from a timer of the
 * kernel's.  It needs no process and no packet, and no packet pays for it.
 *
 * The whole table is looked at once in SWEEP_S, whatever its size: at a million slots that is a
 * stretch of 3000 each 50 ms.  The timer ends with the last reference to its map, which is the pin.
 */
#ifndef SYNGUARD_SWEEP_H
#define SYNGUARD_SWEEP_H

#include "conns.h"
#include "keyring.h"

enum sweep_times {
	SWEEP_S = 15,
	SWEEPS_PER_S = 20,
};

#define SWEEP_NS (1000000000ULL / SWEEPS_PER_S)

#define CLOCK_MONOTONIC 1

/* Argument of the program synguard_sweep. */
struct sweep_request {
	__u32 all; /* 1: the whole table, now; 0: start the timer */
};

struct sweeper {
	struct bpf_timer timer;
	__u32 next;    /* slot */
	__u32 started; /* 1: the timer is running */
};

/* The timer and where it is.  Written by the sweeper alone. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sweeper);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} sweeper SEC(".maps");

struct stretch {
	struct runtime *rt;
	const struct config *cfg;
	__u64 now; /* jiffies */
	__u32 first;
};

static long slot_sweep(__u32 i, struct stretch *s)
{
	__u32 index = s->first + i;
	struct conn *slot;
	struct conn_head head;

	if (index >= s->cfg->slots)
		index -= s->cfg->slots;
	slot = slot_get(index);
	if (!slot)
		return 1;
	head = slot->head;
	if (head.state == NONE)
		return 0;
	/*
	 * A tuple that two CPUs have entered at once is found in one place, and goes from the
	 * other.
	 */
	if (conn_over(slot, &head, s->cfg, s->now) || conn_get(&slot->key, s->cfg) != slot)
		slot_free(s->rt, index, &head, s->cfg->slots);
	return 0;
}

INLINE int sweep_stretch(__u32 first, __u32 n)
{
	struct stretch s = {
	    .rt = runtime_get(), .cfg = config_get(), .now = bpf_jiffies64(), .first = first};

	if (!s.rt || !s.cfg)
		return -1;
	bpf_loop(n, slot_sweep, &s, 0);
	return 0;
}

/* By itself, so that its variables are not on the timer's stack while the table is swept. */
static __noinline int keys_turn_if_due(void)
{
	const struct config *cfg = config_get();
	struct keys *ring = keys_get();

	return cfg && ring && keys_tick(ring, cfg, bpf_jiffies64());
}

static int sweep_tick(void *map, __u32 *key, struct sweeper *s)
{
	const struct config *cfg = config_get();
	struct runtime *rt = runtime_get();
	__u32 n;

	if (!cfg || !rt)
		return 0;
	rt->boottime_s = (__u32)(bpf_ktime_get_boot_ns() / 1000000000);
	keys_turn_if_due();
	n = cfg->slots / (SWEEP_S * SWEEPS_PER_S) + 1;
	sweep_stretch(s->next, n);
	s->next = s->next + n < cfg->slots ? s->next + n : 0;
	bpf_timer_start(&s->timer, SWEEP_NS, 0);
	return 0;
}

static __noinline int sweep_start(void)
{
	const __u32 zero = 0;
	struct sweeper *s = bpf_map_lookup_elem(&sweeper, &zero);
	long err;

	if (!s)
		return -1;
	err = bpf_timer_init(&s->timer, &sweeper, CLOCK_MONOTONIC);
	if (!err)
		err = bpf_timer_set_callback(&s->timer, sweep_tick);
	if (!err)
		err = bpf_timer_start(&s->timer, SWEEP_NS, 0);
	s->started = !err;
	return (int)err;
}

static __noinline int sweep_all(void)
{
	const struct config *cfg = config_get();

	return cfg ? sweep_stretch(0, cfg->slots) : -1;
}

#endif
