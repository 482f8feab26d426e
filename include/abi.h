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

/*
 * Raised whenever a layout below changes, or where in a map something is (include/table.h); a new
 * reason changes the layout of the counters by itself.
 */
#define SYNGUARD_ABI (9 << 16 | REASON_MAX)

enum limits {
	MAX_CONNS = 262144, /* the default of --max-conns */
	MAX_HALFOPEN = 16384,
	MAX_PORTS = 65536,
	LISTENER_SLOTS = 4096,
	EPOCHS_VALID = 2, /* a cookie is accepted in its own epoch and the next */
	BANKS = 2,        /* of settings: one in force, the other to be written (runtime.bank) */
	MAX_POLICIES = 1024,
	MAX_ADDR_SERVICES = 16384,
};

#define PACKED_ENUM __attribute__((packed))

/* What becomes of SYNs to a service. */
enum PACKED_ENUM mode {
	MODE_ALWAYS = 1,  /* each gets a cookie */
	MODE_MONITOR = 2, /* decide as in mode auto, count, pass everything */
	MODE_AUTO = 3,    /* to the kernel while there is no attack, cookies during one */
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
	__u8 has_mss; /* the SYN had the option: only then the SYN-ACK has it */
	__u8 pad;
};

enum { WSCALE_NONE = 15, RTT_UNKNOWN = 0xffff };

_Static_assert(sizeof(struct tcp_offer) == 10, "tcp_offer has no holes");

/*
 * One direction of a connection, by the side that sends.  All sequence numbers in host order.  The
 * last eight bytes hold what the side said in its SYN and how many packets it has sent.  The counts
 * are the upper bits of their words, where adding to them takes no masks.
 */
struct conn_side {
	__u32 end;     /* highest sequence number sent, plus one: data, SYN and FIN count */
	__u32 max_end; /* the highest that the other side has ever allowed: its ACK plus window */
	__u32 max_ack; /* highest acknowledgement number sent; valid with .acked */
	__u32 max_win; /* largest window advertised, bytes, scaled */
	__u64 acked : 1;
	__u64 closing : 1;     /* began the close: its FIN was the first */
	__u64 unacked : 1;     /* has sent data that is not acknowledged yet */
	__u64 scaling : 1;     /* sent the window scale option */
	__u64 next_wscale : 4; /* that of its SYN that was let through without effect */
	__u64 bytes : 56;      /* of IP packets, as conntrack -L counts them */
	__u64 : 0;             /* or a store to either word would be one to both */
	__u64 mss : 16;        /* bytes, as in its SYN's option; 0: not seen */
	__u64 wscale : 4;      /* shift that applies to the windows it advertises */
	__u64 sack : 1;
	__u64 tstamp : 1;
	__u64 ecn : 1;
	__u64 fin : 1; /* has sent its FIN */
	__u64 packets : 40;
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
	/*
	 * Of the slot, not of the connection: see include/table.h.  Of a half-open handshake: SYNs
	 * that no SYN-ACK has answered yet.
	 */
	__u32 displaced;
	__u32 last_end;    /* end of the last SYN that was let through without effect */
	__u16 rtt_ms;      /* handshake round trip, to the clock's tick; RTT_UNKNOWN */
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
 * A filter in front of conns, small enough for the CPU's cache: how many connections fall into each
 * of presence_cells() cells (include/table.h) of four bits.  A cell at PRESENCE_FULL, which takes
 * malice and the key, takes no more, as if conns were full: one that overflowed would hide the
 * connections in it.
 */
enum presence_shape {
	PRESENCE_LEAST = 1 << 19,
	PRESENCE_PER_SLOT = 2,
	PRESENCE_IN_WORD = 16,
	PRESENCE_FULL = 12,
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
	__u8 local;          /* 1: the address is this host's, whether or not anything listens */
	__u8 accept_full;    /* 1: the accept queue is; 2: that of one socket of several is */
	__u32 unfinished;    /* handshakes in the kernel, not finished */
	__u32 backlog;       /* how many connections the application lets wait */
	__u32 queues_at;     /* jiffies, low 32 bits: when these three were read */
	__u32 passed;        /* SYNs passed to the kernel since then, by this CPU */
	__u32 syns;          /* seen and not yet told to struct defence */
	__u32 told_at;       /* jiffies, low 32 bits: when they were last told */
};

_Static_assert(sizeof(struct listener) == 76, "listener has no holes");

/*
 * rules[bank * MAX_PORTS + port]: which policy a port of this host has.  A service is a port, or an
 * address and a port, with its policy.
 */
struct rule {
	__u16 policy; /* of all addresses but those in addr_services; 0: not protected */
	__u8 by_addr; /* 1: addr_services has some address with this port */
	__u8 part;    /* the loader's: which ports are one service (setup_maps.c) */
};

_Static_assert(sizeof(struct rule) == 4, "rule has no holes");

/* How a service is protected: policies[bank * MAX_POLICIES + i]; the 0th is not used. */
struct policy {
	enum mode mode;
	__u8 speaks_first;   /* 1: a server that speaks first (SSH, SMTP): repeat lost SYN-ACKs */
	__u8 unfinished_on;  /* attack from so many unfinished handshakes on: per cent of */
	__u8 unfinished_off; /* the listener's backlog; and until it is below this */
	__u32 syn_rate_on;   /* the same in SYNs per second */
	__u32 syn_rate_off;
	__u32 hold_ms; /* cookies for at least so long after the last excess */
};

_Static_assert(sizeof(struct policy) == 16, "policy has no holes");

/* An address of this host and a port of it; network order, v4-mapped. */
struct addr_key {
	__u8 addr[16] __attribute__((aligned(4)));
	__u16 port;
	__u16 bank;
};

_Static_assert(sizeof(struct addr_key) == 20, "addr_key has no holes");

struct addr_service {
	__u16 policy;  /* 0: not protected, whatever the port's rule says */
	__u16 part;    /* the loader's, as in struct rule */
	__u32 defence; /* index of its struct defence: MAX_PORTS to DEFENCES - 1 */
};

_Static_assert(sizeof(struct addr_service) == 8, "addr_service has no holes");

enum { DEFENCES = MAX_PORTS + MAX_ADDR_SERVICES };

/*
 * What a service goes through (include/defend.h): defences[port], or where addr_services says.
 * Written by the programs.
 */
struct defence {
	__u64 until;        /* jiffies: under attack until then */
	__u64 kernel_until; /* jiffies: look half-open sockets up until then; of ports only */
	__u32 window;       /* jiffies, low 32 bits: when counting began */
	__u32 syns;         /* since then */
	__u32 started_s;    /* CLOCK_BOOTTIME, seconds: when the last attack began; 0: none yet */
	__u32 attacks;      /* how many there were */
};

_Static_assert(sizeof(struct defence) == 32, "defence has no holes");

/* A token bucket's shape (include/bucket.h). */
struct rate_limit {
	__u32 rate;  /* packets per second; 0: no limit */
	__u32 burst; /* packets */
};

enum PACKED_ENUM list_kind { LIST_ALLOW = 0, LIST_DENY = 1, LISTS };

enum { MAX_LIST = 1000000 };

/* A line of a list: a prefix of sources. */
struct prefix_entry {
	__u8 addr[16] __attribute__((aligned(4))); /* network order, v4-mapped; the rest is 0 */
	__u8 len;                                  /* of all 128 bits: IPv4 has 96 more */
	__u8 used;                                 /* 0: the one entry of an empty list */
	__u8 pad[6];
	__u64 expires; /* jiffies; 0: never */
};

_Static_assert(sizeof(struct prefix_entry) == 32, "prefix_entry has no holes");

/* settings[bank]: what is not one service's.  Prefixes are /24 and /56. */
struct settings {
	struct rate_limit synack;   /* SYN-ACKs to one prefix */
	struct rate_limit live_syn; /* SYNs for live connections, from one prefix */
	struct rate_limit new_conn; /* proven handshakes of one prefix */
	struct rate_limit bad_ack;  /* ACKs of no connection and no cookie, from one prefix */
	__u32 proven_s;             /* a client counts as proven for so long; 0: never */
	__u32 resend_ms;            /* wait before a SYN-ACK is repeated */
	__u8 proven_credit;         /* SYNs to the kernel in an attack per proof */
	__u8 resend_times;          /* 0: never */
	__u8 lists;                 /* bit 1 << LIST_*: that list is not empty */
	enum mode mode; /* of packets whose service cannot be told: MODE_MONITOR lets them pass */
};

_Static_assert(sizeof(struct settings) == 44, "settings has no holes");

/* What the command line of attach said beside the file: it counts at every reload, too. */
struct overrides {
	enum mode mode; /* 0: not given */
	__u8 xdp_given;
	__u8 xdp; /* enum xdp_choice */
	__u8 pad;
	__u32 max_conns;          /* 0: not given */
	struct timeouts timeouts; /* each 0: not given */
};

_Static_assert(sizeof(struct overrides) == 44, "overrides has no holes");

enum { FILE_NAME_MAX = 4096 };

/* Where the settings came from. */
struct origin {
	char config_file[FILE_NAME_MAX]; /* absolute; "": none */
	struct overrides overrides;
};

/* notes[bank]: of the settings, what only the loader needs to know. */
struct notes {
	struct origin origin;
	char key_file[FILE_NAME_MAX]; /* "": none, as below */
	char allow_file[FILE_NAME_MAX];
	char deny_file[FILE_NAME_MAX];
	__u32 rotate_s;
	__u32 xdp; /* enum xdp_choice */
};

_Static_assert(sizeof(struct notes) == 4 * FILE_NAME_MAX + 44 + 8, "notes has no holes");

/* A leaky bucket in one word: it is read and written whole. */
struct bucket {
	__u32 at;   /* jiffies, low 32 bits */
	__u32 fill; /* packets times hz */
};

/* By a keyed hash of the prefix: those that collide share a limit (include/bucket.h). */
enum { BUCKETS = 32768, BUCKETS_RARE = 16384 };

struct buckets {
	struct bucket synack[BUCKETS];
	struct bucket live_syn[BUCKETS_RARE];
	struct bucket new_conn[BUCKETS_RARE];
	struct bucket bad_ack[BUCKETS_RARE];
};

/* SYNs that were dropped once (include/once.h), by halves of two seconds. */
enum { ONCE_WORDS = 131072 };

struct once {
	__u32 words[2][ONCE_WORDS];
};

/* Clients that have finished a handshake lately (include/proven.h). */
enum { PROVEN_CELLS = 65536 };

struct proven {
	__u64 cells[PROVEN_CELLS];
};

/*
 * SYNs that went to the kernel, by a hash of their tuples: 16 bits more of the hash, and when, in
 * epochs (of cookies) modulo 2^15.  Only where that is recent, a cookie's SYN is held against the
 * kernel's handshakes.  Two that share a cell push each other out (handoff_stale then).
 */
enum { KERNEL_SYN_CELLS = 65536 };

struct kernel_syns {
	__u32 cells[KERNEL_SYN_CELLS];
};

/* A SYN whose answer may be lost: to be answered again (bpf/resend.h).  Per CPU. */
enum { RESENDS = 4096, RESEND_BYTES = 128 };

struct resend {
	struct conn_key key;
	__u32 due;  /* jiffies, low 32 bits */
	__u16 len;  /* of frame, bytes; 0: free */
	__u8 times; /* that it was answered again */
	__u8 pad;
	__u8 frame[RESEND_BYTES];
};

_Static_assert(sizeof(struct resend) == 44 + RESEND_BYTES, "resend has no holes");

/*
 * Written by the loader, read by the programs and by status.  One entry.  The cookie's lifetime is
 * EPOCHS_VALID << epoch_shift jiffies.
 */
struct config {
	__u32 abi; /* SYNGUARD_ABI */
	enum xdp_mode xdp_mode;
	__u8 hop_limit; /* IPv6 default of the interface */
	__u8 mac[6];    /* of the interface; frames to other stations pass */
	__u16 advmss4;  /* MSS limit from the default route's metrics; 0: none, use the MTU */
	__u16 advmss6;
	__u32 ifindex;
	__u32 netns_ino;   /* inode of the network namespace, as in /proc/self/ns/net */
	__u32 mark;        /* random: what XDP writes before a frame for the hand-off hook */
	__u32 hz;          /* jiffies per second */
	__u32 epoch_shift; /* an epoch is 1 << epoch_shift jiffies, about 30 s */
	__u32 xdp_prog_id; /* of the attached program (the dispatcher's component); 0: not yet */
	__u32 rmem_max;    /* sysctl net.core.rmem_max, bytes: it bounds the window scale */
	__u32 pad;
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
	__u32 bank;           /* loader: which settings are in force, 0 or 1 */
	__u64
	    incomplete_until; /* jiffies: the kernel may have TIME_WAIT sockets that conns lacks */
	__u64 table_full;     /* times a connection found no room in conns */
	__u64 conns_made;     /* entries created; made = closed + expired + live */
	__u64 conns_closed;   /* removed after their end was seen */
	__u64 conns_expired;  /* removed by a timeout before */
	__u64 trace_until;  /* loader: jiffies; until then packets are held against trace_filter */
	__u64 trace_lost;   /* events that the ring buffer had no room for */
	__u32 synacks_owed; /* SYN-ACKs more than SYNs in an attack, not made up for yet */
	__u32 boottime_s; /* CLOCK_BOOTTIME, seconds: as of the sweeper's last look; 0: none yet */
};

_Static_assert(sizeof(struct runtime) == 88, "runtime has no holes");

/* What tuple_hash() works with (include/addr.h): all of it made of one secret. */
struct tuple_key {
	__u64 odd;
	__u64 factor; /* of the ports */
	__u32 ports;  /* added to them */
	__u32 pad;
	__u32 words[8]; /* added to the addresses' words */
};

_Static_assert(sizeof(struct tuple_key) == 56, "tuple_key has no holes");

/*
 * The cookie keys (include/keyring.h).  Two lie in slots; turn says from which epoch the newer one
 * serves, and which that is, in one word, so that no reader ever sees half a rotation.  epoch_mask
 * hides the epoch's two bits in the ISN and is not rotated, since it tells which key to use.
 * presence keys the hashes of prefixes, clients and listeners, and tuple, made of it, those of
 * tuples; it is a secret of its own because every ISN tells something about epoch_mask to those who
 * collect them.  All of it comes from getrandom(2) or a key file.  A packet reads the first cache line
 * and tuple, and an ACK without timestamps shared.
 *
 * Written by the sweeper alone, but for what is marked "loader", which is mapped into memory for
 * that.  An order is one word, stored after what belongs to it; the sweeper takes it, and it is 0.
 */
struct keys {
	__u64 turn; /* first epoch of the newer key << 1 | its slot */
	__u8 slot[2][16];
	__u64 epoch_mask;
	__u64 presence;
	__u64 clock;  /* jiffies added to this host's; 0 unless the key is shared */
	__u32 shared; /* 1: from a key file, other machines have it, too */
	__u32 pad;
	__u64 turned_at;  /* jiffies: last rotation, or when the ring was made */
	__u64 turns;      /* rotations so far */
	__u64 period;     /* loader: jiffies from one rotation to the next; 0: none by itself */
	__u8 ratchet[16]; /* the secret that the next key comes from */
	__u64 order; /* loader: take next_key, from this epoch on or as soon as possible; 0: none */
	__u64 next_clock; /* loader, like the two below: the order's */
	__u8 next_key[16];
	__u8 next_ratchet[16];
	struct tuple_key tuple;
};

_Static_assert(sizeof(struct keys) == 216, "keys has no holes");

struct count {
	__u64 packets;
	__u64 bytes;        /* frame length at the hook, without FCS */
	__u64 not_enforced; /* of these packets: passed all the same, in mode monitor */
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

/* What a SYN is decided on (include/decide.h), and explained by. */
struct syn_facts {
	__u8 conn_exists;  /* the kernel has a socket for this very tuple */
	__u8 allowed;      /* its source is on the allowlist */
	__u8 is_signed;    /* TCP-MD5 or TCP-AO: required by the listener, or in peace in the SYN */
	__u8 mptcp;        /* an MPTCP listener */
	__u8 allow_cookie; /* the host's tcp_syncookies allows a hand-off */
	__u8 is_v6;
	__u8 dst_unicast;
	__u8 new_limited;    /* its prefix has had too many new connections */
	__u8 accept_full;    /* the application's accept queue is full */
	__u8 attacked;       /* the service is under attack, by its mode */
	__u8 proven;         /* the client has finished a handshake lately, and has credit */
	__u8 queue_room;     /* the kernel's queue has room for what is let through in an attack */
	__u8 listener_small; /* the listener's own MSS is too small for a hand-off */
	__u8 pad;
	__u16 mss; /* offered, or the family's default */
};

_Static_assert(sizeof(struct syn_facts) == 16, "syn_facts has no holes");

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
	struct syn_facts facts;   /* of a SYN */
	__u8 pad[4];
};

_Static_assert(sizeof(struct dry_room) == 496, "dry_room has no holes");

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
