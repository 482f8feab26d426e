/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A bounded flood of spoofed TCP segments out of one virtual interface: random source address (in a
 * prefix, or of a list), port and sequence number per frame, every checksum complete.  It sends for
 * at most a minute, on veth or tap only, and reads nothing back.
 *
 * Kinds: the segments that their names say, and
 *   data   PSH and ACK with a payload
 *   oow    the same for one live connection (--src ADDR, --sport), far from its sequence numbers
 *   flags  combinations that no stack sends, a different one in each frame
 *   frag   a SYN's first fragment of eight bytes, which holds its ports and no flags
 */
#include "blast.h"

enum { PAYLOAD = 64, FRAG_BYTES = 8 };

struct kind {
	const char *name;
	uint16_t flags;
	unsigned int payload;
	bool odd;  /* flags of odd_flags in turn */
	bool cut;  /* to a fragment */
	bool live; /* of a connection that the caller names */
};

static const struct kind kinds[] = {
    {"syn", .flags = TCP_SYN},
    {"ack", .flags = TCP_ACK},
    {"synack", .flags = TCP_SYN | TCP_ACK},
    {"rst", .flags = TCP_RST},
    {"fin", .flags = TCP_FIN | TCP_ACK},
    {"data", .flags = TCP_PSH | TCP_ACK, .payload = PAYLOAD},
    {"oow", .flags = TCP_PSH | TCP_ACK, .payload = PAYLOAD, .live = true},
    {"flags", .odd = true},
    {"frag", .flags = TCP_SYN, .cut = true},
};

static const uint16_t odd_flags[] = {
    0,
    TCP_FIN,
    TCP_URG,
    TCP_PSH,
    TCP_FIN | TCP_PSH | TCP_URG,
    TCP_SYN | TCP_FIN,
    TCP_SYN | TCP_RST,
    TCP_SYN | TCP_FIN | TCP_ACK,
    TCP_RST | TCP_FIN,
    TCP_RST | TCP_FIN | TCP_ACK,
    TCP_SYN | TCP_RST | TCP_ACK,
    TCP_FIN | TCP_SYN | TCP_RST | TCP_PSH | TCP_ACK | TCP_URG,
    TCP_ECE | TCP_CWR,
    TCP_FIN | TCP_SYN | TCP_RST | TCP_PSH | TCP_ACK | TCP_URG | TCP_ECE | TCP_CWR,
};

struct flood {
	const char *dev, *dst, *dst_mac, *src_mac, *src, *src_list, *options, *name;
	uint64_t dport, sport, cpu;
	const struct kind *kind;
	struct blast blast;
	struct frame frame;   /* what stays the same from frame to frame */
	unsigned int ts_at;   /* offset of TSval in the options; 0: there is none */
	unsigned int host_at; /* first random bit of the source address */
	uint8_t listed[LIST_MAX][16];
	unsigned int n_listed;
	uint64_t rng;
};

static const uint8_t opt_linux[] = {2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7};
static const uint8_t opt_windows[] = {2, 4, 5, 0xb4, 1, 3, 3, 8, 1, 1, 4, 2};
static const uint8_t opt_stamp[] = {1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0};

static void options_set(struct flood *flood, const uint8_t *options, unsigned int len,
			unsigned int ts_at)
{
	memcpy(flood->frame.options, options, len);
	flood->frame.options_len = len;
	flood->ts_at = ts_at;
}

static void options_choose(struct flood *flood)
{
	bool syn = flood->frame.flags & TCP_SYN;

	if (strcmp(flood->options, "none") == 0)
		return;
	if (strcmp(flood->options, "windows") == 0)
		options_set(flood, opt_windows, syn ? sizeof(opt_windows) : 0, 0);
	else if (strcmp(flood->options, "linux") != 0)
		die(EXIT_USAGE, "--options: linux, windows or none");
	else if (syn)
		options_set(flood, opt_linux, sizeof(opt_linux), 8);
	else
		options_set(flood, opt_stamp, sizeof(opt_stamp), 4);
}

static void kind_set(struct flood *flood)
{
	static const uint8_t nothing_real[PAYLOAD] = "flood";

	for (unsigned int i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].name, flood->name) == 0)
			flood->kind = &kinds[i];
	if (!flood->kind)
		die(EXIT_USAGE, "--kind: syn, ack, synack, rst, fin, data, oow, flags or frag");
	flood->frame.flags = flood->kind->flags;
	flood->frame.payload = nothing_real;
	flood->frame.payload_len = flood->kind->payload;
	options_choose(flood);
}

static void source_set(struct flood *flood)
{
	struct frame *frame = &flood->frame;
	char text[INET6_ADDRSTRLEN + 4];
	const char *prefix = flood->src;
	char *slash;
	int family;

	if (!prefix)
		prefix = frame->family == AF_INET ? "198.18.0.0/15" : "2001:db8::/32";
	snprintf(text, sizeof(text), "%s", prefix);
	flood->host_at = 8 * addr_len(frame->family);
	slash = strchr(text, '/');
	if (slash) {
		*slash = '\0';
		if (number_parse("--src", slash + 1) > flood->host_at)
			die(EXIT_USAGE, "--src: '%s' is too long a prefix", prefix);
		flood->host_at = number_parse("--src", slash + 1);
	}
	if (!addr_parse(text, &family, frame->src) || family != frame->family)
		die(EXIT_USAGE, "--src: '%s' is no prefix of --dst's family", prefix);
}

static void sources_list(struct flood *flood)
{
	char *list, *rest, *text;
	int family;

	list = rest = strdup(flood->src_list);
	while ((text = strsep(&rest, ","))) {
		if (flood->n_listed == LIST_MAX)
			die(EXIT_USAGE, "--src-list: more than %d addresses", LIST_MAX);
		if (!addr_parse(text, &family, flood->listed[flood->n_listed++]) ||
		    family != flood->frame.family)
			die(EXIT_USAGE, "--src-list: '%s' is no address of --dst's family", text);
	}
	free(list);
}

static void source_next(struct flood *flood, uint8_t *addr)
{
	unsigned int bits = 8 * addr_len(flood->frame.family);
	uint64_t random = 0;

	if (flood->n_listed) {
		memcpy(addr, flood->listed[rng_next(&flood->rng) % flood->n_listed], 16);
		return;
	}
	for (unsigned int byte = flood->host_at / 8; byte < bits / 8; byte++) {
		uint8_t host = byte == flood->host_at / 8 ? 0xff >> flood->host_at % 8 : 0xff;

		if (!random)
			random = rng_next(&flood->rng);
		addr[byte] = (addr[byte] & ~host) | (random & host);
		random >>= 8;
	}
}

static unsigned int frame_next(void *of, uint8_t *out)
{
	struct flood *flood = of;
	uint64_t random = rng_next(&flood->rng);
	struct frame *frame = &flood->frame;
	unsigned int len;

	source_next(flood, frame->src);
	frame->seq = random;
	frame->src_port = flood->sport ? flood->sport : 1024 + (random >> 32) % (65536 - 1024);
	frame->ip_id = random >> 48;
	if (flood->kind->odd)
		frame->flags = odd_flags[(random >> 40) % ARRAY_LEN(odd_flags)];
	if (frame->flags & TCP_ACK)
		frame->ack = rng_next(&flood->rng);
	if (flood->ts_at) {
		random = rng_next(&flood->rng);
		put32(frame->options + flood->ts_at, random);
		put32(frame->options + flood->ts_at + 4, frame->flags & TCP_ACK ? random >> 32 : 0);
	}
	len = frame_write(frame, out);
	return flood->kind->cut ? frame_cut(out, FRAG_BYTES, random) : len;
}

static void src_mac_set(struct flood *flood)
{
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (flood->src_mac) {
		if (!mac_parse(flood->src_mac, flood->frame.src_mac))
			die(EXIT_USAGE, "--src-mac: '%s' is no MAC address", flood->src_mac);
		return;
	}
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", flood->dev);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &request) < 0)
		die(EXIT_FAILURE, "%s: cannot ask for its MAC address: %m", flood->dev);
	close(fd);
	memcpy(flood->frame.src_mac, request.ifr_hwaddr.sa_data, 6);
}

int main(int argc, char **argv)
{
	struct flood flood = {
	    .options = "linux",
	    .name = "syn",
	    .cpu = UINT64_MAX,
	    .rng = now_ns() ^ (uint64_t)getpid() << 40,
	    .frame = {.ttl = 64, .window = 64240, .dont_fragment = true},
	};
	struct arg args[] = {
	    {"dev", "IFACE", ARG_TEXT, &flood.dev, true},
	    {"dst", "ADDR", ARG_TEXT, &flood.dst, true},
	    {"dport", "PORT", ARG_NUMBER, &flood.dport, true},
	    {"dst-mac", "MAC", ARG_TEXT, &flood.dst_mac, true},
	    {"rate", "PPS (0: all it can)", ARG_NUMBER, &flood.blast.rate, true},
	    {"seconds", "N", ARG_NUMBER, &flood.blast.seconds, true},
	    {"src", "PREFIX", ARG_TEXT, &flood.src, false},
	    {"src-list", "ADDR,ADDR...", ARG_TEXT, &flood.src_list, false},
	    {"sport", "PORT", ARG_NUMBER, &flood.sport, false},
	    {"src-mac", "MAC", ARG_TEXT, &flood.src_mac, false},
	    {"options", "linux|none|windows", ARG_TEXT, &flood.options, false},
	    {"kind", "syn|ack|synack|rst|fin|data|oow|flags|frag", ARG_TEXT, &flood.name, false},
	    {"cpu", "N", ARG_NUMBER, &flood.cpu, false},
	    {0},
	};
	int fd;

	args_parse(argc, argv, args, "", NULL, 0);
	if (flood.blast.seconds < 1 || flood.blast.seconds > SECONDS_MAX)
		die(EXIT_USAGE, "--seconds: 1 to %d", SECONDS_MAX);
	if (!addr_parse(flood.dst, &flood.frame.family, flood.frame.dst))
		die(EXIT_USAGE, "--dst: '%s' is no address", flood.dst);
	if (!mac_parse(flood.dst_mac, flood.frame.dst_mac))
		die(EXIT_USAGE, "--dst-mac: '%s' is no MAC address", flood.dst_mac);
	flood.frame.dst_port = flood.dport;
	kind_set(&flood);
	source_set(&flood);
	if (flood.src_list)
		sources_list(&flood);
	if (flood.kind->live && !(flood.src && flood.sport))
		die(EXIT_USAGE, "--kind oow: --src and --sport of a live connection are needed");
	if (flood.cpu != UINT64_MAX)
		cpu_pin(flood.cpu);
	fd = blast_open(flood.dev);
	src_mac_set(&flood);
	tool_catch_signals();
	blast_run(&flood.blast, fd, frame_next, &flood);
	blast_report(&flood.blast);
	return EXIT_SUCCESS;
}
