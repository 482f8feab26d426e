/* SPDX-License-Identifier: GPL-2.0 */
/* What becomes of a SYN: the facts for include/decide.h, and what it decides done. */
#ifndef SYNGUARD_SYN_H
#define SYNGUARD_SYN_H

#include "pass.h"
#include "reply_tx.h"
#include "resend.h"

/* The frame becomes the SYN-ACK.  Returns 0, or -1 where that failed. */
__noinline int syn_answer(struct xdp_md *ctx, struct room *room, const struct listener *lst,
			  __u64 now)
{
	const struct config *cfg = config_get();
	struct runtime *rt = runtime_get();
	struct cookie_input in = {.ring = keys_get()};
	const struct tcpopts *opts;
	const struct packet *pkt;
	struct tcp_offer offer;
	struct cookie cookie;
	struct reply reply;

	if (!room || !lst || !cfg || !rt || !in.ring)
		return -1;
	pkt = &room->pkt;
	opts = &room->opts;
	in.prefixes = room->prefixes;
	cookie_input_fill(&in, pkt, cfg, now);
	in.client_isn = pkt->seq;
	offer = offer_accept(pkt, opts, lst);
	if (!offer.tstamp && !dry_run)
		nots_issued(rt, in.epoch);
	reply_make(pkt, opts->tsval, &offer, lst, &reply);
	cookie = cookie_make(&in, &offer);
	reply_finish(&reply, &offer, &cookie);
	return reply_write(ctx, pkt, lst, &reply);
}

/* What is left of a connection becomes the one that the SYN opens. */
static __noinline int conn_reopen(struct runtime *rt, struct conn *conn, const struct passage *t)
{
	const struct conn_head fresh = {
	    .state = SYN_SENT, .kind = KIND_KERNEL, .socket = SOCKET_HALF_OPEN};
	struct conn_head opened = fresh;

	if (!conn_renew(rt, conn, fresh))
		return -1;
	track_open(conn, &t->seg, 0, &opened);
	conn->client.packets = t->packets;
	conn->client.bytes = t->bytes;
	return head_swap(conn, fresh, opened);
}

/*
 * A SYN for a connection that the kernel has: it answers with a challenge ACK (RFC 5961 4.2), or
 * lets a port be used again.  Few are enough for that, and many would be an attack on its time.
 */
static __noinline enum reason syn_on_conn(struct pass *p, struct conn *conn,
					  const struct passage *t)
{
	if (conn->head.socket == SOCKET_OPEN) {
		if (stamp_is_recent(p->cfg, conn->assigned_at, p->now,
				    ticks_per_s(p->cfg) / SYNS_PER_S))
			return REASON_syn_conn_limited;
		if (!live_syn_allowed(p->pkt, p->cfg, p->st, p->now))
			return REASON_syn_live_limited;
		conn->assigned_at = stamp_now(p->cfg, p->now);
	}
	if (conn_track(conn, t) == TRACK_REOPENED && conn->head.socket == SOCKET_TIME_WAIT &&
	    !dry_run)
		conn_reopen(p->rt, conn, t);
	return REASON_syn_conn_exists;
}

/* A SYN that goes to the kernel. */
static __noinline enum reason syn_passes(struct pass *p, struct listener *lst, enum reason r)
{
	struct passage *t = &p->room->passage;
	struct conn *conn;

	passage_fill(t, p->pkt, p->now);
	segment_options(&t->seg, &p->room->opts);
	if (p->found == SOCK_HALF_OPEN && half_limited(&p->pkt->key, p->cfg, p->now))
		return REASON_syn_conn_limited;
	if (!dry_run)
		port_kernel_handshake(p->pkt->key.local_port, p->cfg, p->now);
	if (r != REASON_syn_conn_exists || p->found == SOCK_HALF_OPEN) {
		lst->passed++;
		if (!dry_run) {
			kernel_syn_note(p->room->hash, p->cfg, p->now);
			half_open(&p->pkt->key, t);
		}
		return r;
	}
	conn = conn_to_use(conn_get(&p->pkt->key, p->cfg));
	return conn ? syn_on_conn(p, conn, t) : r;
}

/* The frame is a SYN of a while ago now: read that.  Returns its listener, or NULL. */
static __noinline const struct listener *syn_reread(struct xdp_md *ctx, struct pass *p)
{
	const struct listener *lst;

	__builtin_memset(p->pkt, 0, sizeof(*p->pkt));
	if (frame_parse(ctx, p->pkt) != PACKET_OK)
		return 0;
	frame_options(ctx, p->pkt, &p->room->opts);
	lst = listener_get(ctx, p->pkt, p->cfg, p->rt, p->now);
	return lst && lst->listening ? lst : 0;
}

/* Of a server that speaks first: the frame may be taken to repeat a SYN-ACK. */
static __noinline enum reason syn_cookie_kept(struct xdp_md *ctx, struct pass *p,
					      const struct listener *lst)
{
	const __u32 frame_len = p->pkt->frame_len;
	const int taken = resend_take(ctx, p->cfg, p->bank, p->now, p->pkt->frame_len);
	int failed;

	if (taken > 0)
		lst = syn_reread(ctx, p);
	else if (!taken)
		resend_keep(ctx, p->pkt, p->cfg, p->bank, p->now);
	failed = taken < 0 || !lst || syn_answer(ctx, p->room, lst, p->now);
	p->pkt->frame_len = frame_len; /* what is counted is the frame that came */
	if (failed)
		return REASON_syn_reply_failed;
	return taken ? REASON_synack_repeated : REASON_syn_cookie_sent;
}

INLINE enum reason syn_cookie(struct xdp_md *ctx, struct pass *p, const struct listener *lst)
{
	if (p->policy->speaks_first && !dry_run)
		return syn_cookie_kept(ctx, p, lst);
	return syn_answer(ctx, p->room, lst, p->now) ? REASON_syn_reply_failed
						     : REASON_syn_cookie_sent;
}

/* Count the SYN, and tell whether the service, whose defence is d, is under attack. */
INLINE int syn_attacked(struct xdp_md *ctx, struct pass *p, struct listener *lst, enum mode mode,
			const struct defence *d)
{
	listener_refresh(ctx, p->pkt, lst, p->cfg, p->now);
	/* What nobody was told of in time is of no window now. */
	if (window_over(lst->told_at, (__u32)p->now, p->cfg->hz))
		lst->syns = 0;
	lst->syns++;
	if (lst->syns >= SYNS_TOLD_AT_ONCE || lst->told_at != (__u32)p->now ||
	    lst->passed >= lst->backlog / 4)
		defence_tell(lst, p->cfg, p->bank, &p->service, p->now);
	return mode_attacked(mode, d && defend_active(d, p->now));
}

/*
 * In an attack, so many of the listener's places are for those who are let through: more than those
 * that an attack may have taken before it was one (unfinished_on).
 */
INLINE int queue_room(const struct listener *lst)
{
	return !lst->accept_full && listener_unfinished(lst) < lst->backlog * 3ULL / 4;
}

/*
 * In an attack the kernel goes on to repeat SYN-ACKs to whom it let in before.  For each of them
 * one SYN is dropped once, so that not more leave than SYNs come.  Read and written once each, or
 * two CPUs would make -1 of it.
 */
INLINE __u32 synacks_owed(const struct runtime *rt)
{
	return dry_run ? 0 : *(const volatile __u32 *)&rt->synacks_owed;
}

/* What the facts that cost nothing decide; those that do are asked only where they matter. */
INLINE enum reason syn_decide(const struct pass *p, const struct policy *policy, __u32 prefix,
			      struct syn_facts *facts)
{
	enum reason r = decide_syn(facts);
	__u32 owed;

	if (r == REASON_syn_cookie_sent && policy->mode != MODE_ALWAYS && facts->queue_room) {
		facts->proven = (__u8)proven_take(p->pkt, p->cfg, p->bank, p->now);
		r = decide_syn(facts);
	}
	if (!reason_brings_synack(r))
		return r;
	owed = synacks_owed(p->rt);
	if (owed && (r != REASON_syn_cookie_sent ||
		     !defence_flooded(p->service.defence, policy, p->cfg, p->now)))
		owed = 0;
	if (synack_allowed(p->pkt, prefix, p->cfg, p->st, p->now, owed))
		return r;
	if (owed)
		p->rt->synacks_owed = owed - 1;
	return REASON_syn_synack_limited;
}

/* The facts are the caller's, so that they stay in registers where nobody keeps them. */
INLINE enum reason syn_weigh(struct xdp_md *ctx, struct pass *p, struct listener *lst,
			     struct syn_facts *ret_facts)
{
	const struct policy *policy = p->policy;
	const __u32 prefix = prefix_hash(hash_secret(), p->pkt->key.remote);
	const __u16 local_port = p->pkt->key.local_port;
	const struct defence *d, *port;
	const struct conn *conn;
	const struct tcpopts *opts = &p->room->opts;
	struct syn_facts facts = {.is_v6 = p->pkt->is_v6,
				  .mptcp = lst->mptcp,
				  .allow_cookie = lst->allow_cookie,
				  .allowed = p->allowed};
	enum reason r;

	facts.new_limited = p->st->new_conn.rate && new_conn_limited(prefix, p->st, p->cfg, p->now);
	frame_options(ctx, p->pkt, &p->room->opts);
	p->room->hash = conn_hash(&p->pkt->key);
	conn = conn_to_use(conn_get_hashed(&p->pkt->key, p->room->hash, p->cfg->slots));
	if (conn)
		facts.conn_exists = conn_is_kernels(conn, p);
	d = defence_get(p->service.defence);
	port = p->service.defence == local_port ? d : defence_get(local_port);
	if (!facts.conn_exists)
		facts.attacked = syn_attacked(ctx, p, lst, policy->mode, d);
	if (!facts.conn_exists && (!conn || conn->head.socket != SOCKET_PENDING) &&
	    (!table_complete(p->rt, p->now) ||
	     (facts.attacked && kernel_active(port, p->now) &&
	      kernel_syn_recent(p->room->hash, p->cfg, p->now)))) {
		p->found = kernel_look(ctx, p->pkt);
		facts.conn_exists = p->found >= SOCK_HALF_OPEN;
	}
	facts.accept_full = (__u8)listener_accept_full(ctx, p->pkt, lst);
	facts.queue_room = queue_room(lst);
	/* What a listener without keys would only drop is no reason to let a flood pass. */
	facts.is_signed = lst->signed_only | (opts->is_signed & !facts.attacked);
	facts.dst_unicast = addr_classify(p->pkt->key.local, p->pkt->is_v6) == ADDR_UNICAST;
	facts.listener_small = lst->mss_small;
	facts.mss = offer_mss(p->pkt, opts);
	r = syn_decide(p, policy, prefix, &facts);
	*ret_facts = facts;
	return r;
}

/* Decides; what is decided is done by syn_passes() or syn_cookie(), for the stack's sake. */
static __noinline enum reason syn_classify(struct xdp_md *ctx, struct pass *p, struct listener *lst)
{
	struct syn_facts facts;

	return syn_weigh(ctx, p, lst, &facts);
}

/* The same for a dry run, which tells what was decided on. */
static __noinline enum reason syn_classify_dry(struct xdp_md *ctx, struct pass *p,
					       struct listener *lst)
{
	struct dry_room *room = dry_room_get();
	struct syn_facts facts;
	const enum reason r = syn_weigh(ctx, p, lst, &facts);

	if (room)
		room->facts = facts;
	return r;
}

#endif
