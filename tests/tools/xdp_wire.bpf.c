/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A cable between two ports of one namespace: what comes in at one goes out at the other, by way of the
 * CPU that is to receive it.  So a frame reaches the veth behind the other port as a driver's frame
 * reaches it from a NIC's ring: in a page of its own, with room in front, on the receiver's CPU;
 * and whether a program is attached there makes no difference to what the driver does.  (A frame
 * that comes as an skb is copied by the veth, but only for a program.)
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "tools/wire.h"

const volatile struct wire_ends ends; /* written by wire.c */

struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct bpf_cpumap_val));
	__uint(max_entries, 1); /* as many as there are CPUs */
} wire_cpus SEC(".maps");

/* Where a frame leaves: the end that it did not come in at. */
static __always_inline __u32 other_end(const struct xdp_md *ctx)
{
	return ctx->ingress_ifindex == ends.ifindex[0];
}

SEC("xdp")
int xdp_wire(struct xdp_md *ctx)
{
	return (int)bpf_redirect_map(&wire_cpus, ends.cpu[other_end(ctx)], XDP_DROP);
}

SEC("xdp/cpumap")
int xdp_wire_out(struct xdp_md *ctx)
{
	return (int)bpf_redirect(ends.ifindex[other_end(ctx)], 0);
}

char _license[] SEC("license") = "GPL";
