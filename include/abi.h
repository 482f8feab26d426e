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
#define SYNGUARD_ABI (4 << 16 | REASON_MAX)

enum limits {
	MAX_CONNS = 262144,
	MAX_PORTS = 65536,
	SERVICE_SLOTS = 4096,
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

enum PACKED_ENUM conn_state {
	SYN_RECV = 1,    /* last ACK seen, the kernel's socket not yet */
	ESTABLISHED = 2, /* the kernel has a socket, in any state up to its close */
	TIME_WAIT = 3,   /* closed by this side: late segments and reuse are the kernel's */
	CLOSE = 4,       /* reset: late segments get the kernel's RST, a SYN starts afresh */
};

enum PACKED_ENUM conn_kind {
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
	__u16 mss;   /* bytes, as sent in the client's MSS option (rounded down to the table) */
	__u8 wscale; /* 0..14, or WSCALE_NONE */
	__u8 sack;   /* 0 or 1 */
	__u8 ecn;    /* 0 or 1 */
	__u8 tstamp; /* 0 or 1 */
	__u8 pad[2];
};

enum { WSCALE_NONE = 15 };

_Static_assert(sizeof(struct tcp_offer) == 8, "tcp_offer has no holes");

struct conn {
	enum conn_state state;
	enum conn_kind kind;
	__u8 pad[2];
	__u32 assigned_at;      /* jiffies (low 32 bits) of the last request socket made; 0: none */
	struct tcp_offer offer; /* KIND_COOKIE only, else zero */
	__u32 client_isn;       /* host order, KIND_COOKIE only */
	__u32 server_isn;       /* host order, KIND_COOKIE only */
	__u64 expires;          /* jiffies; meaningful in all states but ESTABLISHED */
	__u64 sock_cookie;      /* of the kernel's socket (SO_COOKIE); 0: not known */
};

_Static_assert(sizeof(struct conn) == 40, "conn has no holes");

/* An entry of the queue that removes connections once their last state has timed out. */
struct expiry {
	struct conn_key key;
	__u32 pad;
	__u64 at; /* jiffies */
};

_Static_assert(sizeof(struct expiry) == 48, "expiry has no holes");

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
struct service {
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

_Static_assert(sizeof(struct service) == 52, "service has no holes");

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
};

_Static_assert(sizeof(struct config) == 64, "config has no holes");

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
	__u64 table_full;     /* connections not entered because conns was full */
	__u64 conns_made;     /* entries created and removed: their difference is the fill level */
	__u64 conns_gone;
};

_Static_assert(sizeof(struct runtime) == 56, "runtime has no holes");

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

#endif
