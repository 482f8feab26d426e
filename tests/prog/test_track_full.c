// SPDX-License-Identifier: GPL-2.0
/* The table where it is full: nobody's connection gets lost, and nothing stays behind. */
#include <linux/bpf.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addr.h"
#include "check.h"
#include "table.h"
#include "talk.h"

static void socket_set(struct bed *b, const struct conn_key *key, enum conn_socket socket,
		       enum conn_state state, __u32 age_s)
{
	struct conn c;

	assert_true(shield_conn(&b->s, key, &c));
	c.head.socket = socket;
	c.head.state = state;
	c.seen -= age_s * b->s.config.hz;
	shield_conn_write(&b->s, key, &c);
}

/* Another connection of the same home. */
static struct talk neighbour_new(struct bed *b, const struct conn_key *of)
{
	const struct keys ring = shield_keys(&b->s);
	const __u32 slots = b->s.config.slots,
		    home = table_home(table_hash(&ring.tuple, of), slots);
	struct talk t = talk_new(b, 0, PORT_PLAIN);

	do {
		put32(t.in.src, 0x0c000000 + (__u32)random() % 0xffffff);
		t.key = shield_key(&t.in);
	} while (table_home(table_hash(&ring.tuple, &t.key), slots) != home);
	return t;
}

/* Of the closed ones, which were closed for so many seconds, the oldest makes room. */
static void oldest_closed_one_makes_room(void **state)
{
	static const struct {
		enum conn_socket socket;
		enum conn_state state;
		__u32 age_s;
	} closed[] = {
	    {SOCKET_GONE, CLOSE, 3},
	    {SOCKET_TIME_WAIT, TIME_WAIT, 20},
	    {SOCKET_GONE, CLOSE, 30},
	    {SOCKET_TIME_WAIT, TIME_WAIT, 25},
	    /*
	     * Not closed, however old: the hand-off is under way, the kernel has not confirmed it.
	     */
	    {SOCKET_PENDING, ESTABLISHED, 60},
	    {SOCKET_HALF_OPEN, ESTABLISHED, 61},
	};
	static const int order[] = {2, 3, 1, 0};
	struct bed *b = *state;
	struct conn_key keys[TABLE_WINDOW];
	struct talk t = talk_new(b, 0, PORT_PLAIN);
	unsigned int n, left;

	n = bed_places_fill(b, &t.key, keys);
	for (size_t i = 0; i < COUNT_OF(closed); i++)
		socket_set(b, &keys[5 * i], closed[i].socket, closed[i].state, closed[i].age_s);
	for (left = n; left > n - COUNT_OF(order); left--) {
		const struct conn_key *oldest = &keys[5 * order[n - left]];

		assert_true(shield_conn(&b->s, oldest, NULL));
		talk_cookie(&t);
		check_table(&b->s);
		assert_false(shield_conn(&b->s, oldest, NULL));
		assert_int_equal(shield_conns_count(&b->s), n);
		assert_int_equal(shield_runtime(&b->s).conns_closed, n - left + 1);
		assert_int_equal(shield_runtime(&b->s).table_full, 0);
		/* The kernel's TIME_WAIT may be there still. */
		assert_int_equal(shield_runtime(&b->s).incomplete_until > shield_jiffies(&b->s),
				 n - left > 0);
		/* Its place is the next one's: another tuple of the same home. */
		talk_socket(&t, SOCKET_OPEN);
		t = neighbour_new(b, &keys[0]);
	}
	talk_cookie(&t);
	assert_false(shield_conn(&b->s, &t.key, NULL));
	assert_int_equal(shield_runtime(&b->s).table_full, 1);
	assert_int_equal(shield_conns_count(&b->s), n);
}

/*
 * In a home's full group one that was closed a while ago makes room for the next but one, although
 * others are free, but not where the kernel may have its TIME_WAIT still, nor one closed just now.
 */
static void full_group_is_tidied(void **state)
{
	struct bed *b = *state;
	struct conn_key keys[TABLE_WINDOW];
	struct talk t = talk_new(b, 0, PORT_PLAIN);
	const unsigned int n = bed_places_fill(b, &t.key, keys);
	const struct keys ring = shield_keys(&b->s);
	const __u32 slots = b->s.config.slots,
		    home = table_home(table_hash(&ring.tuple, &t.key), slots);
	const struct conn *freed = &b->s.slots[table_place(home, 2, slots)];

	assert_int_equal(n, TABLE_WINDOW);
	for (unsigned int i = TABLE_GROUP; i < n; i++)
		shield_conn_delete(&b->s, &keys[i]);
	socket_set(b, &keys[0], SOCKET_GONE, CLOSE, 4);
	socket_set(b, &keys[1], SOCKET_TIME_WAIT, TIME_WAIT, 60);
	socket_set(b, &keys[2], SOCKET_GONE, CLOSE, 6);
	for (unsigned int i = 0; i < 2; i++) {
		t = neighbour_new(b, &keys[0]);
		talk_cookie(&t);
		check_table(&b->s);
		assert_true(shield_conn(&b->s, &t.key, NULL));
		assert_int_equal(key_equal(&freed->key, &t.key), i);
		assert_true(shield_conn(&b->s, &keys[0], NULL));
		assert_true(shield_conn(&b->s, &keys[1], NULL));
		assert_false(shield_conn(&b->s, &keys[2], NULL));
		assert_true(shield_conn(&b->s, &keys[3], NULL));
		assert_int_equal(shield_conns_count(&b->s), TABLE_GROUP + i);
		usleep(20000); /* so that the freed place may be taken */
	}
	assert_int_equal(shield_runtime(&b->s).table_full, 0);
	assert_true(shield_runtime(&b->s).incomplete_until <= shield_jiffies(&b->s));
}

/* Where only living ones are, all of them stay, and the newcomer is looked up in the kernel. */
static void full_of_life(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct talk t = talk_new(b, v6, PORT_PLAIN);
		struct conn_key keys[TABLE_WINDOW];
		const unsigned int n = bed_places_fill(b, &t.key, keys);
		char data[16];
		int fd = talk_live(&t, 0);

		assert_false(shield_conn(&b->s, &t.key, NULL));
		assert_int_equal(shield_runtime(&b->s).table_complete, 0);
		assert_true(shield_runtime(&b->s).table_full >= 1);
		shield_budget(&b->s, 1000);
		talk_receive_acked(&t, "P.", 1, 1, 10);
		talk_expect(&t, 'o', "P.", 11, 1, 10, REASON_conn_packet);
		assert_int_equal(recv(fd, data, sizeof(data), MSG_DONTWAIT), 10);
		talk_expect(&t, 'o', "S", 70000, 0, 0, REASON_syn_conn_exists);
		for (unsigned int i = 0; i < n; i++)
			assert_true(shield_conn(&b->s, &keys[i], NULL));
		assert_int_equal(shield_conns_count(&b->s), n);
		talk_abort(fd);
		bed_reset(state);
	}
}

static void conn_move(struct bed *b, __u32 home, __u32 from, __u32 to)
{
	struct conn *a = &b->s.slots[table_place(home, from, b->s.config.slots)];
	struct conn *z = &b->s.slots[table_place(home, to, b->s.config.slots)];
	const __u32 displaced = z->displaced;

	if (a == z)
		return;
	*z = *a;
	z->displaced = displaced;
	a->head = (struct conn_head){0};
	b->s.slots[home].displaced &= ~(1U << from);
	b->s.slots[home].displaced |= 1U << to;
}

/* As two CPUs may leave it behind: the tuple is in two places, each with its bit and its count. */
static void tuple_entered_twice_goes_from_one_place(void **state)
{
	struct bed *b = *state;
	const struct keys ring = shield_keys(&b->s);
	const __u32 slots = b->s.config.slots;

	for (__u32 place = 1; place < TABLE_WINDOW; place++) {
		struct talk t = talk_new(b, place & 1, PORT_PLAIN);
		const __u32 home = table_home(table_hash(&ring.tuple, &t.key), slots);
		struct conn *first = &b->s.slots[home],
			    *second = &b->s.slots[table_place(home, place, slots)];
		struct talk other = t;

		talk_cookie(&t);
		talk_socket(&t, place & 2 ? SOCKET_OPEN : SOCKET_PENDING);
		/* While the first one has another key, the same tuple is entered again... */
		first->key.local_port++;
		shield_conn_write(&b->s, &other.key, first);
		first->key.local_port--;
		/* ... in place 1, from where it moves to the place wanted. */
		conn_move(b, home, 1, place);
		assert_int_equal(shield_conns_count(&b->s), 2);
		shield_sweep(&b->s);
		check_table(&b->s);
		assert_int_equal(shield_conns_count(&b->s), 1);
		assert_true(slot_live(first));
		assert_false(slot_live(second));
		shield_conns_clear(&b->s);
	}
}

/* One after the other, at random, in tables so small that every place is fought for. */
static void small_tables_stay_whole(void **state)
{
	static const __u32 sizes[] = {1, 10, 100, 1000};
	struct bed *b = *state;

	srandom(20240301);
	for (size_t size = 0; size < COUNT_OF(sizes); size++) {
		talk_table_small(b, sizes[size]);
		for (int i = 0; i < 3000; i++) {
			struct talk t = talk_new(b, i & 1, PORT_PLAIN);
			static const enum conn_socket sockets[] = {SOCKET_PENDING, SOCKET_OPEN,
								   SOCKET_TIME_WAIT, SOCKET_GONE};
			struct conn c;

			talk_cookie(&t);
			if (shield_conn(&b->s, &t.key, &c))
				socket_set(b, &t.key, sockets[random() % 4], ESTABLISHED,
					   (__u32)random() % 80);
			if (random() % 4 == 0)
				shield_conn_delete(
				    &b->s, &b->s.slots[(__u32)random() % b->s.config.slots].key);
			if (random() % 50 == 0)
				shield_sweep(&b->s);
			if (i % 100 == 0)
				check_table(&b->s);
		}
		talk_table_whole(b);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bed_reset, check_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(oldest_closed_one_makes_room),
	    TEST(full_group_is_tidied),
	    TEST(full_of_life),
	    TEST(tuple_entered_twice_goes_from_one_place),
	    TEST(small_tables_stay_whole),
	};

	return cmocka_run_group_tests(tests, talk_setup, talk_teardown);
}
