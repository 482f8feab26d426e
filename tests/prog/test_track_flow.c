// SPDX-License-Identifier: GPL-2.0
/*
 * Both directions of a connection through the real programs: what each side has sent, acknowledged
 * and allowed, and how many packets and bytes of IP that were.
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
	__u16 window;
	enum conn_state state;
	__u32 end, max_ack, max_win; /* of its sender, after it */
};

/* Client's scale 7; the server's is what this host advertises, read from the SYN-ACK. */
static const struct step steps[] = {
    {'o', "P.", 1, 1, 100, 1000, ESTABLISHED, 101, 1, 0},
    {'r', ".", 1, 101, 0, 500, ESTABLISHED, 1, 101, 500},
    {'r', "P.", 1, 101, 1400, 500, ESTABLISHED, 1401, 101, 500},
    {'r', "P.", 1401, 101, 7, 400, ESTABLISHED, 1408, 101, 500},
    {'o', ".", 101, 1408, 0, 2000, ESTABLISHED, 101, 1408, 2000},
    {'o', "P.", 101, 1408, 1000, 2, ESTABLISHED, 1101, 1408, 2000},
    {'o', "P.", 101, 1408, 500, 2, ESTABLISHED, 1101, 1408, 2000}, /* again, less of it */
    {'r', ".", 1408, 1101, 0, 600, ESTABLISHED, 1408, 1101, 600},
    {'r', "F.", 1408, 1101, 0, 600, FIN_WAIT, 1409, 1101, 600},
    {'o', "P.", 1101, 1409, 50, 2000, CLOSE_WAIT, 1151, 1409, 2000},
    {'r', ".", 1409, 1151, 0, 600, CLOSE_WAIT, 1409, 1151, 600},
    {'o', "F.", 1151, 1409, 10, 2000, LAST_ACK, 1162, 1409, 2000},
    {'r', ".", 1409, 1162, 0, 600, TIME_WAIT, 1409, 1162, 600},
};

static void side_is(const struct conn_side *side, const struct step *s, __u32 mine, __u32 other,
		    int v6, __u64 packets, __u64 bytes, size_t row)
{
	const __u32 win = s->max_win ? s->max_win << side->wscale : side->max_win;

	if (side->end != mine + s->end || side->max_ack != other + s->max_ack ||
	    side->max_win != win || side->packets != packets || side->bytes != bytes)
		fail_msg(
		    "step %zu, IPv%d: end %u, max_ack %u, max_win %u, packets %llu, bytes %llu",
		    row, v6 ? 6 : 4, side->end - mine, side->max_ack - other, side->max_win,
		    (unsigned long long)side->packets, (unsigned long long)side->bytes);
}

static void conversation(struct bed *b, int v6, __u32 client_isn)
{
	__u64 packets[2] = {1, 0}, bytes[2] = {v6 ? 60 : 40, 0};
	struct talk t = talk_new(b, v6, PORT_PLAIN);
	struct conn c;

	t.isn[0] = client_isn;
	talk_cookie(&t);
	talk_socket(&t, SOCKET_OPEN);
	c = talk_conn(&t);
	assert_int_equal(c.client.wscale, 7);
	assert_int_equal(c.client.mss, 1400);
	assert_int_equal(c.client.max_win, 65535 << 7);
	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		const struct step *s = &steps[i];
		const int server = s->dir == 'r';
		const __u32 before = (__u32)shield_jiffies(&b->s);
		struct step want = *s;

		/* The handshake's windows were larger. */
		if (!server)
			want.max_win = 65535;
		t.window = s->window;
		talk_expect(&t, s->dir, s->flags, s->seq, s->ack, s->len,
			    server ? REASON_out_conn : REASON_conn_packet);
		c = talk_conn(&t);
		packets[server]++;
		bytes[server] += (v6 ? 60U : 40U) + s->len;
		if (server)
			want.max_win =
			    0; /* 65535 of the SYN-ACK is more than any of these, unscaled */
		side_is(server ? &c.server : &c.client, &want, t.isn[server], t.isn[!server], v6,
			packets[server], bytes[server], i);
		assert_int_equal(c.head.state, s->state);
		assert_in_range(c.seen - before, 0, b->s.config.hz);
		assert_int_equal(c.client.packets, packets[0]);
		assert_int_equal(c.server.packets, packets[1]);
	}
}

static void every_segment_is_counted_and_followed(void **state)
{
	static const __u32 isns[] = {1000000, 0xffffffff, 0xfffffff0, 0x7ffffff0};

	for (size_t i = 0; i < 2 * COUNT_OF(isns); i++)
		conversation(*state, i & 1, isns[i / 2]);
}

/* One skb, many packets: each has its headers. */
static void batches_for_the_nic_count_as_packets(void **state)
{
	static const struct {
		__u32 len, segments, size;
	} rows[] = {{1400, 0, 0}, {1200, 3, 400}, {1000, 3, 400}, {401, 2, 400}, {400, 1, 400}};
	struct bed *b = *state;

	for (size_t i = 0; i < 2 * COUNT_OF(rows); i++) {
		const __u32 headers = i & 1 ? 60 : 40, len = rows[i / 2].len;
		const __u32 n = rows[i / 2].segments ? rows[i / 2].segments : 1;
		struct talk t = talk_new(b, i & 1, PORT_PLAIN);
		struct conn c;
		struct pkt p;

		talk_cookie(&t);
		talk_socket(&t, SOCKET_OPEN);
		p = talk_segment(&t, 'r', "P.", 1, 1, len);
		shield_run_egress_gso(&b->s, &p, rows[i / 2].segments, rows[i / 2].size, &t.last);
		assert_int_equal(t.last.reason, REASON_out_conn);
		c = talk_conn(&t);
		assert_int_equal(c.server.packets, n);
		assert_int_equal(c.server.bytes, len + n * headers);
		assert_int_equal(c.server.end, t.isn[1] + 1 + len);
	}
}

/*
 * The client's packets alone must not keep an entry whose socket nobody has seen; the server's show
 * it.
 */
static void time_stands_still_until_the_socket_is_there(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct talk t = talk_new(b, v6, PORT_PLAIN);
		__u32 seen;

		talk_cookie(&t);
		bed_age(b, &t.key, 60);
		seen = talk_conn(&t).seen;
		talk_expect(&t, 'o', "P.", 1, 1, 10, REASON_ack_cookie_valid);
		talk_expect(&t, 'o', "P.", 11, 1, 10, REASON_conn_packet);
		talk_expect(&t, 'r', "R", 7, 0, 0, REASON_out_conn);
		assert_int_equal(talk_conn(&t).seen, seen);
		assert_int_equal(talk_conn(&t).client.end, t.isn[0] + 21);
		assert_int_equal(talk_conn(&t).head.socket, SOCKET_PENDING);
		talk_expect(&t, 'r', ".", 1, 21, 0, REASON_out_conn);
		assert_int_equal(talk_conn(&t).head.socket, SOCKET_OPEN);
		talk_expect(&t, 'o', "P.", 21, 1, 10, REASON_conn_packet);
		assert_int_not_equal(talk_conn(&t).seen, seen);
	}
}

/* What is not on a connection of a protected port leaves no trace. */
static void sent_without_a_connection(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct talk t = talk_new(b, v6, PORT_PLAIN), other = talk_new(b, v6, PORT_FREE);

		talk_expect(&t, 'r', ".", 1, 1, 100, REASON_out_unknown);
		talk_expect(&t, 'r', "R", 1, 0, 0, REASON_out_unknown);
		talk_expect(&t, 'r', "S.", 0, 1, 0, REASON_out_unknown);
		assert_int_equal(talk_say(&other, 'r', ".", 1, 1, 100), REASON_MAX);
		assert_int_equal(talk_state(&t), NONE);
		assert_int_equal(talk_state(&other), NONE);
	}
}

/*
 * The client's request right behind its ACK, or with it, has been seen before the kernel makes the
 * socket that knows nothing of it yet.  The answer must not look like an ACK of what was never
 * sent.
 */
static void request_with_the_ack(void **state)
{
	struct bed *b = *state;

	for (int i = 0; i < 4; i++) {
		struct talk t = talk_new(b, i & 1, PORT_PLAIN);
		const int monitor = i >> 1;
		struct conn c;
		char data[8];
		int fd;

		b->s.policy.mode = monitor ? MODE_AUTO : MODE_ALWAYS;
		shield_config_write(&b->s);
		fd = monitor ? talk_live_kernel(&t, 300) : talk_live(&t, 300);
		assert_int_equal(recv(fd, data, sizeof(data), MSG_DONTWAIT), sizeof(data));
		assert_int_equal(send(fd, "answer", 6, 0), 6);
		c = talk_conn(&t);
		assert_int_equal(c.head.socket, SOCKET_OPEN);
		assert_int_equal(c.client.end, t.isn[0] + 301);
		assert_int_equal(c.server.end, t.isn[1] + 7);
		assert_int_equal(c.server.max_ack, t.isn[0] + 301);
		talk_abort(fd);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bed_reset, check_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(every_segment_is_counted_and_followed),
	    TEST(batches_for_the_nic_count_as_packets),
	    TEST(time_stands_still_until_the_socket_is_there),
	    TEST(sent_without_a_connection),
	    TEST(request_with_the_ack),
	};

	return cmocka_run_group_tests(tests, talk_setup, talk_teardown);
}
