// SPDX-License-Identifier: GPL-2.0
/* The decision on a SYN, for every combination of facts, against its rules in words. */
#include "unit.h"

#include "decide.h"

static int too_small(const struct syn_facts *f)
{
	return f->mss < (f->is_v6 ? 1220 : 536);
}

/* The policy in words: the first line whose facts are all there decides. */
enum fact {
	GROUP = 1,       /* sent to a group */
	EXISTS = 2,      /* the kernel has the connection */
	ALLOWED = 4,     /* on the allowlist */
	NEW_FULL = 8,    /* too many new connections of its prefix */
	ACCEPT = 16,     /* the application's queue is full */
	SIGNED = 32,     /* MD5 or AO */
	MPTCP = 64,      /* an MPTCP listener */
	SMALL = 128,     /* its MSS */
	OWN_SMALL = 256, /* of the listener */
	ATTACK = 512,    /* so the mode says */
	TAKES = 1024,    /* the kernel takes cookies' sockets */
	PROVEN = 2048,   /* with credit */
	ROOM = 4096,     /* in the kernel's queue */
	ALL_FACTS = 8191,
};

static const struct {
	unsigned int are, are_not;
	enum reason reason;
} lines[] = {
    {GROUP, 0, REASON_dst_not_unicast},
    {EXISTS, 0, REASON_syn_conn_exists},
    {ALLOWED, 0, REASON_syn_allowed},
    {NEW_FULL, 0, REASON_syn_new_limited},
    {ACCEPT, 0, REASON_syn_accept_full},
    {SIGNED, 0, REASON_syn_md5_ao},
    {MPTCP, 0, REASON_syn_mptcp},
    {OWN_SMALL, 0, REASON_syn_mss_small},
    {SMALL | ATTACK, ROOM, REASON_syn_small_limited},
    {SMALL, 0, REASON_syn_mss_small},
    {0, ATTACK, REASON_syn_passed},
    {0, TAKES, REASON_syn_passed},
    {PROVEN | ROOM, 0, REASON_syn_proven},
    {0, 0, REASON_syn_cookie_sent},
};

static enum reason oracle(unsigned int facts)
{
	for (size_t i = 0; i < COUNT_OF(lines); i++)
		if ((facts & lines[i].are) == lines[i].are && !(facts & lines[i].are_not))
			return lines[i].reason;
	return REASON_MAX;
}

static struct syn_facts facts_of(unsigned int facts, __u16 mss, int is_v6)
{
	return (struct syn_facts){
	    .conn_exists = !!(facts & EXISTS),
	    .allowed = !!(facts & ALLOWED),
	    .is_signed = !!(facts & SIGNED),
	    .mptcp = !!(facts & MPTCP),
	    .allow_cookie = !!(facts & TAKES),
	    .is_v6 = (__u8)is_v6,
	    .dst_unicast = !(facts & GROUP),
	    .new_limited = !!(facts & NEW_FULL),
	    .accept_full = !!(facts & ACCEPT),
	    .attacked = !!(facts & ATTACK),
	    .proven = !!(facts & PROVEN),
	    .queue_room = !!(facts & ROOM),
	    .listener_small = !!(facts & OWN_SMALL),
	    .mss = mss,
	};
}

static void every_combination_of_facts(void **state)
{
	static const __u16 mss[] = {0, 1, 535, 536, 537, 1219, 1220, 1221, 65535};
	int seen[REASON_MAX] = {0};

	(void)state;
	for (unsigned int facts = 0; facts <= ALL_FACTS; facts++)
		for (size_t i = 0; i < 2 * COUNT_OF(mss); i++) {
			const struct syn_facts f = facts_of(facts, mss[i / 2], i & 1);
			const enum reason want =
			    oracle((facts & ~(unsigned int)SMALL) | (too_small(&f) ? SMALL : 0));

			if (decide_syn(&f) != want)
				fail_msg("facts %x, MSS %u, IPv%d: %d, not %d", facts, f.mss,
					 i & 1 ? 6 : 4, decide_syn(&f), want);
			seen[want] = 1;
		}
	for (size_t i = 0; i < COUNT_OF(lines); i++)
		assert_int_equal(seen[lines[i].reason], 1);
}

/* In peace, and in monitor mode as in auto, it is the load alone that tells. */
static void modes(void **state)
{
	(void)state;
	for (int active = 0; active < 2; active++) {
		assert_int_equal(mode_attacked(MODE_ALWAYS, active), 1);
		assert_int_equal(mode_attacked(MODE_AUTO, active), active);
		assert_int_equal(mode_attacked(MODE_MONITOR, active), active);
	}
}

/* Exactly the SYNs that pass leave a handshake to the kernel. */
static void who_is_left_with_a_handshake(void **state)
{
	static const enum reason kernels[] = {
	    REASON_syn_passed, REASON_syn_conn_exists, REASON_syn_mptcp,  REASON_syn_mss_small,
	    REASON_syn_md5_ao, REASON_syn_allowed,     REASON_syn_proven,
	};

	(void)state;
	for (int r = 0; r < REASON_MAX; r++) {
		int want = 0;

		for (size_t i = 0; i < COUNT_OF(kernels); i++)
			want |= kernels[i] == (enum reason)r;
		assert_int_equal(!!reason_kernel_handshake((enum reason)r), want);
	}
}

/*
 * A SYN-ACK comes of each that is answered or let in, by the allowlist, too; of no SYN that is
 * dropped, and of none that has a socket.
 */
static void what_brings_a_synack(void **state)
{
	(void)state;
	for (int r = 0; r < REASON_MAX; r++) {
		const int let_in =
		    reason_kernel_handshake((enum reason)r) && r != REASON_syn_conn_exists;

		assert_int_equal(!!reason_brings_synack((enum reason)r),
				 let_in || r == REASON_syn_cookie_sent);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_combination_of_facts),
	    cmocka_unit_test(modes),
	    cmocka_unit_test(who_is_left_with_a_handshake),
	    cmocka_unit_test(what_brings_a_synack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
