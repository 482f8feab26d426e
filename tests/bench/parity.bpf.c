// SPDX-License-Identifier: GPL-2.0
/* The pure parsers as clang builds them for BPF: parse the frame, put down what was found. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "bench/parity.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct parity);
} result SEC(".maps");

__noinline int parity_packet(struct xdp_md *ctx, struct packet *ret_pkt)
{
	const struct frame f = {(void *)(long)ctx->data, (void *)(long)ctx->data_end};

	if (!ret_pkt)
		return -1;
	return packet_parse(&f, (__u32)(f.end - f.data), ret_pkt);
}

__noinline int parity_options(struct xdp_md *ctx, const struct packet *pkt,
			      struct tcpopts *ret_opts)
{
	const struct frame f = {(void *)(long)ctx->data, (void *)(long)ctx->data_end};

	if (!pkt || !ret_opts)
		return -1;
	tcpopts_parse(&f, pkt, ret_opts);
	return 0;
}

SEC("xdp")
int parity(struct xdp_md *ctx)
{
	const __u32 zero = 0;
	struct parity *out = bpf_map_lookup_elem(&result, &zero);
	struct packet pkt = {};
	struct tcpopts opts = {};

	if (!out)
		return XDP_ABORTED;
	out->reason = (__u32)parity_packet(ctx, &pkt);
	out->sane = 0;
	if (out->reason == PACKET_OK) {
		parity_options(ctx, &pkt, &opts);
		out->sane = packet_sane(&pkt);
	}
	out->packet = pkt;
	out->opts = opts;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
