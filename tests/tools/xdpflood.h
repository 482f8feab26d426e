/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What xdpflood tells its XDP program: frames that are complete but for the fields that vary, and
 * where those are.  What varies is zero in them, so that a checksum only has the new words added.
 */
#ifndef TESTS_XDPFLOOD_H
#define TESTS_XDPFLOOD_H

#include <linux/types.h>

enum { FLOOD_FRAMES = 128, FLOOD_ROOM = 160, FLOOD_SOURCES = 64 };

struct flood_frame {
	__u32 len;
	__u16 ts_at;    /* of TSval in the frame; 0: it has no timestamps */
	__u8 acks;      /* acknowledges, and echoes a timestamp */
	__u8 continued; /* a first fragment, which has no TCP checksum */
	__u8 bytes[FLOOD_ROOM];
};

struct flood_config {
	__u32 chunk;    /* so many frames are put into the other end's queue at once */
	__u32 chunk_ns; /* and take so long on the wire */
	__u32 endless;  /* or less, if the queue has room */
	__u32 n_frames; /* one at random each time */
	__u32 words;    /* 8 bytes each, of the longest frame */
	__u32 ipv6;
	__u32 source[4];   /* as in the frame, of IPv4 the first; zero where it varies */
	__u32 mask[4];     /* of what varies */
	__u32 n_sources;   /* of a list, one at random in the place of the above; 0: none */
	__u16 source_port; /* network order; 0: it varies */
	__u16 pad;
};

#endif
