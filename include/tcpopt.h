/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TCP options of one segment (RFC 9293 3.1, 7323, 2018), read as the kernel's tcp_parse_options()
 * reads them: stop at the first bad length and keep what was read; the last of duplicates counts.
 *
 * Two ways lead to the same result: the layouts that real stacks send are matched word by word, and
 * everything else is walked.  The unit tests hold one against the other.
 */
#ifndef SYNGUARD_TCPOPT_H
#define SYNGUARD_TCPOPT_H

#include "packet.h"

enum tcpopt_kind {
	OPT_EOL = 0,
	OPT_NOP = 1,
	OPT_MSS = 2,
	OPT_WSCALE = 3,
	OPT_SACK_PERM = 4,
	OPT_TIMESTAMP = 8,
	OPT_MD5 = 19,
	OPT_AO = 29,
};

enum { WSCALE_MAX = 14 };

struct tcpopts {
	__u32 tsval;    /* host order */
	__u32 tsecr;    /* host order */
	__u16 mss;      /* 0: not offered (or offered as 0, which the kernel ignores, too) */
	__u8 wscale;    /* 0..14, or WSCALE_NONE */
	__u8 sack_perm; /* 0 or 1 */
	__u8 has_ts;    /* 0 or 1 */
	__u8 is_signed; /* TCP-MD5 or TCP-AO present */
	__u16 at;       /* bytes walked; of use to tcpopts_walk() only */
};

INLINE void tcpopts_init(struct tcpopts *o)
{
	__builtin_memset(o, 0, sizeof(*o));
	o->wscale = WSCALE_NONE;
}

INLINE __u8 wscale_clamp(__u8 wscale)
{
	return wscale > WSCALE_MAX ? WSCALE_MAX : wscale;
}

/* One option at offset off; len is its length, already held against what is left. */
INLINE void tcpopt_apply(const struct frame *f, __u32 off, __u8 kind, __u8 len, struct tcpopts *o)
{
	const __u8 *p;

	if (kind == OPT_MSS && len == 4) {
		p = frame_at(f, off, 4);
		if (p && load_u16(p + 2))
			o->mss = load_u16(p + 2);
	} else if (kind == OPT_WSCALE && len == 3) {
		p = frame_at(f, off, 3);
		if (p)
			o->wscale = wscale_clamp(p[2]);
	} else if (kind == OPT_SACK_PERM && len == 2) {
		o->sack_perm = 1;
	} else if (kind == OPT_TIMESTAMP && len == 10) {
		p = frame_at(f, off, 10);
		if (p) {
			o->has_ts = 1;
			o->tsval = load_u32(p + 2);
			o->tsecr = load_u32(p + 6);
		}
	} else if (kind == OPT_MD5 || kind == OPT_AO) {
		o->is_signed = 1;
	}
}

/*
 * The general case: one option after the other.  The position lives in *o and is read anew in each
 * turn, so that the verifier forgets its range and need not follow every sequence of lengths.
 */
INLINE void tcpopts_walk(const struct frame *f, const struct packet *pkt, struct tcpopts *o)
{
	volatile __u16 *at = &o->at;
	const __u32 start = pkt->l4_off + (__u32)TCP_LEN;

	tcpopts_init(o);
	for (int i = 0; i < TCP_OPT_MAX && *at < pkt->opt_len; i++) {
		const __u32 pos = *at, left = pkt->opt_len - pos;
		const __u8 *p = frame_at(f, start + pos, 1);
		__u8 kind, len;

		if (!p || p[0] == OPT_EOL)
			return;
		kind = p[0];
		if (kind == OPT_NOP) {
			*at = (__u16)(pos + 1);
			continue;
		}
		p = frame_at(f, start + pos, 2);
		if (!p || left < 2)
			return;
		len = p[1];
		if (len < 2 || len > left)
			return;
		tcpopt_apply(f, start + pos, kind, len, o);
		*at = (__u16)(pos + len);
	}
}

INLINE __u32 opt_word(const __u8 *p, int i)
{
	return load_u32(p + 4 * i);
}

enum opt_words {
	WORD_MSS = OPT_MSS << 24 | 4 << 16, /* low half: the MSS */
	WORD_SACK_TS = OPT_SACK_PERM << 24 | 2 << 16 | OPT_TIMESTAMP << 8 | 10,
	WORD_NOP_TS = OPT_NOP << 24 | OPT_NOP << 16 | OPT_TIMESTAMP << 8 | 10,
	WORD_NOP_WS = OPT_NOP << 24 | OPT_WSCALE << 16 | 3 << 8, /* low byte: the scale */
	WORD_SACK_EOL = OPT_SACK_PERM << 24 | 2 << 16 | OPT_EOL << 8 | OPT_EOL,
	WORD_NOP_SACK = OPT_NOP << 24 | OPT_NOP << 16 | OPT_SACK_PERM << 8 | 2,
};

/* Linux and Android: MSS, SACK, TS, NOP, WS.  Returns 1 when p[0..19] is just that. */
INLINE int tcpopts_linux(const __u8 *p, struct tcpopts *o)
{
	if (opt_word(p, 1) != WORD_SACK_TS || opt_word(p, 0) >> 16 != WORD_MSS >> 16 ||
	    opt_word(p, 4) >> 8 != WORD_NOP_WS >> 8)
		return 0;
	*o = (struct tcpopts){.mss = (__u16)opt_word(p, 0),
			      .sack_perm = 1,
			      .has_ts = 1,
			      .tsval = opt_word(p, 2),
			      .tsecr = opt_word(p, 3),
			      .wscale = wscale_clamp((__u8)opt_word(p, 4))};
	return 1;
}

/* Windows: MSS, NOP, WS, NOP, NOP, SACK. */
INLINE int tcpopts_windows(const __u8 *p, struct tcpopts *o)
{
	if (opt_word(p, 0) >> 16 != WORD_MSS >> 16 || opt_word(p, 1) >> 8 != WORD_NOP_WS >> 8 ||
	    opt_word(p, 2) != WORD_NOP_SACK)
		return 0;
	*o = (struct tcpopts){.mss = (__u16)opt_word(p, 0),
			      .wscale = wscale_clamp((__u8)opt_word(p, 1)),
			      .sack_perm = 1};
	return 1;
}

/* macOS and iOS: MSS, NOP, WS, NOP, NOP, TS, SACK, EOL. */
INLINE int tcpopts_macos(const __u8 *p, struct tcpopts *o)
{
	if (opt_word(p, 0) >> 16 != WORD_MSS >> 16 || opt_word(p, 1) >> 8 != WORD_NOP_WS >> 8 ||
	    opt_word(p, 2) != WORD_NOP_TS || opt_word(p, 5) != WORD_SACK_EOL)
		return 0;
	*o = (struct tcpopts){.mss = (__u16)opt_word(p, 0),
			      .wscale = wscale_clamp((__u8)opt_word(p, 1)),
			      .has_ts = 1,
			      .tsval = opt_word(p, 3),
			      .tsecr = opt_word(p, 4),
			      .sack_perm = 1};
	return 1;
}

/* Established segments: NOP, NOP, TS. */
INLINE int tcpopts_ts(const __u8 *p, struct tcpopts *o)
{
	if (opt_word(p, 0) != WORD_NOP_TS)
		return 0;
	*o = (struct tcpopts){
	    .wscale = WSCALE_NONE, .has_ts = 1, .tsval = opt_word(p, 1), .tsecr = opt_word(p, 2)};
	return 1;
}

/*
 * The layouts that real stacks send.  Returns 1 and fills in *o when the options are one of them; else
 * *o is untouched.
 */
INLINE int tcpopts_match(const struct frame *f, const struct packet *pkt, struct tcpopts *o)
{
	/* The mask changes nothing, but the verifier does not see through a comparison. */
	const __u32 off = (pkt->l4_off & (__u32)L4_OFF_MAX) + TCP_LEN;
	const __u8 *p;

	if (pkt->opt_len == 20) {
		p = frame_at(f, off, 20);
		return p && tcpopts_linux(p, o);
	}
	if (pkt->opt_len == 12) {
		p = frame_at(f, off, 12);
		return p && (tcpopts_ts(p, o) || tcpopts_windows(p, o));
	}
	if (pkt->opt_len == 24) {
		p = frame_at(f, off, 24);
		return p && tcpopts_macos(p, o);
	}
	if (pkt->opt_len)
		return 0;
	tcpopts_init(o);
	return 1;
}

/*
 * Read the options of the segment that packet_parse() found in f.  Never fails: options that cannot
 * be read count as not offered.
 */
INLINE void tcpopts_parse(const struct frame *f, const struct packet *pkt, struct tcpopts *ret_opts)
{
	if (!tcpopts_match(f, pkt, ret_opts))
		tcpopts_walk(f, pkt, ret_opts);
}

#endif
