/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Passes every frame.  A veth end receives what its peer sends from XDP (XDP_TX in native mode)
 * only if it has an XDP program itself, so the testbed puts this one opposite the server.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int xdp_pass(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
