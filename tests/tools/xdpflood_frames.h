/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What segments a flood is made of: a kind, as a stack lays them out.  Fields that vary are zero.
 */
#ifndef TESTS_XDPFLOOD_FRAMES_H
#define TESTS_XDPFLOOD_FRAMES_H

#include "tool.h"
#include "frame.h"
#include "xdpflood.h"

/* PER_KIND: so that each of a mixture's kinds has its share, whether of one layout or four. */
enum { PAYLOAD = 64, FRAG_BYTES = 8, PER_KIND = 12 };

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
struct frames_choice {
	const struct kind *kind[ARRAY_LEN(kinds)];
	const struct layout *layout[ARRAY_LEN(layouts)];
	unsigned int n_kinds, n_layouts;
};

static inline void kinds_choose(struct frames_choice *choice, const char *names)
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

static inline void layouts_choose(struct frames_choice *choice, const char *names)
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

/* frame: what all have in common. */
static inline void frame_make(struct frame frame, const struct kind *kind,
			      const struct layout *layout, unsigned int i, struct flood_frame *out)
{
	static const uint8_t nothing_real[PAYLOAD] = "flood";
	uint8_t bytes[FRAME_MAX] = {0};
	unsigned int ts_at;

	frame.flags = kind->odd ? odd_flags[i] : kind->flags;
	frame.payload = nothing_real;
	frame.payload_len = kind->payload;
	frame.ttl = layout->ttl;
	frame.window = layout->window;
	ts_at = options_set(&frame, layout);
	*out = (struct flood_frame){
	    .len = frame_write(&frame, bytes),
	    .acks = !!(frame.flags & TCP_ACK),
	    .continued = kind->cut,
	};
	if (ts_at && !kind->cut)
		out->ts_at = out->len - frame.payload_len - frame.options_len + ts_at;
	if (kind->cut)
		out->len = frame_cut(bytes, FRAG_BYTES, 0);
	memcpy(out->bytes, bytes, out->len);
}

/* Returns how many. */
static inline unsigned int frames_make(const struct frames_choice *choice,
				       const struct frame *frame, struct flood_frame *out)
{
	unsigned int n = 0;

	for (unsigned int k = 0; k < choice->n_kinds; k++) {
		const struct kind *kind = choice->kind[k];
		unsigned int per = kind->odd ? ARRAY_LEN(odd_flags) : PER_KIND;

		for (unsigned int i = 0; i < per; i++)
			frame_make(*frame, kind, choice->layout[i % choice->n_layouts], i,
				   &out[n++]);
	}
	return n;
}

_Static_assert(ARRAY_LEN(kinds) * ARRAY_LEN(odd_flags) <= FLOOD_FRAMES, "room for any mixture");
_Static_assert(14 + 40 + 20 + 40 + PAYLOAD <= FLOOD_ROOM + 20, "room for any frame");

#endif
