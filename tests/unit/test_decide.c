// SPDX-License-Identifier: GPL-2.0
/* The decision on a SYN, for every combination of facts, against its rules in words. */
#include "unit.h"

#include "decide.h"

static enum reason oracle(const struct syn_facts *f)
{
	const int small = f->is_v6 ? f->mss < 1220 : f->mss < 536;

	/* Never answered, and nothing for the kernel either: sent to a group. */
	if (!f->dst_unicast)
		return REASON_dst_not_unicast;
	/* The kernel's own affairs come first. */
	if (f->conn_exists)
		return REASON_syn_conn_exists;
	/* What the hand-off would refuse, the most particular reason first. */
	if (f->is_signed)
		return REASON_syn_md5_ao;
	if (f->mptcp)
		return REASON_syn_mptcp;
	if (small)
		return REASON_syn_mss_small;
	return f->cookies ? REASON_syn_cookie_sent : REASON_syn_passed;
}

static void every_combination_of_facts(void **state)
{
	static const __u16 mss[] = {0, 1, 535, 536, 537, 1219, 1220, 1221, 65535};

	(void)state;
	for (unsigned int bits = 0; bits < 64; bits++)
		for (size_t i = 0; i < COUNT_OF(mss); i++) {
			const struct syn_facts f = {
			    .conn_exists = bits & 1,
			    .is_signed = bits >> 1 & 1,
			    .mptcp = bits >> 2 & 1,
			    .cookies = bits >> 3 & 1,
			    .is_v6 = bits >> 4 & 1,
			    .dst_unicast = bits >> 5 & 1,
			    .mss = mss[i],
			};

			assert_int_equal(decide_syn(&f), oracle(&f));
		}
}

/* Exactly the SYNs that pass leave a handshake to the kernel. */
static void who_is_left_with_a_handshake(void **state)
{
	static const enum reason kernels[] = {REASON_syn_passed, REASON_syn_conn_exists,
					      REASON_syn_mptcp, REASON_syn_mss_small,
					      REASON_syn_md5_ao};

	(void)state;
	for (int r = 0; r < REASON_MAX; r++) {
		int want = 0;

		for (size_t i = 0; i < COUNT_OF(kernels); i++)
			want |= kernels[i] == (enum reason)r;
		assert_int_equal(!!reason_kernel_handshake((enum reason)r), want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_combination_of_facts),
	    cmocka_unit_test(who_is_left_with_a_handshake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
