// SPDX-License-Identifier: GPL-2.0
/*
 * In an attack: clients that are proven, and for how long; an accept queue that is full; and
 * SYN-ACKs, of connections that this host opens and of none.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "proven.h"
#include "services.h"
#include "talk.h"

enum { CREDIT = 3, PORT_BRIEF = 8089, PORT_OUT = 8092 };

static void attack_begin(struct bed *b)
{
	b->s.settings.proven_credit = CREDIT;
	services_auto(b);
	services_attack(b, PORT_PLAIN);
}

static struct pkt syn_of(int v6, __u8 host)
{
	struct pkt p = bed_syn(v6, PORT_PLAIN);

	services_prefix(&p, 7, host);
	return p;
}

static void ends(struct bed *b, const struct pkt *p, enum reason r, const char *row)
{
	bed_expect_pkt(b, p, r == REASON_syn_cookie_sent ? XDP_TX : XDP_PASS, r, row, NULL);
}

static void prove(struct bed *b, int v6, __u8 host)
{
	const struct pkt syn = syn_of(v6, host), ack = bed_shake(b, &syn);

	ends(b, &ack, REASON_ack_cookie_valid, "proof");
}

static void one_proof_is_worth_its_credit(void **state)
{
	struct bed *b = *state;

	attack_begin(b);
	for (int v6 = 0; v6 < 2; v6++) {
		struct pkt p = syn_of(v6, 1);

		ends(b, &p, REASON_syn_cookie_sent, "not proven");
		prove(b, v6, 1);
		for (int i = 0; i < CREDIT; i++) {
			p = syn_of(v6, 1);
			ends(b, &p, REASON_syn_proven, "credit");
		}
		/* So far a spoofer gets; the client itself has to prove itself anew. */
		for (int i = 0; i < 20; i++) {
			p = syn_of(v6, 1);
			ends(b, &p, REASON_syn_cookie_sent, "no credit");
		}
		prove(b, v6, 1);
		p = syn_of(v6, 1);
		ends(b, &p, REASON_syn_proven, "credit again");
		p = syn_of(v6, 2);
		p.src[v6 ? 7 : 3] ^= 0x80;
		ends(b, &p, REASON_syn_cookie_sent, "another client");
	}
}

/* Not in peace, and not by a SYN with no options to lose: only what needs it uses it up. */
static void peace_costs_nothing(void **state)
{
	struct bed *b = *state;

	attack_begin(b);
	for (int v6 = 0; v6 < 2; v6++) {
		struct pkt p;

		prove(b, v6, 1);
		services_peace(b, PORT_PLAIN);
		for (int i = 0; i < 2 * CREDIT; i++) {
			p = syn_of(v6, 1);
			ends(b, &p, REASON_syn_passed, "peace");
		}
		services_attack(b, PORT_PLAIN);
		p = syn_of(v6, 1);
		ends(b, &p, REASON_syn_proven, "attack");
	}
}

static void mode_always_passes_nobody(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		const struct pkt p = syn_of(v6, 1);

		prove(b, v6, 1);
		ends(b, &p, REASON_syn_cookie_sent, "always");
	}
}

static void a_proof_grows_old(void **state)
{
	static struct proven cells;
	struct bed *b = *state;

	attack_begin(b);
	for (int v6 = 0; v6 < 2; v6++) {
		struct pkt p;

		prove(b, v6, 1);
		services_map_read(b, "proven", &cells);
		for (int i = 0; i < PROVEN_CELLS; i++)
			if (cells.cells[i])
				cells.cells[i] -= (__u64)(b->s.settings.proven_s - 5)
						  << PROVEN_AT_SHIFT;
		services_map_write(b, "proven", &cells);
		p = syn_of(v6, 1);
		ends(b, &p, REASON_syn_proven, "5 s left");
		services_map_read(b, "proven", &cells);
		for (int i = 0; i < PROVEN_CELLS; i++)
			if (cells.cells[i])
				cells.cells[i] -= 6ULL << PROVEN_AT_SHIFT;
		services_map_write(b, "proven", &cells);
		p = syn_of(v6, 1);
		ends(b, &p, REASON_syn_cookie_sent, "too old");
	}
}

static int listener_make(int backlog, int shared)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(PORT_BRIEF)};
	const int fd = socket(AF_INET6, SOCK_STREAM, 0);

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &shared, sizeof(shared)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

static void connect_one(struct bed *b, int v6)
{
	const struct pkt syn = bed_syn(v6, PORT_BRIEF), ack = bed_shake(b, &syn);

	shield_receive(&b->s, &ack, 1);
}

/* The application does not accept: that is told, not hidden, and over as soon as it does. */
static void accept_queue_full(void **state)
{
	struct bed *b = *state;

	shield_port(&b->s, PORT_BRIEF, 1);
	for (int v6 = 0; v6 < 2; v6++) {
		const int fd = listener_make(1, 0);
		struct pkt p;
		int conn;

		connect_one(b, v6);
		connect_one(b, v6);
		services_wait(b, b->s.config.hz / 10 + 2);
		p = bed_syn(v6, PORT_BRIEF);
		bed_expect_pkt(b, &p, XDP_DROP, REASON_syn_accept_full, "full", NULL);
		conn = accept(fd, NULL, NULL);
		assert_true(conn >= 0);
		services_wait(b, 1);
		p = bed_syn(v6, PORT_BRIEF);
		bed_expect_pkt(b, &p, XDP_TX, REASON_syn_cookie_sent, "room again", NULL);
		talk_abort(conn);
		talk_abort(accept(fd, NULL, NULL));
		close(fd);
	}
	shield_port(&b->s, PORT_BRIEF, 0);
}

static void all_accepted(int listener)
{
	for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;)
		talk_abort(fd);
}

/* How many of so many clients are answered; those have their ACK looked at, too. */
static int clients_answered(struct bed *b, int v6, int count)
{
	int answered = 0;

	for (int i = 0; i < count; i++) {
		const struct pkt syn = bed_syn(v6, PORT_BRIEF);
		struct outcome o;
		struct synack a;
		struct pkt ack;

		/* What TCP refuses counts as under way to the end of its jiffy. */
		services_wait(b, 1);
		shield_run_pkt(&b->s, &syn, &o);
		if (o.verdict != XDP_TX)
			continue;
		answered++;
		a = bed_synack(&syn, &o);
		ack = bed_ack(&syn, &a, 1);
		shield_receive(&b->s, &ack, 1);
	}
	return answered;
}

/* Two workers with a socket each at one port: that the one is stuck is nothing to the other. */
static void one_of_two_accept_queues_full(void **state)
{
	struct bed *b = *state;
	const int worker[] = {listener_make(1, 1), listener_make(1, 1)};

	for (int i = 0; i < 2; i++)
		assert_int_equal(fcntl(worker[i], F_SETFL, O_NONBLOCK), 0);
	shield_port(&b->s, PORT_BRIEF, 1);
	for (int i = 0; i < 4; i++) {
		clients_answered(b, i & 1, 24);
		services_wait(b, b->s.config.hz / 10 + 2);
		assert_int_equal(clients_answered(b, i & 1, 24), 0);
		all_accepted(worker[i / 2]);
		services_wait(b, b->s.config.hz / 10 + 2);
		assert_in_range(clients_answered(b, i & 1, 24), 1, 24);
		all_accepted(worker[0]);
		all_accepted(worker[1]);
		services_wait(b, b->s.config.hz / 10 + 2);
	}
	shield_port(&b->s, PORT_BRIEF, 0);
	close(worker[0]);
	close(worker[1]);
}

/* With more unfinished handshakes than three quarters of the backlog, proven clients get cookies, too. */
static void no_room_for_proven_clients(void **state)
{
	struct bed *b = *state;

	shield_port(&b->s, PORT_BRIEF, 1);
	b->s.settings.proven_credit = 100;
	for (int v6 = 0; v6 < 2; v6++) {
		const int fd = listener_make(8, 0);
		struct pkt syn, ack;
		int passed = 0;

		services_auto(b);
		services_attack(b, PORT_BRIEF);
		services_attack(b, PORT_PLAIN);
		/* From an address that the kernel has a route to. */
		syn = bed_syn(v6, PORT_PLAIN);
		ack = bed_shake(b, &syn);
		ends(b, &ack, REASON_ack_cookie_valid, "proof");
		for (int i = 0; i < 30; i++) {
			struct pkt p = bed_syn(v6, PORT_BRIEF);
			const __u64 before = shield_counted(&b->s, REASON_syn_proven);

			shield_receive(&b->s, &p, 1);
			passed += shield_counted(&b->s, REASON_syn_proven) != before;
			services_wait(b, 1);
		}
		assert_in_range(passed, 6, 7);
		close(fd);
	}
	shield_port(&b->s, PORT_BRIEF, 0);
}

static void synacks(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct talk t = talk_new(b, v6, PORT_PLAIN);
		struct pkt p;

		/* Of nothing. */
		p = talk_segment(&t, 'r', "S.", 0, 1, 0);
		p = talk_new(b, v6, PORT_PLAIN).in;
		p.flags = PKT_SYN | PKT_ACK;
		bed_expect_pkt(b, &p, XDP_DROP, REASON_synack_unknown, "of nothing", NULL);
		/* Of a connection that this host opens, as the egress hook has seen. */
		t.opened_here = 1;
		talk_expect(&t, 'o', "S", 0, 0, 0, REASON_out_conn);
		talk_expect(&t, 'r', "S.", 0, 1, 0, REASON_synack_passed);
	}
}

/* The same where only the kernel knows of it. */
static void synack_of_a_socket_of_the_kernels(void **state)
{
	struct bed *b = *state;
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(443)};
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_port = htons(PORT_OUT)};
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct pkt p = pkt_new(0, 443, PORT_OUT, PKT_SYN | PKT_ACK);

	shield_port(&b->s, PORT_OUT, 1);
	memcpy(&to.sin_addr, p.src, 4);
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
	(void)connect(fd, (struct sockaddr *)&to, sizeof(to));
	shield_conns_clear(&b->s);
	bed_expect_pkt(b, &p, XDP_PASS, REASON_synack_passed, "SYN_SENT", NULL);
	p.sport = 444;
	bed_expect_pkt(b, &p, XDP_DROP, REASON_synack_unknown, "other port", NULL);
	talk_abort(fd);
	shield_port(&b->s, PORT_OUT, 0);
}

static void synack_on_its_way_to_another_host(void **state)
{
	struct bed *b = *state;

	world_sysctl("ipv4/ip_forward", 1);
	world_sysctl("ipv6/conf/all/forwarding", 1);
	shield_forget(&b->s);
	for (int v6 = 0; v6 < 2; v6++) {
		struct pkt p = pkt_new(v6, bed_sport(), PORT_PLAIN, PKT_SYN | PKT_ACK);

		p.dst[v6 ? 15 : 3] = 200;
		bed_expect_pkt(b, &p, XDP_PASS, REASON_not_protected, "forwarded", NULL);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, services_reset, check_end)

static int setup(void **state)
{
	services_one_cpu();
	return talk_setup(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(one_proof_is_worth_its_credit),
	    TEST(peace_costs_nothing),
	    TEST(mode_always_passes_nobody),
	    TEST(a_proof_grows_old),
	    TEST(accept_queue_full),
	    TEST(one_of_two_accept_queues_full),
	    TEST(no_room_for_proven_clients),
	    TEST(synacks),
	    TEST(synack_of_a_socket_of_the_kernels),
	    TEST(synack_on_its_way_to_another_host),
	};

	return cmocka_run_group_tests(tests, setup, talk_teardown);
}
