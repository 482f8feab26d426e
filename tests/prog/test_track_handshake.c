// SPDX-License-Identifier: GPL-2.0
/*
 * Handshakes that the kernel does itself, in either direction: kept apart until they are proven,
 * and then entered with all that they told.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "check.h"
#include "lifetime.h"
#include "talk.h"

static void mode_set(struct bed *b, enum mode mode)
{
	b->s.policy.mode = mode;
	shield_config_write(&b->s);
}

static struct conn half_of(const struct talk *t)
{
	struct conn half = {0};

	if (!shield_half(&t->b->s, &t->key, &half))
		fail_msg("no half-open entry");
	assert_false(shield_conn(&t->b->s, &t->key, NULL));
	return half;
}

static void half_age(const struct talk *t, __u32 jiffies)
{
	struct conn half = half_of(t);

	half.seen -= jiffies;
	assert_int_equal(bpf_map_update_elem(t->b->s.halfopen_map, &t->key, &half, BPF_EXIST), 0);
}

/* Why the SYN is the kernel's. */
struct passed {
	enum mode mode;
	__u16 port;
	enum reason reason;
	int small_mss;
};

static const struct passed passed[] = {
    {MODE_AUTO, PORT_PLAIN, REASON_syn_passed, 0},
    {MODE_ALWAYS, PORT_MPTCP, REASON_syn_mptcp, 0},
    {MODE_ALWAYS, PORT_MD5, REASON_syn_md5_ao, 0},
    {MODE_ALWAYS, PORT_PLAIN, REASON_syn_mss_small, 1},
};

static void syn_say(struct talk *t, const struct passed *how)
{
	struct pkt syn = talk_segment(t, 'o', "S", 0, 0, 0);

	if (how->small_mss)
		put16(syn.opt + 2, 400);
	bed_expect_pkt(t->b, &syn, XDP_PASS, how->reason, "SYN", NULL);
}

static void passed_handshake(struct bed *b, int v6, const struct passed *how)
{
	const __u32 ip = v6 ? 60 : 40, options = 8;
	struct talk t = talk_new(b, v6, how->port);
	struct conn c;

	mode_set(b, how->mode);
	syn_say(&t, how);
	c = half_of(&t);
	assert_int_equal(c.head.state, SYN_SENT);
	assert_int_equal(c.head.socket, SOCKET_HALF_OPEN);
	assert_int_equal(c.head.kind, KIND_KERNEL);
	assert_int_equal(c.rtt_ms, RTT_UNKNOWN);
	talk_expect(&t, 'r', "S.", 0, 1, 0, REASON_out_conn);
	assert_int_equal(half_of(&t).head.state, SYN_RECV);
	half_age(&t, b->s.config.hz / 10);
	talk_expect(&t, 'o', ".", 1, 1, 0, REASON_conn_packet);
	assert_false(shield_half(&b->s, &t.key, NULL));
	c = talk_conn(&t);
	assert_int_equal(c.head.state, ESTABLISHED);
	assert_int_equal(c.head.socket, SOCKET_HALF_OPEN);
	assert_false(c.head.flags.opened_here);
	assert_in_range(c.rtt_ms, 100, 150);
	assert_int_equal(c.client.packets, 2);
	assert_int_equal(c.client.bytes, 2 * ip + options);
	assert_int_equal(c.server.packets, 1);
	assert_int_equal(c.server.bytes, ip + options);
	assert_int_equal(c.client.mss, how->small_mss ? 400 : 1400);
	assert_int_equal(c.server.mss, 1400);
	assert_int_equal(c.client.wscale, 7);
	assert_int_equal(c.server.wscale, 7);
	talk_expect(&t, 'o', "P.", 1, 1, 10, REASON_conn_packet);
	talk_expect(&t, 'r', ".", 1, 11, 0, REASON_out_conn);
	assert_int_equal(talk_conn(&t).head.socket, SOCKET_HALF_OPEN);
}

static void syn_that_is_the_kernels_is_followed(void **state)
{
	for (size_t i = 0; i < 2 * COUNT_OF(passed); i++)
		passed_handshake(*state, i & 1, &passed[i / 2]);
}

/* A socket of the kernel's, told by the watcher. */
static void kernel_confirms_its_socket(void **state)
{
	struct bed *b = *state;

	mode_set(b, MODE_AUTO);
	for (int v6 = 0; v6 < 2; v6++) {
		struct talk t = talk_new(b, v6, PORT_PLAIN);
		const int fd = talk_live_kernel(&t, 0);
		const struct conn c = talk_conn(&t);

		assert_int_equal(c.head.socket, SOCKET_OPEN);
		assert_int_equal(c.head.state, ESTABLISHED);
		assert_int_equal(c.head.kind, KIND_KERNEL);
		assert_int_not_equal(c.sock_id, 0);
		assert_int_equal(c.client.packets, 2);
		assert_int_equal(c.server.packets, 1);
		assert_int_equal(c.server.end, t.isn[1] + 1);
		assert_in_range(c.rtt_ms, 0, 1000);
		assert_false(shield_half(&b->s, &t.key, NULL));
		talk_abort(fd);
	}
}

/* By the sweeper's word, or by the clock where that has not spoken yet. */
static void when_it_began(void **state)
{
	struct bed *b = *state;
	const __u32 told[] = {12345, 0};

	mode_set(b, MODE_AUTO);
	for (int i = 0; i < 2; i++) {
		struct talk t = talk_new(b, i, PORT_PLAIN);
		struct runtime rt = shield_runtime(&b->s);
		const __u32 was = rt.boottime_s;
		struct timespec now;

		rt.boottime_s = told[i];
		shield_runtime_write(&b->s, &rt);
		talk_expect(&t, 'o', "S", 0, 0, 0, REASON_syn_passed);
		clock_gettime(CLOCK_BOOTTIME, &now);
		if (told[i])
			assert_int_equal(half_of(&t).started_s, told[i]);
		else
			assert_in_range(half_of(&t).started_s, now.tv_sec - 5, now.tv_sec);
		rt = shield_runtime(&b->s);
		rt.boottime_s = was;
		shield_runtime_write(&b->s, &rt);
	}
}

/* A SYN once more, whichever way it is repeated, is not another handshake. */
static void repeated_syn_changes_nothing(void **state)
{
	struct bed *b = *state;

	mode_set(b, MODE_AUTO);
	for (int v6 = 0; v6 < 2; v6++) {
		struct talk t = talk_new(b, v6, PORT_PLAIN);
		struct conn before, after;

		talk_expect(&t, 'o', "S", 0, 0, 0, REASON_syn_passed);
		half_age(&t, b->s.config.hz);
		before = half_of(&t);
		talk_expect(&t, 'o', "S", 0, 0, 0, REASON_syn_passed);
		after = half_of(&t);
		assert_int_equal(after.seen, before.seen);
		assert_int_equal(after.started_s, before.started_s);
		assert_int_equal(after.head.state, SYN_SENT);
		talk_expect(&t, 'r', "S.", 0, 1, 0, REASON_out_conn);
		talk_expect(&t, 'o', "S", 0, 0, 0, REASON_syn_passed);
		assert_int_equal(half_of(&t).head.state, SYN_RECV);
		talk_expect(&t, 'r', "S.", 0, 1, 0, REASON_out_conn);
		assert_int_equal(half_of(&t).head.state, SYN_RECV);
		talk_expect(&t, 'o', ".", 1, 1, 0, REASON_conn_packet);
		assert_int_equal(talk_conn(&t).head.state, ESTABLISHED);
	}
}

/* Whoever comes back to a handshake after it was given up has proven nothing. */
static void given_up_handshake_proves_nothing(void **state)
{
	struct bed *b = *state;

	mode_set(b, MODE_AUTO);
	for (int v6 = 0; v6 < 2; v6++) {
		struct talk t = talk_new(b, v6, PORT_PLAIN);

		talk_expect(&t, 'o', "S", 0, 0, 0, REASON_syn_passed);
		talk_expect(&t, 'r', "S.", 0, 1, 0, REASON_out_conn);
		half_age(&t, (LINGER_S + 1) * b->s.config.hz);
		talk_expect(&t, 'o', ".", 1, 1, 0, REASON_ack_cookie_invalid);
		assert_false(shield_conn(&b->s, &t.key, NULL));
	}
}

/* What is left of a handshake that nobody finished does not stand in the way of the next one. */
static void stale_handshake_starts_afresh(void **state)
{
	struct bed *b = *state;

	mode_set(b, MODE_AUTO);
	for (int i = 0; i < 4; i++) {
		struct talk t = talk_new(b, i & 1, PORT_PLAIN);

		talk_expect(&t, 'o', "S", 0, 0, 0, REASON_syn_passed);
		if (i & 2)
			talk_expect(&t, 'r', "S.", 0, 1, 0, REASON_out_conn);
		half_age(&t, 70 * b->s.config.hz);
		t.isn[0] -= 123456789;
		t.isn[1] += 123456789;
		talk_expect(&t, 'o', "S", 0, 0, 0, REASON_syn_passed);
		assert_int_equal(half_of(&t).head.state, SYN_SENT);
		assert_in_range((__u32)shield_jiffies(&b->s) - half_of(&t).seen, 0, b->s.config.hz);
		talk_expect(&t, 'r', "S.", 0, 1, 0, REASON_out_conn);
		talk_expect(&t, 'o', ".", 1, 1, 0, REASON_conn_packet);
		assert_int_equal(talk_conn(&t).head.state, ESTABLISHED);
	}
}

/* Only an ACK of the SYN-ACK proves a handshake; what proves nothing enters nothing. */
static void unproven_handshakes_stay_out(void **state)
{
	struct bed *b = *state;

	mode_set(b, MODE_AUTO);
	for (int v6 = 0; v6 < 2; v6++) {
		struct talk t = talk_new(b, v6, PORT_PLAIN);

		talk_expect(&t, 'o', "S", 0, 0, 0, REASON_syn_passed);
		talk_say(&t, 'o', ".", 1, 1, 0);
		talk_expect(&t, 'r', "S.", 0, 1, 0, REASON_out_conn);
		talk_say(&t, 'o', ".", 1, 2, 0);
		talk_say(&t, 'o', ".", 1, 0, 0);
		talk_say(&t, 'o', "P.", 1, 0x80000001, 100);
		talk_say(&t, 'o', "F.", 1, 99999, 0);
		talk_say(&t, 'o', "R", 7, 0, 0);
		assert_int_equal(half_of(&t).head.state, SYN_RECV);
		talk_expect(&t, 'o', "R", 1, 0, 0, REASON_conn_packet);
		assert_int_equal(talk_state(&t), NONE);
		assert_int_equal(shield_conns_count(&b->s), 0);
	}
}

static void syn_flood_fills_nothing_but_its_own_map(void **state)
{
	struct bed *b = *state;
	struct pkt p = bed_syn(1, PORT_PLAIN);
	const __u64 before = shield_counted(&b->s, REASON_syn_passed);
	struct outcome o;

	mode_set(b, MODE_AUTO);
	for (__u32 i = 0; i < 100000; i++) {
		put32(p.src + 12, i + 100);
		shield_run_pkt(&b->s, &p, &o);
	}
	assert_int_equal(shield_counted(&b->s, REASON_syn_passed) - before, 100000);
	assert_int_equal(shield_conns_count(&b->s), 0);
	assert_int_equal(shield_runtime(&b->s).conns_made, 0);
	assert_int_equal(shield_runtime(&b->s).table_complete, 1);
	assert_in_range(shield_halves_count(&b->s), MAX_HALFOPEN / 2, MAX_HALFOPEN);
}

/* This host's own connections from a protected port, told by segments alone. */
static void opened_here_by_its_segments(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct talk t = talk_new(b, v6, PORT_CLOSED);
		struct conn c;

		t.opened_here = 1;
		talk_expect(&t, 'o', "S", 0, 0, 0, REASON_out_conn);
		c = half_of(&t);
		assert_int_equal(c.head.state, SYN_SENT);
		assert_true(c.head.flags.opened_here);
		half_age(&t, b->s.config.hz / 10);
		talk_expect(&t, 'r', "S.", 0, 1, 0, REASON_synack_passed);
		assert_int_equal(half_of(&t).head.state, SYN_RECV);
		half_age(&t, 10 * b->s.config.hz);
		talk_expect(&t, 'o', ".", 1, 1, 0, REASON_out_conn);
		c = talk_conn(&t);
		assert_int_equal(c.head.state, ESTABLISHED);
		assert_true(c.head.flags.opened_here);
		assert_int_equal(c.client.end, t.isn[0] + 1);
		assert_int_equal(c.server.end, t.isn[1] + 1);
		assert_in_range(c.rtt_ms, 100, 150);
		talk_expect(&t, 'o', "P.", 1, 1, 10, REASON_out_conn);
		talk_expect(&t, 'r', "P.", 1, 11, 20, REASON_conn_packet);
		c = talk_conn(&t);
		assert_int_equal(c.client.packets, 3);
		assert_int_equal(c.server.packets, 2);
		assert_int_equal(c.server.end, t.isn[1] + 21);
	}
}

static int connect_out(struct talk *t)
{
	const int fd = socket(t->in.v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct sockaddr_in6 to = {.sin6_family = AF_INET6}, from = {.sin6_family = AF_INET6};
	struct sockaddr_in *to4 = (struct sockaddr_in *)&to;
	const struct pkt out = t->in;
	struct outcome syn = {0};
	const int one = 1;

	to.sin6_port = htons(t->in.sport);
	from.sin6_port = htons(t->in.dport);
	if (t->in.v6) {
		memcpy(&to.sin6_addr, t->in.src, 16);
	} else {
		to.sin6_family = from.sin6_family = AF_INET;
		memcpy(&to4->sin_addr, t->in.src, 4);
	}
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
	world_drain(&t->b->w);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), -1);
	assert_int_equal(errno, EINPROGRESS);
	syn.len = world_answer(&t->b->w, &out, syn.frame);
	assert_int_not_equal(syn.len, 0);
	t->isn[0] = bed_synack(&out, &syn).isn;
	return fd;
}

static void opened_here_by_a_socket(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct talk t = talk_new(b, v6, PORT_CLOSED);
		struct conn c;
		struct pkt p;
		char data[64];
		int fd;

		t.opened_here = 1;
		fd = connect_out(&t);
		assert_int_equal(half_of(&t).head.state, SYN_SENT);
		half_age(&t, b->s.config.hz / 10);
		p = talk_segment(&t, 'r', "S.", 0, 1, 0);
		shield_receive(&b->s, &p, 1);
		c = talk_conn(&t);
		assert_int_equal(c.head.state, ESTABLISHED);
		assert_int_equal(c.head.socket, SOCKET_OPEN);
		assert_true(c.head.flags.opened_here);
		assert_in_range(c.rtt_ms, 100, 150);
		assert_int_equal(send(fd, "hello", 5, 0), 5);
		p = talk_segment(&t, 'r', "P.", 1, 6, 30);
		shield_receive(&b->s, &p, 1);
		assert_int_equal(recv(fd, data, sizeof(data), 0), 30);
		c = talk_conn(&t);
		assert_int_equal(c.client.end, t.isn[0] + 6);
		assert_int_equal(c.server.end, t.isn[1] + 31);
		assert_int_equal(c.server.packets, 2);
		assert_in_range(c.client.packets, 3, 4);
		talk_abort(fd);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bed_reset, check_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(syn_that_is_the_kernels_is_followed),
	    TEST(kernel_confirms_its_socket),
	    TEST(when_it_began),
	    TEST(repeated_syn_changes_nothing),
	    TEST(given_up_handshake_proves_nothing),
	    TEST(stale_handshake_starts_afresh),
	    TEST(unproven_handshakes_stay_out),
	    TEST(syn_flood_fills_nothing_but_its_own_map),
	    TEST(opened_here_by_its_segments),
	    TEST(opened_here_by_a_socket),
	};

	return cmocka_run_group_tests(tests, talk_setup, talk_teardown);
}
