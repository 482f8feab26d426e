// SPDX-License-Identifier: GPL-2.0
/*
 * The connection table against real sockets: handshakes with the kernel through the tap, the watcher
 * that follows them, and the look-ups where the table does not know.
 */
#include <linux/bpf.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "bed.h"

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

/* The watcher's word, within a second; 0 as state: no entry. */
static void wait_state(struct bed *b, const struct live *l, int want, struct conn *ret)
{
	int state = -1;

	for (int i = 0; i < 1000 && state != want; i++) {
		state = shield_conn(&b->s, &l->key, ret) ? (int)ret->state : 0;
		if (state != want)
			usleep(1000);
	}
	assert_int_equal(state, want);
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
		wait_state(b, &l, ESTABLISHED, &conn);
		assert_int_equal(conn.kind, KIND_KERNEL);
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
		wait_state(b, &l, ESTABLISHED, &conn);
		close(l.fd);
		usleep(1000);
		wait_state(b, &l, ESTABLISHED, &conn);
		l.next.ack++;
		world_send(&b->w, &l.next);
		wait_state(b, &l, 0, &conn);
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
		wait_state(b, &l, TIME_WAIT, &conn);
		assert_true(conn.expires > shield_jiffies(&b->s) + 55ULL * b->s.config.hz);
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
		wait_state(b, &l, CLOSE, &conn);
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
		assert_int_not_equal(conn.kind, KIND_COOKIE);
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
		assert_int_equal(conn.state, ESTABLISHED);
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
		assert_int_equal(conn.state, ESTABLISHED);
		assert_int_equal(conn.kind, KIND_ADOPTED);
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

/* Fill the table with connections that are not over. */
static void table_fill(struct bed *b)
{
	struct conn conn = {.state = ESTABLISHED, .kind = KIND_KERNEL};
	struct conn_key key = {.local_port = 1};
	__u32 i = 0;

	do {
		memcpy(key.remote, &i, 4);
		i++;
	} while (!bpf_map_update_elem(b->s.conns_map, &key, &conn, BPF_NOEXIST));
	assert_true(i > MAX_CONNS);
}

static void full_table_still_hands_off(void **state)
{
	struct bed *b = *state;
	const struct pkt syn = bed_syn(0, PORT_PLAIN);
	const struct pkt ack = bed_shake(b, &syn);
	const struct conn_key key = shield_key(&syn);
	struct outcome o;

	table_fill(b);
	bed_expect_pkt(b, &ack, XDP_PASS, REASON_ack_cookie_valid, "table full", &o);
	assert_true(o.marked);
	assert_false(shield_conn(&b->s, &key, NULL));
	assert_int_equal(shield_runtime(&b->s).table_complete, 0);
	assert_int_not_equal(shield_runtime(&b->s).table_full, 0);
}

/* With a clock of 0 jiffies a second entries are over at once: the next one entered removes them. */
static void entries_end_without_a_daemon(void **state)
{
	struct bed *b = *state;
	const __u32 hz = b->s.config.hz;
	struct conn_key last = {0};

	b->s.config.hz = 0;
	shield_config_write(&b->s);
	for (int i = 0; i < 20; i++) {
		const struct pkt syn = bed_syn(i & 1, PORT_PLAIN);
		const struct pkt ack = bed_shake(b, &syn);

		last = shield_key(&syn);
		bed_expect_pkt(b, &ack, XDP_PASS, REASON_ack_cookie_valid, "ACK", NULL);
	}
	b->s.config.hz = hz;
	shield_config_write(&b->s);
	assert_true(shield_conn(&b->s, &last, NULL));
	assert_in_range(shield_conns_count(&b->s), 1, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(watcher_enters_what_the_kernel_opens, bed_reset),
	    cmocka_unit_test_setup(closed_by_the_client_first, bed_reset),
	    cmocka_unit_test_setup(closed_by_the_server_first, bed_reset),
	    cmocka_unit_test_setup(reset_by_the_client, bed_reset),
	    cmocka_unit_test_setup(only_protected_ports_and_no_loopback, bed_reset),
	    cmocka_unit_test_setup(incomplete_table_asks_the_kernel, bed_reset),
	    cmocka_unit_test_setup(missing_entry_comes_back, bed_reset),
	    cmocka_unit_test_setup(half_open_sockets_of_the_kernel_are_found, bed_reset),
	    cmocka_unit_test_setup(rst_without_an_entry_asks_the_kernel, bed_reset),
	    cmocka_unit_test_setup(adoption_keeps_what_xdp_found_first, bed_reset),
	    cmocka_unit_test_setup(adoption_enters_every_socket, bed_reset),
	    cmocka_unit_test_setup(syn_to_an_mptcp_listener_wakes_its_port, bed_reset),
	    cmocka_unit_test_setup(full_table_still_hands_off, bed_reset),
	    cmocka_unit_test_setup(entries_end_without_a_daemon, bed_reset),
	};

	return cmocka_run_group_tests(tests, bed_make, bed_end);
}
