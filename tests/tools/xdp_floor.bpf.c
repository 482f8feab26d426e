/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a flood costs at the least, in the place of synguard: frames from the gateway's MAC address,
 * behind which the spoofed sources are, are dropped, or sent back as they are; every other passes.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define GATEWAY_LAST_BYTE 0xfe /* 02:00:00:00:00:fe, TB_GATEWAY_MAC in scripts/testbed */

/* NULL: passes. */
static __always_inline __u8 *flood_frame(struct xdp_md *ctx)
{
	__u8 *mac = (void *)(long)ctx->data;

	if (mac + 12 > (__u8 *)(long)ctx->data_end)
		return NULL;
	return mac[11] == GATEWAY_LAST_BYTE ? mac : NULL;
}

/* What the machine itself can carry. */
SEC("xdp")
int xdp_floor(struct xdp_md *ctx)
{
	return flood_frame(ctx) ? XDP_DROP : XDP_PASS;
}

/* The cheapest possible answer. */
SEC("xdp/answer")
int xdp_floor_tx(struct xdp_md *ctx)
{
	__u16 *mac = (__u16 *)flood_frame(ctx);

	if (!mac)
		return XDP_PASS;
	for (int i = 0; i < 3; i++) {
		const __u16 word = mac[i];

		mac[i] = mac[i + 3];
		mac[i + 3] = word;
	}
	return XDP_TX;
}

char _license[] SEC("license") = "GPL";
