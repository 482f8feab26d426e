// SPDX-License-Identifier: GPL-2.0
/*
 * The hand-off: an ACK that XDP has marked becomes a socket of the kernel's, with the options of
 * the handshake, and the data that came with it.  Frames are received in one batch each, as by
 * NAPI.
 */
#include <linux/bpf.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bed.h"
#include "check.h"

static int link_tc;

static int setup(void **state)
{
	struct bed *b;

	bed_make(state);
	b = *state;
	link_tc = shield_tc_attach(&b->s);
	return 0;
}

static int teardown(void **state)
{
	close(link_tc);
	return bed_end(state);
}

static void peer_is(int fd, const struct pkt *syn)
{
	struct sockaddr_in6 peer = {0};
	const struct sockaddr_in *in = (const struct sockaddr_in *)&peer;
	socklen_t len = sizeof(peer);

	assert_int_equal(getpeername(fd, (struct sockaddr *)&peer, &len), 0);
	assert_int_equal(ntohs(peer.sin6_port), syn->sport);
	if (syn->v6)
		assert_memory_equal(&peer.sin6_addr, syn->src, 16);
	else
		assert_memory_equal(&in->sin_addr, syn->src, 4);
}

static void options_are(int fd, unsigned int set, __u8 wscale, const char *row)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);
	unsigned int has = 0;

	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
	has |= info.tcpi_options & TCPI_OPT_TIMESTAMPS ? PKT_TS : 0;
	has |= info.tcpi_options & TCPI_OPT_SACK ? PKT_SACK : 0;
	has |= info.tcpi_options & TCPI_OPT_WSCALE ? PKT_WS : 0;
	has |= info.tcpi_options & TCPI_OPT_ECN ? PKT_ECN : 0;
	if (has != set || info.tcpi_snd_wscale != (set & PKT_WS ? wscale : 0))
		fail_msg("%s: options %x, snd_wscale %u", row, has, info.tcpi_snd_wscale);
	if (info.tcpi_snd_mss != 1400U - (set & PKT_TS ? 12 : 0))
		fail_msg("%s: snd_mss %u", row, info.tcpi_snd_mss);
}

static void data_is(int fd, unsigned int len)
{
	__u8 data[2048];

	assert_int_equal(recv(fd, data, sizeof(data), MSG_DONTWAIT), len);
	for (unsigned int i = 0; i < len; i++)
		assert_int_equal(data[i], (__u8)i);
}

static void nothing_else_is_accepted(struct bed *b, int v6)
{
	const int listener = world_listener(&b->w, v6, PORT_PLAIN);
	struct timeval brief = {.tv_usec = 2000}, for_ever = {0};

	setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof(brief));
	assert_int_equal(accept(listener, NULL, NULL), -1);
	setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &for_ever, sizeof(for_ever));
}

static void socket_has_what_was_agreed(struct bed *b, int v6, unsigned int set, unsigned int data)
{
	const __u64 ok = shield_counted(&b->s, REASON_handoff_ok);
	struct pkt syn = pkt_new(v6, bed_sport(), PORT_PLAIN, PKT_SYN), ack;
	const struct conn_key key = shield_key(&syn);
	struct conn conn;
	char row[64];
	int fd;

	snprintf(row, sizeof(row), "IPv%d, options %x, %u bytes", v6 ? 6 : 4, set, data);
	pkt_opt_syn(&syn, set, 1400, 6, 0x01000000);
	ack = bed_shake(b, &syn);
	ack.payload_len = data;
	shield_receive(&b->s, &ack, 1);
	fd = world_accept(&b->w, v6, PORT_PLAIN);
	if (fd < 0)
		fail_msg("%s: no socket", row);
	peer_is(fd, &syn);
	options_are(fd, set, 6, row);
	if (data)
		data_is(fd, data);
	assert_int_equal(shield_counted(&b->s, REASON_handoff_ok), ok + 1);
	assert_true(shield_conn(&b->s, &key, &conn));
	assert_int_equal(conn.head.state, ESTABLISHED);
	assert_int_equal(conn.head.socket, SOCKET_OPEN);
	close(fd);
}

static void every_option_set_becomes_a_socket(void **state)
{
	for (int v6 = 0; v6 < 2; v6++)
		for (unsigned int set = 0; set < 16; set++) {
			socket_has_what_was_agreed(*state, v6, set, 0);
			socket_has_what_was_agreed(*state, v6, set, 1000);
		}
}

/* The same ACK with data twice in one batch: the second must not take the first one's socket. */
static void two_in_one_batch_lose_nothing(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		const __u64 ok = shield_counted(&b->s, REASON_handoff_ok);
		const struct pkt syn = bed_syn(v6, PORT_PLAIN);
		struct pkt ack = bed_shake(b, &syn);
		int fd;

		ack.payload_len = 600;
		shield_receive(&b->s, &ack, 4);
		fd = world_accept(&b->w, v6, PORT_PLAIN);
		assert_true(fd >= 0);
		data_is(fd, 600);
		assert_int_equal(shield_counted(&b->s, REASON_handoff_ok), ok + 1);
		nothing_else_is_accepted(b, v6);
		close(fd);
	}
}

/* The ACK is lost, the client's data comes first: its own numbers prove the handshake. */
static void data_opens_where_the_ack_was_lost(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		const struct pkt syn = bed_syn(v6, PORT_PLAIN);
		struct pkt ack = bed_shake(b, &syn);
		int fd;

		ack.flags |= PKT_PSH;
		ack.payload_len = 1200;
		shield_receive(&b->s, &ack, 1);
		fd = world_accept(&b->w, v6, PORT_PLAIN);
		assert_true(fd >= 0);
		data_is(fd, 1200);
		close(fd);
	}
}

/* Second segment of the flight first: not lost for good, not reset, and the ACK still opens. */
static void segment_that_overtook_the_ack(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		const struct pkt syn = bed_syn(v6, PORT_PLAIN);
		const struct pkt ack = bed_shake(b, &syn);
		struct pkt later = ack;
		int fd;

		later.seq += 500;
		later.payload_len = 100;
		bed_expect_pkt(b, &later, XDP_DROP, REASON_data_unknown, "overtook", NULL);
		shield_receive(&b->s, &ack, 1);
		fd = world_accept(&b->w, v6, PORT_PLAIN);
		assert_true(fd >= 0);
		close(fd);
	}
}

/* A valid ACK again, long after: makes no second socket, and the first one lives. */
static void repeated_ack_harms_nothing(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		const struct pkt syn = bed_syn(v6, PORT_PLAIN);
		struct pkt ack = bed_shake(b, &syn);
		int fd;

		shield_receive(&b->s, &ack, 1);
		fd = world_accept(&b->w, v6, PORT_PLAIN);
		assert_true(fd >= 0);
		shield_receive(&b->s, &ack, 1);
		nothing_else_is_accepted(b, v6);
		ack.payload_len = 50;
		shield_receive(&b->s, &ack, 1);
		data_is(fd, 50);
		close(fd);
	}
}

/* Without metadata (another driver, the dispatcher) the hook finds the handshake itself. */
static void hook_alone_finds_the_handshake(void **state)
{
	struct bed *b = *state;
	struct runtime rt = shield_runtime(&b->s);

	rt.tc_alone = 1;
	shield_runtime_write(&b->s, &rt);
	for (int v6 = 0; v6 < 2; v6++) {
		const struct pkt syn = bed_syn(v6, PORT_PLAIN);
		const struct pkt ack = bed_shake(b, &syn);
		int fd;

		world_send(&b->w, &ack);
		fd = world_accept(&b->w, v6, PORT_PLAIN);
		assert_true(fd >= 0);
		peer_is(fd, &syn);
		close(fd);
	}
}

/*
 * And with metadata it does not look at frames without the mark: TCP answers that ACK with a RST.
 */
static void unmarked_frames_are_left_alone(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		const struct pkt syn = bed_syn(v6, PORT_PLAIN);
		const struct pkt ack = bed_shake(b, &syn);
		__u8 answer[PKT_ROOM];

		assert_int_not_equal(world_kernel(&b->w, &ack, answer), 0);
		assert_true(answer[14 + (v6 ? 40 : 20) + 13] & PKT_RST);
		nothing_else_is_accepted(b, v6);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bed_reset, check_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(every_option_set_becomes_a_socket), TEST(two_in_one_batch_lose_nothing),
	    TEST(data_opens_where_the_ack_was_lost), TEST(segment_that_overtook_the_ack),
	    TEST(repeated_ack_harms_nothing),        TEST(hook_alone_finds_the_handshake),
	    TEST(unmarked_frames_are_left_alone),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
