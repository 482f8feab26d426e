/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stands for the Internet on the testbed's router, opposite the server: drops frames to the
 * gateway's MAC address, behind which the spoofed sources would be, and passes every other. Without
 * it the server's CPU, which also does the router's part here, would spend more on carrying away
 * the answers to a flood than on making them.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define GATEWAY_LAST_BYTE 0xfe /* 02:00:00:00:00:fe, TB_GATEWAY_MAC in scripts/testbed */

SEC("xdp")
int xdp_internet(struct xdp_md *ctx)
{
	const __u8 *mac = (const void *)(long)ctx->data;

	if (mac + 6 > (const __u8 *)(long)ctx->data_end)
		return XDP_DROP;
	if (mac[0] == 2 && !(mac[1] | mac[2] | mac[3] | mac[4]) && mac[5] == GATEWAY_LAST_BYTE)
		return XDP_DROP;
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
