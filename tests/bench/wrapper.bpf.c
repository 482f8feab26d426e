// SPDX-License-Identifier: GPL-2.0
/*
 * BPF_PROG_TEST_RUN with repeat does not restore the frame, so a program that answers a SYN would
 * see its own answer next.  This wrapper restores it, perhaps from a new source, and tail-calls the
 * program under test; what the wrapper costs is measured with a target that does nothing.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "bench/bench.h"
#include "table.h"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, TARGETS);
	__uint(key_size, 4);
	__uint(value_size, 4);
} targets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FRAMES_MAX);
	__type(key, __u32);
	__type(value, struct bench_frame);
} frames SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bench_control);
} control SEC(".maps");

/* The connection table of the programs under test. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct conn);
} conns SEC(".maps");

static __always_inline void frame_copy(struct xdp_md *ctx, const struct bench_frame *f)
{
	__u8 *to = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const __u8 *from = f->bytes;

	for (int i = 0; i < FRAME_ROOM / 8 && to + 8 <= end; i++, to += 8, from += 8)
		*(__u64 *)to = *(const __u64 *)from;
	for (int i = 0; i < 3 && to + 2 <= end; i++, to += 2, from += 2)
		*(__u16 *)to = *(const __u16 *)from;
}

/* Which of the sources on the list; or any number, whose neighbour is not on it. */
static __always_inline __u32 spread_pick(__u32 r, __u32 spread)
{
	return spread == SPREAD_LISTED ? r % BENCH_LIST : r;
}

/* Source address, port and ISN of an IPv4 frame; its header checksum is made anew. */
static __always_inline void randomise_v4(struct xdp_md *ctx, __u32 spread)
{
	__u8 *d = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const __u32 r = bpf_get_prandom_u32();
	__u32 *ip = (__u32 *)(d + 14);
	__u64 sum = 0;

	if (d + 54 > end)
		return;
	*(__u32 *)(d + 26) = (r & ~0xffU) | 10; /* 10/8 */
	if (spread)
		*(__u32 *)(d + 26) = __builtin_bswap32(bench_spread_v4(spread_pick(r, spread)) |
						       (spread == SPREAD_UNLISTED));
	*(__u16 *)(d + 34) = (__u16)(r >> 3);
	*(__u32 *)(d + 38) = r * 7;
	*(__u16 *)(d + 24) = 0;
	for (int i = 0; i < 5; i++)
		sum += ip[i];
	sum = (sum & 0xffffffff) + (sum >> 32);
	for (int i = 0; i < 3; i++)
		sum = (sum & 0xffff) + (sum >> 16);
	*(__u16 *)(d + 24) = (__u16)~sum;
}

/* One of the sources that the benchmark has entered as connections; IPv4 without options. */
static __always_inline void pick_v4(struct xdp_md *ctx, __u32 sources)
{
	__u8 *d = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const __u32 i = bpf_get_prandom_u32() & (sources - 1);
	__u32 *ip = (__u32 *)(d + 14);
	__u64 sum = 0;

	if (d + 54 > end)
		return;
	*(__u32 *)(d + 26) = __builtin_bswap32(bench_source(i));
	*(__u16 *)(d + 34) = __builtin_bswap16(bench_source_port(i));
	*(__u16 *)(d + 24) = 0;
	for (int w = 0; w < 5; w++)
		sum += ip[w];
	sum = (sum & 0xffffffff) + (sum >> 32);
	for (int w = 0; w < 3; w++)
		sum = (sum & 0xffff) + (sum >> 16);
	*(__u16 *)(d + 24) = (__u16)~sum;
}

static __always_inline void randomise_v6(struct xdp_md *ctx, __u32 spread)
{
	__u8 *d = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const __u32 r = bpf_get_prandom_u32();

	if (d + 74 > end)
		return;
	*(__u32 *)(d + 30) = r;
	if (spread) {
		const __u32 i = spread_pick(r, spread);

		*(__u32 *)(d + 22) = __builtin_bswap32(bench_spread_v6_high(i));
		*(__u32 *)(d + 26) =
		    __builtin_bswap32(bench_spread_v6_low(i) | (spread == SPREAD_UNLISTED));
	}
	*(__u16 *)(d + 54) = (__u16)(r >> 3);
	*(__u32 *)(d + 58) = r * 7;
}

SEC("xdp")
int bench_wrapper(struct xdp_md *ctx)
{
	const __u32 zero = 0;
	struct bench_control *c = bpf_map_lookup_elem(&control, &zero);
	const __u32 len = (__u32)((void *)(long)ctx->data_end - (void *)(long)ctx->data);
	struct bench_frame *f;
	__u32 index;

	if (!c)
		return XDP_ABORTED;
	index = c->next++ & (c->frames - 1);
	f = bpf_map_lookup_elem(&frames, &index);
	if (!f || (len != f->len && bpf_xdp_adjust_tail(ctx, (int)f->len - (int)len)))
		return XDP_ABORTED;
	frame_copy(ctx, f);
	if (c->randomise == 4)
		randomise_v4(ctx, c->spread);
	else if (c->randomise == 6)
		randomise_v6(ctx, c->spread);
	else if (c->pick)
		pick_v4(ctx, c->pick);
	bpf_tail_call(ctx, &targets, c->target);
	return XDP_ABORTED;
}

SEC("xdp")
int bench_nothing(struct xdp_md *ctx)
{
	return XDP_TX;
}

/* The floor: the least that any answer must do. */
SEC("xdp")
int bench_floor(struct xdp_md *ctx)
{
	__u16 *eth = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (eth + 7 > end)
		return XDP_ABORTED;
	for (int i = 0; i < 3; i++) {
		const __u16 dst = eth[i];

		eth[i] = eth[i + 3];
		eth[i + 3] = dst;
	}
	return XDP_TX;
}

/*
 * What the memory alone costs: one random slot of the connection table, both of its cache lines
 * read and written, where to depending on what was read before, so that no two of them overlap.
 */
SEC("xdp")
int bench_touch(struct xdp_md *ctx)
{
	const __u32 zero = 0;
	struct bench_control *c = bpf_map_lookup_elem(&control, &zero);
	volatile struct conn *slot;
	__u32 x, index;

	if (!c)
		return XDP_ABORTED;
	x = (c->chain + 1) * 0x9e3779b1U;
	x = (x ^ x >> 15) * 0x85ebca6bU;
	index = table_scale(x, c->slots);
	slot = bpf_map_lookup_elem(&conns, &index);
	if (!slot)
		return XDP_ABORTED;
	slot->client.end = slot->client.end;
	slot->sock_id = slot->sock_id;
	c->chain = x + slot->client.end + slot->sock_id;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
