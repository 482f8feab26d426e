/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A bounded flood of spoofed TCP segments (flood.h) out of one virtual interface: random source
 * address, port and sequence number per frame, every checksum complete.  It sends for at most a
 * minute, on veth or tap only, and reads nothing back.  One skb per frame, which the queues of a
 * bridge hold: what a test needs to arrive; for millions a second there is xdpflood.
 */
#include "blast.h"
#include "flood.h"

struct sender {
	struct flood flood;
	struct blast blast;
	uint64_t rng;
};

static void source_next(struct sender *s, uint8_t *addr)
{
	const struct flood *flood = &s->flood;
	unsigned int bits = 8 * addr_len(flood->frame.family), at = flood->prefix_len;
	uint64_t random = 0;

	if (flood->n_listed) {
		memcpy(addr, flood->listed[rng_next(&s->rng) % flood->n_listed], 16);
		return;
	}
	for (unsigned int byte = at / 8; byte < bits / 8; byte++) {
		uint8_t host = byte == at / 8 ? 0xff >> at % 8 : 0xff;

		if (!random)
			random = rng_next(&s->rng);
		addr[byte] = (addr[byte] & ~host) | (random & host);
		random >>= 8;
	}
}

static unsigned int frame_next(void *of, uint8_t *out)
{
	struct sender *s = of;
	struct flood *flood = &s->flood;
	uint64_t random = rng_next(&s->rng), mixture = rng_next(&s->rng);
	const struct kind *kind = flood->choice.kind[mixture % flood->choice.n_kinds];
	struct frame *frame = &flood->frame;
	unsigned int len, ts_at;

	source_next(s, frame->src);
	frame->seq = random;
	frame->src_port = flood->sport ? flood->sport : 1024 + (random >> 32) % (65536 - 1024);
	frame->ip_id = random >> 48;
	frame->flags = kind->odd ? odd_flags[(random >> 40) % ARRAY_LEN(odd_flags)] : kind->flags;
	ts_at =
	    frame_set(frame, kind, flood->choice.layout[(mixture >> 32) % flood->choice.n_layouts]);
	if (frame->flags & TCP_ACK)
		frame->ack = rng_next(&s->rng);
	if (ts_at) {
		random = rng_next(&s->rng);
		put32(frame->options + ts_at, random);
		put32(frame->options + ts_at + 4, frame->flags & TCP_ACK ? random >> 32 : 0);
	}
	len = frame_write(frame, out);
	return kind->cut ? frame_cut(out, FRAG_BYTES, random) : len;
}

int main(int argc, char **argv)
{
	struct sender s = {.rng = now_ns() ^ (uint64_t)getpid() << 40};
	int fd;

	flood_parse(argc, argv, &s.flood);
	s.blast.rate = s.flood.rate;
	s.blast.seconds = s.flood.seconds;
	fd = blast_open(s.flood.dev);
	tool_catch_signals();
	blast_run(&s.blast, fd, frame_next, &s);
	blast_report(&s.blast);
	return EXIT_SUCCESS;
}
