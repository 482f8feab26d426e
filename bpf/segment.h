/* SPDX-License-Identifier: GPL-2.0 */
/* What becomes of everything but a SYN: packets of connections, cookies that come back, floods. */
#ifndef SYNGUARD_SEGMENT_H
#define SYNGUARD_SEGMENT_H

#include "opinion.h"
#include "pass.h"

__noinline int ack_verdict(struct room *room, const struct config *cfg, __u64 now)
{
	const struct runtime *rt = runtime_get();

	if (!room || !cfg || !rt)
		return COOKIE_INVALID;
	return ack_check(room, cfg, rt, now);
}

enum { BUDGET_PER_S = 1000 };

/*
 * May a miss ask the kernel although the table is complete? A thousand times a second and CPU,
 * which is a ten-thousandth of its time: should an entry be missing after all, the connection's
 * next packet brings it back, and an ACK flood does not turn this into work.
 */
INLINE int budget_take(const struct config *cfg, __u64 now)
{
	struct budget *b = budget_get();

	if (!b)
		return 0;
	if (dry_run)
		return (__u32)now - b->since >= cfg->hz || b->used < BUDGET_PER_S;
	if ((__u32)now - b->since >= cfg->hz) {
		b->since = (__u32)now;
		b->used = 0;
	}
	return b->used++ < BUDGET_PER_S;
}

/* Is the kernel to try an ACK that is no cookie of ours? */
INLINE int kernel_tries(const struct listener *lst)
{
	return lst->mptcp || lst->signed_only || lst->mss_small || !lst->allow_cookie ||
	       lst->kernel_cookies;
}

/*
 * Neither our table nor a cookie knows it: is it the kernel's?  A prefix with too many bad ACKs has
 * lost its claim on the second opinion, which only a fault of ours makes useful.
 */
INLINE enum reason miss_classify(struct xdp_md *ctx, struct pass *p, const struct listener *lst,
				 enum reason otherwise)
{
	struct bucket *bad = bad_acks_find(p->pkt);
	const int limited = bad_acks_limited(bad, p->st, p->cfg, p->now);

	if ((!table_complete(p->rt, p->now) || p->kernel_active ||
	     (!limited && budget_take(p->cfg, p->now))) &&
	    kernel_adopt(ctx, p))
		return REASON_conn_packet;
	if (kernel_tries(lst) && otherwise != REASON_ack_limited)
		otherwise = REASON_ack_kernel;
	if (!limited && bad && !dry_run)
		bucket_add(bad, &p->st->bad_ack, (__u32)p->now, p->cfg->hz);
	return otherwise;
}

/* What a segment without a connection is counted as. */
INLINE enum reason unknown_reason(const struct packet *pkt, enum cookie_verdict verdict)
{
	if (verdict == COOKIE_EXPIRED)
		return REASON_ack_cookie_expired;
	if (pkt->flags & TCP_FIN)
		return REASON_fin_unknown;
	return pkt->l4_len > TCP_LEN + pkt->opt_len ? REASON_data_unknown
						    : REASON_ack_cookie_invalid;
}

/* Without timestamps a cookie can be guessed in four million tries. */
INLINE int ack_guessable(const struct tcpopts *opts)
{
	return !(opts->has_ts && opts->tsecr);
}

/*
 * What can be guessed, and what the kernel would have to try, is looked at only when it comes a
 * second time, if its prefix has sent too many that were neither.  An honest client's comes again:
 * its data carries the same numbers.
 */
INLINE int ack_barred(const struct pass *p, const struct listener *lst)
{
	return (ack_guessable(&p->room->opts) || kernel_tries(lst)) &&
	       bad_acks_limited(bad_acks_find(p->pkt), p->st, p->cfg, p->now) &&
	       !packet_repeated(p->pkt, p->cfg, p->now);
}

static __noinline int pending_track(const struct pass *p, struct conn *conn)
{
	struct passage *t = &p->room->passage;

	passage_fill(t, p->pkt, p->now);
	return conn_track(conn, t);
}

/* conn: what is left of an older connection, or a hand-off under way, or NULL. */
INLINE enum reason cookie_classify(struct xdp_md *ctx, struct pass *p, struct conn *conn,
				   const struct listener *lst)
{
	enum cookie_verdict verdict;
	int barred;
	struct tcp_offer *offer = &p->room->offer;

	frame_options(ctx, p->pkt, &p->room->opts);
	barred = !conn && ack_barred(p, lst);
	if (barred && ack_guessable(&p->room->opts))
		return miss_classify(ctx, p, lst, REASON_ack_limited);
	verdict = (enum cookie_verdict)ack_verdict(p->room, p->cfg, p->now);
	if (verdict == COOKIE_VALID && conn && handshake_is(conn, p->pkt->ack)) {
		pending_track(p, conn);
		mark_write(ctx, p, MARK_PROVEN);
		return REASON_ack_cookie_valid;
	}
	if (verdict == COOKIE_VALID) {
		if (!dry_run)
			handshake_enter(p->rt, p->cfg, p->pkt, offer, 0);
		mark_write(ctx, p, MARK_PROVEN);
		return REASON_ack_cookie_valid;
	}
	if (!conn)
		return miss_classify(ctx, p, lst,
				     barred ? REASON_ack_limited : unknown_reason(p->pkt, verdict));
	/*
	 * Data right behind the ACK that proved it: the hand-off hook knows whether its socket is
	 * coming.
	 */
	if (conn->head.socket == SOCKET_PENDING) {
		pending_track(p, conn);
		mark_write(ctx, p, MARK_PENDING);
	}
	return REASON_conn_packet;
}

/*
 * The tracker takes it to be out of the window.  Dropped is only what the kernel's socket, too,
 * takes for that; an ACK number out of range is left to the kernel (RFC 5961 5.2).
 */
static __noinline enum reason outside_classify(struct xdp_md *ctx, struct pass *p,
					       struct conn *conn, const struct passage *t)
{
	enum sock_opinion opinion;
	struct conn_head head = conn->head, gone = head;

	if (head.socket != SOCKET_OPEN)
		return REASON_conn_packet;
	opinion = sock_opinion(ctx, p->pkt, t, conn);
	if (opinion == OPINION_NO_SOCKET) {
		gone.socket = SOCKET_GONE;
		gone.state = CLOSE;
		conn->seen = (__u32)p->now;
		head_swap(conn, head, gone);
	}
	/* The tracker is right again: now the segment counts. */
	if (opinion == OPINION_INSIDE && conn_track(conn, t) == TRACK_RST_INEXACT)
		return REASON_conn_rst_inexact;
	if (opinion != OPINION_OUTSIDE)
		return REASON_conn_packet;
	if (p->pkt->flags & TCP_RST)
		return REASON_conn_rst_outside;
	return p->pkt->flags & TCP_FIN ? REASON_conn_fin_outside : REASON_conn_data_outside;
}

/* A packet of a connection that the kernel has.  Most do with a passage in registers. */
INLINE enum reason conn_classify(struct xdp_md *ctx, struct pass *p, struct conn *conn)
{
	struct passage *t = &p->room->passage, flowing;
	enum track_result r;

	passage_fill(&flowing, p->pkt, p->now);
	if (conn_flow(conn, &flowing))
		return REASON_conn_packet;
	*t = flowing;
	r = (enum track_result)conn_track(conn, t);
	/* The kernel's TIME_WAIT starts anew, too. */
	if (conn->head.socket == SOCKET_TIME_WAIT && (p->pkt->flags & TCP_FIN) &&
	    (r == TRACK_OK || r == TRACK_IGNORED))
		conn->seen = (__u32)p->now;
	if (r == TRACK_RST_INEXACT)
		return REASON_conn_rst_inexact;
	/* Ignored: late duplicates, and what only looks like one. */
	return r == TRACK_OUTSIDE || r == TRACK_IGNORED ? outside_classify(ctx, p, conn, t)
							: REASON_conn_packet;
}

/* A handshake that the kernel does itself? */
static __noinline int half_classify(struct pass *p)
{
	struct passage *t = &p->room->passage;

	passage_fill(t, p->pkt, p->now);
	return half_track(p->rt, p->cfg, &p->pkt->key, t);
}

/* Everything but a SYN or SYN-ACK. */
INLINE enum reason segment_classify(struct xdp_md *ctx, struct pass *p)
{
	struct conn *conn = conn_to_use(conn_get(&p->pkt->key, p->cfg));
	const struct listener *lst;

	if (conn && conn_is_kernels(conn, p))
		return conn_classify(ctx, p, conn);
	if (conn && conn_over(conn, &conn->head, p->cfg, p->now))
		conn = 0;
	p->kernel_active = (__u8)port_kernel_active(p->pkt->key.local_port, p->now);
	if ((!conn || conn->head.socket == SOCKET_GONE) && p->kernel_active && half_classify(p))
		return REASON_conn_packet;
	lst = listener_get(ctx, p->pkt, p->cfg, p->rt, p->now);
	if (!lst || !lst->listening)
		return REASON_not_protected;
	if (p->pkt->flags & TCP_RST)
		return kernel_adopt(ctx, p) ? REASON_conn_packet : REASON_rst_unknown;
	return cookie_classify(ctx, p, conn, lst);
}

/* Does the tracker know the tuple?  Then the packet counts there. */
INLINE int flow_known(const struct pass *p, const struct passage *t)
{
	const struct conn_key *key = &p->pkt->key;

	if (dry_run)
		return conn_get(key, p->cfg) || half_track(p->rt, p->cfg, key, t);
	return flow_track(p->rt, p->cfg, key, t);
}

static __noinline int synack_passage(struct xdp_md *ctx, struct pass *p)
{
	struct passage *t = &p->room->passage;

	frame_options(ctx, p->pkt, &p->room->opts);
	passage_fill(t, p->pkt, p->now);
	segment_options(&t->seg, &p->room->opts);
	return 0;
}

/* The tracker does not know it: does the kernel?  On its way to another host it is none of ours. */
static __noinline enum reason synack_ask(struct xdp_md *ctx, struct pass *p)
{
	const struct listener *lst;

	if (kernel_look(ctx, p->pkt) >= SOCK_HALF_OPEN)
		return REASON_synack_passed;
	lst = listener_get(ctx, p->pkt, p->cfg, p->rt, p->now);
	return lst && lst->local ? REASON_synack_unknown : REASON_not_protected;
}

/* The answer to a connection that this host opens.  In steps, for the stack's sake. */
INLINE enum reason synack_classify(struct xdp_md *ctx, struct pass *p)
{
	synack_passage(ctx, p);
	return flow_known(p, &p->room->passage) ? REASON_synack_passed : synack_ask(ctx, p);
}

#endif
