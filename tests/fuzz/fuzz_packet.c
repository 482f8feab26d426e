// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer on the frame parser and the option parser: no read outside the frame, no offset or
 * length outside it in the result, and the two ways to read options agree on every segment.
 */
#include <linux/types.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "packet.h"
#include "tcpopt.h"

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size);

static void must(int ok)
{
	if (!ok)
		abort();
}

static void options_agree(const struct frame *f, const struct packet *pkt)
{
	struct tcpopts fast, walked;

	tcpopts_parse(f, pkt, &fast);
	tcpopts_walk(f, pkt, &walked);
	must(fast.wscale <= WSCALE_MAX || fast.wscale == WSCALE_NONE);
	fast.at = walked.at;
	must(!memcmp(&fast, &walked, sizeof(fast)));
}

/* The bytes are copied so that ASan knows where the frame ends. */
int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	__u8 *frame = malloc(size + !size);
	const struct frame f = {frame, frame + size};
	struct packet pkt;

	must(frame != NULL);
	memcpy(frame, data, size);
	memset(&pkt, 0, sizeof(pkt));
	if (packet_parse(&f, (__u32)size, &pkt) == PACKET_OK) {
		must((size_t)pkt.l4_off + pkt.l4_len <= size);
		must(pkt.opt_len % 4 == 0 && TCP_LEN + pkt.opt_len <= pkt.l4_len);
		packet_sane(&pkt);
		options_agree(&f, &pkt);
	}
	free(frame);
	return 0;
}
