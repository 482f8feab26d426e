// SPDX-License-Identifier: GPL-2.0
/* The whole table, slot by slot; see check.h. */
#include <linux/bpf.h>

#include "addr.h"
#include "bed.h"
#include "check.h"
#include "table.h"

static __u8 *cells;

static __u32 home_of(__u64 hash, struct shield *s)
{
	return table_home(hash, s->config.slots);
}

/* The bits of a home's places that a slot is: two where places coincide. */
static __u32 bits_of(__u32 home, __u32 index, __u32 slots)
{
	__u32 bits = 0;

	for (__u32 i = 0; i < TABLE_WINDOW; i++)
		if (table_place(home, i, slots) == index)
			bits |= 1U << i;
	return bits;
}

static void live_check(struct shield *s, const struct keys *ring, __u32 index)
{
	const __u32 slots = s->config.slots;
	const struct conn *c = &s->slots[index];
	const __u64 hash = table_hash(&ring->tuple, &c->key);
	const __u32 home = home_of(hash, s), bits = bits_of(home, index, slots);

	if (!bits)
		fail_msg("slot %u (state %u) is no place of its home %u", index, c->head.state,
			 home);
	if (index != home && !(s->slots[home].displaced & bits))
		fail_msg("slot %u (state %u, socket %u) is lost: home %u lacks its bit", index,
			 c->head.state, c->head.socket, home);
	for (__u32 i = 0; i < TABLE_WINDOW && !(bits >> i & 1); i++) {
		const __u32 at = table_place(home, i, slots);

		if (slot_live(&s->slots[at]) && key_equal(&s->slots[at].key, &c->key))
			fail_msg("slot %u holds the tuple of slot %u again", index, at);
	}
	cells[presence_cell(hash, slots)]++;
}

/* A bit of which the slot is free, or another home's. */
static void bits_check(struct shield *s, const struct keys *ring, __u32 home)
{
	for (__u32 i = 0; i < TABLE_WINDOW; i++) {
		const __u32 index = table_place(home, i, s->config.slots);
		const struct conn *c = &s->slots[index];

		if (!(s->slots[home].displaced >> i & 1))
			continue;
		if (!slot_live(c) || home_of(table_hash(&ring->tuple, &c->key), s) != home)
			fail_msg("home %u has a bit for place %u, slot %u (state %u), not its own",
				 home, i, index, c->head.state);
	}
}

static void presence_check(struct shield *s)
{
	for (__u32 i = 0; i < presence_cells(s->config.slots); i++) {
		const __u32 counted = presence_in(s->presence[i / PRESENCE_IN_WORD], i);

		if (counted != cells[i])
			fail_msg("cell %u counts %u, there are %u", i, counted, cells[i]);
	}
}

void check_table(struct shield *s)
{
	const struct keys ring = shield_keys(s);
	const struct runtime rt = shield_runtime(s);
	unsigned int live = 0;

	cells = calloc(presence_cells(s->config.slots), 1);
	assert_non_null(cells);
	for (__u32 i = 0; i < s->config.slots; i++) {
		const struct conn *c = &s->slots[i];
		__u32 head;

		memcpy(&head, &c->head, sizeof(head));
		if (!slot_live(c) && head)
			fail_msg("slot %u was claimed and left", i);
		if (slot_live(c))
			live_check(s, &ring, i);
		live += slot_live(c);
		if (c->displaced)
			bits_check(s, &ring, i);
	}
	presence_check(s);
	free(cells);
	if (rt.conns_made != rt.conns_closed + rt.conns_expired + live)
		fail_msg("%llu made, %llu closed, %llu expired, %u live", rt.conns_made,
			 rt.conns_closed, rt.conns_expired, live);
}

int check_end(void **state)
{
	struct bed *b = *state;

	check_table(&b->s);
	return 0;
}
