// SPDX-License-Identifier: GPL-2.0
/*
 * The driver hook.  Each frame is parsed once, classified, decided upon and counted under one
 * reason. SYNs to protected ports are answered here; packets of connections that the kernel has
 * pass; an ACK that proves a handshake passes with a mark for the hand-off hook; the rest is
 * dropped.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "cookies.h"
#include "decide.h"
#include "dry.h"
#include "halfopen.h"
#include "listener.h"
#include "opinion.h"
#include "reply_tx.h"
#include "tracing.h"

/* One pass over one frame. */
struct pass {
	struct room *room;
	struct packet *pkt; /* in it */
	struct config *cfg;
	struct runtime *rt;
	__u64 now; /* jiffies */
};

enum action { ACTION_PASS = XDP_PASS, ACTION_DROP = XDP_DROP, ACTION_TX = XDP_TX };

#define PASS ACTION_PASS
#define DROP ACTION_DROP
#define TX   ACTION_TX
static const __u8 reason_action[REASON_MAX] = {
#define X(name, stage, verdict, text) [REASON_##name] = verdict,
    SYNGUARD_REASONS(X)
#undef X
};

INLINE int action_of(enum reason r)
{
	return r < REASON_MAX ? reason_action[r] : XDP_PASS;
}

/*
 * Tell the hand-off hook to look at this frame: a word derived from config.mark, random per
 * attachment, in front of it.  Where the driver or the dispatcher has no metadata, the hook is told
 * once to look at every frame.
 */
INLINE void mark_write(struct xdp_md *ctx, const struct pass *p, enum mark mark)
{
	__u32 *meta;

	if (dry_run)
		return;
	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*meta))) {
		p->rt->tc_alone = 1;
		return;
	}
	meta = (__u32 *)(long)ctx->data_meta;
	if ((void *)(meta + 1) <= (void *)(long)ctx->data)
		*meta = p->cfg->mark ^ mark;
}

/*
 * Global functions: the verifier proves each once, instead of once for every path that leads there
 * (with clang 14 it gave up after a million instructions).
 */
__noinline int frame_parse(struct xdp_md *ctx, struct packet *ret_pkt)
{
	const struct frame f = {(void *)(long)ctx->data, (void *)(long)ctx->data_end};

	if (!ret_pkt)
		return REASON_eth_truncated;
	return packet_parse(&f, (__u32)(f.end - f.data), ret_pkt);
}

__noinline int frame_options(struct xdp_md *ctx, const struct packet *pkt, struct tcpopts *ret_opts)
{
	const struct frame f = {(void *)(long)ctx->data, (void *)(long)ctx->data_end};

	if (!pkt || !ret_opts)
		return -1;
	tcpopts_parse(&f, pkt, ret_opts);
	return 0;
}

__noinline int frame_sane(const struct packet *pkt)
{
	return pkt ? (int)packet_sane(pkt) : (int)REASON_tcp_bad_flags;
}

/* Has the kernel a socket for the packet's tuple? */
INLINE enum sock_found kernel_look(struct xdp_md *ctx, const struct packet *pkt)
{
	const enum sock_found found = kernel_socket(ctx, pkt);
	struct dry_room *room;

	if (dry_run) {
		room = dry_room_get();
		if (room)
			room->kernel_asked = 1 + found;
	}
	return found;
}

/*
 * The kernel's own table, where ours may lack an entry.  Half-open ones are not entered: nothing
 * has proven them.  A whole one is, but not as open: it may close at this very moment, and then
 * nothing would ever remove it.  So the entry waits for its expiry, or for the socket watcher to
 * confirm it.
 */
static __noinline int kernel_adopt(struct xdp_md *ctx, struct pass *p)
{
	const struct conn_head head = {.state = ESTABLISHED,
				       .kind = KIND_ADOPTED,
				       .socket = SOCKET_HALF_OPEN,
				       .flags.picked_up = 1};
	const enum sock_found found = kernel_look(ctx, p->pkt);
	const struct conn *old;

	if (found < SOCK_HALF_OPEN)
		return 0;
	if (found == SOCK_HALF_OPEN || dry_run)
		return 1;
	old = conn_get(&p->pkt->key, p->cfg);
	if (!old || conn_over(old, &old->head, p->cfg, p->now))
		conn_enter(p->rt, p->cfg, &p->pkt->key, &head);
	return 1;
}

INLINE int conn_is_kernels(const struct conn *conn, const struct pass *p)
{
	const struct conn_head head = conn->head;

	if (head.socket == SOCKET_OPEN)
		return 1;
	return (head.socket == SOCKET_TIME_WAIT || head.socket == SOCKET_HALF_OPEN) &&
	       !conn_over(conn, &head, p->cfg, p->now);
}

/* Global, too, and because all inlined in one they spill more than the stack holds. */
__noinline int cookie_issue(const struct packet *pkt, const struct config *cfg, __u64 now,
			    const struct tcp_offer *offer, struct cookie *ret_cookie)
{
	struct runtime *rt = runtime_get();
	struct cookie_input in = {.ring = keys_get()};

	if (!pkt || !cfg || !offer || !ret_cookie || !rt || !in.ring)
		return -1;
	in.tuple = &pkt->key;
	in.epoch = now >> (cfg->epoch_shift & 63);
	in.client_isn = pkt->seq;
	in.is_v6 = pkt->is_v6;
	in.vlan = pkt->vlan;
	in.tick = (__u32)(now >> (cfg->tick_shift & 63));
	*ret_cookie = cookie_make(&in, offer);
	if (!offer->tstamp && !dry_run)
		nots_issued(rt, in.epoch);
	return 0;
}

__noinline int ack_verdict(const struct packet *pkt, const struct tcpopts *opts,
			   const struct config *cfg, __u64 now, struct tcp_offer *ret_offer)
{
	const struct runtime *rt = runtime_get();

	if (!pkt || !opts || !cfg || !ret_offer || !rt)
		return COOKIE_INVALID;
	return ack_check(pkt, opts, cfg, rt, now, ret_offer);
}

/* What the SYN-ACK says. */
struct answer {
	struct tcp_offer offer;
	struct cookie cookie;
	__u32 client_tsval;
};

__noinline int answer_send(struct xdp_md *ctx, const struct packet *pkt, const struct listener *lst,
			   const struct answer *a)
{
	struct reply reply;

	if (!pkt || !lst || !a)
		return -1;
	reply_make(pkt, a->client_tsval, &a->offer, lst, &a->cookie, &reply);
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

enum { SYNS_PER_S = 4 };

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
		conn->assigned_at = stamp_now(p->cfg, p->now);
	}
	if (conn_track(conn, t) == TRACK_REOPENED && conn->head.socket == SOCKET_TIME_WAIT &&
	    !dry_run)
		conn_reopen(p->rt, conn, t);
	return REASON_syn_conn_exists;
}

static __noinline enum reason syn_decided(struct pass *p, enum reason r)
{
	struct passage *t = &p->room->passage;
	struct conn *conn;

	passage_fill(t, p->pkt, p->now);
	segment_options(&t->seg, &p->room->opts);
	if (!dry_run)
		port_kernel_handshake(p->pkt->key.local_port, p->cfg, p->now);
	if (r != REASON_syn_conn_exists) {
		if (!dry_run)
			half_open(&p->pkt->key, t);
		return r;
	}
	conn = conn_to_use(conn_get(&p->pkt->key, p->cfg));
	return conn ? syn_on_conn(p, conn, t) : r;
}

INLINE enum reason syn_classify(struct xdp_md *ctx, struct pass *p, const struct listener *lst)
{
	const struct conn *conn = conn_to_use(conn_get(&p->pkt->key, p->cfg));
	struct syn_facts facts = {.is_v6 = p->pkt->is_v6, .mptcp = lst->mptcp};
	struct tcpopts *opts = &p->room->opts;
	struct answer answer;
	enum reason r;

	frame_options(ctx, p->pkt, opts);
	answer.offer = offer_accept(p->pkt, opts, lst);
	answer.client_tsval = opts->tsval;
	if (conn)
		facts.conn_exists = conn_is_kernels(conn, p);
	else if (!table_complete(p->rt, p->now))
		facts.conn_exists = kernel_look(ctx, p->pkt) >= SOCK_HALF_OPEN;
	facts.is_signed = opts->is_signed || lst->signed_only;
	facts.cookies = p->cfg->mode == MODE_ALWAYS && lst->allow_cookie;
	facts.dst_unicast = addr_classify(p->pkt->key.local, p->pkt->is_v6) == ADDR_UNICAST;
	facts.mss = lst->mss_small ? 0 : answer.offer.mss;
	r = decide_syn(&facts);
	if (reason_kernel_handshake(r))
		return syn_decided(p, r);
	if (r == REASON_syn_cookie_sent &&
	    (cookie_issue(p->pkt, p->cfg, p->now, &answer.offer, &answer.cookie) ||
	     answer_send(ctx, p->pkt, lst, &answer)))
		return REASON_syn_reply_failed;
	return r;
}

enum { BUDGET_PER_S = 1000 };

/*
 * May a miss ask the kernel although the table is complete? A thousand times a second and CPU,
 * which is a ten-thousandth of its time: should an entry be missing after all, the connection's
 * next packet brings it back, and an ACK flood does not turn this into work.
 */
INLINE int budget_take(const struct config *cfg, __u64 now)
{
	const __u32 zero = 0;
	struct budget *b = bpf_map_lookup_elem(&budgets, &zero);

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

/* Neither our table nor a cookie knows it: is it the kernel's? */
INLINE enum reason miss_classify(struct xdp_md *ctx, struct pass *p, const struct listener *lst,
				 enum reason otherwise)
{
	if ((!table_complete(p->rt, p->now) || port_kernel_active(p->pkt->key.local_port, p->now) ||
	     budget_take(p->cfg, p->now)) &&
	    kernel_adopt(ctx, p))
		return REASON_conn_packet;
	if (lst->mptcp || lst->signed_only || lst->mss_small || !lst->allow_cookie ||
	    lst->kernel_cookies)
		return REASON_ack_kernel;
	return otherwise;
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
	struct tcp_offer offer;

	frame_options(ctx, p->pkt, &p->room->opts);
	verdict = (enum cookie_verdict)ack_verdict(p->pkt, &p->room->opts, p->cfg, p->now, &offer);
	if (verdict == COOKIE_VALID && conn && handshake_is(conn, p->pkt->ack)) {
		pending_track(p, conn);
		mark_write(ctx, p, MARK_PROVEN);
		return REASON_ack_cookie_valid;
	}
	if (verdict == COOKIE_VALID) {
		if (!dry_run)
			handshake_enter(p->rt, p->cfg, p->pkt, &offer, 0);
		mark_write(ctx, p, MARK_PROVEN);
		return REASON_ack_cookie_valid;
	}
	if (!conn)
		return miss_classify(ctx, p, lst,
				     verdict == COOKIE_EXPIRED ? REASON_ack_cookie_expired
							       : REASON_ack_cookie_invalid);
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

/* A packet of a connection that the kernel has. */
INLINE enum reason conn_classify(struct xdp_md *ctx, struct pass *p, struct conn *conn)
{
	struct passage *t = &p->room->passage;
	enum track_result r;

	passage_fill(t, p->pkt, p->now);
	r = conn_flow(conn, t);
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
	if ((!conn || conn->head.socket == SOCKET_GONE) &&
	    port_kernel_active(p->pkt->key.local_port, p->now) && half_classify(p))
		return REASON_conn_packet;
	lst = listener_get(ctx, p->pkt, p->cfg, p->rt, p->now);
	if (!lst || !lst->listening)
		return REASON_not_protected;
	if (p->pkt->flags & TCP_RST)
		return kernel_adopt(ctx, p) ? REASON_conn_packet : REASON_rst_unknown;
	return cookie_classify(ctx, p, conn, lst);
}

/* The answer to a connection that this host opens. */
static __noinline enum reason synack_classify(struct xdp_md *ctx, struct pass *p)
{
	struct passage *t = &p->room->passage;

	frame_options(ctx, p->pkt, &p->room->opts);
	passage_fill(t, p->pkt, p->now);
	segment_options(&t->seg, &p->room->opts);
	if (!dry_run)
		flow_track(p->rt, p->cfg, &p->pkt->key, t);
	return REASON_synack_passed;
}

INLINE enum reason tcp_classify(struct xdp_md *ctx, struct pass *p)
{
	const struct listener *lst;
	enum reason r = (enum reason)frame_sane(p->pkt);

	if (r != PACKET_OK)
		return r;
	if (!(p->pkt->flags & TCP_SYN))
		return segment_classify(ctx, p);
	if (p->pkt->flags & TCP_ACK)
		return synack_classify(ctx, p);
	lst = listener_get(ctx, p->pkt, p->cfg, p->rt, p->now);
	if (!lst || !lst->listening)
		return REASON_not_protected;
	return syn_classify(ctx, p, lst);
}

/* The frame's station: ours, everybody (multicast, broadcast), or somebody else on the segment. */
INLINE enum reason station_classify(const struct xdp_md *ctx, const struct config *cfg)
{
	const struct frame f = {(void *)(long)ctx->data, (void *)(long)ctx->data_end};
	const __u8 *eth = frame_at(&f, 0, 6);

	if (!eth)
		return REASON_eth_truncated;
	if (load32(eth) == load32(cfg->mac) && load16(eth + 4) == load16(cfg->mac + 4))
		return PACKET_OK;
	return eth[0] & 1 ? REASON_dst_not_unicast : REASON_other_host;
}

INLINE enum reason frame_classify(struct xdp_md *ctx, struct pass *p)
{
	const enum reason parsed = frame_parse(ctx, p->pkt);
	const struct port *port;
	enum reason r;

	if (parsed != PACKET_OK && !p->pkt->has_ports)
		return parsed;
	port = port_get(p->pkt->key.local_port);
	if (!port || !port->protect)
		return REASON_not_protected;
	r = station_classify(ctx, p->cfg);
	if (r != PACKET_OK)
		return r;
	return parsed != PACKET_OK ? parsed : tcp_classify(ctx, p);
}

/* The frame's start, before anything is written into it. */
static __noinline int trace_keep(struct xdp_md *ctx)
{
	struct trace_event *e = trace_room();
	__u64 len = ctx->data_end - ctx->data;

	if (!e)
		return 0;
	e->frame_len = (__u32)len;
	if (len > TRACE_BYTES)
		len = TRACE_BYTES;
	e->captured = (__u16)len;
	barrier_var(len);
	if (!len || len > TRACE_BYTES)
		return 0;
	return (int)bpf_xdp_load_bytes(ctx, 0, e->data, len);
}

/* What came, and what was made of it. */
static __noinline int trace_tell(struct xdp_md *ctx, struct pass *p, enum reason r)
{
	trace_send(p->rt, p->cfg, p->pkt, r, TRACE_IN);
	if (r != REASON_syn_cookie_sent)
		return 0;
	trace_keep(ctx);
	return trace_send(p->rt, p->cfg, p->pkt, r, TRACE_ANSWER);
}

SEC("xdp")
int synguard_xdp(struct xdp_md *ctx)
{
	struct pass p = {
	    .room = room_get(), .cfg = config_get(), .rt = runtime_get(), .now = bpf_jiffies64()};
	enum reason r;

	if (!p.room || !p.cfg || !p.rt)
		return XDP_PASS;
	p.pkt = &p.room->pkt;
	__builtin_memset(p.pkt, 0, sizeof(*p.pkt));
	p.room->traced = !dry_run && tracing(p.rt, p.now);
	if (p.room->traced)
		trace_keep(ctx);
	/*
	 * Through memory: the verifier then forgets which of the reasons it is, and what led there.
	 */
	p.room->reason = frame_classify(ctx, &p);
	r = (enum reason) * (volatile __u32 *)&p.room->reason;
	if (p.room->traced)
		trace_tell(ctx, &p, r);
	if (dry_run)
		dry_tell(r, p.now);
	else
		count(r, p.pkt->frame_len);
	return p.cfg->mode == MODE_MONITOR ? XDP_PASS : action_of(r);
}

char LICENSE[] SEC("license") = "GPL";
