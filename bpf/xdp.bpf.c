// SPDX-License-Identifier: GPL-2.0
/*
 * The driver hook.  Each frame is parsed once, classified, decided upon and counted under one
 * reason. SYNs to protected ports are answered here; packets of connections that the kernel has
 * pass; an ACK that proves a handshake passes with a mark for the hand-off hook; the rest is
 * dropped.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "lists.h"
#include "segment.h"
#include "syn.h"
#include "tracing.h"

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
	const __u8 *actions = reason_action;

	/* Or clang asks a bitmap of its own first. */
	barrier_var(actions);
	return r < REASON_MAX ? actions[r] : XDP_PASS;
}

/* Has the verdict effect?  Not where the service, or all that have no service, are only watched. */
INLINE int pass_enforced(const struct pass *p)
{
	const struct policy *policy = p->policy;

	if (!p->service.policy)
		return p->st->mode != MODE_MONITOR;
	if (!policy)
		policy = policy_get(p->bank, p->service.policy);
	return policy && policy->mode != MODE_MONITOR;
}

INLINE enum reason tcp_classify(struct xdp_md *ctx, struct pass *p)
{
	struct listener *lst;
	enum reason r = packet_sane(p->pkt);

	if (r != PACKET_OK)
		return r;
	if (!(p->pkt->flags & TCP_SYN))
		return segment_classify(ctx, p);
	if (p->pkt->flags & TCP_ACK)
		return synack_classify(ctx, p);
	lst = listener_get(ctx, p->pkt, p->cfg, p->rt, p->now);
	p->policy = policy_get(p->bank, p->service.policy);
	if (!lst || !lst->listening || !p->policy)
		return REASON_not_protected;
	r = dry_run ? syn_classify_dry(ctx, p, lst) : syn_classify(ctx, p, lst);
	if (reason_kernel_handshake(r) || p->policy->mode == MODE_MONITOR)
		return syn_passes(p, lst, r);
	return r == REASON_syn_cookie_sent ? syn_cookie(ctx, p, lst) : r;
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

INLINE int listed(const struct pass *p, enum list_kind kind)
{
	return p->st->lists >> kind & 1 && list_has(p->bank, kind, p->pkt->key.remote, p->now);
}

INLINE enum reason frame_classify(struct xdp_md *ctx, struct pass *p)
{
	const struct frame f = {(void *)(long)ctx->data, (void *)(long)ctx->data_end};
	enum reason parsed, r;

	/* Inlined, for 2 % less than frame_parse().  Through memory: see synguard_xdp(). */
	p->room->reason = packet_parse(&f, (__u32)(f.end - f.data), p->pkt);
	parsed = (enum reason) * (volatile __u32 *)&p->room->reason;
	if (parsed != PACKET_OK && !p->pkt->has_ports)
		return parsed;
	protection_find(&p->pkt->key, p->bank, &p->service);
	if (!p->service.policy)
		return REASON_not_protected;
	r = station_classify(ctx, p->cfg);
	if (r != PACKET_OK)
		return r;
	if (listed(p, LIST_DENY))
		return REASON_deny_listed;
	if (parsed != PACKET_OK)
		return parsed;
	p->allowed = (p->pkt->flags & TCP_SYN) && listed(p, LIST_ALLOW);
	return tcp_classify(ctx, p);
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

/*
 * What came, and what was made of it.  The frame that repeated a SYN-ACK is shown as that alone: it
 * is of another connection.
 */
static __noinline int trace_tell(struct xdp_md *ctx, struct pass *p, enum reason r, int action)
{
	if (r != REASON_synack_repeated)
		trace_send(p->rt, p->cfg, p->pkt, r, TRACE_IN);
	if (action != XDP_TX)
		return 0;
	trace_keep(ctx);
	return trace_send(p->rt, p->cfg, p->pkt, r, TRACE_ANSWER);
}

SEC("xdp")
int synguard_xdp(struct xdp_md *ctx)
{
	int action, enforced = 1;
	enum reason r;
	struct pass p;

	p.now = bpf_jiffies64();
	p.policy = 0;
	p.service.policy = 0;
	p.found = SOCK_NONE;
	p.allowed = 0;

	/* One by one: then user/direct.c takes the tests out. */
	p.room = room_get();
	if (!p.room)
		return XDP_PASS;
	p.cfg = config_get();
	if (!p.cfg)
		return XDP_PASS;
	p.rt = runtime_get();
	if (!p.rt)
		return XDP_PASS;
	p.bank = bank_get(p.rt);
	p.st = settings_get(p.bank);
	if (!p.st)
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
	action = action_of(r);
	if (action != XDP_PASS)
		enforced = pass_enforced(&p);
	if (!enforced)
		action = XDP_PASS;
	if (p.room->traced)
		trace_tell(ctx, &p, r, action);
	if (dry_run)
		dry_tell(r, p.now);
	else
		count(r, p.pkt->frame_len, enforced);
	return action;
}

char LICENSE[] SEC("license") = "GPL";
