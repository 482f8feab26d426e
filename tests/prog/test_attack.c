// SPDX-License-Identifier: GPL-2.0
/*
 * What clients that keep the rules, but mean harm, can do to the connection table: whatever they
 * enter, nobody else's connection may get lost.  And to what is remembered of listeners.
 */
#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bed.h"
#include "check.h"
#include "services.h"
#include "table.h"
#include "xdp.skel.h"

static struct pkt victim_add(struct bed *b)
{
	const struct pkt p = pkt_new(1, bed_sport(), PORT_PLAIN, PKT_ACK);

	bed_conn_add(b, &p, SOCKET_OPEN, ESTABLISHED);
	return p;
}

static __u32 cell_of(const struct bed *b, const struct keys *ring, const struct conn_key *key)
{
	return presence_cell(table_hash(&ring->tuple, key), b->s.config.slots);
}

/* From its /64, a client may choose its tuples; this one knows the key. */
static void collide(const struct bed *b, const struct keys *ring, __u32 cell, struct pkt *syn)
{
	static __u32 host;
	struct conn_key key = shield_key(syn);

	while (cell_of(b, ring, &key) != cell) {
		put32(syn->src + 12, ++host);
		memcpy(key.remote, syn->src, 16);
	}
}

static void no_presence_cell_overflows(void **state)
{
	struct bed *b = *state;
	const struct keys ring = shield_keys(&b->s);
	const struct pkt victim = victim_add(b);
	const struct conn_key key = shield_key(&victim);

	for (int i = 0; i < 256; i++) {
		struct pkt syn = bed_syn(1, PORT_PLAIN), ack;

		collide(b, &ring, cell_of(b, &ring, &key), &syn);
		ack = bed_shake(b, &syn);
		bed_expect_pkt(b, &ack, XDP_PASS, REASON_ack_cookie_valid, "client", NULL);
		bed_expect_pkt(b, &victim, XDP_PASS, REASON_conn_packet, "victim", NULL);
	}
}

/* Two bits of epoch_mask's hash go out with every SYN-ACK, so nothing else may hang on it. */
static void isns_tell_nothing_about_the_filter(void **state)
{
	struct bed *b = *state;
	struct keys ring = shield_keys(&b->s);

	for (int i = 0; i < 32; i++) {
		const struct pkt victim = victim_add(b);

		ring.epoch_mask = ring.epoch_mask * 6364136223846793005ULL + 1;
		shield_keys_write(&b->s, &ring);
		bed_expect_pkt(b, &victim, XDP_PASS, REASON_conn_packet, "victim", NULL);
	}
}

/* A client that makes its handshake again and again would else fill the places of the others. */
static void one_tuple_has_one_place_in_the_table(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct pkt syn = bed_syn(v6, PORT_PLAIN);
		const struct conn_key key = shield_key(&syn);

		for (int i = 0; i < 20; i++) {
			struct pkt ack;

			syn.seq += 1000;
			ack = bed_shake(b, &syn);
			bed_expect_pkt(b, &ack, XDP_PASS, REASON_ack_cookie_valid, "ACK", NULL);
		}
		assert_int_equal(shield_conns_count(&b->s), 1);
		bed_age(b, &key, 66);
		shield_sweep(&b->s);
		assert_int_equal(shield_conns_count(&b->s), 0);
	}
}

/* How many of the ports from first on, in steps of LISTENER_SLOTS, are remembered. */
static int ports_remembered(struct bed *b, __u16 first)
{
	const int map = bpf_object__find_map_fd_by_name(b->s.xdp->obj, "listeners");
	const int cpus = libbpf_num_possible_cpus();
	const size_t room = (sizeof(struct listener) + 7) / 8 * 8;
	__u8 *values = malloc((size_t)cpus * room);
	int count = 0;

	must(map >= 0 && values, "listeners");
	for (__u32 i = 0; i < LISTENER_SLOTS; i++) {
		must(!bpf_map_lookup_elem(map, &i, values), "read a slot");
		for (int cpu = 0; cpu < cpus; cpu++) {
			const struct listener *s = (const void *)(values + (size_t)cpu * room);

			count += s->port >= first && s->port % LISTENER_SLOTS == first;
		}
	}
	free(values);
	return count;
}

/* Else SYNs to another port, which nobody listens at, could hide a flood from those who count it. */
static void nobody_can_choose_what_a_listener_shares(void **state)
{
	enum { FIRST = 77, PORTS = 8 };
	struct bed *b = *state;

	services_one_cpu();
	for (int i = 0; i < PORTS; i++) {
		const struct pkt p = bed_syn(1, FIRST + i * LISTENER_SLOTS);

		shield_port(&b->s, p.dport, 1);
		bed_expect_pkt(b, &p, XDP_PASS, REASON_not_protected, "closed", NULL);
		shield_port(&b->s, p.dport, 0);
	}
	assert_in_range(ports_remembered(b, FIRST), PORTS - 2, PORTS);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bed_reset, check_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(no_presence_cell_overflows),
	    TEST(isns_tell_nothing_about_the_filter),
	    TEST(one_tuple_has_one_place_in_the_table),
	    TEST(nobody_can_choose_what_a_listener_shares),
	};

	return cmocka_run_group_tests(tests, bed_make, bed_end);
}
