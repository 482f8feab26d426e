// SPDX-License-Identifier: GPL-2.0
/*
 * Random sequences for ctseq.h.  A small model of both ends says what either could plausibly send
 * next, so that sequences get through handshake, data and close; between those come duplicates and
 * packets with a wrong number, flag, window, length or direction, which the model knows nothing of.
 * Wrong numbers lie where windows end, give or take one.  No SACK blocks.
 */
#include <string.h>

#include "ctseq.h"

struct end {
	__u32 nxt; /* next to send, relative */
	__u32 rcv; /* next expected from the other, relative */
	__u16 window;
	__u8 wscale; /* 15: does not offer it */
	__u8 syn;    /* has sent it */
	__u8 fin;
	__u8 heard; /* has got the other's SYN */
};

struct generator {
	__u64 rng;
	struct end end[2]; /* by enum ctside */
	struct ctseq *s;
	unsigned int per_mille_wrong;
	unsigned int fin_weight;
	int simultaneous;
	int tstamp;
};

/* xorshift64* (Vigna, 2016). */
static __u64 next(struct generator *g)
{
	g->rng ^= g->rng >> 12;
	g->rng ^= g->rng << 25;
	g->rng ^= g->rng >> 27;
	return g->rng * 0x2545f4914f6cdd1dULL;
}

static unsigned int below(struct generator *g, unsigned int n)
{
	return (unsigned int)((next(g) >> 32) * n >> 32);
}

static int per_cent(struct generator *g, unsigned int n)
{
	return below(g, 100) < n;
}

static __u16 window_any(struct generator *g)
{
	static const __u16 usual[] = {0, 1, 100, 501, 8192, 29200, 64240, 65535};

	return per_cent(g, 15) ? (__u16)below(g, 65536) : usual[below(g, 8)];
}

static __u16 length_any(struct generator *g)
{
	static const __u16 usual[] = {1, 1, 100, 536, 1000, 1460, CTSEQ_LEN_MAX};

	return per_cent(g, 20) ? (__u16)below(g, CTSEQ_LEN_MAX + 1) : usual[below(g, 7)];
}

static __u32 isn_any(struct generator *g)
{
	const unsigned int kind = below(g, 8);

	if (kind == 0)
		return 0xffffffff - below(g, 4);
	if (kind == 1)
		return 0xffffffff - below(g, 100000);
	if (kind == 2)
		return 0x7fffffff - below(g, 4);
	return (__u32)next(g);
}

/* How far numbers are off: by one, by a window, by what separates windows, by anything. */
static __u32 offset_any(struct generator *g)
{
	const struct end *e = &g->end[below(g, 2)];
	const __u32 edges[] = {
	    0,     1,    2,        e->window, 65535, (__u32)e->window << (e->wscale & 15) % 15,
	    66000, 1460, 1U << 30, 1U << 31};
	const __u32 edge = per_cent(g, 10) ? (__u32)next(g) : edges[below(g, 10)];
	const __u32 around = edge + below(g, 3) - 1;

	return per_cent(g, 50) ? around : -around;
}

static void opt_add(struct ctstep *step, const void *bytes, __u8 len)
{
	if (step->opt_len + len > 40)
		return;
	memcpy(step->opt + step->opt_len, bytes, len);
	step->opt_len = (__u8)(step->opt_len + len);
}

static void options_add(struct generator *g, struct ctstep *step, const struct end *e)
{
	static const __u8 mss[] = {2, 4, 5, 0xb4}, sack[] = {1, 1, 4, 2};
	static const __u8 tstamp[] = {1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 0};
	const __u8 scale[] = {1, 3, 3, e->wscale};

	if (g->tstamp)
		opt_add(step, tstamp, sizeof(tstamp));
	if (!(step->flags & PKT_SYN))
		return;
	opt_add(step, mss, sizeof(mss));
	if (e->wscale != 15)
		opt_add(step, scale, sizeof(scale));
	if (per_cent(g, 50))
		opt_add(step, sack, sizeof(sack));
}

static struct ctstep step_make(struct generator *g, enum ctside from, __u8 flags)
{
	const struct end *e = &g->end[from];
	struct ctstep step = {.from = from, .flags = flags, .seq = e->nxt, .window = e->window};

	if (flags & PKT_ACK)
		step.ack = e->rcv;
	options_add(g, &step, e);
	return step;
}

/* A SYN after the end, or out of the blue: higher, lower or the same numbers. */
static struct ctstep step_reopen(struct generator *g, enum ctside from)
{
	struct end *e = g->end;

	for (int i = 0; i < 2; i++) {
		e[i].nxt += per_cent(g, 60) ? 100 + below(g, 200000) : -below(g, 200000);
		e[i].syn = e[i].fin = e[i].heard = 0;
	}
	return step_make(g, from, PKT_SYN);
}

static struct ctstep step_open(struct generator *g, enum ctside from)
{
	struct end *e = &g->end[from];
	struct ctstep step;

	if (e->syn && !e->heard) {
		step = step_make(g, from, PKT_SYN);
		step.seq--;
		return step;
	}
	return step_make(g, from,
			 e->heard && !(g->simultaneous && !e->syn) ? PKT_SYN | PKT_ACK : PKT_SYN);
}

/* What an end that has sent a SYN and got one may send. */
static struct ctstep step_talk(struct generator *g, enum ctside from)
{
	const struct end *e = &g->end[from];
	const unsigned int kind = below(g, 40 + g->fin_weight);
	struct ctstep step = step_make(g, from, PKT_ACK);

	if (kind >= 40 && !e->fin) {
		step.flags |= PKT_FIN;
		if (per_cent(g, 20))
			step.len = length_any(g);
	} else if (kind >= 39) {
		step.flags = per_cent(g, 50) ? PKT_RST : PKT_RST | PKT_ACK;
	} else if (kind >= 37) { /* keepalive */
		step.seq--;
		step.len = (__u16)below(g, 2);
	} else if (kind >= 35) {
		g->end[from].window = step.window = window_any(g);
	} else if (kind >= 32) { /* SYN-ACK or FIN once more */
		step.flags |= e->fin ? PKT_FIN : e->nxt == 1 ? PKT_SYN : 0;
		step.seq -= step.flags != PKT_ACK;
	} else if (kind >= 15 && !e->fin) {
		step.len = length_any(g);
		step.flags |= PKT_PSH;
	}
	if ((step.flags & PKT_RST) && !(step.flags & PKT_ACK))
		step.ack = 0;
	return step;
}

/* Who speaks next: while the connection opens, the one whose turn it is. */
static enum ctside speaker(struct generator *g)
{
	const struct end *e = g->end;

	if (!e[CT_CLIENT].syn || per_cent(g, 20))
		return CT_CLIENT;
	if (!e[CT_SERVER].syn)
		return CT_SERVER;
	if (!e[CT_CLIENT].heard || !e[CT_SERVER].heard)
		return e[CT_CLIENT].heard ? CT_CLIENT : CT_SERVER;
	return below(g, 2) ? CT_CLIENT : CT_SERVER;
}

static struct ctstep step_plausible(struct generator *g)
{
	const enum ctside from = speaker(g);
	const struct end *e = &g->end[from];

	if (e[0].fin && g->end[!from].fin && per_cent(g, 15))
		return step_reopen(g, from);
	return e->syn && e->heard ? step_talk(g, from) : step_open(g, from);
}

/* The packet arrives, unless it is lost behind the router. */
static void step_happens(struct generator *g, const struct ctstep *step)
{
	struct end *e = &g->end[step->from], *peer = &g->end[!step->from];
	const __u32 end = step->seq + step->len + !!(step->flags & (PKT_SYN | PKT_FIN));

	if (step->flags & PKT_SYN)
		e->syn = 1;
	if (step->flags & PKT_FIN)
		e->fin = 1;
	if ((int)(end - e->nxt) > 0)
		e->nxt = end;
	if (per_cent(g, 8))
		return;
	if (step->flags & PKT_SYN)
		peer->heard = 1;
	if ((step->flags & PKT_SYN) || (int)(end - peer->rcv) > 0)
		peer->rcv = end;
}

static __u8 flags_any(struct generator *g)
{
	static const __u8 usual[] = {
	    PKT_SYN,           PKT_SYN | PKT_ACK, PKT_ACK,           PKT_PSH | PKT_ACK,
	    PKT_FIN | PKT_ACK, PKT_RST,           PKT_RST | PKT_ACK, PKT_RST};

	return per_cent(g, 4) ? (__u8)next(g) : usual[below(g, 8)];
}

static struct ctstep step_wrong(struct generator *g)
{
	struct ctstep step = step_make(g, below(g, 2) ? CT_CLIENT : CT_SERVER, PKT_ACK);

	if (g->s->n && per_cent(g, 30))
		step = g->s->step[below(g, g->s->n)];
	else if (per_cent(g, 50))
		step = step_make(g, step.from, flags_any(g));
	for (unsigned int changes = below(g, 3); changes; changes--) {
		switch (below(g, 8)) {
		case 0:
		case 1:
		case 2:
			step.seq =
			    (per_cent(g, 50) ? step.seq : g->end[!step.from].rcv) + offset_any(g);
			break;
		case 3:
		case 4:
			step.ack =
			    (per_cent(g, 50) ? step.ack : g->end[!step.from].nxt) + offset_any(g);
			break;
		case 5:
			step.flags = flags_any(g);
			break;
		case 6:
			step.window = window_any(g);
			break;
		case 7:
			step.len = length_any(g);
			break;
		}
	}
	if (!(step.flags & PKT_ACK))
		step.ack = 0;
	return step;
}

/* Some sequences start in the middle of a connection. */
static void generator_start(struct generator *g)
{
	static const unsigned int wrong[] = {0, 50, 150, 300, 700};
	const int scaling = per_cent(g, 50), midway = per_cent(g, 8);

	g->per_mille_wrong = wrong[below(g, 5)];
	g->fin_weight = below(g, 4) * 12;
	g->simultaneous = per_cent(g, 12);
	g->tstamp = per_cent(g, 20);
	for (int i = 0; i < 2; i++) {
		g->end[i] = (struct end){
		    .window = window_any(g),
		    .wscale = scaling && !per_cent(g, 10) ? (__u8)below(g, 15) : 15,
		    .syn = (__u8)midway,
		    .heard = (__u8)midway,
		};
		g->s->isn[i] = isn_any(g);
	}
}

/* splitmix64 (Steele, Lea, Flood, 2014): seeds in a row become states far apart, none of them 0. */
static __u64 state_from(__u64 seed)
{
	__u64 z = (seed + 1) * 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (z ^ z >> 31) ?: 1;
}

void ctseq_random(struct ctseq *s, __u64 seed)
{
	struct generator g = {.rng = state_from(seed), .s = s};
	unsigned int n;

	memset(s, 0, sizeof(*s));
	generator_start(&g);
	s->v6 = (int)below(&g, 2);
	n = 3 + below(&g, 10);
	while (s->n < n) {
		if (below(&g, 1000) < g.per_mille_wrong) {
			s->step[s->n] = step_wrong(&g);
		} else {
			s->step[s->n] = step_plausible(&g);
			step_happens(&g, &s->step[s->n]);
		}
		s->n++;
	}
}
