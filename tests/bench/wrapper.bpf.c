// SPDX-License-Identifier: GPL-2.0
/*
 * BPF_PROG_TEST_RUN with repeat does not restore the frame, so a program that answers a SYN would
 * see its own answer next.  These wrappers restore it, perhaps from a new source, and tail-call the
 * program under test; what a wrapper costs is measured with a target that does nothing.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "bench/bench.h"
#include "csum.h"
#include "table.h"

#define TCX_NEXT -1
#define TCX_DROP 2

/* Programs of one kind and hook each, as the kernel wants it. */
struct targets {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, TARGETS);
	__uint(key_size, 4);
	__uint(value_size, 4);
};

struct targets targets SEC(".maps"), targets_in SEC(".maps"), targets_out SEC(".maps");

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

/* The connection tables of the programs under test. */
struct table {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct conn);
};

struct table conns SEC(".maps"), conns_big SEC(".maps");

static __always_inline struct bench_control *control_get(void)
{
	const __u32 zero = 0;

	return bpf_map_lookup_elem(&control, &zero);
}

static __always_inline struct bench_frame *frame_next(struct bench_control *c)
{
	const __u32 index = c->next++ & (c->frames - 1);

	return bpf_map_lookup_elem(&frames, &index);
}

/*
 * No load of a program under test may need two of these stores, or part of an older and a younger
 * one: it would wait until both have left the processor's store buffer, and no NIC does that to it.
 * Headers begin at 14, and at 18 behind a tag, so words of 8 bytes begin at 6.
 */
static __always_inline void frame_copy(__u8 *to, const __u8 *end, const struct bench_frame *f)
{
	const __u8 *from = f->bytes;

	if (to + 6 > end)
		return;
	*(__u32 *)to = *(const __u32 *)from;
	*(__u16 *)(to + 4) = *(const __u16 *)(from + 4);
	to += 6;
	from += 6;
	for (int i = 0; i < FRAME_ROOM / 8 && to + 8 <= end; i++, to += 8, from += 8)
		*(__u64 *)to = *(const __u64 *)from;
	for (int i = 0; i < 3 && to + 2 <= end; i++, to += 2, from += 2)
		*(__u16 *)to = *(const __u16 *)from;
}

/* Two words that follow each other in memory. */
static __always_inline void words_store(__u8 *to, __u32 first, __u32 second)
{
	*(__u64 *)to = (__u64)second << 32 | first;
}

/* Host order. */
static __always_inline __u32 source_v4(const struct bench_control *c, __u32 r, __u16 *ret_port)
{
	*ret_port = (__u16)(r >> 3);
	if (c->source == SOURCE_LISTED)
		return bench_spread_v4(r % BENCH_LIST);
	if (c->source == SOURCE_UNLISTED)
		return bench_spread_v4(r) | 1;
	if (c->source == SOURCE_CONNS) {
		r = (__u32)((__u64)r * c->conns >> 32);
		*ret_port = bench_source_port(r);
		return bench_source(r);
	}
	return bench_source(r);
}

/* New source address, port and ISN; the IPv4 header's checksum is made anew. */
static __always_inline void source_set_v4(__u8 *ip, const __u8 *end, const struct bench_control *c)
{
	const __u32 r = bpf_get_prandom_u32();
	__u16 port;

	if (ip + 40 > end)
		return;
	*(__u32 *)(ip + 12) = __builtin_bswap32(source_v4(c, r, &port));
	*(__u16 *)(ip + 20) = __builtin_bswap16(port);
	if (c->source != SOURCE_CONNS)
		*(__u32 *)(ip + 24) = r * 7;
	*(__u32 *)(ip + 8) &= 0xffff;
	*(__u32 *)(ip + 8) |= (__u32)csum_fold(csum_words((const __u32 *)ip, 5)) << 16;
}

static __always_inline void source_set_v6(__u8 *ip, const __u8 *end, const struct bench_control *c)
{
	const __u32 r = bpf_get_prandom_u32();
	const __u32 i = c->source == SOURCE_LISTED ? r % BENCH_LIST : r;

	if (ip + 60 > end)
		return;
	if (c->source == SOURCE_ANY) {
		words_store(ip + 8, *(const __u32 *)(ip + 8), bench_mix(r));
	} else {
		words_store(
		    ip + 8, __builtin_bswap32(bench_spread_v6_high(i)),
		    __builtin_bswap32(bench_spread_v6_low(i) | (c->source == SOURCE_UNLISTED)));
	}
	words_store(ip + 16, r, *(const __u32 *)(ip + 20));
	*(__u16 *)(ip + 40) = (__u16)(r >> 3);
	*(__u32 *)(ip + 44) = r * 7;
}

static __always_inline void source_set(struct xdp_md *ctx, const struct bench_control *c)
{
	__u8 *d = (void *)(long)ctx->data;
	const __u8 *end = (void *)(long)ctx->data_end;

	if (c->v6)
		source_set_v6(d + 14, end, c);
	else if (c->tagged)
		source_set_v4(d + 18, end, c);
	else
		source_set_v4(d + 14, end, c);
}

SEC("xdp")
int bench_wrapper(struct xdp_md *ctx)
{
	const __u32 len = (__u32)((void *)(long)ctx->data_end - (void *)(long)ctx->data);
	struct bench_control *c = control_get();
	struct bench_frame *f;

	if (!c)
		return XDP_ABORTED;
	f = frame_next(c);
	if (!f || (len != f->len && bpf_xdp_adjust_tail(ctx, (int)f->len - (int)len)))
		return XDP_ABORTED;
	if (c->marks && bpf_xdp_adjust_meta(ctx, (int)(ctx->data - ctx->data_meta)))
		return XDP_ABORTED;
	frame_copy((void *)(long)ctx->data, (void *)(long)ctx->data_end, f);
	if (c->source != SOURCE_FRAME)
		source_set(ctx, c);
	bpf_tail_call(ctx, &targets, c->target);
	return XDP_ABORTED;
}

SEC("xdp")
int bench_nothing(struct xdp_md *ctx)
{
	return XDP_TX;
}

SEC("xdp")
int bench_pass(struct xdp_md *ctx)
{
	return XDP_PASS;
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
static __always_inline int touch(struct table *table)
{
	struct bench_control *c = control_get();
	volatile struct conn *slot;
	__u32 x, index;

	if (!c)
		return XDP_ABORTED;
	x = (c->chain + 1) * 0x9e3779b1U;
	x = (x ^ x >> 15) * 0x85ebca6bU;
	index = table_scale(x, c->slots);
	slot = bpf_map_lookup_elem(table, &index);
	if (!slot)
		return XDP_ABORTED;
	slot->client.end = slot->client.end;
	slot->sock_id = slot->sock_id;
	c->chain = x + slot->client.end + slot->sock_id;
	return XDP_PASS;
}

SEC("xdp")
int bench_touch(struct xdp_md *ctx)
{
	return touch(&conns);
}

SEC("xdp")
int bench_touch_big(struct xdp_md *ctx)
{
	return touch(&conns_big);
}

static __always_inline struct bench_control *skb_restore(struct __sk_buff *skb)
{
	struct bench_control *c = control_get();
	struct bench_frame *f = c ? frame_next(c) : 0;

	if (!f || skb->len != f->len)
		return 0;
	frame_copy((void *)(long)skb->data, (void *)(long)skb->data_end, f);
	return c;
}

SEC("tc")
int bench_wrap_in(struct __sk_buff *skb)
{
	struct bench_control *c = skb_restore(skb);

	if (c)
		bpf_tail_call(skb, &targets_in, c->target);
	return TCX_DROP;
}

SEC("tc")
int bench_wrap_out(struct __sk_buff *skb)
{
	struct bench_control *c = skb_restore(skb);

	if (c)
		bpf_tail_call(skb, &targets_out, c->target);
	return TCX_DROP;
}

/* The floor of tc: the bare program that lets everything go on. */
SEC("tc")
int bench_next_in(struct __sk_buff *skb)
{
	return TCX_NEXT;
}

SEC("tc")
int bench_next_out(struct __sk_buff *skb)
{
	return TCX_NEXT;
}

/* Behind a program at tc ingress: nothing goes any further. */
SEC("tc")
int bench_sink(struct __sk_buff *skb)
{
	return TCX_DROP;
}

char LICENSE[] SEC("license") = "GPL";
