// SPDX-License-Identifier: GPL-2.0
/* The frames of a row. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "packet.h"
#include "wrapper.skel.h"

enum {
	CLIENT_PORT = 20000,
	VLAN = 7,
	WIRE_MIN = 60,
	EPOCHS_EXPIRED = 2, /* ago: the cookie names its epoch, which is no longer taken */
	ISN = 5000,
	LIVE_FRAMES = 2048, /* fewer than the listener's backlog: all may be of one jiffy */
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

	p.pad_to = WIRE_MIN;
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

struct pkt frame_syn(const struct row *r, __u32 i)
{
	struct pkt p = frame_new(r, PORT_PLAIN, PKT_SYN);

	p.seq = ISN;
	p.sport = (__u16)(CLIENT_PORT + i);
	if (r->denying && !p.v6)
		put32(p.src, bench_spread_v4(0));
	stack_options(&p, r->stack);
	return p;
}

static void timestamps(struct pkt *p, __u32 tsval, __u32 tsecr)
{
	const __u8 nops[] = {1, 1};

	pkt_opt(p, nops, sizeof(nops));
	pkt_opt_ts(p, tsval, tsecr);
}

/* Without a connection, an ACK that nothing proves. */
static struct pkt frame_ack(const struct row *r, __u16 port)
{
	struct pkt p = frame_new(r, port, PKT_ACK);

	p.seq = BENCH_CLIENT_SEQ;
	p.ack = BENCH_SERVER_SEQ;
	timestamps(&p, 5, 6);
	return p;
}

struct pkt frame_data(const struct row *r, __u32 i)
{
	struct pkt p = frame_ack(r, PORT_PLAIN);

	p.payload_len = 20;
	if (r->source == SOURCE_CONNS) {
		put32(p.src, bench_source(i));
		p.sport = bench_source_port(i);
	}
	return p;
}

/* The i-th client: another port, or another address; none of those in the table. */
static void client_set(struct pkt *p, const struct row *r, __u32 i)
{
	const __u32 mixed = r->source == SOURCE_ANY ? bench_mix(i) : 2;

	p->sport = (__u16)(1024 + i);
	put32(p->src + (p->v6 ? 4 : 0), p->v6 ? mixed : 12U << 24 | (mixed & 0xffffff));
}

/* The i-th ACK whose cookie was made so many epochs ago. */
static struct pkt frame_cookie(struct bench *b, const struct row *r, __u32 i, __u64 epochs)
{
	const struct tcp_offer offer = {.mss = 1460, .wscale = 7, .sack = 1, .tstamp = 1};
	const struct keys ring = shield_keys(row_shield(b, r));
	struct pkt p = frame_new(r, PORT_PLAIN, PKT_ACK);
	static struct cookie_prefix prefixes[COOKIE_PREFIXES];
	struct cookie_input in = {
	    .ring = &ring, .prefixes = prefixes, .client_isn = ISN + i, .is_v6 = (__u32)p.v6};
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

/* What this host sends to the i-th client. */
static struct pkt frame_out(const struct row *r, __u32 i)
{
	const struct pkt in = r->kind == FRAME_OUT_SYNACK ? frame_syn(r, i) : frame_data(r, i);
	struct pkt p = pkt_reverse(&in);

	p.seq = r->kind == FRAME_OUT_SYNACK ? ISN : in.ack;
	p.ack = in.seq + 1;
	p.flags = PKT_ACK;
	p.window = 64240;
	if (r->kind == FRAME_OUT_SYNACK) {
		p.flags |= PKT_SYN;
		pkt_opt_syn(&p, PKT_TS | PKT_SACK | PKT_WS, 1460, 10, 777);
		return p;
	}
	p.ack = in.seq;
	p.flags |= r->kind == FRAME_OUT_FIN ? PKT_FIN : 0;
	p.payload_len = r->kind == FRAME_OUT_DATA ? 20 : 0;
	if (r->kind == FRAME_OUT_OTHER_PORT)
		p.sport = PORT_FREE;
	timestamps(&p, 7, 5);
	return p;
}

static struct pkt frame_of(struct bench *b, const struct row *r, __u32 i)
{
	switch (r->kind) {
	case FRAME_SYN:
		return frame_syn(r, i);
	case FRAME_ACK_VALID:
		return frame_cookie(b, r, i, 0);
	case FRAME_ACK_EXPIRED:
		return frame_cookie(b, r, i, EPOCHS_EXPIRED);
	case FRAME_ACK_BAD:
		return frame_ack(r, PORT_PLAIN);
	case FRAME_OTHER_PORT:
		return frame_ack(r, PORT_FREE);
	case FRAME_DATA:
		return frame_data(r, i);
	default:
		return frame_out(r, i);
	}
}

static __u32 frames_of(const struct row *r)
{
	if (r->hook == HOOK_LIVE)
		return r->kind == FRAME_ACK_VALID ? LIVE_FRAMES : 1;
	if (r->kind == FRAME_ACK_VALID || r->kind == FRAME_OUT_FIN || r->kind == FRAME_OUT_SYNACK)
		return FRAMES_MAX;
	return r->kind == FRAME_ACK_EXPIRED && r->source == SOURCE_ANY ? FRAMES_MAX : 1;
}

void frames_write(struct bench *b, const struct row *r)
{
	b->frames = r->frames ? r->frames : frames_of(r);
	for (__u32 i = 0; i < b->frames; i++) {
		struct pkt p = frame_of(b, r, i);

		if (r->frame_change)
			r->frame_change(&p, r, i);
		frame_write(b, i, &p);
	}
}
