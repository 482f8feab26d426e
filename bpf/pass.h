/* SPDX-License-Identifier: GPL-2.0 */
/* One frame on its way through the driver hook, and what its ways have in common. */
#ifndef SYNGUARD_PASS_H
#define SYNGUARD_PASS_H

#include "cookies.h"
#include "decide.h"
#include "defence.h"
#include "halfopen.h"
#include "listener.h"

/* One pass over one frame. */
struct pass {
	struct room *room;
	struct packet *pkt; /* in it */
	struct config *cfg;
	struct runtime *rt;
	__u64 now;                   /* jiffies */
	const struct settings *st;   /* in force */
	const struct policy *policy; /* of a SYN's service */
	struct protection service;
	__u32 bank;   /* of the settings in force */
	__u8 found;   /* enum sock_found: what the kernel has for a SYN's tuple, if it was asked */
	__u8 allowed; /* its source is on the allowlist */
	__u8 kernel_active; /* the kernel may have a handshake: of a segment without a connection */
};

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

__noinline int frame_options_walk(struct xdp_md *ctx, const struct packet *pkt,
				  struct tcpopts *ret_opts)
{
	const struct frame f = {(void *)(long)ctx->data, (void *)(long)ctx->data_end};

	if (!pkt || !ret_opts)
		return -1;
	tcpopts_walk(&f, pkt, ret_opts);
	return 0;
}

INLINE void frame_options(struct xdp_md *ctx, const struct packet *pkt, struct tcpopts *ret_opts)
{
	const struct frame f = {(void *)(long)ctx->data, (void *)(long)ctx->data_end};

	if (!tcpopts_match(&f, pkt, ret_opts))
		frame_options_walk(ctx, pkt, ret_opts);
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
	if (found == SOCK_HALF_OPEN)
		return !half_limited(&p->pkt->key, p->cfg, p->now);
	if (dry_run)
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

#endif
