// SPDX-License-Identifier: GPL-2.0
/*
 * Allowlist and denylist in the program: what it finds in real maps is what the slow way finds, for
 * both families, with expiries; and a list that is replaced under it is never seen half.
 */
#include <arpa/inet.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "addr.h"
#include "bed.h"
#include "prefixset_map.h"
#include "xdp.skel.h"

static __u64 rng(void)
{
	static __u64 state = 0x9e3779b97f4a7c15ULL;

	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dULL;
}

static void rng_fill(void *p, size_t len)
{
	__u8 *bytes = p;

	for (size_t i = 0; i < len; i++)
		bytes[i] = (__u8)(rng() >> 32);
}

#include "../unit/prefix_oracle.h"

enum { SETS = 40, PREFIXES = 200, PROBES = 100, REPLACEMENTS = 300 };

/* An empty list is the bit that is not set. */
static void list_put(struct bed *b, enum list_kind kind, struct prefix_entry *e, size_t count)
{
	const int sets = bpf_map__fd(b->s.xdp->maps.prefix_sets);
	const __u32 slot = kind;
	int set;

	b->s.settings.lists = (__u8)(b->s.settings.lists & ~(1 << kind));
	if (count) {
		set = prefix_set_map(e, prefix_sort(e, count));
		assert_true(set >= 0);
		assert_int_equal(bpf_map_update_elem(sets, &slot, &set, BPF_ANY), 0);
		close(set);
		b->s.settings.lists = (__u8)(b->s.settings.lists | 1 << kind);
	}
	shield_config_write(&b->s);
}

static int lists_reset(void **state)
{
	const int err = bed_reset(state);
	struct bed *b = *state;

	list_put(b, LIST_ALLOW, NULL, 0);
	list_put(b, LIST_DENY, NULL, 0);
	return err;
}

/* What comes from there is dropped whatever lists say. */
static int can_be_source(const __u8 addr[16])
{
	return addr_classify(addr, !addr_is_v4(addr)) == ADDR_UNICAST;
}

static struct pkt syn_from(const __u8 addr[16])
{
	const int v6 = !addr_is_v4(addr);
	struct pkt p = bed_syn(v6, PORT_PLAIN);

	memcpy(p.src, v6 ? addr : addr + 12, v6 ? 16 : 4);
	return p;
}

static enum reason reason_from(struct bed *b, const __u8 addr[16])
{
	const struct pkt p = syn_from(addr);
	struct outcome o;

	shield_run_pkt(&b->s, &p, &o);
	return o.reason;
}

static void check_around(struct bed *b, const struct prefix_entry *e, size_t count)
{
	__u8 addr[16];

	for (int i = 0; i < PROBES; i++) {
		addr_near(&e[rng() % count], addr);
		if (!can_be_source(addr))
			continue;
		assert_int_equal(reason_from(b, addr) == REASON_deny_listed,
				 oracle_has(e, count, addr, shield_jiffies(&b->s)));
	}
}

/* Expiries lie an hour off on either side, so that none comes to pass meanwhile. */
static void the_program_finds_what_the_oracle_finds(void **state)
{
	static struct prefix_entry e[PREFIXES];
	struct bed *b = *state;
	const __u64 now = shield_jiffies(&b->s), hour = 3600ULL * b->s.config.hz;

	for (int round = 0; round < SETS; round++) {
		size_t count = 1 + rng() % PREFIXES;

		for (size_t i = 0; i < count; i++) {
			e[i] = prefix_random((int)(rng() & 1), (unsigned int)rng() % 9, round & 1,
					     round & 2);
			if (e[i].expires)
				e[i].expires = rng() & 1 ? now + hour : now - hour;
		}
		count = prefix_sort(e, count);
		list_put(b, LIST_DENY, e, count);
		check_around(b, e, count);
	}
}

static struct prefix_entry entry(const char *addr, unsigned int len)
{
	struct prefix_entry e = {.len = (__u8)len, .used = 1};
	struct in_addr v4;

	if (inet_pton(AF_INET, addr, &v4) == 1) {
		addr_from_v4(e.addr, v4.s_addr);
		e.len = (__u8)(len + 96);
		return e;
	}
	assert_int_equal(inet_pton(AF_INET6, addr, e.addr), 1);
	return e;
}

/* A source of each family that is on the list, and one that is not. */
static const char *const sources[2][2] = {{"198.51.100.7", "198.51.101.7"},
					  {"2001:db8:77::7", "2001:db8:78::7"}};

static struct prefix_entry source(int v6, int other)
{
	return entry(sources[v6][other], v6 ? 128 : 32);
}

static void denied_drops_and_allowed_passes(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		const struct prefix_entry in = source(v6, 0), out = source(v6, 1);
		struct prefix_entry net = entry(sources[v6][0], v6 ? 48 : 24);

		addr_cut(net.addr, net.len);
		list_put(b, LIST_ALLOW, &net, 1);
		assert_int_equal(reason_from(b, in.addr), REASON_syn_allowed);
		assert_int_equal(reason_from(b, out.addr), REASON_syn_cookie_sent);
		list_put(b, LIST_DENY, &net, 1);
		assert_int_equal(reason_from(b, in.addr), REASON_deny_listed);
		assert_int_equal(reason_from(b, out.addr), REASON_syn_cookie_sent);
		lists_reset(state);
	}
}

/* An open connection's data, an ACK out of nowhere, what is malformed. */
static void denied_is_each_packet(void **state)
{
	struct bed *b = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct pkt p = pkt_new(v6, bed_sport(), PORT_PLAIN, PKT_ACK);
		const struct conn_key key = shield_key(&p);
		struct prefix_entry in = {.len = 128, .used = 1};
		struct outcome o;

		p.payload_len = 20;
		bed_conn_add(b, &p, SOCKET_OPEN, ESTABLISHED);
		bed_expect_pkt(b, &p, XDP_PASS, REASON_conn_packet, "before", &o);
		memcpy(in.addr, key.remote, 16);
		list_put(b, LIST_DENY, &in, 1);
		bed_expect_pkt(b, &p, XDP_DROP, REASON_deny_listed, "established", &o);
		p.sport = bed_sport();
		bed_expect_pkt(b, &p, XDP_DROP, REASON_deny_listed, "no connection", &o);
		p.flags = PKT_SYN | PKT_FIN;
		bed_expect_pkt(b, &p, XDP_DROP, REASON_deny_listed, "malformed", &o);
		p.dport = PORT_FREE;
		p.flags = PKT_ACK;
		shield_port(&b->s, PORT_FREE, 0);
		bed_expect_pkt(b, &p, XDP_PASS, REASON_not_protected, "not protected", &o);
		lists_reset(state);
	}
}

struct knocking {
	struct bed *b;
	int stop;
	unsigned int runs;
	unsigned int passed;
};

static void *knock(void *context)
{
	struct knocking *k = context;

	while (!__atomic_load_n(&k->stop, __ATOMIC_ACQUIRE)) {
		for (int v6 = 0; v6 < 2; v6++) {
			const struct prefix_entry e = source(v6, 0);
			const struct pkt p = syn_from(e.addr);
			struct outcome o;

			shield_run_pkt(&k->b->s, &p, &o);
			k->passed += o.verdict != XDP_DROP;
		}
		__atomic_add_fetch(&k->runs, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* Lists of all sizes follow each other, and these two addresses are on each of them. */
static void a_list_that_is_replaced_has_no_gap(void **state)
{
	static struct prefix_entry e[PREFIXES];
	struct bed *b = *state;
	struct knocking k = {.b = b};
	pthread_t thread;

	e[0] = source(0, 0);
	e[1] = source(1, 0);
	list_put(b, LIST_DENY, e, 2);
	assert_int_equal(pthread_create(&thread, NULL, knock, &k), 0);
	for (int i = 0; i < REPLACEMENTS || __atomic_load_n(&k.runs, __ATOMIC_ACQUIRE) < 1000;
	     i++) {
		const size_t count = 2 + rng() % (PREFIXES - 2);
		const __u32 slot = LIST_DENY;
		int set;

		e[0] = source(0, 0);
		e[1] = source(1, 0);
		for (size_t j = 2; j < count; j++)
			e[j] = prefix_random((int)(rng() & 1), (unsigned int)rng() % 9, 0, 1);
		set = prefix_set_map(e, prefix_sort(e, count));
		assert_true(set >= 0);
		assert_int_equal(bpf_map_update_elem(bpf_map__fd(b->s.xdp->maps.prefix_sets), &slot,
						     &set, BPF_ANY),
				 0);
		close(set);
	}
	__atomic_store_n(&k.stop, 1, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	assert_int_equal(k.passed, 0);
}

/* The bit without a set, as for a moment while a list is emptied. */
static void a_slot_without_a_set_is_an_empty_list(void **state)
{
	const struct prefix_entry in = source(0, 0);
	struct bed *b = *state;
	const __u32 slot = LIST_DENY;

	bpf_map_delete_elem(bpf_map__fd(b->s.xdp->maps.prefix_sets), &slot);
	b->s.settings.lists = 1 << LIST_DENY;
	shield_config_write(&b->s);
	assert_int_equal(reason_from(b, in.addr), REASON_syn_cookie_sent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(the_program_finds_what_the_oracle_finds, lists_reset),
	    cmocka_unit_test_setup(denied_drops_and_allowed_passes, lists_reset),
	    cmocka_unit_test_setup(denied_is_each_packet, lists_reset),
	    cmocka_unit_test_setup(a_list_that_is_replaced_has_no_gap, lists_reset),
	    cmocka_unit_test_setup(a_slot_without_a_set_is_an_empty_list, lists_reset),
	};

	return cmocka_run_group_tests(tests, bed_make, bed_end);
}
