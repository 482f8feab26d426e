// SPDX-License-Identifier: GPL-2.0
/*
 * Forged segments of one connection, from somebody who knows its addresses and ports and guesses
 * the rest: sequence and acknowledgement number are random in each, everything else is as the real
 * sender's.  At a bounded rate, out of one virtual interface, for at most a minute.
 */
#include "blast.h"

enum { PAYLOAD = 512 };

struct forger {
	const char *dev, *src, *dst, *src_mac, *dst_mac, *kind;
	uint64_t sport, dport;
	struct blast blast;
	struct frame frame;
	uint64_t rng;
};

static void kind_set(struct forger *forger)
{
	static const uint8_t nothing_real[PAYLOAD] = "forged";
	static const struct {
		const char *name;
		uint16_t flags;
	} kinds[] = {{"rst", TCP_RST},
		     {"fin", TCP_FIN | TCP_ACK},
		     {"syn", TCP_SYN},
		     {"data", TCP_PSH | TCP_ACK}};

	for (unsigned int i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].name, forger->kind) == 0)
			forger->frame.flags = kinds[i].flags;
	if (!forger->frame.flags)
		die(EXIT_USAGE, "--kind: rst, fin, syn or data");
	if (forger->frame.flags & TCP_PSH) {
		forger->frame.payload = nothing_real;
		forger->frame.payload_len = PAYLOAD;
	}
}

static unsigned int frame_next(void *of, uint8_t *out)
{
	struct forger *forger = of;
	uint64_t random = rng_next(&forger->rng);

	forger->frame.seq = random;
	forger->frame.ack = forger->frame.flags & TCP_ACK ? random >> 32 : 0;
	forger->frame.ip_id = random >> 16;
	return frame_write(&forger->frame, out);
}

static void frame_set(struct forger *forger)
{
	struct frame *frame = &forger->frame;
	int family;

	if (!addr_parse(forger->src, &frame->family, frame->src) ||
	    !addr_parse(forger->dst, &family, frame->dst) || family != frame->family)
		die(EXIT_USAGE, "--src and --dst: two addresses of one family");
	if (!mac_parse(forger->src_mac, frame->src_mac) ||
	    !mac_parse(forger->dst_mac, frame->dst_mac))
		die(EXIT_USAGE, "--src-mac and --dst-mac: xx:xx:xx:xx:xx:xx");
	frame->src_port = forger->sport;
	frame->dst_port = forger->dport;
	kind_set(forger);
}

int main(int argc, char **argv)
{
	struct forger forger = {
	    .rng = now_ns() ^ (uint64_t)getpid() << 40,
	    .blast = {.seconds = SECONDS_MAX},
	    .frame = {.ttl = 64, .window = 502, .dont_fragment = true},
	};
	struct arg args[] = {
	    {"dev", "IFACE", ARG_TEXT, &forger.dev, true},
	    {"src", "ADDR", ARG_TEXT, &forger.src, true},
	    {"dst", "ADDR", ARG_TEXT, &forger.dst, true},
	    {"sport", "PORT", ARG_NUMBER, &forger.sport, true},
	    {"dport", "PORT", ARG_NUMBER, &forger.dport, true},
	    {"src-mac", "MAC", ARG_TEXT, &forger.src_mac, true},
	    {"dst-mac", "MAC", ARG_TEXT, &forger.dst_mac, true},
	    {"kind", "rst|fin|syn|data", ARG_TEXT, &forger.kind, true},
	    {"count", "N", ARG_NUMBER, &forger.blast.count, true},
	    {"rate", "PPS (0: all it can)", ARG_NUMBER, &forger.blast.rate, true},
	    {0},
	};
	int fd;

	args_parse(argc, argv, args, "", NULL, 0);
	if (!forger.blast.count)
		die(EXIT_USAGE, "--count: at least 1");
	frame_set(&forger);
	fd = blast_open(forger.dev);
	tool_catch_signals();
	blast_run(&forger.blast, fd, frame_next, &forger);
	blast_report(&forger.blast);
	return EXIT_SUCCESS;
}
