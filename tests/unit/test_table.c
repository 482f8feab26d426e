// SPDX-License-Identifier: GPL-2.0
/* Where connections lie: homes and cells of neighbours, of clients that choose, of all sizes. */
#include "unit.h"

#include "table.h"

static const __u32 sizes[] = {64, 4096, 314624, 6000064};

static struct conn_key random_tuple(void)
{
	struct conn_key key;

	rng_fill(&key, sizeof(key));
	return key;
}

static struct tuple_key random_key(void)
{
	struct tuple_key key;
	__u64 secret;

	rng_fill(&secret, sizeof(secret));
	tuple_key_make(&key, secret);
	return key;
}

static void whole_stretches(void **state)
{
	(void)state;
	for (__u32 conns = 1; conns < 1000000; conns += conns / 7 + 1) {
		const __u32 slots = table_slots(conns);

		assert_int_equal(slots % TABLE_STRETCH, 0);
		assert_int_equal(presence_cells(slots) % TABLE_STRETCH, 0);
		assert_in_range(slots, conns + conns / 5, conns + conns / 5 + TABLE_STRETCH);
	}
}

static void within_the_table(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (int n = 0; n < 20000; n++) {
			const struct tuple_key k = random_key();
			const struct conn_key t = random_tuple();
			const __u64 hash = table_hash(&k, &t);

			assert_true(table_home(hash, sizes[i]) < sizes[i]);
			assert_true(presence_cell(hash, sizes[i]) < presence_cells(sizes[i]));
		}
}

/* Ports that follow each other: one stretch, and no two in one place. */
static void neighbours_lie_together(void **state)
{
	(void)state;
	for (int n = 0; n < 200; n++) {
		const __u32 slots = sizes[n % 4];
		const struct tuple_key k = random_key();
		struct conn_key t = random_tuple();
		__u64 homes = 0, cells = 0, first;

		t.remote_port &= ~(TABLE_STRETCH - 1);
		first = table_hash(&k, &t);
		for (int i = 0; i < TABLE_STRETCH; i++, t.remote_port++) {
			const __u64 hash = table_hash(&k, &t);
			const __u32 home = table_home(hash, slots);
			const __u32 cell = presence_cell(hash, slots);

			assert_int_equal(home / TABLE_STRETCH,
					 table_home(first, slots) / TABLE_STRETCH);
			assert_int_equal(cell / TABLE_STRETCH,
					 presence_cell(first, slots) / TABLE_STRETCH);
			homes |= 1ULL << home % TABLE_STRETCH;
			cells |= 1ULL << cell % TABLE_STRETCH;
		}
		assert_true(homes == ~0ULL && cells == ~0ULL);
	}
}

/*
 * Clients choose their addresses and ports, not knowing the key: all of one port, or of ports with the
 * same last bits, from one prefix.  No home and no cell may be met by many of them, and each place of
 * a stretch by its share.
 */
static void not_led_by_clients(void **state)
{
	enum { TUPLES = 65536, SLOTS = 65536, MOST = 12, SHARE = TUPLES / TABLE_STRETCH };
	static __u8 homes[SLOTS], cells[PRESENCE_LEAST];

	(void)state;
	for (int way = 0; way < 6; way++) {
		const struct tuple_key k = random_key();
		struct conn_key t = random_tuple();
		unsigned int places[TABLE_STRETCH] = {0};

		memset(homes, 0, sizeof(homes));
		memset(cells, 0, sizeof(cells));
		t.remote_port = 443;
		for (__u32 i = 0; i < TUPLES; i++) {
			const __u32 host = way & 1 ? i : i << 8;
			__u64 hash;

			memcpy(t.remote + (way < 2 ? 12 : 8), &host, sizeof(host));
			if (way > 3)
				t.remote_port = (__u16)(i * TABLE_STRETCH + 5);
			hash = table_hash(&k, &t);
			places[table_home(hash, SLOTS) % TABLE_STRETCH]++;
			if (++homes[table_home(hash, SLOTS)] > MOST)
				fail_msg("way %d: more than %d tuples in one home", way, MOST);
			if (++cells[presence_cell(hash, SLOTS)] > MOST)
				fail_msg("way %d: more than %d tuples in one cell", way, MOST);
		}
		for (int i = 0; i < TABLE_STRETCH; i++)
			assert_in_range(places[i], SHARE * 3 / 4, SHARE * 5 / 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whole_stretches),
	    cmocka_unit_test(within_the_table),
	    cmocka_unit_test(neighbours_lie_together),
	    cmocka_unit_test(not_led_by_clients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
