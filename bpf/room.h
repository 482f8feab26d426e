/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What each CPU works on.  Not on the stack, of which the verifier allows 512 bytes for a whole
 * chain of calls.  The XDP and tc programs run with softirqs off, so a CPU looks at one packet at a
 * time, and none of them is interrupted by another; the tracing programs must keep out of here.
 */
#ifndef SYNGUARD_ROOM_H
#define SYNGUARD_ROOM_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "cookie.h"
#include "packet.h"
#include "tcpopt.h"
#include "track.h"

/* One packet (or, leaving this host, a batch that the NIC will cut) for the tracker. */
struct passage {
	struct segment seg;
	__u32 now;   /* jiffies */
	__u32 bytes; /* of IP */
	__u32 packets;
	__u32 from_here; /* 1: sent by this host */
};

struct room {
	struct packet pkt;
	struct tcpopts opts;
	struct passage passage;
	struct track_work work;
	struct conn fresh;      /* a half-open entry being put together */
	struct tcp_offer offer; /* what a cookie that came back says */
	struct cookie_prefix prefixes[COOKIE_PREFIXES];
	__u64 hash;   /* of a SYN's tuple */
	__u32 traced; /* 1: this packet is one for synguard trace */
	__u32 reason; /* enum reason */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct room);
} rooms SEC(".maps");

INLINE struct room *room_get(void)
{
	const __u32 zero = 0;

	return bpf_map_lookup_elem(&rooms, &zero);
}

#endif
