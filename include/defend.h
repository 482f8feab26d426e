/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mode auto: is a service under attack?  It is from the moment that its SYNs of a tenth of a second
 * exceed its rate, or its unfinished handshakes their share of the listener's backlog, and stays
 * so until hold_ms after the last time that either was above the lower thresholds.
 *
 * There is one word for it, the time until which the attack lasts: it is moved on by the packets
 * that exceed, and passes by itself, so nothing has to run to end an attack.  All times are jiffies:
 * neither the wall clock nor a suspended machine moves them.
 */
#ifndef SYNGUARD_DEFEND_H
#define SYNGUARD_DEFEND_H

#include "abi.h"
#include "window.h"

enum defend_shape {
	WINDOWS_PER_S = 10,
	FLOOD_SYNS_PER_S = 5000, /* fewer are no flood, whatever the thresholds */
	WINDOW_AHEAD = 1000,     /* jiffies that another CPU's clock may be ahead, at most */
	UNFINISHED_FEW = 16,     /* fewer than this are no attack, unless they fill the queue */
};

/* How long counting goes on before it starts anew: a tenth of a second, one jiffy at least. */
INLINE __u32 defend_window(__u32 hz)
{
	return hz > WINDOWS_PER_S ? hz / WINDOWS_PER_S : 1;
}

/*
 * So many SYNs in a window this rate, per second, allows.  Rounded up, since one SYN alone exceeds
 * nothing.
 */
INLINE __u32 defend_limit(__u32 rate, __u32 hz)
{
	const __u32 per_s = hz ? hz : 1;

	return (__u32)(((__u64)rate * defend_window(hz) + per_s - 1) / per_s);
}

/*
 * Is the window that began at this time over: is that defend_window() ago?  Asked for each SYN, so
 * without its division.  Another CPU may have begun the window a jiffy after now.
 */
INLINE int window_over(__u32 began, __u32 now, __u32 hz)
{
	const __u32 age = now - began;

	return age && ((__u64)age + 1) * WINDOWS_PER_S > hz && began - now > WINDOW_AHEAD;
}

INLINE int defend_active(const struct defence *d, __u64 now)
{
	return d->until > now;
}

/*
 * Are nearly all SYNs of this moment the flood's?  An attack goes on for a while after it; what may
 * hit any SYN is to hit the flood's, not those of the clients who come back.
 */
INLINE int defend_flooded(const struct defence *d, const struct policy *p, __u64 now, __u32 hz)
{
	const __u32 rate = max_u32(p->syn_rate_off, FLOOD_SYNS_PER_S);

	return defend_active(d, now) && !window_over(d->window, (__u32)now, hz) &&
	       d->syns > defend_limit(rate, hz);
}

/* What is known of a service's load. */
struct load {
	__u32 syns;       /* in this window so far */
	__u32 unfinished; /* handshakes in the kernel's queue */
	__u32 backlog;    /* that queue's limit; 0: not known */
};

/* Are there more unfinished handshakes than this share, in per cent, of the backlog? */
INLINE int unfinished_exceed(const struct load *l, __u32 percent)
{
	const __u32 share = (__u32)((__u64)l->backlog * percent / 100);

	return percent && l->backlog &&
	       l->unfinished >= max_u32(share, min_u32(UNFINISHED_FEW, l->backlog));
}

/* Is the load above these thresholds?  A threshold of 0 is none. */
INLINE int load_exceeds(const struct load *l, __u32 syn_rate, __u32 unfinished_percent, __u32 hz)
{
	if (syn_rate && l->syns > defend_limit(syn_rate, hz))
		return 1;
	return unfinished_exceed(l, unfinished_percent);
}

/* Until when the attack lasts, given until when it lasted so far, maybe with a longer hold. */
INLINE __u64 defend_until(__u64 until, const struct policy *p, const struct load *l, __u64 now,
			  __u32 hz)
{
	const __u64 next = now + (__u64)p->hold_ms * hz / 1000 + 1;
	const int active = until > now;

	if (until > next + WINDOW_AHEAD)
		until = next;
	if (!load_exceeds(l, active ? p->syn_rate_off : p->syn_rate_on,
			  active ? p->unfinished_off : p->unfinished_on, hz))
		return until;
	return next > until ? next : until;
}

/*
 * syns more of them, together with what the listener's queue is.  Returns 1 if this begins an
 * attack.  Several CPUs at once: SYNs told while another one starts a new window may be lost, and
 * two may both say that they began it.
 */
INLINE int defend_tell(struct defence *d, const struct policy *p, struct load *l, __u32 syns,
		       __u64 now, __u32 hz)
{
	const __u64 was = d->until;
	__u64 until;

	if (window_over(d->window, (__u32)now, hz)) {
		d->window = (__u32)now;
		d->syns = syns;
		l->syns = syns;
	} else {
		/* gcc 12 takes the sum of both out of the add's own register: twice what was. */
		__sync_fetch_and_add(&d->syns, syns);
		l->syns = d->syns;
	}
	until = defend_until(was, p, l, now, hz);
	if (until == was)
		return 0;
	d->until = until;
	return was <= now;
}

#endif
