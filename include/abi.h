/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The border between kernel and user: keys, values and enums of every map, compiled by both sides.
 * Addresses are 16 bytes in network order, IPv4 as v4-mapped IPv6 (RFC 4291 2.5.5.2); ports are in
 * host order; enums take one byte so that bpftool prints their names.  Padding is spelled out and
 * sizes are asserted, because a hole would leak kernel memory or split a hash key in two.
 */
#ifndef SYNGUARD_ABI_H
#define SYNGUARD_ABI_H

#include <linux/types.h>

#include "compiler.h"
#include "reasons.h"

/* Raised whenever a layout below changes; a new reason changes that of the counters by itself. */
#define SYNGUARD_ABI (5 << 16 | REASON_MAX)

enum limits {
	MAX_CONNS = 262144, /* the default of --max-conns */
	MAX_HALFOPEN = 16384,
	MAX_PORTS = 65536,
	LISTENER_SLOTS = 4096,
	EPOCHS_VALID = 2, /* a cookie is accepted in its own epoch and the next */
};

#define PACKED_ENUM __attribute__((packed))

enum PACKED_ENUM mode {
	MODE_ALWAYS = 1,  /* every SYN to a protected port gets a cookie */
	MODE_MONITOR = 2, /* decide and count, pass everything */
};

enum PACKED_ENUM xdp_mode {
	XDP_ATTACH_NATIVE = 1,
	XDP_ATTACH_GENERIC = 2,
};

/*
 * The state of a TCP connection as its packets tell it, with the meanings that nf_conntrack gives
 * to these names: what has been seen on the wire, not what either end thinks (include/track.h).
 */
enum PACKED_ENUM conn_state {
	NONE = 0, /* a free slot */
	SYN_SENT = 1,
	SYN_RECV = 2,
	ESTABLISHED = 3,
	FIN_WAIT = 4,
	CLOSE_WAIT = 5,
	LAST_ACK = 6,
	TIME_WAIT = 7,
	CLOSE = 8,
	SYN_SENT2 = 9, /* both sides have sent a SYN (simultaneous open) */
	STATE_MAX
};

/* What the kernel has for the connection: this, not conn_state, decides what passes. */
enum PACKED_ENUM conn_socket {
	SOCKET_NONE = 0,      /* nothing, as far as is known */
	SOCKET_PENDING = 1,   /* proven by a cookie; the kernel's socket is not there yet */
	SOCKET_HALF_OPEN = 2, /* was found by a look-up, or is about to be there; not confirmed */
	SOCKET_OPEN = 3,      /* there, in any state up to its close */
	SOCKET_TIME_WAIT = 4, /* closed by this side: late segments and reuse are the kernel's */
	SOCKET_GONE = 5,      /* closed: late segments get the kernel's RST, a SYN starts afresh */
};

enum PACKED_ENUM conn_kind {
	KIND_NONE = 0,
	KIND_COOKIE = 1,  /* opened by a cookie of ours */
	KIND_KERNEL = 2,  /* handshake done by the kernel, either direction */
	KIND_ADOPTED = 3, /* was there before synguard was attached, or found by a look-up later */
};

/* Direction-free names: for a connection that this host opens, remote is the server. */
struct conn_key {
	__u8 remote[16] __attribute__((aligned(4)));
	__u8 local[16];
	__u16 remote_port;
	__u16 local_port;
};

_Static_assert(sizeof(struct conn_key) == 36, "conn_key has no holes");

/* Options of a handshake, as the client offered them and this host allows them. */
struct tcp_offer {
	__u16 mss;    /* bytes, as sent in the client's MSS option (rounded down to the table) */
	__u8 wscale;  /* 0..14, or WSCALE_NONE */
	__u8 sack;    /* 0 or 1 */
	__u8 ecn;     /* 0 or 1 */
	__u8 tstamp;  /* 0 or 1 */
	__u16 rtt_ms; /* from the SYN-ACK to its ACK; RTT_UNKNOWN where the cookie does not tell */
};

enum { WSCALE_NONE = 15, RTT_UNKNOWN = 0xffff };

_Static_assert(sizeof(struct tcp_offer) == 8, "tcp_offer has no holes");

/*
 * One direction of a connection, by the side that sends.  All sequence numbers in host order.  The
 * last eight bytes hold what the side said in its SYN and how many packets it has sent.
 */
struct conn_side {
	__u32 end;     /* highest sequence number sent, plus one: data, SYN and FIN count */
	__u32 max_end; /* the highest that the other side has ever allowed: its ACK plus window */
	__u32 max_ack; /* highest acknowledgement number sent; valid with .acked */
	__u32 max_win; /* largest window advertised, bytes, scaled */
	__u64 bytes : 56; /* of IP packets, as conntrack -L counts them */
	__u64 acked : 1;
	__u64 closing : 1;     /* began the close: its FIN was the first */
	__u64 unacked : 1;     /* has sent data that is not acknowledged yet */
	__u64 scaling : 1;     /* sent the window scale option */
	__u64 next_wscale : 4; /* that of its SYN that was let through without effect */
	__u64 : 0;             /* or a store to either word would be one to both */
	__u64 packets : 40;
	__u64 mss : 16;   /* bytes, as in its SYN's option; 0: not seen */
	__u64 wscale : 4; /* shift that applies to the windows it advertises */
	__u64 sack : 1;
	__u64 tstamp : 1;
	__u64 ecn : 1;
	__u64 fin : 1; /* has sent its FIN */
};

_Static_assert(sizeof(struct conn_side) == 32, "conn_side has no holes");

/*
 * A struct of their own, because the kernel refuses BTF that has enums of one byte beside bit
 * fields.
 */
struct conn_flags {
	__u8 opened_here : 1;  /* this host sent the SYN: client is the local side */
	__u8 picked_up : 1;    /* first seen in mid-stream: windows are not known */
	__u8 simultaneous : 1; /* simultaneous open */
	__u8 challenged : 1;   /* a SYN was let through that the server may answer with an ACK */
	__u8 last_reply : 1;   /* the last packet but data came from the server */
	__u8 last : 3;         /* and was this (enum track_kind) */
};

/* What changes with a connection's state, in one word, so that two CPUs cannot tear it. */
struct conn_head {
	enum conn_state state;
	enum conn_kind kind;
	enum conn_socket socket;
	struct conn_flags flags;
};

_Static_assert(sizeof(struct conn_head) == 4, "conn_head is one word");

/*
 * A slot of the connection table (include/table.h) and at the same time a half-open handshake: two
 * cache lines.  Times: seconds of CLOCK_BOOTTIME, and jiffies cut to 32 bits.
 */
struct conn {
	struct conn_key key;
	struct conn_head head;   /* all 0: a free slot */
	struct conn_side client; /* the side that opened the connection */
	struct conn_side server;
	__u32 started_s; /* CLOCK_BOOTTIME, seconds */
	__u32 seen;      /* jiffies: last packet that counted; of a free slot: when it was freed */
	__u32 sock_id;   /* low half of the kernel's socket cookie (SO_COOKIE); 0: not known */
	__u32 displaced; /* of the slot, not of the connection: see include/table.h */
	__u32 last_end;  /* end of the last SYN that was let through without effect */
	__u16 rtt_ms;    /* handshake round trip, to the clock's tick; RTT_UNKNOWN */
	__u16 assigned_at; /* jiffies: last request socket made, or last SYN let through; 0: none */
};

_Static_assert(sizeof(struct conn) == 128, "conn is two cache lines");

/* How long a connection in each state lives without a packet, in seconds. */
struct timeouts {
	__u32 syn_sent;
	__u32 syn_recv;
	__u32 established;
	__u32 fin_wait;
	__u32 close_wait;
	__u32 last_ack;
	__u32 time_wait;
	__u32 close;
	__u32 unacknowledged; /* established, with data that is not acknowledged */
};

_Static_assert(sizeof(struct timeouts) == 36, "timeouts has no holes");

/*
 * How many connections fall into each of 4 * PRESENCE_WORDS cells of a hash of their tuple, one
 * byte each: a filter in front of conns that stays in the CPU's cache.  A cell at PRESENCE_FULL,
 * which takes malice and the key, takes no more, as if conns were full: a byte that overflowed
 * would hide the connections in it.
 */
enum { PRESENCE_WORDS = 65536, PRESENCE_FULL = 200 };

struct presence {
	__u32 cells[PRESENCE_WORDS];
};

/*
 * What one CPU knows about one listening address and port; asked of the kernel again each second.
 */
struct listener {
	__u8 addr[16] __attribute__((aligned(4)));
	__u16 port;
	__u8 listening; /* 0: nothing listens here, or the address is not this host's */
	__u8 mptcp;
	__u32 listen_gen;  /* runtime.listen_gen when asked */
	__u32 asked_at;    /* jiffies, low 32 bits */
	__u32 window_ts;   /* initial receive window in bytes, handshake with timestamps */
	__u32 window_nots; /* the same, without */
	__u16 mss;         /* to advertise, bytes */
	__u8 rcv_wscale;   /* to advertise when the client offers window scaling */
	__u8 ttl;          /* of the SYN-ACK: TTL or hop limit */
	__u8 tos;          /* of the SYN-ACK: DSCP and ECN bits */
	__u8 allow_cookie; /* tcp_syncookies is on; without it the kernel takes no hand-off */
	__u8 allow_ts;     /* the host's sysctls: may these be negotiated? */
	__u8 allow_sack;
	__u8 allow_wscale;
	__u8 allow_ecn;
	__u8 reflect_tos; /* sysctl tcp_reflect_tos: the SYN-ACK takes the SYN's DSCP */
	__u8 signed_only; /* the listener has TCP-MD5 or TCP-AO keys: its SYNs are the kernel's */
	__u8 kernel_cookies; /* the kernel has sent cookies of its own in the last two minutes */
	__u8 mss_small;      /* TCP_MAXSEG below what a hand-off takes: its SYNs are the kernel's */
	__u8 pad[2];
};

_Static_assert(sizeof(struct listener) == 52, "listener has no holes");

/*
 * ports[0..65535]: which ports are protected, and where the kernel may have handshakes of its
 * own.
 */
struct port {
	__u32 protect; /* 0 or 1 */
	__u32 pad;
	__u64 kernel_until; /* jiffies: look half-open sockets up until then */
};

_Static_assert(sizeof(struct port) == 16, "port has no holes");

/*
 * Written by the loader, read by the programs and by status.  One entry.  The cookie's lifetime is
 * EPOCHS_VALID << epoch_shift jiffies.
 */
struct config {
	__u32 abi; /* SYNGUARD_ABI */
	enum mode mode;
	enum xdp_mode xdp_mode;
	__u8 all_ports; /* 1: no port list was given; every port with a listener is protected */
	__u8 hop_limit; /* IPv6 default of the interface */
	__u8 mac[6];    /* of the interface; frames to other stations pass */
	__u16 advmss4;  /* MSS limit from the default route's metrics; 0: none, use the MTU */
	__u16 advmss6;
	__u16 pad;
	__u32 ifindex;
	__u32 netns_ino;   /* inode of the network namespace, as in /proc/self/ns/net */
	__u32 mark;        /* random: what XDP writes before a frame for the hand-off hook */
	__u32 hz;          /* jiffies per second */
	__u32 epoch_shift; /* an epoch is 1 << epoch_shift jiffies, about 30 s */
	__u32 xdp_prog_id; /* of the attached program (the dispatcher's component); 0: not yet */
	__u32 rmem_max;    /* sysctl net.core.rmem_max, bytes: it bounds the window scale */
	__u64 attached_at; /* seconds since 1970, for people */
	__u64 detached_at; /* ns of CLOCK_BOOTTIME when XDP went off; 0: attached */
	__u32 max_conns;
	__u32 slots; /* of the connection table, see table_slots() */
	struct timeouts timeouts;
	__u32 tick_shift;  /* the cookie's clock: a tick is 1 << tick_shift jiffies, about 4 ms */
	__u32 tick_ms_q16; /* length of a tick, in 1/65536 ms */
	__u32 pad2;
};

_Static_assert(sizeof(struct config) == 120, "config has no holes");

/* What one CPU counts within a time. */
struct budget {
	__u32 since; /* jiffies, low 32 bits: look-ups in the kernel for misses since then */
	__u32 used;
	__u32 handoff_at; /* jiffies, low 32 bits */
	__u32 handoffs;   /* made in that jiffy and not yet sockets */
};

/* Written by the programs, and by the loader where said; read by both.  One entry. */
struct runtime {
	__u32 table_complete; /* loader: 1 once every socket is in conns; programs: 0 on overflow */
	__u32 tc_alone;       /* 1: XDP cannot mark (or is gone), the hand-off hook looks itself */
	__u32 listen_gen;     /* counts sockets that start or stop listening */
	__u32 nots_epoch[2];  /* the last even and odd epoch with a cookie without timestamps */
	__u32 pad;
	__u64
	    incomplete_until; /* jiffies: the kernel may have TIME_WAIT sockets that conns lacks */
	__u64 table_full;     /* times a connection found no room in conns */
	__u64 conns_made;     /* entries created; made = closed + expired + live */
	__u64 conns_closed;   /* removed after their end was seen */
	__u64 conns_expired;  /* removed by a timeout before */
	__u64 trace_until; /* loader: jiffies; until then packets are held against trace_filter */
	__u64 trace_lost;  /* events that the ring buffer had no room for */
};

_Static_assert(sizeof(struct runtime) == 80, "runtime has no holes");

/*
 * Two keys and the epoch from which the current one is used; before it the previous one is.
 * epoch_mask hides the epoch's two bits in the ISN and is not rotated, since it tells which key
 * to use.  presence spreads tuples over the presence filter, and is a secret of its own because
 * every ISN tells something about epoch_mask to those who collect them.  All of it comes from
 * getrandom(2).
 */
struct keys {
	__u8 current[16];
	__u8 previous[16];
	__u64 since_epoch;
	__u64 epoch_mask;
	__u64 presence;
};

_Static_assert(sizeof(struct keys) == 56, "keys has no holes");

struct count {
	__u64 packets;
	__u64 bytes; /* frame length at the hook, without FCS */
};

/* counters[0] per CPU: one named count per reason, so that bpftool shows the names. */
struct counters {
#define X(name, stage, verdict, text) struct count name;
	SYNGUARD_REASONS(X)
#undef X
};

_Static_assert(sizeof(struct counters) == REASON_MAX * sizeof(struct count), "one per reason");

/* Which packets synguard trace wants to see.  Written by it, read by the programs.  One entry. */
struct trace_filter {
	__u8 client[16] __attribute__((aligned(4))); /* network order, v4-mapped */
	__u8 mask[16];                               /* ff where client counts; all 0: any client */
	__u16 port;                                  /* of this host; 0: any */
	__u8 everything; /* 0: handshake, teardown and what is not let through; 1: data, too */
	__u8 pad;
};

_Static_assert(sizeof(struct trace_filter) == 36, "trace_filter has no holes");

/*
 * What a dry run (bpf/dry.h) found and decided, for synguard explain.  Zeroed by who reads it,
 * before the run: what stays zero was not looked at, or not there.
 */
struct dry_room {
	__u64 now;          /* jiffies */
	__u32 reason;       /* enum reason */
	__u32 kernel_asked; /* 1 + what it had for the tuple: nothing, listener, half-open, open */
	struct conn conn;   /* the connection's entry as it was found */
	struct conn conn_copy;    /* and as it would be now */
	struct conn half_copy;    /* the same for a handshake of the kernel's own */
	struct listener listener; /* asked of the kernel for this run */
	__u32 pad;
};

_Static_assert(sizeof(struct dry_room) == 456, "dry_room has no holes");

enum PACKED_ENUM trace_point {
	TRACE_IN = 1,      /* as XDP received it */
	TRACE_ANSWER = 2,  /* as XDP sent it back */
	TRACE_OUT = 3,     /* as the kernel sent it (tc egress) */
	TRACE_HANDOFF = 4, /* seen a second time, by the hand-off hook */
};

enum { TRACE_BYTES = 160 };

/* One packet, for the ring buffer `trace`. */
struct trace_event {
	__u64 at;              /* ns of CLOCK_BOOTTIME */
	struct conn_key key;   /* remote and local, whatever the direction */
	struct conn_head head; /* of its connection after it; all 0: none */
	__u32 frame_len;       /* bytes */
	__u16 captured;        /* bytes of data[] that are valid */
	__u8 reason;           /* enum reason; REASON_MAX: none (what XDP sent) */
	enum trace_point point;
	__u8 data[TRACE_BYTES]; /* the frame's start, Ethernet header first */
};

_Static_assert(sizeof(struct trace_event) == 56 + TRACE_BYTES, "trace_event has no holes");

#endif
