/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a flood is made of, and what both generators, synflood and xdpflood, are asked for: segments of
 * some kinds, as some stacks lay them out, from random or listed sources, to one address and port.
 *
 * Kinds, of which several make a mixture: the segments that their names say, and
 *   data   PSH and ACK with a payload
 *   oow    the same for one live connection (--src ADDR, --sport), far from its sequence numbers
 *   flags  combinations that no stack sends, a different one in each frame
 *   frag   a SYN's first fragment of eight bytes, which holds its ports and no flags
 */
#ifndef TESTS_FLOOD_H
#define TESTS_FLOOD_H

#include "tool.h"
#include "frame.h"

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

/* How a stack's SYN looks; ts_at: of TSval in its options, 0 if it has no timestamps. */
struct layout {
	const char *name;
	uint8_t ttl;
	uint16_t window;
	uint8_t ts_at;
	uint8_t len;
	uint8_t options[40];
};

static const struct layout layouts[] = {
    {"linux", 64, 64240, 8, 20, {2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7}},
    {"windows", 128, 64240, 0, 12, {2, 4, 5, 0xb4, 1, 3, 3, 8, 1, 1, 4, 2}},
    {"macos", 64, 65535, 12, 24, {2, 4, 5, 0xb4, 1, 3, 3, 6, 1, 1, 8, 10,
				  0, 0, 0, 0,    0, 0, 0, 0, 4, 2, 0, 0}},
    {"none", 64, 64240, 0, 0, {0}},
};

static const uint8_t opt_stamp[] = {1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0};

/* kind, layout: NAME or NAME,NAME... */
struct flood_choice {
	const struct kind *kind[ARRAY_LEN(kinds)];
	const struct layout *layout[ARRAY_LEN(layouts)];
	unsigned int n_kinds, n_layouts;
};

static inline void kinds_choose(struct flood_choice *choice, const char *names)
{
	char *list = strdup(names), *rest = list, *name;
	unsigned int i;

	while ((name = strsep(&rest, ","))) {
		for (i = 0; i < ARRAY_LEN(kinds) && strcmp(kinds[i].name, name) != 0; i++)
			;
		if (i == ARRAY_LEN(kinds) || choice->n_kinds == ARRAY_LEN(kinds))
			die(EXIT_USAGE,
			    "--kind: some of syn, ack, synack, rst, fin, data, oow, flags, frag");
		choice->kind[choice->n_kinds++] = &kinds[i];
	}
	free(list);
}

static inline void layouts_choose(struct flood_choice *choice, const char *names)
{
	char *list = strdup(names), *rest = list, *name;
	unsigned int i;

	while ((name = strsep(&rest, ","))) {
		for (i = 0; i < ARRAY_LEN(layouts) && strcmp(layouts[i].name, name) != 0; i++)
			;
		if (i == ARRAY_LEN(layouts) || choice->n_layouts == ARRAY_LEN(layouts))
			die(EXIT_USAGE, "--options: some of linux, windows, macos, none");
		choice->layout[choice->n_layouts++] = &layouts[i];
	}
	free(list);
}

/* The options of such a segment; returns where in them TSval is, or 0. */
static inline unsigned int options_set(struct frame *frame, const struct layout *layout)
{
	if (frame->flags & TCP_SYN) {
		memcpy(frame->options, layout->options, layout->len);
		frame->options_len = layout->len;
		return layout->ts_at;
	}
	frame->options_len = layout->ts_at ? sizeof(opt_stamp) : 0;
	memcpy(frame->options, opt_stamp, frame->options_len);
	return layout->ts_at ? 4 : 0;
}

/* The rest of a segment of that kind and layout; returns where in its options TSval is, or 0. */
static inline unsigned int frame_set(struct frame *frame, const struct kind *kind,
				     const struct layout *layout)
{
	static const uint8_t nothing_real[PAYLOAD] = "flood";

	frame->payload = nothing_real;
	frame->payload_len = kind->payload;
	frame->ttl = layout->ttl;
	frame->window = layout->window;
	return options_set(frame, layout);
}

/* What was asked for. */
struct flood {
	const char *dev, *dst, *dst_mac, *src_mac, *src, *src_list, *options, *kind;
	uint64_t dport, sport, cpu, rate, seconds;
	struct flood_choice choice;
	struct frame frame; /* what stays the same from frame to frame; its source is the prefix */
	unsigned int prefix_len; /* of the source; what follows is random */
	uint8_t listed[LIST_MAX][16];
	unsigned int n_listed;
};

static inline void source_set(struct flood *flood)
{
	struct frame *frame = &flood->frame;
	const char *prefix = flood->src;
	char text[INET6_ADDRSTRLEN + 4], *slash;
	int family;

	if (!prefix)
		prefix = frame->family == AF_INET ? "198.18.0.0/15" : "2001:db8::/32";
	snprintf(text, sizeof(text), "%s", prefix);
	flood->prefix_len = 8 * addr_len(frame->family);
	slash = strchr(text, '/');
	if (slash) {
		*slash = '\0';
		if (number_parse("--src", slash + 1) > flood->prefix_len)
			die(EXIT_USAGE, "--src: '%s' is too long a prefix", prefix);
		flood->prefix_len = number_parse("--src", slash + 1);
	}
	if (!addr_parse(text, &family, frame->src) || family != frame->family)
		die(EXIT_USAGE, "--src: '%s' is no prefix of --dst's family", prefix);
}

static inline void sources_list(struct flood *flood)
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

static inline void src_mac_set(struct flood *flood)
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

static inline void flood_check(struct flood *flood)
{
	if (flood->seconds < 1 || flood->seconds > SECONDS_MAX)
		die(EXIT_USAGE, "--seconds: 1 to %d", SECONDS_MAX);
	if (!addr_parse(flood->dst, &flood->frame.family, flood->frame.dst))
		die(EXIT_USAGE, "--dst: '%s' is no address", flood->dst);
	if (!mac_parse(flood->dst_mac, flood->frame.dst_mac))
		die(EXIT_USAGE, "--dst-mac: '%s' is no MAC address", flood->dst_mac);
	kinds_choose(&flood->choice, flood->kind);
	layouts_choose(&flood->choice, flood->options);
	for (unsigned int i = 0; i < flood->choice.n_kinds; i++)
		if (flood->choice.kind[i]->live && !(flood->src && flood->sport))
			die(EXIT_USAGE,
			    "--kind oow: --src and --sport of a live connection are needed");
}

/* From the command line; ends the program if that asks for something impossible. */
static inline void flood_parse(int argc, char **argv, struct flood *flood)
{
	struct arg args[] = {
	    {"dev", "IFACE", ARG_TEXT, &flood->dev, true},
	    {"dst", "ADDR", ARG_TEXT, &flood->dst, true},
	    {"dport", "PORT", ARG_NUMBER, &flood->dport, true},
	    {"dst-mac", "MAC", ARG_TEXT, &flood->dst_mac, true},
	    {"rate", "PPS (0: all it can)", ARG_NUMBER, &flood->rate, true},
	    {"seconds", "N", ARG_NUMBER, &flood->seconds, true},
	    {"src", "PREFIX", ARG_TEXT, &flood->src, false},
	    {"src-list", "ADDR,ADDR...", ARG_TEXT, &flood->src_list, false},
	    {"sport", "PORT", ARG_NUMBER, &flood->sport, false},
	    {"src-mac", "MAC", ARG_TEXT, &flood->src_mac, false},
	    {"options", "linux|windows|macos|none,...", ARG_TEXT, &flood->options, false},
	    {"kind", "syn|ack|synack|rst|fin|data|oow|flags|frag,...", ARG_TEXT, &flood->kind,
	     false},
	    {"cpu", "N", ARG_NUMBER, &flood->cpu, false},
	    {0},
	};

	*flood = (struct flood){
	    .options = "linux", .kind = "syn", .cpu = UINT64_MAX, .frame = {.dont_fragment = true}};
	args_parse(argc, argv, args, "", NULL, 0);
	flood_check(flood);
	flood->frame.dst_port = flood->dport;
	source_set(flood);
	if (flood->src_list)
		sources_list(flood);
	src_mac_set(flood);
	if (flood->cpu != UINT64_MAX)
		cpu_pin(flood->cpu);
}

#endif
