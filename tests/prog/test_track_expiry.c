// SPDX-License-Identifier: GPL-2.0
/*
 * How entries end: by the sweeper after their state's time, never while the socket is there; and
 * SYNs on what is still there, few of which the kernel is to see.
 */
#include <linux/bpf.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "check.h"
#include "lifetime.h"
#include "talk.h"
#include "xdp.skel.h"

static const struct {
	enum conn_socket socket;
	enum conn_state state;
	int unacked;
	__u32 lifetime; /* seconds */
	int closed;     /* removed as closed, else as expired */
} lifetimes[] = {
    {SOCKET_PENDING, ESTABLISHED, 0, 65, 0}, {SOCKET_PENDING, ESTABLISHED, 1, 65, 0},
    {SOCKET_HALF_OPEN, SYN_SENT, 0, 65, 0},  {SOCKET_HALF_OPEN, ESTABLISHED, 0, 65, 0},
    {SOCKET_HALF_OPEN, LAST_ACK, 0, 65, 1},  {SOCKET_TIME_WAIT, TIME_WAIT, 0, 120, 1},
    {SOCKET_TIME_WAIT, FIN_WAIT, 0, 120, 1}, {SOCKET_TIME_WAIT, LAST_ACK, 0, 65, 1},
    {SOCKET_TIME_WAIT, CLOSE, 0, 65, 1},     {SOCKET_GONE, CLOSE, 0, 10, 1},
    {SOCKET_GONE, TIME_WAIT, 0, 120, 1},     {SOCKET_GONE, CLOSE_WAIT, 0, 60, 1},
    {SOCKET_NONE, SYN_SENT, 0, 120, 0},      {SOCKET_NONE, SYN_SENT2, 0, 120, 0},
    {SOCKET_NONE, SYN_RECV, 0, 60, 0},       {SOCKET_NONE, ESTABLISHED, 0, 432000, 0},
    {SOCKET_NONE, ESTABLISHED, 1, 300, 0},   {SOCKET_NONE, FIN_WAIT, 0, 120, 0},
    {SOCKET_NONE, CLOSE_WAIT, 0, 60, 0},     {SOCKET_NONE, LAST_ACK, 0, 30, 1},
};

static void sweep_expect(struct bed *b, unsigned int live, __u64 closed, __u64 expired, size_t row)
{
	struct runtime rt;

	shield_sweep(&b->s);
	check_table(&b->s);
	rt = shield_runtime(&b->s);
	if (shield_conns_count(&b->s) != live || rt.conns_closed != closed ||
	    rt.conns_expired != expired)
		fail_msg("row %zu: %u live, %llu closed, %llu expired", row,
			 shield_conns_count(&b->s), rt.conns_closed, rt.conns_expired);
}

static void every_state_has_its_time(void **state)
{
	struct bed *b = *state;

	for (size_t i = 0; i < 2 * COUNT_OF(lifetimes); i++) {
		const size_t row = i / 2;
		const struct pkt p = pkt_new(i & 1, bed_sport(), PORT_PLAIN, PKT_ACK);
		const struct conn_key key = shield_key(&p);
		struct conn c = bed_conn(b, &p, lifetimes[row].socket, lifetimes[row].state);

		shield_conns_clear(&b->s);
		c.client.unacked = !!lifetimes[row].unacked;
		shield_conn_write(&b->s, &key, &c);
		sweep_expect(b, 1, 0, 0, row);
		bed_age(b, &key, lifetimes[row].lifetime - 1);
		sweep_expect(b, 1, 0, 0, row);
		bed_age(b, &key, 2);
		sweep_expect(b, 0, !!lifetimes[row].closed, !lifetimes[row].closed, row);
	}
}

/*
 * As long as no end was seen.  Half of the clock's range, all but once round, and for as long as a
 * server lives.
 */
static void open_connections_never_expire(void **state)
{
	static const __u32 jiffies[] = {0x7fffffff, 0x80000000, 0x80000001, 0xffffffff, 432001000};
	struct bed *b = *state;

	for (size_t i = 0; i < 2 * COUNT_OF(jiffies); i++) {
		const struct pkt p = pkt_new(i & 1, bed_sport(), PORT_PLAIN, PKT_ACK);
		const struct conn_key key = shield_key(&p);

		for (int s = SYN_SENT; s < STATE_MAX; s++) {
			struct conn c = bed_conn(b, &p, SOCKET_OPEN, (enum conn_state)s);

			if (state_over(s))
				continue;
			c.seen -= jiffies[i / 2];
			shield_conn_write(&b->s, &key, &c);
			shield_sweep(&b->s);
			assert_true(shield_conn(&b->s, &key, NULL));
		}
		bed_expect_pkt(b, &p, XDP_PASS, REASON_conn_packet, "after long", NULL);
	}
}

/* The kernel may take its time to send an ACK. */
static void state_wait(const struct talk *t, enum conn_state want)
{
	for (int i = 0; i < 1000 && talk_state(t) != want; i++)
		usleep(1000);
	assert_int_equal(talk_state(t), want);
}

/* A real life, from cookie to TIME_WAIT to nothing, with the counts and the filter in step. */
static void nothing_is_left_of_a_whole_life(void **state)
{
	struct bed *b = *state;

	for (int i = 0; i < 4; i++) {
		struct talk t = talk_new(b, i & 1, PORT_PLAIN);
		const int server_first = i >> 1;
		struct conn c;
		int fd;

		shield_conns_clear(&b->s);
		fd = talk_live(&t, 0);
		check_table(&b->s);
		if (server_first)
			shutdown(fd, SHUT_WR);
		else
			talk_receive(&t, "F.", 1, 1, 0);
		state_wait(&t, server_first ? FIN_WAIT : CLOSE_WAIT);
		if (server_first)
			talk_receive(&t, "F.", 1, 2, 0);
		close(fd);
		if (!server_first)
			talk_receive(&t, ".", 2, 2, 0);
		c = talk_conn(&t);
		assert_int_equal(c.head.socket, server_first ? SOCKET_TIME_WAIT : SOCKET_GONE);
		assert_int_equal(c.head.state, TIME_WAIT);
		sweep_expect(b, 1, 0, 0, (size_t)i);
		bed_age(b, &t.key, 121);
		sweep_expect(b, 0, 1, 0, (size_t)i);
		assert_int_equal(shield_runtime(&b->s).conns_made, 1);
	}
}

/*
 * The client's FIN, sent again, looks like the second one to nf_conntrack's states; but the server goes
 * on sending for as long as it likes, and nothing of the connection may be forgotten.
 */
static void half_closed_is_not_over(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct talk t = talk_new(b, v6, PORT_PLAIN);
		const int fd = talk_live(&t, 0);

		talk_receive_acked(&t, "F.", 1, 1, 0);
		talk_expect(&t, 'o', "F.", 1, 1, 0, REASON_conn_packet);
		talk_expect(&t, 'r', ".", 1, 2, 0, REASON_out_conn);
		assert_int_equal(talk_conn(&t).head.socket, SOCKET_OPEN);
		bed_age(b, &t.key, 1000);
		shield_sweep(&b->s);
		assert_true(shield_conn(&b->s, &t.key, NULL));
		shield_budget(&b->s, 1000);
		talk_expect(&t, 'o', ".", 2, 1, 0, REASON_conn_packet);
		talk_abort(fd);
	}
}

/* The kernel makes one challenge ACK of it, or a new connection; a flood of them is an attack. */
static void syns_on_a_live_connection_are_limited(void **state)
{
	struct bed *b = *state;
	const __u32 ticks = b->s.config.hz >> b->s.config.tick_shift;

	for (int v6 = 0; v6 < 2; v6++) {
		struct talk t = talk_new(b, v6, PORT_PLAIN);
		const int fd = talk_live(&t, 0);
		struct conn c;

		talk_expect(&t, 'o', "S", 5000, 0, 0, REASON_syn_conn_exists);
		assert_int_equal(t.last.verdict, XDP_PASS);
		for (__u32 i = 0; i < 20; i++) {
			talk_expect(&t, 'o', "S", 5000 * i, 0, 0, REASON_syn_conn_limited);
			assert_int_equal(t.last.verdict, XDP_DROP);
		}
		c = talk_conn(&t);
		assert_int_equal(c.head.state, ESTABLISHED);
		assert_int_equal(c.head.socket, SOCKET_OPEN);
		c.assigned_at = (__u16)(c.assigned_at - ticks / 4 - 2) | 1;
		shield_conn_write(&b->s, &t.key, &c);
		talk_expect(&t, 'o', "S", 5000, 0, 0, REASON_syn_conn_exists);
		talk_expect(&t, 'o', "S", 5000, 0, 0, REASON_syn_conn_limited);
		/* Of a SYN minutes ago nothing is left, although 16 bits take it for one to come. */
		for (__u32 age = 20000; age <= 60000; age += 10000) {
			c = talk_conn(&t);
			c.assigned_at = (__u16)(c.assigned_at - age) | 1;
			shield_conn_write(&b->s, &t.key, &c);
			talk_expect(&t, 'o', "S", 5000, 0, 0, REASON_syn_conn_exists);
		}
		/* Nor does the limit hold back the connection itself. */
		talk_expect(&t, 'o', "P.", 1, 1, 10, REASON_conn_packet);
		talk_abort(fd);
	}
}

/* Not limited where no socket is to be guarded, although the tracker would rather not reopen it. */
static void syns_on_time_wait_are_not_limited(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct talk t = talk_new(b, v6, PORT_PLAIN);
		const struct pkt next = talk_segment(&t, 'o', ".", 1, 1, 0);

		bed_conn_add(b, &next, SOCKET_TIME_WAIT, TIME_WAIT);
		for (__u32 i = 0; i < 5; i++) {
			talk_expect(&t, 'o', "S", 100000 * i, 0, 0, REASON_syn_conn_exists);
			assert_int_equal(talk_state(&t), TIME_WAIT);
		}
	}
}

/* And the ports may be used again. */
static void syn_on_time_wait_opens_anew(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct talk t = talk_new(b, v6, PORT_PLAIN);
		const __u32 ip = v6 ? 60 : 40;
		struct conn c;

		talk_cookie(&t);
		talk_socket(&t, SOCKET_OPEN);
		talk_expect(&t, 'r', "F.", 1, 1, 0, REASON_out_conn);
		talk_expect(&t, 'o', "F.", 1, 2, 0, REASON_conn_packet);
		talk_expect(&t, 'r', ".", 2, 2, 0, REASON_out_conn);
		talk_socket(&t, SOCKET_TIME_WAIT);
		for (int i = 0; i < 5; i++) {
			talk_expect(&t, 'o', "S", 1000000, 0, 0, REASON_syn_conn_exists);
			assert_int_equal(t.last.verdict, XDP_PASS);
			assert_int_equal(talk_state(&t), SYN_SENT);
		}
		assert_int_equal(shield_runtime(&b->s).conns_made, 2);
		assert_int_equal(shield_runtime(&b->s).conns_closed, 1);
		talk_expect(&t, 'r', "S.", 9000000, 1000001, 0, REASON_out_conn);
		talk_expect(&t, 'o', ".", 1000001, 9000001, 0, REASON_conn_packet);
		c = talk_conn(&t);
		assert_int_equal(c.head.state, ESTABLISHED);
		assert_int_equal(c.head.socket, SOCKET_HALF_OPEN);
		assert_int_equal(c.client.packets, 2);
		assert_int_equal(c.client.bytes, 2 * ip + 8);
		assert_int_equal(c.server.packets, 1);
		assert_int_equal(c.client.mss, 1400);
		assert_int_equal(c.server.mss, 1400);
		shield_conns_clear(&b->s);
	}
}

/* All of the kernel's memory for the table, by entry: the array and the filter in front of it. */
static void an_entry_costs_160_bytes_at_most(void **state)
{
	struct bed *b = *state;
	const int maps[] = {b->s.conns_map, bpf_map__fd(b->s.xdp->maps.presence)};
	unsigned long long sum = 0;

	for (size_t i = 0; i < COUNT_OF(maps); i++) {
		unsigned long long bytes = 0;
		char path[64], line[128];
		FILE *file;

		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", maps[i]);
		file = fopen(path, "r");
		assert_non_null(file);
		while (fgets(line, sizeof(line), file))
			sscanf(line, "memlock: %llu", &bytes);
		fclose(file);
		assert_int_not_equal(bytes, 0);
		sum += bytes;
	}
	print_message("# %.1f bytes of kernel memory an entry\n", (double)sum / MAX_CONNS);
	assert_true(sum <= 160ULL * MAX_CONNS);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bed_reset, check_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(every_state_has_its_time),        TEST(open_connections_never_expire),
	    TEST(nothing_is_left_of_a_whole_life), TEST(syns_on_a_live_connection_are_limited),
	    TEST(half_closed_is_not_over),         TEST(syns_on_time_wait_are_not_limited),
	    TEST(syn_on_time_wait_opens_anew),     TEST(an_entry_costs_160_bytes_at_most),
	};

	return cmocka_run_group_tests(tests, talk_setup, talk_teardown);
}
