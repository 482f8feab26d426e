// SPDX-License-Identifier: GPL-2.0
/*
 * Ends: as the packets of both sides tell them, in order or by RST, and what is not believed
 * because its numbers are wrong (RFC 5961).
 */
#include <linux/bpf.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "talk.h"

struct step {
	char dir;
	const char *flags;
	__u32 seq, ack, len;
	enum reason reason; /* of what comes in */
	enum conn_state state;
};

enum { STEPS = 6 };

static const struct {
	const char *name;
	struct step steps[STEPS];
} ends[] = {
    {"client first, 4 segments",
     {{'o', "F.", 1, 1, 0, REASON_conn_packet, FIN_WAIT},
      {'r', ".", 1, 2, 0, 0, CLOSE_WAIT},
      {'r', "F.", 1, 2, 0, 0, LAST_ACK},
      {'o', ".", 2, 2, 0, REASON_conn_packet, TIME_WAIT}}},
    {"client first, 3 segments",
     {{'o', "F.", 1, 1, 10, REASON_conn_packet, FIN_WAIT},
      {'r', "F.", 1, 12, 0, 0, LAST_ACK},
      {'o', ".", 12, 2, 0, REASON_conn_packet, TIME_WAIT},
      {'r', "F.", 1, 12, 0, 0, TIME_WAIT},
      {'o', ".", 12, 2, 0, REASON_conn_packet, TIME_WAIT}}},
    {"server first, 4 segments",
     {{'r', "F.", 1, 1, 0, 0, FIN_WAIT},
      {'o', ".", 1, 2, 0, REASON_conn_packet, CLOSE_WAIT},
      {'o', "P.", 1, 2, 100, REASON_conn_packet, CLOSE_WAIT},
      {'o', "F.", 101, 2, 0, REASON_conn_packet, LAST_ACK},
      {'r', ".", 2, 102, 0, 0, TIME_WAIT}}},
    {"server first, 3 segments",
     {{'r', "F.", 1, 1, 0, 0, FIN_WAIT},
      {'o', "F.", 1, 2, 0, REASON_conn_packet, LAST_ACK},
      {'r', ".", 2, 2, 0, 0, TIME_WAIT}}},
    {"both at once",
     {{'o', "F.", 1, 1, 0, REASON_conn_packet, FIN_WAIT},
      {'r', "F.", 1, 1, 0, 0, LAST_ACK},
      {'o', ".", 2, 2, 0, REASON_conn_packet, TIME_WAIT},
      {'r', ".", 2, 2, 0, 0, TIME_WAIT}}},
    {"client resets", {{'o', "R", 1, 0, 0, REASON_conn_packet, CLOSE}}},
    {"client resets, with an ACK", {{'o', "R.", 1, 1, 0, REASON_conn_packet, CLOSE}}},
    {"server resets", {{'r', "R", 1, 0, 0, 0, CLOSE}}},
    {"server resets, with an ACK", {{'r', "R.", 1, 1, 0, 0, CLOSE}}},
    {"reset in mid-close",
     {{'o', "F.", 1, 1, 0, REASON_conn_packet, FIN_WAIT},
      {'r', ".", 1, 2, 0, 0, CLOSE_WAIT},
      {'o', "R", 2, 0, 0, REASON_conn_packet, CLOSE}}},
};

/* The table's state follows the packets; that the socket is open is the kernel's word and stays. */
static void ends_as_the_packets_tell(void **state)
{
	for (size_t i = 0; i < 2 * COUNT_OF(ends); i++) {
		struct talk t = talk_new(*state, i & 1, PORT_PLAIN);

		talk_cookie(&t);
		talk_socket(&t, SOCKET_OPEN);
		for (const struct step *s = ends[i / 2].steps; s->dir; s++) {
			talk_expect(&t, s->dir, s->flags, s->seq, s->ack, s->len,
				    s->dir == 'r' ? REASON_out_conn : s->reason);
			if (talk_state(&t) != s->state)
				fail_msg("%s, step %zu: state %u, not %u", ends[i / 2].name,
					 s - ends[i / 2].steps + 1, talk_state(&t), s->state);
			assert_int_equal(talk_conn(&t).head.socket, SOCKET_OPEN);
		}
	}
}

/* Numbers count from the client's next byte, whose connection is a real one. */
static const struct {
	const char *row, *flags;
	__u32 seq, ack, len;
	int verdict;
	enum reason reason;
	int counts; /* refreshes the entry */
} segments[] = {
    {"RST in the window", "R", 2, 0, 0, XDP_PASS, REASON_conn_rst_inexact, 0},
    {"RST at the window's end", "R", 60000, 0, 0, XDP_PASS, REASON_conn_rst_inexact, 0},
    {"RST beyond the window", "R", 10000000, 0, 0, XDP_DROP, REASON_conn_rst_outside, 0},
    {"RST+ACK beyond", "R.", 10000000, 1, 0, XDP_DROP, REASON_conn_rst_outside, 0},
    {"RST far below", "R", 0x80000000, 0, 0, XDP_DROP, REASON_conn_rst_outside, 0},
    {"RST below", "R", -100000U, 0, 0, XDP_DROP, REASON_conn_rst_outside, 0},
    {"FIN beyond the window", "F.", 10000000, 1, 0, XDP_DROP, REASON_conn_fin_outside, 0},
    {"FIN far below", "F.", -10000000U, 1, 0, XDP_DROP, REASON_conn_fin_outside, 0},
    {"data far beyond", "P.", 10000000, 1, 100, XDP_DROP, REASON_conn_data_outside, 0},
    {"ACK far beyond", ".", 0x70000000, 1, 0, XDP_DROP, REASON_conn_data_outside, 0},
    {"data half-way round", "P.", 0x80000000, 1, 100, XDP_DROP, REASON_conn_data_outside, 0},
    {"old data again", "P.", -99U, 1, 100, XDP_PASS, REASON_conn_packet, 1},
    {"the keep-alive's byte", ".", 0, 1, 0, XDP_PASS, REASON_conn_packet, 1},
    {"ACK of what was never sent", ".", 1, 100000, 0, XDP_PASS, REASON_conn_packet, 0},
    {"ACK half-way round", ".", 1, 0x80000000, 0, XDP_PASS, REASON_conn_packet, 0},
    {"data in the window", "P.", 5000, 1, 100, XDP_PASS, REASON_conn_packet, 1},
};

/* The socket has all of the client's 1000 bytes and has acknowledged them. */
static int live_with_data(struct talk *t, int monitor)
{
	char data[1200];
	int fd;

	t->b->s.policy.mode = monitor ? MODE_AUTO : MODE_ALWAYS;
	shield_config_write(&t->b->s);
	fd = monitor ? talk_live_kernel(t, 0) : talk_live(t, 0);
	t->b->s.policy.mode = MODE_ALWAYS;
	shield_config_write(&t->b->s);
	talk_receive_acked(t, "P.", 1, 1, 1000);
	assert_int_equal(recv(fd, data, sizeof(data), MSG_DONTWAIT), 1000);
	t->isn[0] += 1000;
	return fd;
}

/*
 * All that a wide window allowed may be repeated, if the ACKs are lost, although the window is
 * narrow by now and the tracker has asked the socket meanwhile.
 */
static void what_a_wide_window_allowed_may_come_again(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct talk t = talk_new(b, v6, PORT_PLAIN);
		const int fd = live_with_data(&t, 0);
		struct conn c = talk_conn(&t);

		c.server.max_win = 1 << 20;
		c.client.end -= 100000000; /* wrong, so that it has to ask */
		c.client.max_end = c.client.end + 1;
		shield_conn_write(&b->s, &t.key, &c);
		talk_expect(&t, 'o', "P.", 1, 1, 100, REASON_conn_packet);
		talk_expect(&t, 'o', "P.", -500000U, 1, 1000, REASON_conn_packet);
		assert_int_equal(t.last.verdict, XDP_PASS);
		talk_expect(&t, 'o', "P.", -2000000U, 1, 1000, REASON_conn_data_outside);
		talk_abort(fd);
	}
}

static void numbers_decide_what_is_believed(void **state)
{
	struct bed *b = *state;

	for (size_t i = 0; i < 4 * COUNT_OF(segments); i++) {
		const size_t row = i / 4;
		struct talk t = talk_new(b, i & 1, PORT_PLAIN);
		const int fd = live_with_data(&t, !!(i & 2));
		struct conn before, after;
		struct pkt p;

		bed_age(b, &t.key, 100);
		before = talk_conn(&t);
		assert_int_equal(before.head.socket, SOCKET_OPEN);
		p = talk_segment(&t, 'o', segments[row].flags, segments[row].seq, segments[row].ack,
				 segments[row].len);
		bed_expect_pkt(b, &p, segments[row].verdict, segments[row].reason,
			       segments[row].row, NULL);
		after = talk_conn(&t);
		if (after.head.state != ESTABLISHED || after.head.socket != SOCKET_OPEN ||
		    (after.seen != before.seen) != segments[row].counts ||
		    after.client.packets - before.client.packets != (__u64)segments[row].counts)
			fail_msg("%s: state %u, socket %u, seen %+d, packets %+d",
				 segments[row].row, after.head.state, after.head.socket,
				 (int)(after.seen - before.seen),
				 (int)(after.client.packets - before.client.packets));
		if (segments[row].verdict == XDP_DROP)
			assert_memory_equal(&after.client, &before.client, sizeof(after.client));
		talk_abort(fd);
	}
}

/* Is the entry as good as the kernel's socket again? */
static void mended(const struct talk *t)
{
	const struct conn c = talk_conn(t);

	assert_int_equal(c.head.socket, SOCKET_OPEN);
	assert_int_equal(c.head.state, ESTABLISHED);
	assert_int_equal(c.client.end, t->isn[0] + 1);
	assert_int_equal(c.server.end, t->isn[1] + 1);
	assert_int_equal(c.server.max_ack, t->isn[0] + 1);
	assert_int_equal(c.client.wscale, 7);
}

/* Packets went another way, or an attacker has lied to the tracker: the socket knows better. */
static void socket_knows_better(void **state)
{
	static const __u32 wrong[] = {-1000000U, -0x10000000U, -0x40000000U, -0x7ff00000U};
	struct bed *b = *state;

	for (size_t i = 0; i < 4 * COUNT_OF(wrong); i++) {
		struct talk t = talk_new(b, i & 1, PORT_PLAIN);
		const int fd = live_with_data(&t, 0);
		struct conn c = talk_conn(&t);

		c.client.end += wrong[i / 4];
		c.client.max_end += wrong[i / 4];
		c.server.max_ack += wrong[i / 4];
		if (i & 2) {
			c.server.end += wrong[i / 4];
			c.server.max_end += wrong[i / 4];
			c.client.max_ack += wrong[i / 4];
		}
		shield_conn_write(&b->s, &t.key, &c);
		talk_expect(&t, 'o', ".", 1, 1, 0, REASON_conn_packet);
		mended(&t);
		assert_int_equal(talk_conn(&t).client.packets, c.client.packets + 1);
		talk_expect(&t, 'o', "P.", 1, 1, 10, REASON_conn_packet);
		assert_int_equal(talk_conn(&t).client.end, t.isn[0] + 11);
		talk_abort(fd);
	}
}

/* What puts the tracker right counts itself: a FIN is a FIN, a RST that is inexact stays so. */
static void segment_that_mends_counts(void **state)
{
	static const struct {
		const char *flags;
		__u32 seq;
		enum reason reason;
		enum conn_state state;
	} rows[] = {
	    {"F.", 1, REASON_conn_packet, FIN_WAIT},
	    {"R", 1, REASON_conn_packet, CLOSE},
	    {"R", 2, REASON_conn_rst_inexact, ESTABLISHED},
	};
	struct bed *b = *state;

	for (size_t i = 0; i < 2 * COUNT_OF(rows); i++) {
		struct talk t = talk_new(b, i & 1, PORT_PLAIN);
		const int fd = live_with_data(&t, 0);
		struct conn c = talk_conn(&t);

		c.client.end -= 1000000;
		c.client.max_end -= 1000000;
		c.server.max_ack -= 1000000;
		shield_conn_write(&b->s, &t.key, &c);
		talk_expect(&t, 'o', rows[i / 2].flags, rows[i / 2].seq, 1, 0, rows[i / 2].reason);
		assert_int_equal(talk_conn(&t).head.state, rows[i / 2].state);
		talk_abort(fd);
	}
}

/*
 * The watcher has missed the end: what is out of the window asks, and learns that nothing is there.
 */
static void entry_without_a_socket_heals(void **state)
{
	struct bed *b = *state;

	for (int i = 0; i < 4; i++) {
		struct talk t = talk_new(b, i & 1, PORT_PLAIN);
		struct conn c;

		talk_cookie(&t);
		talk_socket(&t, SOCKET_OPEN);
		talk_expect(&t, 'o', i & 2 ? "R" : "P.", 0x40000000, 1, 100, REASON_conn_packet);
		c = talk_conn(&t);
		assert_int_equal(c.head.socket, SOCKET_GONE);
		assert_int_equal(c.head.state, CLOSE);
		bed_age(b, &t.key, 11);
		shield_sweep(&b->s);
		assert_int_equal(talk_state(&t), NONE);
		talk_cookie(&t);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bed_reset, check_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(ends_as_the_packets_tell),
	    TEST(numbers_decide_what_is_believed),
	    TEST(what_a_wide_window_allowed_may_come_again),
	    TEST(socket_knows_better),
	    TEST(segment_that_mends_counts),
	    TEST(entry_without_a_socket_heals),
	};

	return cmocka_run_group_tests(tests, talk_setup, talk_teardown);
}
