// SPDX-License-Identifier: GPL-2.0
/*
 * The connection table against real sockets: handshakes with the kernel through the tap, the
 * watcher that follows them, and the look-ups where the table does not know.
 */
#include <linux/bpf.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "bed.h"
#include "check.h"
#include "lifetime.h"
#include "kernel.skel.h"

/* A connection of the kernel's own, without synguard in its way. */
struct live {
	struct pkt next; /* the client's next segment */
	struct conn_key key;
	int fd; /* the server's socket */
};

static void half_open(struct bed *b, int v6, __u16 port, struct live *l)
{
	struct pkt syn = pkt_new(v6, bed_sport(), port, PKT_SYN);
	struct outcome answer = {0};
	struct synack a;

	pkt_opt_syn(&syn, PKT_WS, 1460, 7, 0);
	answer.len = world_kernel(&b->w, &syn, answer.frame);
	assert_int_not_equal(answer.len, 0);
	a = bed_synack(&syn, &answer);
	l->next = bed_ack(&syn, &a, 0);
	l->key = shield_key(&syn);
	l->fd = -1;
}

static void open_live(struct bed *b, int v6, __u16 port, struct live *l)
{
	half_open(b, v6, port, l);
	world_send(&b->w, &l->next);
	l->fd = world_accept(&b->w, v6, port);
	assert_true(l->fd >= 0);
}

/* The watcher's word, within a second. */
static void wait_socket(struct bed *b, const struct live *l, enum conn_socket want,
			struct conn *ret)
{
	enum conn_socket is = SOCKET_NONE;

	for (int i = 0; i < 1000 && is != want; i++) {
		is = shield_conn(&b->s, &l->key, ret) ? ret->head.socket : SOCKET_NONE;
		if (is != want)
			usleep(1000);
	}
	assert_int_equal(is, want);
}

static void send_flags(struct bed *b, struct live *l, __u8 flags)
{
	__u8 answer[PKT_ROOM];
	struct pkt p = l->next;

	p.flags = flags;
	world_kernel(&b->w, &p, answer);
	if (flags & PKT_FIN)
		l->next.seq++;
}

static void expect_on_connection(struct bed *b, const struct live *l)
{
	struct pkt p = l->next;

	bed_expect_pkt(b, &p, XDP_PASS, REASON_conn_packet, "ACK", NULL);
	p.payload_len = 1000;
	bed_expect_pkt(b, &p, XDP_PASS, REASON_conn_packet, "data", NULL);
	p.flags = PKT_RST;
	bed_expect_pkt(b, &p, XDP_PASS, REASON_conn_packet, "RST", NULL);
	p.flags = PKT_ACK | PKT_FIN;
	bed_expect_pkt(b, &p, XDP_PASS, REASON_conn_packet, "FIN", NULL);
	p.flags = PKT_SYN;
	bed_expect_pkt(b, &p, XDP_PASS, REASON_syn_conn_exists, "SYN", NULL);
	p.flags = PKT_SYN | PKT_RST;
	bed_expect_pkt(b, &p, XDP_DROP, REASON_tcp_bad_flags, "SYN+RST", NULL);
}

static void watcher_enters_what_the_kernel_opens(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct conn conn;
		struct live l;

		open_live(b, v6, PORT_PLAIN, &l);
		wait_socket(b, &l, SOCKET_OPEN, &conn);
		assert_int_equal(conn.head.kind, KIND_KERNEL);
		expect_on_connection(b, &l);
		close(l.fd);
	}
}

static void closed_by_the_client_first(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct conn conn;
		struct live l;

		open_live(b, v6, PORT_PLAIN, &l);
		send_flags(b, &l, PKT_FIN | PKT_ACK);
		wait_socket(b, &l, SOCKET_OPEN, &conn);
		close(l.fd);
		usleep(1000);
		wait_socket(b, &l, SOCKET_OPEN, &conn);
		l.next.ack++;
		world_send(&b->w, &l.next);
		wait_socket(b, &l, SOCKET_GONE, &conn);
	}
}

/* The kernel skips a program that it has interrupted: then the other one must do. */
static void each_watcher_alone_is_enough(void **state)
{
	struct bed *b = *state;
	struct bpf_link **links[] = {&b->s.watcher, &b->s.watcher2};
	struct bpf_program *progs[] = {b->s.kernel->progs.synguard_sock,
				       b->s.kernel->progs.synguard_sock2};

	for (int absent = 0; absent < 2; absent++) {
		struct conn conn;
		struct live l;

		bpf_link__destroy(*links[absent]);
		open_live(b, absent, PORT_PLAIN, &l);
		wait_socket(b, &l, SOCKET_OPEN, &conn);
		send_flags(b, &l, PKT_FIN | PKT_ACK);
		close(l.fd);
		l.next.ack++;
		world_send(&b->w, &l.next);
		wait_socket(b, &l, SOCKET_GONE, &conn);
		*links[absent] = bpf_program__attach(progs[absent]);
		must(*links[absent] != NULL, "attach a watcher again");
	}
}

static void closed_by_the_server_first(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct conn conn;
		struct live l;

		open_live(b, v6, PORT_PLAIN, &l);
		shutdown(l.fd, SHUT_WR);
		l.next.ack++;
		send_flags(b, &l, PKT_FIN | PKT_ACK);
		close(l.fd);
		wait_socket(b, &l, SOCKET_TIME_WAIT, &conn);
		assert_in_range(conn.seen + b->s.config.hz - (__u32)shield_jiffies(&b->s), 0,
				b->s.config.hz);
		assert_true(conn_lifetime(&conn, &conn.head, &b->s.config.timeouts) >= LINGER_S);
		l.next.flags = PKT_SYN;
		bed_expect_pkt(b, &l.next, XDP_PASS, REASON_syn_conn_exists, "port reuse", NULL);
		l.next.flags = PKT_ACK;
		bed_expect_pkt(b, &l.next, XDP_PASS, REASON_conn_packet, "late ACK", NULL);
	}
}

static void reset_by_the_client(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct conn conn;
		struct live l;

		open_live(b, v6, PORT_PLAIN, &l);
		l.next.flags = PKT_RST;
		world_send(&b->w, &l.next);
		wait_socket(b, &l, SOCKET_GONE, &conn);
		l.next.flags = PKT_ACK;
		bed_expect_pkt(b, &l.next, XDP_PASS, REASON_conn_packet, "late ACK", NULL);
		l.next.flags = PKT_SYN;
		bed_expect_pkt(b, &l.next, XDP_TX, REASON_syn_cookie_sent, "afresh", NULL);
		close(l.fd);
	}
}

static void only_protected_ports_and_no_loopback(void **state)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT_PLAIN)};
	const int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct bed *b = *state;
	struct live l;

	open_live(b, 0, PORT_FREE, &l);
	assert_int_equal(shield_conns_count(&b->s), 0);
	close(l.fd);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(shield_conns_count(&b->s), 0);
	close(fd);
	close(world_accept(&b->w, 0, PORT_PLAIN));
}

/* The table is authoritative, unless it says that it is not complete. */
static void incomplete_table_asks_the_kernel(void **state)
{
	struct bed *b = *state;
	struct runtime rt;

	for (int v6 = 0; v6 < 2; v6++) {
		struct conn conn;
		struct pkt p;
		struct live l;

		bed_reset(state);
		open_live(b, v6, PORT_PLAIN, &l);
		shield_conn_delete(&b->s, &l.key);
		p = l.next;
		shield_budget(&b->s, 1000);
		bed_expect_pkt(b, &p, XDP_DROP, REASON_ack_cookie_invalid, "complete", NULL);
		rt = shield_runtime(&b->s);
		rt.table_complete = 0;
		shield_runtime_write(&b->s, &rt);
		p.flags = PKT_SYN;
		bed_expect_pkt(b, &p, XDP_PASS, REASON_syn_conn_exists, "SYN", NULL);
		shield_conn_delete(&b->s, &l.key);
		p.flags = PKT_ACK;
		bed_expect_pkt(b, &p, XDP_PASS, REASON_conn_packet, "ACK", NULL);
		assert_true(shield_conn(&b->s, &l.key, &conn));
		assert_int_not_equal(conn.head.kind, KIND_COOKIE);
		p.sport++;
		bed_expect_pkt(b, &p, XDP_DROP, REASON_ack_cookie_invalid, "no socket", NULL);
		close(l.fd);
	}
}

/* Should the watcher have missed a socket after all, its next packet brings the entry back. */
static void missing_entry_comes_back(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct live l;

		open_live(b, v6, PORT_PLAIN, &l);
		shield_conn_delete(&b->s, &l.key);
		shield_budget(&b->s, 999);
		bed_expect_pkt(b, &l.next, XDP_PASS, REASON_conn_packet, "missing", NULL);
		assert_true(shield_conn(&b->s, &l.key, NULL));
		close(l.fd);
	}
}

/* Attached in mid-handshake, or the SYN was the kernel's: its half-open socket is found. */
static void half_open_sockets_of_the_kernel_are_found(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct live l;

		half_open(b, v6, PORT_PLAIN, &l);
		shield_budget(&b->s, 1000);
		bed_expect_pkt(b, &l.next, XDP_DROP, REASON_ack_cookie_invalid, "port at rest",
			       NULL);
		shield_port_kernel_until(&b->s, PORT_PLAIN, shield_jiffies(&b->s) + 10000);
		bed_expect_pkt(b, &l.next, XDP_PASS, REASON_conn_packet, "port awake", NULL);
		l.next.sport++;
		bed_expect_pkt(b, &l.next, XDP_DROP, REASON_ack_cookie_invalid, "no socket", NULL);
		shield_port_kernel_until(&b->s, PORT_PLAIN, 0);
	}
}

static void rst_without_an_entry_asks_the_kernel(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct live l;

		open_live(b, v6, PORT_PLAIN, &l);
		shield_conn_delete(&b->s, &l.key);
		l.next.flags = PKT_RST;
		bed_expect_pkt(b, &l.next, XDP_PASS, REASON_conn_packet, "RST", NULL);
		close(l.fd);
	}
}

/* While attach is under way, XDP finds a connection before the adoption does. */
static void adoption_keeps_what_xdp_found_first(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct runtime rt = shield_runtime(&b->s);
		struct conn conn;
		struct live l;

		open_live(b, v6, PORT_PLAIN, &l);
		shield_conn_delete(&b->s, &l.key);
		rt.table_complete = 0;
		shield_runtime_write(&b->s, &rt);
		bed_expect_pkt(b, &l.next, XDP_PASS, REASON_conn_packet, "found by XDP", NULL);
		shield_adopt(&b->s);
		assert_true(shield_conn(&b->s, &l.key, &conn));
		assert_int_equal(conn.head.state, ESTABLISHED);
		assert_int_equal(conn.head.socket, SOCKET_OPEN);
		close(l.fd);
	}
}

static void adoption_enters_every_socket(void **state)
{
	struct bed *b = *state;
	struct live l[4];
	struct conn conn;

	for (int i = 0; i < 4; i++)
		open_live(b, i & 1, PORT_PLAIN, &l[i]);
	shield_conns_clear(&b->s);
	shield_adopt(&b->s);
	for (int i = 0; i < 4; i++) {
		assert_true(shield_conn(&b->s, &l[i].key, &conn));
		assert_int_equal(conn.head.state, ESTABLISHED);
		assert_int_equal(conn.head.socket, SOCKET_OPEN);
		assert_int_equal(conn.head.kind, KIND_ADOPTED);
		expect_on_connection(b, &l[i]);
		close(l[i].fd);
	}
}

static void syn_to_an_mptcp_listener_wakes_its_port(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct pkt p = bed_syn(v6, PORT_MPTCP);

		bed_expect_pkt(b, &p, XDP_PASS, REASON_syn_mptcp, "SYN", NULL);
		p.flags = PKT_ACK;
		bed_expect_pkt(b, &p, XDP_PASS, REASON_ack_kernel, "any ACK is the kernel's", NULL);
	}
}

static void full_table_still_hands_off(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		const struct pkt syn = bed_syn(v6, PORT_PLAIN);
		const struct pkt ack = bed_shake(b, &syn);
		const struct conn_key key = shield_key(&syn);
		unsigned int filled;
		struct outcome o;

		filled = bed_places_fill(b, &key, NULL);
		bed_expect_pkt(b, &ack, XDP_PASS, REASON_ack_cookie_valid, "table full", &o);
		assert_true(o.marked);
		assert_false(shield_conn(&b->s, &key, NULL));
		assert_int_equal(shield_runtime(&b->s).table_complete, 0);
		assert_int_equal(shield_runtime(&b->s).table_full, 1);
		assert_int_equal(shield_conns_count(&b->s), filled);
		bed_reset(state);
	}
}

/* Nothing has to come, and nobody has to run, for an entry to end. */
static void entries_end_without_a_daemon(void **state)
{
	struct bed *b = *state;
	struct conn_key last = {0};

	for (int i = 0; i < 20; i++) {
		const struct pkt syn = bed_syn(i & 1, PORT_PLAIN);
		const struct pkt ack = bed_shake(b, &syn);

		if (i)
			bed_age(b, &last, LINGER_S + 1);
		last = shield_key(&syn);
		bed_expect_pkt(b, &ack, XDP_PASS, REASON_ack_cookie_valid, "ACK", NULL);
	}
	shield_sweep(&b->s);
	assert_true(shield_conn(&b->s, &last, NULL));
	assert_int_equal(shield_conns_count(&b->s), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bed_reset, check_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(watcher_enters_what_the_kernel_opens),
	    TEST(closed_by_the_client_first),
	    TEST(each_watcher_alone_is_enough),
	    TEST(closed_by_the_server_first),
	    TEST(reset_by_the_client),
	    TEST(only_protected_ports_and_no_loopback),
	    TEST(incomplete_table_asks_the_kernel),
	    TEST(missing_entry_comes_back),
	    TEST(half_open_sockets_of_the_kernel_are_found),
	    TEST(rst_without_an_entry_asks_the_kernel),
	    TEST(adoption_keeps_what_xdp_found_first),
	    TEST(adoption_enters_every_socket),
	    TEST(syn_to_an_mptcp_listener_wakes_its_port),
	    TEST(full_table_still_hands_off),
	    TEST(entries_end_without_a_daemon),
	};

	return cmocka_run_group_tests(tests, bed_make, bed_end);
}
