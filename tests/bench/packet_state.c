// SPDX-License-Identifier: GPL-2.0
/* The tables, lists and modes that make a row's frames end as it says. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "addr.h"
#include "packet.h"
#include "prefixset_build.h"
#include "prefixset_map.h"
#include "table.h"
#include "xdp.skel.h"

enum { BUDGET_SPENT = 1000000, ATTACK_S = 60 };

struct conn conn_known(void)
{
	const __u32 c = BENCH_CLIENT_SEQ, s = BENCH_SERVER_SEQ;

	return (struct conn){
	    .head = {.state = ESTABLISHED, .kind = KIND_KERNEL, .socket = SOCKET_OPEN},
	    .client = {.end = c, .max_end = c + 60000, .max_ack = s, .max_win = 65535, .acked = 1},
	    .server = {.end = s, .max_end = s + 60000, .max_ack = c, .max_win = 65535, .acked = 1},
	};
}

static void conns_enter(struct shield *s, const struct row *r, __u32 n)
{
	const struct conn known = conn_known();

	for (__u32 i = 0; i < n; i++) {
		const struct pkt p = frame_data(r, i);
		const struct conn_key key = shield_key(&p);

		shield_conn_enter(s, &key, &known);
	}
	shield_presence_refresh(s);
	must(shield_conns_count(s) == n, "enter the connections");
}

void big_fill(struct bench *b)
{
	const struct row r = {.source = SOURCE_CONNS};

	conns_enter(&b->table[TABLE_BIG], &r, CONNS_MILLION);
}

/* Take the connections that cookies have proven out of a table that has others. */
static void proven_remove(struct shield *s)
{
	const struct keys ring = shield_keys(s);
	const __u32 slots = s->config.slots;

	for (__u32 index = 0; index < slots; index++) {
		struct conn *c = &s->slots[index];
		const __u32 home = table_home(table_hash(&ring.tuple, &c->key), slots);

		if (!slot_live(c) || c->head.kind != KIND_COOKIE)
			continue;
		for (__u32 i = 0; i < TABLE_WINDOW; i++)
			if (table_place(home, i, slots) == index)
				s->slots[home].displaced &= ~(1U << i);
		c->head = (struct conn_head){0};
		c->seen = 0;
	}
	shield_presence_refresh(s);
}

/*
 * A handshake that the kernel does itself, for each frame: one SYN goes to the kernel, and what is
 * kept of it is entered for all.
 */
static void halves_enter(struct bench *b, const struct row *r)
{
	struct shield *s = row_shield(b, r);
	const struct pkt syn = frame_syn(r, 0);
	struct conn_key key = shield_key(&syn);
	struct outcome o;
	struct conn half;

	s->policy.mode = MODE_AUTO;
	shield_config_write(s);
	shield_run_pkt(s, &syn, &o);
	must(o.reason == REASON_syn_passed && shield_half(s, &key, &half), "begin a handshake");
	for (__u32 i = 0; i < r->conns; i++) {
		const struct pkt p = frame_syn(r, i);

		key = half.key = shield_key(&p);
		must(!bpf_map_update_elem(s->halfopen_map, &key, &half, BPF_ANY),
		     "enter a handshake");
	}
}

static void table_write(struct bench *b, const struct row *r)
{
	struct shield *s = row_shield(b, r);

	if (r->table == TABLE_BIG) {
		if (r->kind == FRAME_ACK_VALID)
			proven_remove(s);
		return;
	}
	shield_conns_clear(s);
	if (r->kind == FRAME_OUT_SYNACK)
		halves_enter(b, r);
	else if (r->conns)
		conns_enter(s, r, r->conns);
}

/*
 * Limits are in force, as by default, but never met: a real flood comes from more prefixes than a
 * row's.
 */
static void settings_write(struct bench *b, const struct row *r)
{
	const struct rate_limit never = {.rate = 2000000000, .burst = 2000000000};
	struct shield *s = row_shield(b, r);
	struct defence d = {0};

	shield_settings_reset(s);
	s->settings.synack = s->settings.live_syn = never;
	s->settings.new_conn = s->settings.bad_ack = never;
	s->settings.lists = r->denying ? 1 << LIST_DENY : 0;
	if (r->attacked) {
		s->policy.mode = MODE_AUTO;
		s->policy.syn_rate_on = s->policy.syn_rate_off = 1000;
		d.until = shield_jiffies(s) + (__u64)ATTACK_S * s->config.hz;
	}
	shield_config_write(s);
	shield_defence_write(s, PORT_PLAIN, &d);
	/* Misses ask the kernel a thousand times a second: nothing at the rate of a flood. */
	shield_budget(s, BUDGET_SPENT);
}

/* What the programs remember of the rows before: the kernel is asked about a SYN that it had. */
static void forget(struct shield *s)
{
	static const char *const maps[] = {"buckets", "dropped", "proven", "kernel_syns"};
	static const struct once none;
	const __u32 zero = 0;

	_Static_assert(sizeof(none) >= sizeof(struct buckets), "zeroes for the largest of them");
	for (size_t i = 0; i < COUNT_OF(maps); i++) {
		const int map = bpf_object__find_map_fd_by_name(s->xdp->obj, maps[i]);

		must(!bpf_map_update_elem(map, &zero, &none, BPF_ANY), "empty a map");
	}
}

static void list_write(struct bench *b, const struct row *r)
{
	const int map = bpf_map__fd(row_shield(b, r)->xdp->maps.prefix_sets);
	const __u32 slot = LIST_DENY;

	if (r->denying)
		must(!bpf_map_update_elem(map, &slot, &b->sets[row_v6(r)], BPF_ANY),
		     "enter the denylist");
}

int list_make(int v6, __u32 n)
{
	struct prefix_entry *e = calloc(n, sizeof(*e));
	int set;

	must(e != NULL, "allocate a list");
	if (!e)
		return -1;
	for (__u32 i = 0; i < n; i++) {
		e[i].used = 1;
		e[i].len = v6 ? 64 : 128;
		if (v6) {
			store32(e[i].addr, htonl(bench_spread_v6_high(i)));
			store32(e[i].addr + 4, htonl(bench_spread_v6_low(i)));
		} else {
			addr_from_v4(e[i].addr, htonl(bench_spread_v4(i)));
		}
	}
	set = prefix_set_map(e, prefix_sort(e, n));
	must(set >= 0, "make a denylist");
	free(e);
	return set;
}

void lists_make(struct bench *b)
{
	b->sets[0] = list_make(0, BENCH_LIST);
	b->sets[1] = list_make(1, BENCH_LIST);
}

int row_is_once(const struct row *r)
{
	return r->kind == FRAME_ACK_VALID || r->kind == FRAME_OUT_FIN ||
	       r->kind == FRAME_OUT_SYNACK;
}

void row_renew(struct bench *b, const struct row *r)
{
	forget(row_shield(b, r));
	table_write(b, r);
	settings_write(b, r);
	list_write(b, r);
}

/* In the usual table. */
static __u32 conns_in_state(const struct shield *s, enum conn_state state)
{
	__u32 n = 0;

	for (__u32 i = 0; i < s->config.slots; i++)
		n += s->slots[i].head.state == state;
	return n;
}

static __u32 halves_answered(struct shield *s, const struct row *r)
{
	struct conn half;
	__u32 n = 0;

	for (__u32 i = 0; i < r->conns; i++) {
		const struct pkt p = frame_syn(r, i);
		const struct conn_key key = shield_key(&p);

		n += shield_half(s, &key, &half) && half.head.state == SYN_RECV;
	}
	return n;
}

void row_check(struct bench *b, const struct row *r)
{
	struct shield *s = row_shield(b, r);

	must(!shield_runtime(s).tc_alone, "write the marks");
	if (r->kind == FRAME_ACK_VALID)
		must(shield_conns_count(s) ==
			 b->frames + (r->table == TABLE_BIG ? CONNS_MILLION : 0),
		     "find a connection for each handshake");
	if (r->kind == FRAME_OUT_FIN)
		must(conns_in_state(s, FIN_WAIT) == r->conns, "find all connections closing");
	if (r->kind == FRAME_OUT_SYNACK)
		must(halves_answered(s, r) == r->conns, "find all handshakes answered");
}
