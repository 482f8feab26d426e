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
#include "kernel_ask.h"
#include "reply_tx.h"

/* One pass over one frame. */
struct pass {
	struct packet pkt;
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

	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*meta))) {
		p->rt->tc_alone = 1;
		return;
	}
	meta = (__u32 *)(long)ctx->data_meta;
	if ((void *)(meta + 1) <= (void *)(long)ctx->data)
		*meta = p->cfg->mark ^ mark;
}

/*
 * The two that loop over the packet are global functions: the verifier then proves each once,
 * instead of once for every path that leads there (with clang 14 it gave up after a million
 * instructions).
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

/* The kernel's own table, where ours may lack an entry; what is found is entered. */
static __noinline int kernel_adopt(struct xdp_md *ctx, struct pass *p)
{
	struct conn conn = {.state = ESTABLISHED, .kind = KIND_ADOPTED};
	struct conn *old;

	if (kernel_socket(ctx, &p->pkt) != SOCK_HAS_CONN)
		return 0;
	/*
	 * Half-open ones, too, would stay for good if entered as ESTABLISHED: only a socket whose
	 * end the watcher will see may be.  So the entry waits for its expiry; the watcher
	 * promotes it.
	 */
	old = conn_get(&p->pkt.key);
	if (old && old->expires > p->now)
		return 1;
	conn.state = SYN_RECV;
	conn.kind = KIND_KERNEL;
	conn.expires = p->now + (__u64)LINGER_S * p->cfg->hz;
	conn_enter(p->rt, &p->pkt.key, old, &conn, p->now);
	return 1;
}

INLINE int conn_is_kernels(const struct conn *conn, __u64 now)
{
	if (conn->state == ESTABLISHED)
		return 1;
	if (conn->expires <= now)
		return 0;
	return conn->state == TIME_WAIT || (conn->state == SYN_RECV && conn->kind != KIND_COOKIE);
}

/*
 * Functions of their own, because all inlined in one they spill more than the 512 bytes of stack
 * that the verifier allows for a chain of calls.
 */
static __noinline int cookie_issue(const struct pass *p, const struct tcp_offer *offer,
				   struct cookie *ret_cookie)
{
	const struct cookie_input in = {
	    .ring = keys_get(),
	    .tuple = &p->pkt.key,
	    .epoch = p->now >> (p->cfg->epoch_shift & 63),
	    .client_isn = p->pkt.seq,
	    .is_v6 = p->pkt.is_v6,
	    .vlan = p->pkt.vlan,
	};

	if (!in.ring)
		return -1;
	*ret_cookie = cookie_make(&in, offer);
	if (!offer->tstamp)
		nots_issued(p->rt, in.epoch);
	return 0;
}

static __noinline enum cookie_verdict ack_verdict(const struct pass *p, const struct tcpopts *opts,
						  struct tcp_offer *ret_offer)
{
	return ack_check(&p->pkt, opts, p->cfg, p->rt, p->now, ret_offer);
}

/* What the SYN-ACK says. */
struct answer {
	struct tcp_offer offer;
	struct cookie cookie;
	__u32 client_tsval;
};

static __noinline int answer_send(struct xdp_md *ctx, const struct pass *p,
				  const struct service *svc, const struct answer *a)
{
	struct reply reply;

	reply_make(&p->pkt, a->client_tsval, &a->offer, svc, &a->cookie, &reply);
	return reply_write(ctx, &p->pkt, svc, &reply);
}

INLINE enum reason syn_classify(struct xdp_md *ctx, struct pass *p, const struct service *svc)
{
	const struct conn *conn = conn_get(&p->pkt.key);
	struct syn_facts facts = {.is_v6 = p->pkt.is_v6, .mptcp = svc->mptcp};
	struct answer answer;
	struct tcpopts opts;
	enum reason r;

	frame_options(ctx, &p->pkt, &opts);
	answer.offer = offer_accept(&p->pkt, &opts, svc);
	answer.client_tsval = opts.tsval;
	if (conn)
		facts.conn_exists = conn_is_kernels(conn, p->now);
	else if (!table_complete(p->rt, p->now))
		facts.conn_exists = kernel_socket(ctx, &p->pkt) == SOCK_HAS_CONN;
	facts.is_signed = opts.is_signed || svc->signed_only;
	facts.cookies = p->cfg->mode == MODE_ALWAYS && svc->allow_cookie;
	facts.dst_unicast = addr_classify(p->pkt.key.local, p->pkt.is_v6) == ADDR_UNICAST;
	facts.mss = svc->mss_small ? 0 : answer.offer.mss;
	r = decide_syn(&facts);
	if (reason_kernel_handshake(r))
		port_kernel_handshake(p->pkt.key.local_port, p->cfg, p->now);
	if (r == REASON_syn_cookie_sent &&
	    (cookie_issue(p, &answer.offer, &answer.cookie) || answer_send(ctx, p, svc, &answer)))
		return REASON_syn_reply_failed;
	return r;
}

enum { BUDGET_PER_S = 1000 };

/*
 * May a miss ask the kernel although the table is complete?  A thousand times a second and CPU, which
 * is a ten-thousandth of its time: should an entry be missing after all, the connection's next packet
 * brings it back, and an ACK flood does not turn this into work.
 */
INLINE int budget_take(const struct config *cfg, __u64 now)
{
	const __u32 zero = 0;
	struct budget *b = bpf_map_lookup_elem(&budgets, &zero);

	if (!b)
		return 0;
	if ((__u32)now - b->since >= cfg->hz) {
		b->since = (__u32)now;
		b->used = 0;
	}
	return b->used++ < BUDGET_PER_S;
}

/* Neither our table nor a cookie knows it: is it the kernel's? */
INLINE enum reason miss_classify(struct xdp_md *ctx, struct pass *p, const struct service *svc,
				 enum reason otherwise)
{
	if ((!table_complete(p->rt, p->now) || port_kernel_active(p->pkt.key.local_port, p->now) ||
	     budget_take(p->cfg, p->now)) &&
	    kernel_adopt(ctx, p))
		return REASON_conn_packet;
	if (svc->mptcp || svc->signed_only || svc->mss_small || !svc->allow_cookie ||
	    svc->kernel_cookies)
		return REASON_ack_kernel;
	return otherwise;
}

/* conn: what is left of an older connection, or a hand-off under way, or NULL. */
INLINE enum reason cookie_classify(struct xdp_md *ctx, struct pass *p, const struct conn *conn,
				   const struct service *svc)
{
	enum cookie_verdict verdict;
	struct tcp_offer offer;
	struct tcpopts opts;

	frame_options(ctx, &p->pkt, &opts);
	verdict = ack_verdict(p, &opts, &offer);
	if (verdict == COOKIE_VALID) {
		handshake_enter(p->rt, p->cfg, &p->pkt, &offer, 0);
		mark_write(ctx, p, MARK_PROVEN);
		return REASON_ack_cookie_valid;
	}
	if (!conn)
		return miss_classify(ctx, p, svc,
				     verdict == COOKIE_EXPIRED ? REASON_ack_cookie_expired
							       : REASON_ack_cookie_invalid);
	/*
	 * Data right behind the ACK that proved it: the hand-off hook knows whether its socket is
	 * coming.
	 */
	if (conn->state == SYN_RECV)
		mark_write(ctx, p, MARK_PENDING);
	return REASON_conn_packet;
}

/* Everything but a SYN. */
INLINE enum reason segment_classify(struct xdp_md *ctx, struct pass *p)
{
	struct conn *conn = conn_get(&p->pkt.key);
	const struct service *svc;

	if (conn && conn_is_kernels(conn, p->now)) {
		/* The kernel's TIME_WAIT starts anew, too. */
		if (conn->state == TIME_WAIT && (p->pkt.flags & TCP_FIN))
			conn->expires = p->now + (__u64)LINGER_S * p->cfg->hz;
		return REASON_conn_packet;
	}
	if (conn && conn->expires <= p->now)
		conn = 0;
	svc = service_get(ctx, &p->pkt, p->cfg, p->rt, p->now);
	if (!svc || !svc->listening)
		return REASON_not_protected;
	if (p->pkt.flags & TCP_RST)
		return kernel_adopt(ctx, p) ? REASON_conn_packet : REASON_rst_unknown;
	return cookie_classify(ctx, p, conn, svc);
}

INLINE enum reason tcp_classify(struct xdp_md *ctx, struct pass *p)
{
	const struct service *svc;
	enum reason r = packet_sane(&p->pkt);

	if (r != PACKET_OK)
		return r;
	if (!(p->pkt.flags & TCP_SYN))
		return segment_classify(ctx, p);
	if (p->pkt.flags & TCP_ACK)
		return REASON_synack_passed;
	svc = service_get(ctx, &p->pkt, p->cfg, p->rt, p->now);
	if (!svc || !svc->listening)
		return REASON_not_protected;
	return syn_classify(ctx, p, svc);
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
	const enum reason parsed = frame_parse(ctx, &p->pkt);
	const struct port *port;
	enum reason r;

	if (parsed != PACKET_OK && !p->pkt.has_ports)
		return parsed;
	port = port_get(p->pkt.key.local_port);
	if (!port || !port->protect)
		return REASON_not_protected;
	r = station_classify(ctx, p->cfg);
	if (r != PACKET_OK)
		return r;
	return parsed != PACKET_OK ? parsed : tcp_classify(ctx, p);
}

SEC("xdp")
int synguard_xdp(struct xdp_md *ctx)
{
	struct pass p = {.cfg = config_get(), .rt = runtime_get(), .now = bpf_jiffies64()};
	enum reason r;

	if (!p.cfg || !p.rt)
		return XDP_PASS;
	r = frame_classify(ctx, &p);
	count(r, p.pkt.frame_len);
	return p.cfg->mode == MODE_MONITOR ? XDP_PASS : action_of(r);
}

char LICENSE[] SEC("license") = "GPL";
