/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stands for the Internet on the testbed's router, opposite the server: drops frames to the
 * gateway's MAC address, behind which the spoofed sources would be, and passes every other. Without
 * it the server's CPU, which also does the router's part here, would spend more on carrying away
 * the answers to a flood than on making them.
 *
 * What it drops, it counts, since interface counters are no help with bytes: a veth counts the
 * Ethernet header of frames that XDP sent, and not of those from the kernel.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define GATEWAY_LAST_BYTE 0xfe /* 02:00:00:00:00:fe, TB_GATEWAY_MAC in scripts/testbed */

struct dropped {
	__u64 packets;
	__u64 bytes; /* of frames as they are here: not padded, without FCS */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dropped);
} dropped SEC(".maps");

SEC("xdp")
int xdp_internet(struct xdp_md *ctx)
{
	const __u8 *mac = (const void *)(long)ctx->data;
	struct dropped *count;
	__u32 key = 0;

	if (mac + 6 > (const __u8 *)(long)ctx->data_end)
		return XDP_DROP;
	if (mac[0] != 2 || mac[1] | mac[2] | mac[3] | mac[4] || mac[5] != GATEWAY_LAST_BYTE)
		return XDP_PASS;
	count = bpf_map_lookup_elem(&dropped, &key);
	if (count) {
		count->packets++;
		count->bytes += ctx->data_end - ctx->data;
	}
	return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
