/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The SYN cookie: what the client offered and a MAC over the whole tuple, folded into the fields
 * of the SYN-ACK that the client sends back.  Pure: the key, the epoch and the packet come as
 * arguments.
 *
 *   h = SipHash-2-4(key, server and its port, VLANs, client, client ISN, client port, epoch,
 *                   timestamps or not)
 *
 *   ISN     31 30 | 29 28 27 | 26 ........................... 0      with timestamps
 *           epoch |   MSS    |            27 bits of MAC
 *   TSval   31 .......... 15 | 14 .... 6 | 5 | 4  | 3 2 1 0
 *           17 bits of MAC   |time of send|ECN|SACK|   WS
 *
 *   ISN     31 30 | 29 28 27 | 26 25 24 23 22 21 | 20 ......... 0    without
 *           epoch |   MSS    | ECN SACK    WS    | 21 bits of MAC
 *
 * Every option survives in both cases, unrounded but for the MSS.  The options and the time are
 * masked with bits of h, and the MAC is that of (h, options, time), so that flipping one bit of any
 * breaks it.  The epoch is two bits: two of its four values are accepted, half a minute each, the
 * other two name a cookie that was ours but has expired.
 *
 * The time of send, in ticks of about 4 ms, lets the ACK tell the round trip of the handshake
 * without state.  It counts 512 ticks, about 2 s, and starts again: a longer round trip (the ACK
 * was lost, and the client's data repeats it) appears modulo that.  It is in the timestamp alone,
 * so that a repeated SYN gets the same ISN again, as it would from any server.
 *
 * A random ACK passes with 2^-45 with timestamps (44 bits of MAC, and the epoch's) and with 2^-22
 * without.  The nine bits given to the time weaken nothing that counts: who guesses would omit the
 * timestamps.  Who receives a cookie and knows what it offered can work out h, but h is good for
 * this one handshake: the client can change its own options and round trip, which were its own
 * word before.
 *
 * The epoch's two bits are masked with a multiplicative hash that does not depend on it, so that a
 * check knows the epoch before it hashes, and hashes once; all 32 bits of the ISN are therefore
 * unpredictable (RFC 6528) without the key.
 */
#ifndef SYNGUARD_COOKIE_H
#define SYNGUARD_COOKIE_H

#include "abi.h"
#include "addr.h"
#include "keyring.h"
#include "siphash.h"

enum cookie_layout {
	EPOCH_SHIFT = 30,
	EPOCH_MASK = 3,
	MSS_SHIFT = 27,
	MSS_MASK = 7,
	MSS_ENTRIES = MSS_MASK + 1,
	OPTS_BITS = 6,
	OPTS_MASK = (1 << OPTS_BITS) - 1,
	OPTS_SACK = 1 << 4,
	OPTS_ECN = 1 << 5,
	NOTS_SHIFT = MSS_SHIFT - OPTS_BITS,
	TICK_BITS = 9,
	TICK_MASK = (1 << TICK_BITS) - 1,
	TICK_SHIFT = OPTS_BITS,
	TSMAC_SHIFT = TICK_SHIFT + TICK_BITS,
	DATA_MSS_SHIFT = OPTS_BITS, /* in cookie_data() */
	DATA_TICK_SHIFT = DATA_MSS_SHIFT + 3,
	DATA_LASTING = (1 << DATA_TICK_SHIFT) - 1, /* all but the time */
};

enum cookie_verdict { COOKIE_INVALID, COOKIE_EXPIRED, COOKIE_VALID };

enum mss_floor {
	MSS_FLOOR_V4 = 536,  /* RFC 9293 3.7.1; what the kfunc takes at least */
	MSS_FLOOR_V6 = 1220, /* 1280 - 60, likewise */
};

/*
 * Both tables ascend, and hold what is common: plain Ethernet, PPPoE and tunnels, jumbo frames.
 * The client's value is rounded down, never up.
 */
#define MSS_TABLE_V4 536, 1200, 1360, 1380, 1400, 1440, 1460, 8960
#define MSS_TABLE_V6 1220, 1340, 1360, 1380, 1400, 1420, 1440, 8940

/*
 * Index of the largest table entry that is not above mss, which is at least the floor.  From the
 * top: what nearly everybody sends is the second.
 */
INLINE __u32 mss_index(__u16 mss, int is_v6)
{
	const __u16 v4[MSS_ENTRIES] = {MSS_TABLE_V4};
	const __u16 v6[MSS_ENTRIES] = {MSS_TABLE_V6};

	UNROLL
	for (__u32 i = MSS_ENTRIES - 1; i > 0; i--)
		if (mss >= (is_v6 ? v6[i] : v4[i]))
			return i;
	return 0;
}

INLINE __u16 mss_value(__u32 index, int is_v6)
{
	const __u16 v4[MSS_ENTRIES] = {MSS_TABLE_V4};
	const __u16 v6[MSS_ENTRIES] = {MSS_TABLE_V6};
	__u16 value = 0;

	UNROLL
	for (__u32 i = 0; i < MSS_ENTRIES; i++)
		if (i == index)
			value = is_v6 ? v6[i] : v4[i];
	return value;
}

/*
 * SipHash's state once it has taken in what is the same for all clients of a service, and what it
 * was computed from.  Kept from packet to packet: it is half of the hash for IPv6, a fifth for IPv4.
 */
struct cookie_prefix {
	__u64 key[2];
	__u8 local[16] __attribute__((aligned(8)));
	__u64 port_vlan; /* bit 63: filled in */
	struct siphash state;
};

enum { COOKIE_PREFIXES = 8 };

INLINE __u64 cookie_port_vlan(const struct conn_key *tuple, __u32 vlan)
{
	return 1ULL << 63 | (__u64)tuple->local_port << 32 | vlan;
}

INLINE int cookie_prefix_is(const struct cookie_prefix *p, const __u64 key[2],
			    const struct conn_key *tuple, __u32 vlan)
{
	return !((p->key[0] ^ key[0]) | (p->key[1] ^ key[1]) |
		 (p->port_vlan ^ cookie_port_vlan(tuple, vlan)) |
		 (load64(p->local) ^ load64(tuple->local)) |
		 (load64(p->local + 8) ^ load64(tuple->local + 8)));
}

/* For the key that is in it.  vlan: struct packet's. */
PROVEN_ONCE int cookie_prefix_make(struct cookie_prefix *p, const struct conn_key *tuple,
				   __u32 vlan)
{
	if (!p || !tuple)
		return -1;
	copy_addr(p->local, tuple->local);
	p->port_vlan = cookie_port_vlan(tuple, vlan);
	siphash_init(&p->state, p->key);
	siphash_word(&p->state, load64(p->local));
	siphash_word(&p->state, load64(p->local + 8));
	siphash_word(&p->state, p->port_vlan);
	return 0;
}

/*
 * when: the epoch's low 31 bits, and above them whether the handshake has timestamps.  In all 38
 * or 54 bytes, so that the families cannot be taken for each other.
 */
INLINE __u64 cookie_hash(const struct siphash *prefix, const struct conn_key *tuple,
			 __u32 client_isn, __u32 when, int is_v6)
{
	struct siphash s = *prefix;

	if (is_v6) {
		siphash_word(&s, load64(tuple->remote));
		siphash_word(&s, load64(tuple->remote + 8));
		siphash_word(&s, client_isn);
	} else {
		siphash_word(&s, (__u64)client_isn << 32 | addr_word(tuple->remote, 3));
	}
	return siphash_finish(&s, (__u64)tuple->remote_port << 32 | when |
				      (is_v6 ? 54ULL : 38ULL) << 56);
}

/*
 * Two bits that hide the epoch.  NH over what differs between two SYNs of one service (as
 * hash_pair()), mixed: cheap, as what it hides is half a minute's clock.  Who could work out the
 * secret from many answers would gain that clock, and one bit in guessing a cookie.
 */
INLINE __u32 cookie_epoch_mask(__u64 secret, const struct conn_key *t, __u32 client_isn)
{
	const __u64 odd = secret | 1;
	__u64 x = (__u64)(__u32)(addr_word(t->remote, 3) + (__u32)secret) *
		  (__u32)(client_isn + (__u32)(secret >> 32));

	x += (__u64)(__u32)(addr_word(t->remote, 1) + (__u32)(odd * 5 >> 32)) *
	     (__u32)(addr_word(t->remote, 2) + t->remote_port + (__u32)(odd * 3));
	return (__u32)(hash_finish(x, odd) >> 62);
}

INLINE __u32 opts_pack(const struct tcp_offer *o)
{
	return (o->wscale & 0xfU) | (o->sack & 1U) * OPTS_SACK | (o->ecn & 1U) * OPTS_ECN;
}

struct cookie {
	__u32 isn;   /* host order */
	__u32 tsval; /* host order; meaningful when the offer has timestamps */
};

/* The options, the MSS index and, with timestamps, the time: 18 bits. */
INLINE __u32 cookie_data(__u32 opts, __u32 mss, __u32 tick)
{
	return (opts & OPTS_MASK) | (mss & MSS_MASK) << DATA_MSS_SHIFT |
	       (tick & TICK_MASK) << DATA_TICK_SHIFT;
}

/* A bijection of h for each data. */
INLINE __u64 cookie_mac(__u64 h, __u32 data)
{
	return h * (2ULL * data + 1);
}

/*
 * Which part of the MAC goes where: the top bits of the product are the well-mixed ones.  That of
 * the ISN leaves the time out; that of the timestamp uses other bits, should the two products be
 * the same.
 */
INLINE struct cookie cookie_pack(__u64 h, __u32 data, __u32 tstamp)
{
	const __u64 lasting = cookie_mac(h, data & DATA_LASTING);
	const __u32 masked = data ^ (__u32)h;
	struct cookie c = {.isn = (masked >> DATA_MSS_SHIFT & MSS_MASK) << MSS_SHIFT};

	if (tstamp) {
		c.isn |= (__u32)(lasting >> 37);
		c.tsval = (__u32)(cookie_mac(h, data) >> 20) << TSMAC_SHIFT |
			  (masked >> DATA_TICK_SHIFT & TICK_MASK) << TICK_SHIFT |
			  (masked & OPTS_MASK);
	} else {
		c.isn |= (masked & OPTS_MASK) << NOTS_SHIFT | (__u32)(lasting >> 43);
	}
	return c;
}

/* The data in a cookie, if it is one. */
INLINE __u32 cookie_unpack(__u64 h, const struct cookie *c, __u32 tstamp)
{
	const __u32 mss = c->isn >> MSS_SHIFT ^ (__u32)h >> DATA_MSS_SHIFT;

	if (tstamp)
		return cookie_data(c->tsval ^ (__u32)h, mss,
				   c->tsval >> TICK_SHIFT ^ (__u32)h >> DATA_TICK_SHIFT);
	return cookie_data(c->isn >> NOTS_SHIFT ^ (__u32)h, mss, 0);
}

/* What a cookie is made for and checked against. */
struct cookie_input {
	const struct keys *ring;
	const struct conn_key *tuple;
	struct cookie_prefix *prefixes; /* COOKIE_PREFIXES of them, kept; zero at first */
	__u64 epoch;                    /* now */
	__u32 client_isn;
	__u32 is_v6;
	__u32 vlan;        /* struct packet's */
	__u32 tick;        /* now, in ticks: low bits */
	__u32 tick_ms_q16; /* length of a tick, in 1/65536 ms: at most 128 ms */
};

/* The family is a constant in each branch, so that neither pays for the other's words. */
INLINE __u64 cookie_hash_at(const struct cookie_input *in, __u64 epoch, __u32 tstamp)
{
	const __u32 when = (epoch & 0x7fffffff) | (__u32) !!tstamp << 31;
	struct cookie_prefix *prefix =
	    &in->prefixes[(in->tuple->local_port ^ in->tuple->local[15]) & (COOKIE_PREFIXES - 1)];
	const __u8 *bytes = keys_of_epoch(in->ring, epoch);
	const __u64 key[2] = {load64(bytes), load64(bytes + 8)};

	if (!cookie_prefix_is(prefix, key, in->tuple, in->vlan)) {
		prefix->key[0] = key[0];
		prefix->key[1] = key[1];
		cookie_prefix_make(prefix, in->tuple, in->vlan);
	}
	if (in->is_v6)
		return cookie_hash(&prefix->state, in->tuple, in->client_isn, when, 1);
	return cookie_hash(&prefix->state, in->tuple, in->client_isn, when, 0);
}

/* The cookie for an offer whose mss is at least the family's floor; its rtt_ms does not count. */
INLINE struct cookie cookie_make(const struct cookie_input *in, const struct tcp_offer *o)
{
	const __u32 mask = cookie_epoch_mask(in->ring->epoch_mask, in->tuple, in->client_isn);
	const __u64 h = cookie_hash_at(in, in->epoch, o->tstamp);
	const __u32 data =
	    cookie_data(opts_pack(o), mss_index(o->mss, (int)in->is_v6), o->tstamp ? in->tick : 0);
	struct cookie c = cookie_pack(h, data, o->tstamp);

	c.isn |= (((__u32)in->epoch ^ mask) & EPOCH_MASK) << EPOCH_SHIFT;
	return c;
}

/* The epoch that a cookie claims: now, or up to three before. */
INLINE __u64 cookie_epoch(const struct cookie_input *in, __u32 isn)
{
	const __u32 mask = cookie_epoch_mask(in->ring->epoch_mask, in->tuple, in->client_isn);
	const __u32 bits = (isn >> EPOCH_SHIFT) ^ mask;

	return in->epoch - (((__u32)in->epoch - bits) & EPOCH_MASK);
}

/* Milliseconds since a tick, of which the low bits are known; right to one tick either way. */
INLINE __u16 cookie_rtt_ms(const struct cookie_input *in, __u32 sent)
{
	return (__u16)((((in->tick - sent) & TICK_MASK) * in->tick_ms_q16 + (1 << 15)) >> 16);
}

/*
 * Check the cookie that an ACK brings back; *c: ACK number - 1 and TSecr.  in->client_isn is the
 * segment's sequence number - 1.  tstamp: the segment carries timestamps with a TSecr other than 0.
 * Hashes once.  On COOKIE_VALID *ret_offer holds what the client offered and the round trip, else
 * it is untouched.
 */
INLINE enum cookie_verdict cookie_check(const struct cookie_input *in, const struct cookie *c,
					__u32 tstamp, struct tcp_offer *ret_offer)
{
	const __u64 epoch = cookie_epoch(in, c->isn);
	const __u64 h = cookie_hash_at(in, epoch, tstamp);
	const __u32 data = cookie_unpack(h, c, tstamp);
	const struct cookie ours = cookie_pack(h, data, tstamp);

	if ((ours.isn ^ c->isn) << (32 - EPOCH_SHIFT) || (tstamp && ours.tsval != c->tsval))
		return COOKIE_INVALID;
	if (in->epoch - epoch >= EPOCHS_VALID)
		return COOKIE_EXPIRED;
	__builtin_memset(ret_offer, 0, sizeof(*ret_offer));
	ret_offer->mss = mss_value(data >> DATA_MSS_SHIFT & MSS_MASK, (int)in->is_v6);
	ret_offer->wscale = data & 0xf;
	ret_offer->sack = !!(data & OPTS_SACK);
	ret_offer->ecn = !!(data & OPTS_ECN);
	ret_offer->tstamp = !!tstamp;
	ret_offer->rtt_ms = tstamp ? cookie_rtt_ms(in, data >> DATA_TICK_SHIFT) : RTT_UNKNOWN;
	return COOKIE_VALID;
}

#endif
