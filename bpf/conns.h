/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The connection table: look up, enter, remove (include/table.h says where).  Any program on any
 * CPU may do any of it at any time, without locks:
 *
 * - What decides is the slot's head, one word, changed by compare-and-swap only: 0 is free, CLAIMED
 *   is being filled in, anything else is live.  Whoever loses the swap looks again or leaves it.
 * - A slot that was freed is not taken again in the same jiffy, so that a program that still holds
 *   it, for some microseconds, cannot write into another connection; unless none of a home's 32
 *   places is free.  Who frees it claims it first, so that nobody takes it before its bit and its
 *   count in front are gone.  A free or claimed slot becomes live by slot_enter() only: a program
 *   that still holds one leaves its head alone.
 * - Two CPUs may enter one tuple at once, in two places.  Look-ups then agree on the first, removal
 *   takes both, and the sweeper removes the other one should that be missed.
 * - Packet counts and windows are plain words.  A direction's packets come on one CPU at a time;
 *   where they do not, a count may be lost, and a window is right again with the next packet.
 */
#ifndef SYNGUARD_CONNS_H
#define SYNGUARD_CONNS_H

#include "addr.h"
#include "lifetime.h"
#include "maps.h"
#include "table.h"

enum { NO_SLOT = -1 };

/* A head that no connection has: a free slot that somebody is filling in. */
enum { CLAIMED = 0x10000000 };

/* NULL only where a map look-up fails, which does not happen. */
INLINE __u64 *presence_word(__u32 cell)
{
	const __u32 index = cell / PRESENCE_IN_WORD;

	return bpf_map_lookup_elem(&presence, &index);
}

/*
 * by: 1 before an entry is made, -1 after one is removed, so that no entry is ever without its
 * count.
 */
INLINE void presence_count(__u64 hash, __u32 slots, __s64 by)
{
	const __u32 cell = presence_cell(hash, slots);
	__u64 *word = presence_word(cell);

	if (word)
		__sync_fetch_and_add(word, (__u64)by * presence_one(cell));
}

INLINE __u32 presence_of(__u64 hash, __u32 slots)
{
	const __u32 cell = presence_cell(hash, slots);
	const __u64 *word = presence_word(cell);

	return word ? presence_in(*word, cell) : 0;
}

INLINE __u64 conn_hash(const struct conn_key *key)
{
	const struct keys *k = keys_get();

	return k ? table_hash(&k->tuple, key) : 0;
}

INLINE struct conn *slot_get(__u32 index)
{
	return bpf_map_lookup_elem(&conns, &index);
}

INLINE __u32 head_word(const struct conn_head *head)
{
	return *(const __u32 *)(const void *)head;
}

/* Returns 1 if the head was still was, and is now next. */
INLINE int head_swap(struct conn *c, struct conn_head was, struct conn_head next)
{
	const __u32 old = head_word(&was);

	return __sync_val_compare_and_swap((__u32 *)(void *)&c->head, old, head_word(&next)) == old;
}

/*
 * These three loop over a home's places.  Global functions, so that the verifier proves each once
 * and not once for every path that leads there.
 */
__noinline int conn_find_displaced(const struct conn_key *key, __u32 home, __u32 displaced,
				   __u32 slots)
{
	if (!key)
		return NO_SLOT;
	for (__u32 i = 1; i < TABLE_WINDOW && displaced >> i; i++) {
		const struct conn *slot;
		__u32 index;

		if (!(displaced >> i & 1))
			continue;
		index = table_place(home, i, slots);
		slot = slot_get(index);
		if (slot && slot_live(slot) && key_equal(&slot->key, key))
			return (int)index;
	}
	return NO_SLOT;
}

/*
 * Claim a free place of those from the first-th to before the end-th: returns which, or NO_SLOT.
 * now: jiffies; another CPU may have freed one in a jiffy after it.  One with seen 0 has never been
 * used, or all the free table would look freed when jiffies come round, which they do first five
 * minutes after boot.
 */
__noinline int slot_claim(__u32 home, __u32 slots, __u32 now, __u32 first, __u32 end)
{
	for (__u32 i = first; i < TABLE_WINDOW && i < end; i++) {
		struct conn *slot = slot_get(table_place(home, i, slots));

		if (!slot || head_word(&slot->head) || (slot->seen && now + 2 - slot->seen < 4))
			continue;
		if (!__sync_val_compare_and_swap((__u32 *)(void *)&slot->head, 0, CLAIMED))
			return (int)i;
	}
	return NO_SLOT;
}

/* The bits of a home's places that a slot is: one, or two where places coincide. */
INLINE __u32 slot_bits(__u32 home, __u32 index, __u32 slots)
{
	__u32 bits = 0;

	for (__u32 i = 0; i < TABLE_WINDOW; i++)
		if (table_place(home, i, slots) == index)
			bits |= 1U << i;
	return bits;
}

INLINE struct conn *conn_get_hashed(const struct conn_key *key, __u64 hash, __u32 slots)
{
	const __u32 home = table_home(hash, slots);
	struct conn *slot;
	int index;

	if (!presence_of(hash, slots))
		return 0;
	slot = slot_get(home);
	if (!slot)
		return 0;
	if (slot_live(slot) && key_equal(&slot->key, key))
		return slot;
	if (!(slot->displaced & ~1U))
		return 0;
	index = conn_find_displaced(key, home, slot->displaced, slots);
	return index == NO_SLOT ? 0 : slot_get((__u32)index);
}

INLINE struct conn *conn_get(const struct conn_key *key, const struct config *cfg)
{
	return conn_get_hashed(key, conn_hash(key), cfg->slots);
}

INLINE int conn_over(const struct conn *c, const struct conn_head *head, const struct config *cfg,
		     __u64 now)
{
	const __u32 lifetime = conn_lifetime(c, head, &cfg->timeouts);

	/* Signed, since another CPU may have seen a packet in a jiffy after now. */
	return lifetime && (__s32)((__u32)now - c->seen) > (__s32)(lifetime * cfg->hz);
}

/* conn.assigned_at: a time in ticks, never 0.  Comes round after four minutes (HZ 100: eleven). */
INLINE __u16 stamp_now(const struct config *cfg, __u64 now)
{
	return (__u16)(now >> (cfg->tick_shift & 31)) | 1;
}

/*
 * Is it less than so many ticks old?  It may be ahead, by its lowest bit or by another CPU's clock,
 * but not by more: what looks like that is two minutes old or older.
 */
INLINE int stamp_is_recent(const struct config *cfg, __u16 stamp, __u64 now, __u32 ticks)
{
	const __s32 age = (__s16)((__u16)(now >> (cfg->tick_shift & 31)) - stamp);

	return stamp && age < (__s32)ticks && age > -(__s32)ticks;
}

INLINE __u32 ticks_per_s(const struct config *cfg)
{
	return (cfg->hz >> (cfg->tick_shift & 31));
}

/* Has its end been seen?  Else it is a timeout that removes it. */
INLINE int conn_closed(const struct conn_head *head)
{
	return head->socket >= SOCKET_TIME_WAIT || state_over(head->state);
}

/* Free the slot at an index, unless its head is another one by now. */
__noinline int slot_free(struct runtime *rt, __u32 index, const struct conn_head *was, __u32 slots)
{
	struct conn *slot = slot_get(index), *home;
	__u64 hash;

	if (!slot || !rt || !was || was->state == NONE)
		return 0;
	if (__sync_val_compare_and_swap((__u32 *)(void *)&slot->head, head_word(was), CLAIMED) !=
	    head_word(was))
		return 0;
	hash = conn_hash(&slot->key);
	home = slot_get(table_home(hash, slots));
	if (home)
		__sync_fetch_and_and(&home->displaced,
				     ~slot_bits(table_home(hash, slots), index, slots));
	presence_count(hash, slots, -1);
	slot->seen = (__u32)bpf_jiffies64();
	__sync_val_compare_and_swap((__u32 *)(void *)&slot->head, CLAIMED, 0);
	__sync_fetch_and_add(conn_closed(was) ? &rt->conns_closed : &rt->conns_expired, 1);
	return 1;
}

enum { TIDY_S = 5 };

/*
 * A home's group is full: what the kernel has had nothing of for TIDY_S goes, so that there is room
 * for those who come next.
 */
__noinline int group_tidy(struct runtime *rt, const struct config *cfg, __u32 home, __u32 now)
{
	if (!rt || !cfg)
		return 0;
	for (__u32 i = 0; i < TABLE_GROUP; i++) {
		const __u32 index = table_place(home, i, cfg->slots);
		const struct conn *slot = slot_get(index);
		struct conn_head head;

		if (!slot)
			continue;
		head = slot->head;
		if (head.socket == SOCKET_GONE &&
		    (__s32)(now - slot->seen) >= (__s32)(TIDY_S * cfg->hz))
			slot_free(rt, index, &head, cfg->slots);
	}
	return 0;
}

/*
 * Make room: remove the connection closed for longest in any place of this home.  Where the
 * kernel's TIME_WAIT outlives ours, a miss no longer means that the kernel has nothing.
 */
__noinline int slot_evict(struct runtime *rt, __u32 home, __u32 slots, __u32 hz)
{
	const __u64 now = bpf_jiffies64();
	struct conn_head oldest = {}, head;
	__s32 age = -1, oldest_age = -1;
	__u32 index = 0;

	if (!rt)
		return 0;
	for (__u32 i = 0; i < TABLE_WINDOW; i++) {
		const struct conn *slot = slot_get(table_place(home, i, slots));

		if (!slot)
			continue;
		head = slot->head;
		/* Another CPU may have closed it in a jiffy after now. */
		age = (__s32)((__u32)now - slot->seen);
		age = age > 0 ? age : 0;
		if (head.socket < SOCKET_TIME_WAIT || age < oldest_age)
			continue;
		oldest_age = age;
		index = table_place(home, i, slots);
		oldest = head;
	}
	if (oldest.socket == SOCKET_TIME_WAIT)
		rt->incomplete_until = now + (__u64)LINGER_S * hz;
	return oldest.socket ? slot_free(rt, index, &oldest, slots) : 0;
}

/* Seconds of CLOCK_BOOTTIME.  The sweeper's, a moment old: a look at the clock takes 25 ns. */
INLINE __u32 boottime_s(void)
{
	const struct runtime *rt = runtime_get();

	return rt && rt->boottime_s ? rt->boottime_s
				    : (__u32)(bpf_ktime_get_boot_ns() / 1000000000);
}

/* What a new connection starts with; its key is there. */
INLINE void conn_reset(struct conn *c)
{
	c->seen = (__u32)bpf_jiffies64();
	c->started_s = boottime_s();
	c->sock_id = 0;
	c->last_end = 0;
	c->rtt_ms = RTT_UNKNOWN;
	c->assigned_at = 0;
	__builtin_memset(&c->client, 0, sizeof(c->client));
	__builtin_memset(&c->server, 0, sizeof(c->server));
}

/*
 * What is left of an older connection becomes a new one, in place: NULL if the socket watcher, on
 * another CPU, says meanwhile that the kernel has a socket, or if it has been removed.
 */
INLINE struct conn *conn_renew(struct runtime *rt, struct conn *c, struct conn_head head)
{
	const struct conn_head was = c->head;

	if (was.state == NONE || was.socket == SOCKET_OPEN || !head_swap(c, was, head))
		return 0;
	__sync_fetch_and_add(&rt->conns_made, 1);
	__sync_fetch_and_add(conn_closed(&was) ? &rt->conns_closed : &rt->conns_expired, 1);
	conn_reset(c);
	return c;
}

/*
 * A place for a tuple, claimed; NULL: full.  The filter in front may be full, too, and that counts
 * as the same.  A server with short connections has its table full of closed ones: so the group is
 * tidied, or each new connection would look at 32 places all over the table, twice.
 */
INLINE struct conn *conn_claim(struct runtime *rt, const struct config *cfg, __u64 hash,
			       __u32 *ret_place)
{
	const __u32 home = table_home(hash, cfg->slots);
	const __u32 now = (__u32)bpf_jiffies64();
	int place;

	if (presence_of(hash, cfg->slots) >= PRESENCE_FULL)
		return 0;
	place = slot_claim(home, cfg->slots, now, 0, TABLE_GROUP);
	if (place == NO_SLOT || place == TABLE_GROUP - 1)
		group_tidy(rt, cfg, home, now);
	if (place == NO_SLOT)
		place = slot_claim(home, cfg->slots, now, TABLE_GROUP, TABLE_WINDOW);
	if (place == NO_SLOT && slot_evict(rt, home, cfg->slots, cfg->hz))
		place = slot_claim(home, cfg->slots, now + 3, 0, TABLE_WINDOW);
	if (place == NO_SLOT)
		return 0;
	*ret_place = (__u32)place;
	return slot_get(table_place(home, (__u32)place, cfg->slots));
}

/* Enters, and returns the slot or NO_SLOT.  hash: conn_hash() of key. */
__noinline int slot_enter(struct runtime *rt, const struct config *cfg, const struct conn_key *key,
			  __u64 hash, const struct conn_head *head)
{
	struct conn *c, *home;
	__u32 place = 0;

	if (!rt || !cfg || !key || !head)
		return NO_SLOT;
	c = conn_claim(rt, cfg, hash, &place);
	home = slot_get(table_home(hash, cfg->slots));
	if (!c || !home) {
		__sync_fetch_and_add(&rt->table_full, 1);
		rt->table_complete = 0;
		return NO_SLOT;
	}
	copy32(&c->key, key, sizeof(*key) / 4);
	conn_reset(c);
	presence_count(hash, cfg->slots, 1);
	__sync_fetch_and_add(&rt->conns_made, 1);
	if (place) /* in its home it is found without */
		__sync_fetch_and_or(&home->displaced, 1U << (place & 31));
	__sync_val_compare_and_swap((__u32 *)(void *)&c->head, CLAIMED, head_word(head));
	return (int)table_place(table_home(hash, cfg->slots), place, cfg->slots);
}

/*
 * Enter a connection, in a new place or over what is left of an older one of the tuple.  Returns it
 * with its head set and the rest at zero, for the caller to fill in; NULL if it was not entered.
 * Without a place the table is no longer complete, which is what sends later misses to the kernel's
 * own.
 */
INLINE struct conn *conn_enter_over(struct runtime *rt, const struct config *cfg,
				    const struct conn_key *key, __u64 hash, struct conn *old,
				    const struct conn_head *head)
{
	int index;

	if (old)
		return conn_renew(rt, old, *head);
	index = slot_enter(rt, cfg, key, hash, head);
	return index == NO_SLOT ? 0 : slot_get((__u32)index);
}

/* The same where it has not been looked for yet. */
INLINE struct conn *conn_enter(struct runtime *rt, const struct config *cfg,
			       const struct conn_key *key, const struct conn_head *head)
{
	const __u64 hash = conn_hash(key);

	return conn_enter_over(rt, cfg, key, hash, conn_get_hashed(key, hash, cfg->slots), head);
}

/* Does a miss mean that the kernel has no such connection (half-open ones of its own aside)? */
INLINE int table_complete(const struct runtime *rt, __u64 now)
{
	return rt->table_complete && rt->incomplete_until <= now;
}

/*
 * The request sockets that the hand-off hook made on this CPU and that TCP has not made sockets of
 * yet: both happen in one softirq.  One that TCP refuses counts to the end of its jiffy.
 */
INLINE struct budget *handoffs_pending(__u64 now)
{
	struct budget *b = budget_get();

	if (b && b->handoff_at != (__u32)now) {
		b->handoff_at = (__u32)now;
		b->handoffs = 0;
	}
	return b;
}

/* Is it a service's port, on some address at least? */
INLINE int port_protected(const struct runtime *rt, __u16 local_port)
{
	const struct rule *rule = rule_get(bank_get(rt), local_port);

	return rule && (rule->policy || rule->by_addr);
}

/* The kernel may have half-open handshakes on this port from now on; now in jiffies. */
INLINE void port_kernel_handshake(__u16 local_port, const struct config *cfg, __u64 now)
{
	struct defence *port = defence_get(local_port);
	const __u64 until = now + (__u64)KERNEL_SYN_S * cfg->hz;

	/* At most one write a second, so that the cache line does not bounce between CPUs. */
	if (port && port->kernel_until + cfg->hz < until)
		port->kernel_until = until;
}

INLINE int kernel_active(const struct defence *port, __u64 now)
{
	return !port || port->kernel_until > now;
}

INLINE int port_kernel_active(__u16 local_port, __u64 now)
{
	return kernel_active(defence_get(local_port), now);
}

#endif
