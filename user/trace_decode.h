/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One traced packet, taken apart: what a reader of the wire wants to know of it.  Pure: nothing
 * here remembers an earlier packet, so numbers are as they are in the headers.
 */
#ifndef SYNGUARD_TRACE_DECODE_H
#define SYNGUARD_TRACE_DECODE_H

#include <stdbool.h>
#include <stddef.h>

#include "abi.h"
#include "tcpopt.h"

enum { SACK_BLOCKS = 4, OTHER_OPTIONS = 8 };

struct sack_block {
	__u32 start; /* absolute, host order */
	__u32 end;
};

struct trace_packet {
	const struct trace_event *event;
	enum reason parsed; /* PACKET_OK, or why the packet holds no whole TCP header */
	bool has_tcp;       /* false: nothing below but from_remote is valid */
	__u8 flags;         /* enum tcp_flag */
	__u8 sack_count;    /* of sack[] */
	__u8 other_count;   /* of other[] */
	bool from_remote;
	__u16 window; /* as in the header */
	__u32 seq;
	__u32 ack; /* valid with TCP_ACK in flags */
	__u32 len; /* bytes of payload */
	struct tcpopts opts;
	struct sack_block sack[SACK_BLOCKS];
	__u8 other[OTHER_OPTIONS]; /* kinds of options that opts and sack[] do not tell */
};

/* The event must outlive the result, which points to it. */
void trace_decode(const struct trace_event *event, struct trace_packet *ret_packet);

/* 1 if size bytes from the ring buffer are a whole event. */
int trace_event_valid(const void *data, size_t size);

/* "SYN", "SYN-ACK", "FIN-PSH-ACK", "none"; ECE, CWR and URG are left to trace_options_text(). */
void trace_flags_text(__u8 flags, char *ret_text, size_t size);

/* The name of an option that struct tcpopts does not tell: "mptcp", or "opt-99". */
void trace_option_name(__u8 kind, char *ret_text, size_t size);

/* "in", "answer", "out", "handoff". */
const char *trace_point_name(enum trace_point point);

/* 1 of a packet that this host sent, be it from the driver. */
int trace_is_sent(const struct trace_event *event);

/* What became of the packet: "pass", "drop", "tx", or NULL of one that this host sent. */
const char *trace_verdict(const struct trace_event *event, bool monitor);

/* 1 if this very packet was not let through: never in mode monitor. */
int trace_is_drop(const struct trace_event *event, bool monitor);

/* "198.51.100.7:40222", "[2001:db8::7]:443"; "unknown" for a packet without addresses. */
enum { ENDPOINT_MAX = 56 };
void trace_endpoint(const __u8 addr[16], __u16 port, char ret_text[ENDPOINT_MAX]);
void trace_address(const __u8 addr[16], char ret_text[ENDPOINT_MAX]);

#endif
