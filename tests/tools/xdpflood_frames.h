/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The frames that xdpflood's program sends, complete but for the fields that vary, which are zero.
 */
#ifndef TESTS_XDPFLOOD_FRAMES_H
#define TESTS_XDPFLOOD_FRAMES_H

#include "flood.h"
#include "xdpflood.h"

/* So that each of a mixture's kinds has its share, whether of one layout or four. */
enum { PER_KIND = 12 };

/* frame: what all have in common. */
static inline void frame_make(struct frame frame, const struct kind *kind,
			      const struct layout *layout, unsigned int i, struct flood_frame *out)
{
	uint8_t bytes[FRAME_MAX] = {0};
	unsigned int ts_at;

	frame.flags = kind->odd ? odd_flags[i] : kind->flags;
	ts_at = frame_set(&frame, kind, layout);
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
static inline unsigned int frames_make(const struct flood_choice *choice, const struct frame *frame,
				       struct flood_frame *out)
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
_Static_assert((int)LIST_MAX == (int)FLOOD_SOURCES, "room for any list");
_Static_assert(14 + 40 + 20 + 40 <= FLOOD_ROOM, "room for any SYN");
_Static_assert(14 + 40 + 20 + 12 + PAYLOAD <= FLOOD_ROOM, "room for data, with timestamps");

#endif
