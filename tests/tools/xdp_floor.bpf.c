/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a flood costs at the least: drops frames from the gateway's MAC address, behind which the
 * spoofed sources are, and passes every other.  In the place of synguard it tells what the machine
 * itself can carry.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define GATEWAY_LAST_BYTE 0xfe /* 02:00:00:00:00:fe, TB_GATEWAY_MAC in scripts/testbed */

SEC("xdp")
int xdp_floor(struct xdp_md *ctx)
{
	const __u8 *mac = (const void *)(long)ctx->data;

	if (mac + 12 > (const __u8 *)(long)ctx->data_end)
		return XDP_DROP;
	return mac[11] == GATEWAY_LAST_BYTE ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
