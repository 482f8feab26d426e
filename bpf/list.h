/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The connection table as a file that cat prints: an iterator over conns, pinned as `connections`.
 * A line for each live slot, with what `synguard conns` says of it; the slot is the map's key.
 * Packets change the table meanwhile, so a line may mix two moments of a connection.
 */
#ifndef SYNGUARD_LIST_H
#define SYNGUARD_LIST_H

#include "conns.h"
#include "endpoint.h"

/*
 * The kernel gives up reading (EAGAIN) where a million slots in a row print nothing, so the header
 * comes again before that.
 */
enum { HEADER_EVERY = 1 << 19 };

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
} __attribute__((preserve_access_index));

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	void *key;
	void *value;
} __attribute__((preserve_access_index));

enum { LIST_NAME = 12, SOCKETS = SOCKET_GONE + 1, KINDS = KIND_ADOPTED + 1 };

static const char list_state[STATE_MAX][LIST_NAME] = {
    [SYN_SENT] = "SYN_SENT",   [SYN_RECV] = "SYN_RECV",     [ESTABLISHED] = "ESTABLISHED",
    [FIN_WAIT] = "FIN_WAIT",   [CLOSE_WAIT] = "CLOSE_WAIT", [LAST_ACK] = "LAST_ACK",
    [TIME_WAIT] = "TIME_WAIT", [CLOSE] = "CLOSE",           [SYN_SENT2] = "SYN_SENT2",
};

static const char list_socket[SOCKETS][LIST_NAME] = {
    [SOCKET_NONE] = "none", [SOCKET_PENDING] = "pending",     [SOCKET_HALF_OPEN] = "half-open",
    [SOCKET_OPEN] = "open", [SOCKET_TIME_WAIT] = "time-wait", [SOCKET_GONE] = "gone",
};

static const char list_kind[KINDS][LIST_NAME] = {
    [KIND_NONE] = "-",
    [KIND_COOKIE] = "cookie",
    [KIND_KERNEL] = "kernel",
    [KIND_ADOPTED] = "adopted",
};

/* Global, so that the verifier proves it once and not for every length that it may come to. */
__noinline int list_endpoint(const struct conn_key *key, __u32 remote, struct endpoint *ret_e)
{
	if (!key || !ret_e)
		return -1;
	endpoint_write(ret_e, remote ? key->remote : key->local,
		       remote ? key->remote_port : key->local_port);
	return 0;
}

INLINE void list_header(struct seq_file *seq)
{
	BPF_SEQ_PRINTF(seq, "%8s %-11s %-9s %-7s %-26s %-26s %14s %14s %14s %14s %6s ", "slot",
		       "state", "socket", "kind", "client", "server", "client_packets",
		       "client_bytes", "server_packets", "server_bytes", "idle_s");
	BPF_SEQ_PRINTF(seq, "%6s\n", "rtt_ms");
}

INLINE __u32 idle_s(const struct conn *c, const struct config *cfg)
{
	/* Signed, since another CPU may have seen a packet in a jiffy after ours. */
	const __s32 idle = (__s32)((__u32)bpf_jiffies64() - c->seen);

	return idle > 0 && cfg->hz ? (__u32)idle / cfg->hz : 0;
}

INLINE void list_line(struct seq_file *seq, __u32 slot, const struct conn *c,
		      const struct config *cfg)
{
	const struct conn_head head = c->head;
	struct endpoint client, server;
	struct conn_key key;

	if (head.state == NONE || head.state >= STATE_MAX || head.socket >= SOCKETS ||
	    head.kind >= KINDS)
		return;
	copy32(&key, &c->key, sizeof(key) / 4);
	list_endpoint(&key, !head.flags.opened_here, &client);
	list_endpoint(&key, head.flags.opened_here, &server);
	BPF_SEQ_PRINTF(seq, "%8u %-11s %-9s %-7s %-26s %-26s %14llu %14llu %14llu %14llu %6u ",
		       slot, list_state[head.state], list_socket[head.socket], list_kind[head.kind],
		       client.text, server.text, c->client.packets, c->client.bytes,
		       c->server.packets, c->server.bytes, idle_s(c, cfg));
	if (c->rtt_ms == RTT_UNKNOWN)
		BPF_SEQ_PRINTF(seq, "%6s\n", "-");
	else
		BPF_SEQ_PRINTF(seq, "%6u\n", c->rtt_ms);
}

INLINE int list_show(const struct bpf_iter__bpf_map_elem *ctx, const struct config *cfg)
{
	const struct conn *c = ctx->value;
	const __u32 *slot = ctx->key;

	if (!c || !slot)
		return 0;
	if (!(*slot % HEADER_EVERY))
		list_header(ctx->meta->seq);
	list_line(ctx->meta->seq, *slot, c, cfg);
	return 0;
}

#endif
