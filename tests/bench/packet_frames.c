// SPDX-License-Identifier: GPL-2.0
/* The frames of a row, and the tables, lists and modes that make them end as it says. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "addr.h"
#include "packet.h"
#include "prefixset_build.h"
#include "prefixset_map.h"
#include "table.h"
#include "wrapper.skel.h"
#include "xdp.skel.h"

enum {
	CLIENT_PORT = 20000,
	VLAN = 7,
	EPOCHS_EXPIRED = 2, /* ago: the cookie names its epoch, which is no longer taken */
	ISN = 5000,
	BUDGET_SPENT = 1000000,
};

static void frame_write(struct bench *b, __u32 index, const struct pkt *p)
{
	__u8 room[PKT_ROOM];
	struct bench_frame f = {.len = pkt_build(p, room, NULL)};

	must(f.len <= FRAME_ROOM, "make a frame: too long");
	memcpy(f.bytes, room, f.len);
	must(!bpf_map_update_elem(bpf_map__fd(b->wrapper->maps.frames), &index, &f, BPF_ANY),
	     "write a frame");
	if (!index)
		b->first = f;
}

/* From the client, padded as on the wire. */
static struct pkt frame_new(const struct row *r, __u16 port, __u8 flags)
{
	struct pkt p = pkt_new(row_v6(r), CLIENT_PORT, port, flags);

	p.pad_to = 60;
	if (r->family == FAMILY_VLAN) {
		p.n_tags = 1;
		p.tag[0] = (struct pkt_tag){0x8100, VLAN};
	}
	return p;
}

/* As these systems write them. */
static void stack_options(struct pkt *p, enum stack stack)
{
	static const __u8 windows[] = {1, 3, 3, 8, 1, 1, 4, 2};
	static const __u8 macos[] = {1, 3, 3, 6, 1, 1}, macos_end[] = {4, 2, 0, 0};
	const __u16 mss = p->v6 ? 1440 : 1460;

	if (stack == STACK_LINUX)
		pkt_opt_syn(p, PKT_TS | PKT_SACK | PKT_WS, mss, 7, 12345);
	if (stack == STACK_WINDOWS || stack == STACK_MACOS)
		pkt_opt_mss(p, mss);
	if (stack == STACK_WINDOWS)
		pkt_opt(p, windows, sizeof(windows));
	if (stack == STACK_MACOS) {
		pkt_opt(p, macos, sizeof(macos));
		pkt_opt_ts(p, 12345, 0);
		pkt_opt(p, macos_end, sizeof(macos_end));
	}
}

static struct pkt syn_new(const struct row *r)
{
	struct pkt p = frame_new(r, PORT_PLAIN, PKT_SYN);

	stack_options(&p, r->stack);
	return p;
}

static void timestamps(struct pkt *p, __u32 tsval, __u32 tsecr)
{
	const __u8 nops[] = {1, 1};

	pkt_opt(p, nops, sizeof(nops));
	pkt_opt_ts(p, tsval, tsecr);
}

/* What conn_known() goes on with; without payload it is an ACK that nothing proves. */
static struct pkt ack_new(const struct row *r, __u16 port)
{
	struct pkt p = frame_new(r, port, PKT_ACK);

	p.seq = 1000;
	p.ack = 77;
	timestamps(&p, 5, 6);
	return p;
}

/* A connection on which that with some data is the next segment, again and again. */
static struct conn conn_known(void)
{
	return (struct conn){
	    .head = {.state = ESTABLISHED, .kind = KIND_KERNEL, .socket = SOCKET_OPEN},
	    .client = {.end = 1000, .max_end = 61000, .max_ack = 77, .max_win = 65535, .acked = 1},
	    .server = {.end = 77, .max_end = 60077, .max_ack = 1000, .max_win = 65535, .acked = 1},
	};
}

static struct pkt data_new(const struct row *r)
{
	struct pkt p = ack_new(r, PORT_PLAIN);

	p.payload_len = 20;
	return p;
}

/* The i-th client: another port, or another address; none of those in the table. */
static void client_set(struct pkt *p, const struct row *r, __u32 i)
{
	const __u32 mixed = r->source == SOURCE_ANY ? bench_mix(i) : 2;

	p->sport = (__u16)(1024 + i);
	put32(p->src + (p->v6 ? 4 : 0), p->v6 ? mixed : 11U << 24 | (mixed & 0xffffff));
}

/* The i-th ACK whose cookie was made so many epochs ago. */
static struct pkt cookie_new(struct bench *b, const struct row *r, __u32 i, __u64 epochs)
{
	const struct tcp_offer offer = {.mss = 1460, .wscale = 7, .sack = 1, .tstamp = 1};
	const struct keys ring = shield_keys(row_shield(b, r));
	struct pkt p = frame_new(r, PORT_PLAIN, PKT_ACK);
	struct cookie_input in = {.ring = &ring, .client_isn = ISN + i, .is_v6 = (__u32)p.v6};
	struct conn_key key;
	struct cookie c;

	client_set(&p, r, i);
	key = shield_key(&p);
	in.tuple = &key;
	in.epoch = shield_epoch(row_shield(b, r)) - epochs;
	in.tick = shield_tick(row_shield(b, r));
	c = cookie_make(&in, &offer);
	p.seq = in.client_isn + 1;
	p.ack = c.isn + 1;
	timestamps(&p, 99, c.tsval);
	return p;
}

static void cookies_write(struct bench *b, const struct row *r, __u64 epochs)
{
	for (__u32 i = 0; i < b->frames; i++) {
		const struct pkt p = cookie_new(b, r, i, epochs);

		frame_write(b, i, &p);
	}
}

static void frames_write(struct bench *b, const struct row *r)
{
	struct pkt p = ack_new(r, r->kind == FRAME_OTHER_PORT ? PORT_FREE : PORT_PLAIN);

	b->frames = 1;
	switch (r->kind) {
	case FRAME_ACK_VALID:
		b->frames = FRAMES_MAX;
		cookies_write(b, r, 0);
		return;
	case FRAME_ACK_EXPIRED:
		b->frames = r->source == SOURCE_ANY ? FRAMES_MAX : 1;
		cookies_write(b, r, EPOCHS_EXPIRED);
		return;
	case FRAME_SYN:
		p = syn_new(r);
		break;
	case FRAME_DATA:
		p = data_new(r);
		break;
	default:
		break;
	}
	frame_write(b, 0, &p);
}

/* n connections; the filter in front of the table has to be made anew. */
static void conns_enter(struct shield *s, const struct row *r, __u32 n)
{
	const struct pkt p = data_new(r);
	const struct conn known = conn_known();
	struct conn_key key = shield_key(&p);

	for (__u32 i = 0; i < n; i++) {
		const __u32 source = htonl(bench_source(i));

		if (r->source == SOURCE_CONNS) {
			memcpy(key.remote + 12, &source, sizeof(source));
			key.remote_port = bench_source_port(i);
		}
		shield_conn_enter(s, &key, &known);
	}
}

void big_fill(struct bench *b)
{
	const struct row r = {.source = SOURCE_CONNS, .table = TABLE_BIG};
	struct shield *s = row_shield(b, &r);

	conns_enter(s, &r, CONNS_MILLION);
	shield_presence_refresh(s);
	must(shield_conns_count(s) == CONNS_MILLION, "enter a million connections");
}

/* Take the connections that cookies have proven out of a table that has others. */
static void proven_remove(struct shield *s)
{
	const struct keys ring = shield_keys(s);
	const __u32 slots = s->config.slots;

	for (__u32 index = 0; index < slots; index++) {
		struct conn *c = &s->slots[index];
		const __u32 home = table_home(tuple_hash(ring.presence, &c->key), slots);

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

static void table_write(struct bench *b, const struct row *r)
{
	struct shield *s = row_shield(b, r);

	if (r->table == TABLE_BIG) {
		if (r->kind == FRAME_ACK_VALID)
			proven_remove(s);
		return;
	}
	shield_conns_clear(s);
	if (!r->conns)
		return;
	conns_enter(s, r, r->conns);
	shield_presence_refresh(s);
	must(shield_conns_count(s) == r->conns, "enter the connections");
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
		d.until = shield_jiffies(s) + 60ULL * s->config.hz;
	}
	shield_config_write(s);
	shield_defence_write(s, PORT_PLAIN, &d);
	/* Misses ask the kernel a thousand times a second: nothing at the rate of a flood. */
	shield_budget(s, BUDGET_SPENT);
}

static void list_write(struct bench *b, const struct row *r)
{
	const __u32 slot = LIST_DENY;

	if (r->denying)
		must(!bpf_map_update_elem(bpf_map__fd(row_shield(b, r)->xdp->maps.prefix_sets),
					  &slot, &b->sets[row_v6(r)], BPF_ANY),
		     "enter the denylist");
}

static int list_make(int v6)
{
	struct prefix_entry *e = calloc(BENCH_LIST, sizeof(*e));
	int set;

	must(e != NULL, "allocate a list");
	if (!e)
		return -1;
	for (__u32 i = 0; i < BENCH_LIST; i++) {
		e[i].used = 1;
		e[i].len = v6 ? 64 : 128;
		if (v6) {
			store32(e[i].addr, htonl(bench_spread_v6_high(i)));
			store32(e[i].addr + 4, htonl(bench_spread_v6_low(i)));
		} else {
			addr_from_v4(e[i].addr, htonl(bench_spread_v4(i)));
		}
	}
	set = prefix_set_map(e, prefix_sort(e, BENCH_LIST));
	must(set >= 0, "make a denylist");
	free(e);
	return set;
}

void lists_make(struct bench *b)
{
	b->sets[0] = list_make(0);
	b->sets[1] = list_make(1);
}

int row_is_once(const struct row *r)
{
	return r->kind == FRAME_ACK_VALID;
}

void row_renew(struct bench *b, const struct row *r)
{
	table_write(b, r);
	settings_write(b, r);
}

void row_prepare(struct bench *b, const struct row *r)
{
	row_renew(b, r);
	list_write(b, r);
	frames_write(b, r);
}

void floor_prepare(struct bench *b, const struct row *r)
{
	const struct row linux_syn = {.hook = r->hook};
	const struct pkt p = syn_new(&linux_syn);

	b->frames = 1;
	frame_write(b, 0, &p);
}

void row_check(struct bench *b, const struct row *r)
{
	struct shield *s = row_shield(b, r);

	if (r->kind != FRAME_ACK_VALID)
		return;
	must(shield_conns_count(s) == b->frames + (r->table == TABLE_BIG ? CONNS_MILLION : 0),
	     "find a connection for each handshake");
	must(!shield_runtime(s).tc_alone, "write the marks");
}
