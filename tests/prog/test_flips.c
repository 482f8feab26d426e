// SPDX-License-Identifier: GPL-2.0
/*
 * Handshakes in flight while an attack begins or ends: each completes, with real sockets of the
 * kernel's, and so does one whose SYN came once on either side.
 */
#include <linux/bpf.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "services.h"
#include "talk.h"

/* The kernel's answer to a SYN that passes. */
static struct synack kernel_answers(struct bed *b, const struct pkt *syn)
{
	struct outcome answer = {0};

	world_drain(&b->w);
	shield_receive(&b->s, syn, 1);
	answer.len = world_answer(&b->w, syn, answer.frame);
	if (!answer.len)
		fail_msg("IPv%d: the kernel does not answer", syn->v6 ? 6 : 4);
	return bed_synack(syn, &answer);
}

static void accepted(struct bed *b, const struct pkt *ack)
{
	const int fd = world_accept(&b->w, ack->v6, ack->dport);
	char data[16];

	if (fd < 0)
		fail_msg("IPv%d: no connection", ack->v6 ? 6 : 4);
	if (ack->payload_len)
		assert_int_equal(recv(fd, data, sizeof(data), MSG_DONTWAIT), ack->payload_len);
	talk_abort(fd);
}

/* Begun with the kernel, finished in an attack. */
static void from_peace_to_attack(void **state)
{
	struct bed *b = *state;

	services_auto(b);
	for (int v6 = 0; v6 < 2; v6++) {
		const struct pkt syn = bed_syn(v6, PORT_PLAIN);
		const struct synack a = kernel_answers(b, &syn);
		const struct pkt ack = bed_ack(&syn, &a, 0xcafe0002);
		struct pkt forged = ack;

		services_attack(b, PORT_PLAIN);
		/* A flood of ACKs for it must not be one of the kernel's RSTs. */
		forged.ack += 1000;
		for (int i = 0; i < 10; i++)
			bed_expect_pkt(b, &forged, i ? XDP_DROP : XDP_PASS,
				       i ? REASON_ack_cookie_invalid : REASON_conn_packet, "forged",
				       NULL);
		shield_receive(&b->s, &ack, 1);
		accepted(b, &ack);
		services_peace(b, PORT_PLAIN);
	}
}

/* Its SYN-ACK was lost: the repeated SYN is the kernel's to answer, whatever is left in the table. */
static void repeated_syn_of_peace(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++)
		for (int closed = 0; closed < 2; closed++) {
			const struct pkt syn = bed_syn(v6, PORT_PLAIN);
			struct synack first, again;
			struct pkt ack;

			services_auto(b);
			if (closed)
				bed_conn_add(b, &syn, SOCKET_GONE, CLOSE);
			first = kernel_answers(b, &syn);
			services_attack(b, PORT_PLAIN);
			again = kernel_answers(b, &syn);
			assert_int_equal(first.isn, again.isn);
			/* A flood of this SYN alone must not be one of the kernel. */
			for (int i = 0; i < 10; i++)
				bed_expect_pkt(b, &syn, XDP_DROP, REASON_syn_conn_limited, "flood",
					       NULL);
			services_wait(b, b->s.config.hz / 4 + 2);
			bed_expect_pkt(b, &syn, XDP_PASS, REASON_syn_conn_exists, "again", NULL);
			ack = bed_ack(&syn, &again, 0xcafe0002);
			shield_receive(&b->s, &ack, 1);
			accepted(b, &ack);
			services_peace(b, PORT_PLAIN);
		}
}

/* Begun with a cookie, finished in peace. */
static void from_attack_to_peace(void **state)
{
	struct bed *b = *state;

	services_auto(b);
	for (int v6 = 0; v6 < 2; v6++) {
		struct pkt syn = bed_syn(v6, PORT_PLAIN), ack;

		services_attack(b, PORT_PLAIN);
		ack = bed_shake(b, &syn);
		services_peace(b, PORT_PLAIN);
		ack.payload_len = 10;
		shield_receive(&b->s, &ack, 1);
		accepted(b, &ack);
	}
}

/*
 * A cookie, and then, in peace, the same SYN once more: the kernel makes a request that the client,
 * which has the cookie, never finishes.  The cookie's ACK ends it and the next segment opens.
 */
static void stale_request_gives_way(void **state)
{
	struct bed *b = *state;

	for (int i = 0; i < 4; i++) {
		const struct pkt syn = bed_syn(i & 1, PORT_PLAIN);
		const __u64 stale = shield_counted(&b->s, REASON_handoff_stale);
		const __u64 ok = shield_counted(&b->s, REASON_handoff_ok);
		struct pkt ack;

		b->s.settings.proven_s = 0;
		services_auto(b);
		services_attack(b, PORT_PLAIN);
		ack = bed_shake(b, &syn);
		services_peace(b, PORT_PLAIN);
		kernel_answers(b, &syn);
		if (i & 2)
			ack.payload_len = 10;
		shield_receive(&b->s, &ack, 1);
		assert_int_equal(shield_counted(&b->s, REASON_handoff_stale), stale + 1);
		/* The kernel has no request any more: its own ISN does not open anything. */
		ack.payload_len = 10;
		ack.flags |= PKT_PSH;
		shield_receive(&b->s, &ack, 1);
		accepted(b, &ack);
		assert_int_equal(shield_counted(&b->s, REASON_handoff_stale), stale + 1);
		assert_int_equal(shield_counted(&b->s, REASON_handoff_ok), ok + 1);
	}
}

/* The same, and the client takes the kernel's answer: the cookie is then of no matter. */
static void kernels_answer_of_two_counts(void **state)
{
	struct bed *b = *state;

	services_auto(b);
	for (int v6 = 0; v6 < 2; v6++) {
		const struct pkt syn = bed_syn(v6, PORT_PLAIN);
		struct synack a;
		struct pkt ack;

		services_attack(b, PORT_PLAIN);
		bed_shake(b, &syn);
		services_peace(b, PORT_PLAIN);
		a = kernel_answers(b, &syn);
		services_attack(b, PORT_PLAIN);
		ack = bed_ack(&syn, &a, 0xcafe0002);
		shield_receive(&b->s, &ack, 1);
		accepted(b, &ack);
		services_peace(b, PORT_PLAIN);
	}
}

/* The kernel goes on to repeat SYN-ACKs in an attack: as many SYNs of a flood are dropped, once. */
static void repeated_synacks_are_made_up_for(void **state)
{
	struct bed *b = *state;

	services_auto(b);
	for (int v6 = 0; v6 < 2; v6++) {
		struct talk t = talk_new(b, v6, PORT_PLAIN);
		struct pkt syn = bed_syn(v6, PORT_PLAIN), other;

		talk_expect(&t, 'o', "S", 0, 0, 0, REASON_syn_passed);
		talk_expect(&t, 'r', "S.", 0, 1, 0, REASON_out_conn);
		talk_expect(&t, 'r', "S.", 0, 1, 0, REASON_out_conn);
		assert_int_equal(shield_runtime(&b->s).synacks_owed, 0);
		services_attack(b, PORT_PLAIN);
		talk_expect(&t, 'r', "S.", 0, 1, 0, REASON_out_conn);
		talk_expect(&t, 'r', "S.", 0, 1, 0, REASON_out_conn);
		assert_int_equal(shield_runtime(&b->s).synacks_owed, 2);
		/* The flood is over, the attack not yet: clients do not pay. */
		other = bed_syn(v6, PORT_PLAIN);
		bed_expect_pkt(b, &other, XDP_TX, REASON_syn_cookie_sent, "no flood", NULL);
		services_flood(b, PORT_PLAIN);
		bed_expect_pkt(b, &syn, XDP_DROP, REASON_syn_synack_limited, "first", NULL);
		bed_expect_pkt(b, &syn, XDP_TX, REASON_syn_cookie_sent, "repeated", NULL);
		assert_int_equal(shield_runtime(&b->s).synacks_owed, 1);
		/* Not in peace, when nobody is to be repaid with what others lose. */
		services_peace(b, PORT_PLAIN);
		other = bed_syn(v6, PORT_PLAIN);
		bed_expect_pkt(b, &other, XDP_PASS, REASON_syn_passed, "peace", NULL);
		services_flood(b, PORT_PLAIN);
		other = bed_syn(v6, PORT_PLAIN);
		bed_expect_pkt(b, &other, XDP_DROP, REASON_syn_synack_limited, "second", NULL);
		other = bed_syn(v6, PORT_PLAIN);
		bed_expect_pkt(b, &other, XDP_TX, REASON_syn_cookie_sent, "repaid", NULL);
		services_peace(b, PORT_PLAIN);
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
	    TEST(from_peace_to_attack),         TEST(repeated_syn_of_peace),
	    TEST(from_attack_to_peace),         TEST(stale_request_gives_way),
	    TEST(kernels_answer_of_two_counts), TEST(repeated_synacks_are_made_up_for),
	};

	return cmocka_run_group_tests(tests, setup, talk_teardown);
}
