// SPDX-License-Identifier: GPL-2.0
/* The test bed; see bed.h. */
#include <linux/bpf.h>

#include "addr.h"
#include "bed.h"
#include "table.h"

static struct bed bed;

int bed_make(void **state)
{
	world_make(&bed.w);
	shield_open(&bed.s);
	*state = &bed;
	return 0;
}

int bed_end(void **state)
{
	(void)state;
	shield_close(&bed.s);
	world_end(&bed.w);
	return 0;
}

int bed_reset(void **state)
{
	struct bed *b = *state;
	struct runtime rt;

	world_sysctls_restore();
	shield_conns_clear(&b->s);
	for (int port = WORLD_PORT_FIRST; port <= WORLD_PORT_LAST; port++) {
		shield_port(&b->s, (__u16)port, port != PORT_FREE);
		shield_defence_write(&b->s, (__u32)port, &(struct defence){0});
	}
	rt = shield_runtime(&b->s);
	rt.table_complete = 1;
	rt.incomplete_until = 0;
	rt.table_full = 0;
	rt.tc_alone = 0;
	rt.listen_gen++;
	shield_runtime_write(&b->s, &rt);
	shield_settings_reset(&b->s);
	return 0;
}

__u16 bed_sport(void)
{
	static __u16 next = 20000;

	return next++;
}

struct pkt bed_syn(int v6, __u16 dport)
{
	struct pkt p = pkt_new(v6, bed_sport(), dport, PKT_SYN);

	pkt_opt_syn(&p, PKT_TS | PKT_SACK | PKT_WS, 1460, 7, 0xcafe0001);
	return p;
}

static void hex(const char *what, const __u8 *p, unsigned int len)
{
	print_message("# %s:", what);
	for (unsigned int i = 0; i < len; i++)
		print_message(" %02x", p[i]);
	print_message("\n");
}

void bed_equal(const __u8 *got, unsigned int got_len, const __u8 *want, unsigned int want_len,
	       const char *row)
{
	if (got_len == want_len && !memcmp(got, want, got_len))
		return;
	hex("got ", got, got_len);
	hex("want", want, want_len);
	fail_msg("%s: frames differ", row);
}

void bed_expect(struct bed *b, const __u8 *frame, unsigned int len, int verdict, enum reason reason,
		const char *row, struct outcome *ret)
{
	struct outcome own = {0}, *o = ret ? ret : &own;

	shield_run(&b->s, frame, len, o);
	if (o->reason != reason || o->verdict != verdict)
		fail_msg("%s: %s (verdict %d), not %s (%d)", row, reason_name(o->reason),
			 o->verdict, reason_name(reason), verdict);
	if (o->reasons != 1 || o->bytes != len)
		fail_msg("%s: %d reasons counted with %llu bytes, not 1 with %u", row, o->reasons,
			 o->bytes, len);
	if (verdict != XDP_TX)
		bed_equal(o->frame, o->len, frame, len, row);
}

void bed_expect_pkt(struct bed *b, const struct pkt *p, int verdict, enum reason reason,
		    const char *row, struct outcome *ret)
{
	__u8 frame[PKT_ROOM];

	bed_expect(b, frame, pkt_build(p, frame, NULL), verdict, reason, row, ret);
}

struct synack bed_synack(const struct pkt *syn, const struct outcome *o)
{
	const __u8 *tcp = o->frame + 14 + 4 * syn->n_tags + (syn->v6 ? 40 : 20);
	const __u8 *end = tcp + (tcp[12] >> 4) * 4;
	struct synack a = {.isn = get32(tcp + 4), .ack = get32(tcp + 8)};

	for (const __u8 *p = tcp + 20; p < end && *p; p += *p == 1 ? 1 : p[1]) {
		if (*p != 8)
			continue;
		a.has_ts = 1;
		a.tsval = get32(p + 2);
		a.tsecr = get32(p + 6);
	}
	return a;
}

static struct cookie_prefix prefixes[COOKIE_PREFIXES];

enum cookie_verdict bed_decode(struct bed *b, const struct pkt *syn, const struct synack *a,
			       struct tcp_offer *ret_offer)
{
	const struct keys ring = shield_keys(&b->s);
	const struct conn_key key = shield_key(syn);
	const struct cookie c = {.isn = a->isn, .tsval = a->tsval};
	const struct cookie_input in = {
	    .prefixes = prefixes,
	    .ring = &ring,
	    .tuple = &key,
	    .epoch = shield_epoch(&b->s),
	    .client_isn = syn->seq,
	    .is_v6 = (__u32)syn->v6,
	    .tick = shield_tick(&b->s),
	    .tick_ms_q16 = b->s.config.tick_ms_q16,
	};

	return cookie_check(&in, &c, (__u32)a->has_ts, ret_offer);
}

struct pkt bed_ack(const struct pkt *syn, const struct synack *a, __u32 tsval)
{
	struct pkt p = pkt_new(syn->v6, syn->sport, syn->dport, PKT_ACK);
	const __u8 nops[] = {1, 1};

	memcpy(p.src, syn->src, 16);
	memcpy(p.dst, syn->dst, 16);
	memcpy(p.tag, syn->tag, sizeof(p.tag));
	p.n_tags = syn->n_tags;
	p.seq = syn->seq + 1;
	p.ack = a->isn + 1;
	if (a->has_ts) {
		pkt_opt(&p, nops, 2);
		pkt_opt_ts(&p, tsval, a->tsval);
	}
	return p;
}

struct pkt bed_shake(struct bed *b, const struct pkt *syn)
{
	struct synack a;
	struct outcome o;

	bed_expect_pkt(b, syn, XDP_TX, REASON_syn_cookie_sent, "SYN of a handshake", &o);
	a = bed_synack(syn, &o);
	return bed_ack(syn, &a, 0xcafe0002);
}

static struct conn_side side_of(__u32 end, __u32 ack)
{
	return (struct conn_side){
	    .end = end,
	    .max_end = end + 65535,
	    .max_ack = ack,
	    .max_win = 65535,
	    .acked = 1,
	};
}

struct conn bed_conn(struct bed *b, const struct pkt *next, enum conn_socket socket,
		     enum conn_state state)
{
	return (struct conn){
	    .head = {.state = state, .kind = KIND_KERNEL, .socket = socket},
	    .client = side_of(next->seq, next->ack),
	    .server = side_of(next->ack, next->seq),
	    .seen = (__u32)shield_jiffies(&b->s),
	    .rtt_ms = RTT_UNKNOWN,
	};
}

void bed_conn_add(struct bed *b, const struct pkt *next, enum conn_socket socket,
		  enum conn_state state)
{
	const struct conn conn = bed_conn(b, next, socket, state);
	const struct conn_key key = shield_key(next);

	shield_conn_write(&b->s, &key, &conn);
}

void bed_age(struct bed *b, const struct conn_key *key, __u32 seconds)
{
	struct conn conn;

	assert_true(shield_conn(&b->s, key, &conn));
	conn.seen -= seconds * b->s.config.hz;
	shield_conn_write(&b->s, key, &conn);
}

static unsigned int places_free(const struct bed *b, __u32 home)
{
	unsigned int n = 0;

	for (__u32 i = 0; i < TABLE_WINDOW; i++)
		n += !slot_live(&b->s.slots[table_place(home, i, b->s.config.slots)]);
	return n;
}

unsigned int bed_places_fill(struct bed *b, const struct conn_key *key, struct conn_key *ret_keys)
{
	const struct keys ring = shield_keys(&b->s);
	const __u32 slots = b->s.config.slots;
	const __u32 home = table_home(table_hash(&ring.tuple, key), slots);
	struct pkt p = pkt_new(0, 1, PORT_PLAIN, PKT_ACK);
	unsigned int n = 0;
	struct conn_key other;

	for (__u32 host = 1; places_free(b, home); host++) {
		put32(p.src, 0x0b000000 + host);
		other = shield_key(&p);
		if (table_home(table_hash(&ring.tuple, &other), slots) != home)
			continue;
		bed_conn_add(b, &p, SOCKET_OPEN, ESTABLISHED);
		if (ret_keys)
			ret_keys[n] = other;
		n++;
	}
	return n;
}
