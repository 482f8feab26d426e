/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pcapng, as Wireshark and tshark read it (draft-ietf-opsawg-pcapng): one section, one interface,
 * one Enhanced Packet Block per packet with a comment that says what became of it and why.  Pure:
 * bytes into a buffer, in this host's byte order, as the format wants it.
 */
#ifndef SYNGUARD_TRACE_PCAPNG_H
#define SYNGUARD_TRACE_PCAPNG_H

#include "trace_decode.h"

/* Room for the longest block. */
enum { PCAPNG_MAX = 1024 };

/* What begins a file: Section Header and Interface Description.  Returns its length in bytes. */
size_t pcapng_header(const char *iface, __u8 ret_bytes[PCAPNG_MAX]);

/* One packet, at wall_ns since 1970.  Returns the block's length in bytes. */
size_t pcapng_packet(const struct trace_event *event, __u64 wall_ns, bool monitor,
		     __u8 ret_bytes[PCAPNG_MAX]);

/* "syn_cookie_sent: SYN answered with ...; state NONE" */
void pcapng_comment(const struct trace_event *event, bool monitor, char *ret_text, size_t size);

#endif
