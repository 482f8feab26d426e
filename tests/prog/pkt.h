/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TCP frames for the program tests: a struct of plain values and one function that makes the bytes,
 * every checksum complete.  Written from the RFCs and sharing nothing with include/, so that it can
 * serve as the oracle for what synguard writes.  A lie is told by patching the bytes afterwards.
 */
#ifndef TESTS_PROG_PKT_H
#define TESTS_PROG_PKT_H

#include <linux/types.h>
#include <stddef.h>

enum pkt_limits { PKT_ROOM = 2048, PKT_EXTS = 8, PKT_TAGS = 3 };

enum pkt_flag {
	PKT_FIN = 0x01,
	PKT_SYN = 0x02,
	PKT_RST = 0x04,
	PKT_PSH = 0x08,
	PKT_ACK = 0x10,
	PKT_URG = 0x20,
	PKT_ECE = 0x40,
	PKT_CWR = 0x80,
};

/* Which of the usual options a SYN has. */
enum pkt_option { PKT_TS = 1, PKT_SACK = 2, PKT_WS = 4, PKT_ECN = 8 };

struct pkt_tag {
	__u16 tpid;
	__u16 tci;
};

struct pkt_ext {
	__u8 type;
	__u8 units;   /* of 8 bytes, the first included */
	__u8 body[2]; /* bytes 2 and 3: fragment offset, routing type and segments left, option */
};

struct pkt {
	int v6;
	__u8 dst_mac[6];
	__u8 src_mac[6];
	struct pkt_tag tag[PKT_TAGS];
	unsigned int n_tags;
	__u8 src[16]; /* IPv4: the first four bytes */
	__u8 dst[16];
	__u8 tos;
	__u8 ttl;
	__u16 id;
	__u16 frag;    /* IPv4: flags and offset as on the wire */
	__u8 ip_words; /* IPv4: words of options, all NOP */
	struct pkt_ext ext[PKT_EXTS];
	unsigned int n_ext;
	__u16 sport;
	__u16 dport;
	__u32 seq;
	__u32 ack;
	__u8 flags;
	__u8 reserved; /* low 4 bits of TCP byte 12 */
	__u16 window;
	__u8 opt[40];
	unsigned int opt_len;
	unsigned int payload_len; /* bytes counting up from 0 */
	unsigned int pad_to;      /* Ethernet padding up to this length */
};

/* Where the headers are in the bytes, for patching. */
struct pkt_at {
	unsigned int l3;
	unsigned int l4;
	unsigned int len;
};

/* A segment from the test's client to its server, without options. */
struct pkt pkt_new(int v6, __u16 sport, __u16 dport, __u8 flags);

/* Turn around: what the server would send back, with plain values. */
struct pkt pkt_reverse(const struct pkt *p);

/* Writes the frame to out[PKT_ROOM] and returns its length; at may be NULL. */
unsigned int pkt_build(const struct pkt *p, __u8 *out, struct pkt_at *at);

/* Append raw option bytes. */
void pkt_opt(struct pkt *p, const void *bytes, unsigned int len);
void pkt_opt_mss(struct pkt *p, __u16 mss);
void pkt_opt_ts(struct pkt *p, __u32 tsval, __u32 tsecr);

/* A SYN's options and flags as Linux writes them, for a set of enum pkt_option. */
void pkt_opt_syn(struct pkt *p, unsigned int set, __u16 mss, __u8 wscale, __u32 tsval);

/* Pad with NOPs to a multiple of 4. */
void pkt_opt_end(struct pkt *p);

/* Write the IPv4 header checksum anew after a patch. */
void pkt_fix_ip(__u8 *frame, const struct pkt_at *at);

/* Write the TCP checksum anew after a patch of the segment. */
void pkt_fix_tcp(__u8 *frame, const struct pkt_at *at, int v6);

__u16 get16(const __u8 *p);
__u32 get32(const __u8 *p);
void put16(__u8 *p, __u16 value);
void put32(__u8 *p, __u32 value);

extern const __u8 pkt_client_mac[6];
extern __u8 pkt_server_mac[6]; /* set by world_make() */

#endif
