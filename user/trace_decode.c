// SPDX-License-Identifier: GPL-2.0
/* From a traced packet's bytes to its fields, by the same parsers that the XDP program uses. */
#include <stdio.h>
#include <string.h>

#include "trace_decode.h"

enum { OPT_SACK = 5 };

int trace_event_valid(const void *data, size_t size)
{
	const struct trace_event *event = data;

	return size >= sizeof(*event) && event->captured <= TRACE_BYTES &&
	       event->reason <= REASON_MAX && event->point >= TRACE_IN &&
	       event->point <= TRACE_HANDOFF;
}

static void sack_read(const __u8 *option, __u8 len, struct trace_packet *packet)
{
	__u8 at;

	packet->sack_count = 0; /* of duplicates the last one counts */
	for (at = 2; at + 8 <= len && packet->sack_count < SACK_BLOCKS; at += 8)
		packet->sack[packet->sack_count++] = (struct sack_block){
		    .start = load_u32(option + at), .end = load_u32(option + at + 4)};
}

static bool told_by_opts(__u8 kind)
{
	return kind == OPT_MSS || kind == OPT_WSCALE || kind == OPT_SACK_PERM ||
	       kind == OPT_TIMESTAMP;
}

/* What tcpopts_parse() leaves out.  options[] holds len bytes that are all there. */
static void options_walk(const __u8 *options, __u32 len, struct trace_packet *packet)
{
	__u32 at = 0;

	while (at + 2 <= len && options[at] != OPT_EOL) {
		const __u8 kind = options[at], size = options[at + 1];

		if (kind == OPT_NOP) {
			at++;
			continue;
		}
		if (size < 2 || size > len - at)
			return;
		if (kind == OPT_SACK)
			sack_read(options + at, size, packet);
		else if (!told_by_opts(kind) && packet->other_count < OTHER_OPTIONS)
			packet->other[packet->other_count++] = kind;
		at += size;
	}
}

void trace_decode(const struct trace_event *event, struct trace_packet *ret_packet)
{
	const struct frame frame = {.data = event->data, .end = event->data + event->captured};
	struct trace_packet packet = {.event = event};
	struct packet parsed = {0};
	const __u8 *tcp, *options;

	packet.from_remote = !trace_is_sent(event);
	packet.parsed = packet_parse(&frame, event->frame_len, &parsed);
	packet.has_tcp = packet.parsed == PACKET_OK;
	if (packet.has_tcp) {
		tcp = event->data + parsed.l4_off;
		packet.flags = parsed.flags;
		packet.seq = parsed.seq;
		packet.ack = parsed.ack;
		packet.window = load_u16(tcp + 14);
		packet.len = parsed.l4_len - (__u32)TCP_LEN - parsed.opt_len;
		tcpopts_parse(&frame, &parsed, &packet.opts);
		options = frame_at(&frame, parsed.l4_off + (__u32)TCP_LEN, parsed.opt_len);
		if (options)
			options_walk(options, parsed.opt_len, &packet);
	}
	*ret_packet = packet;
}

void trace_flags_text(__u8 flags, char *ret_text, size_t size)
{
	static const struct {
		__u8 flag;
		const char *name;
	} names[] = {{TCP_SYN, "SYN"},
		     {TCP_FIN, "FIN"},
		     {TCP_RST, "RST"},
		     {TCP_PSH, "PSH"},
		     {TCP_ACK, "ACK"}};
	size_t used = 0, i;

	snprintf(ret_text, size, "none");
	for (i = 0; i < sizeof(names) / sizeof(names[0]) && used < size; i++)
		if (flags & names[i].flag)
			used += (size_t)snprintf(ret_text + used, size - used, "%s%s",
						 used ? "-" : "", names[i].name);
}

void trace_option_name(__u8 kind, char *ret_text, size_t size)
{
	static const char *const names[] = {[OPT_MD5] = "md5",
					    [28] = "user-timeout",
					    [OPT_AO] = "ao",
					    [30] = "mptcp",
					    [34] = "tfo"};

	if (kind < sizeof(names) / sizeof(names[0]) && names[kind])
		snprintf(ret_text, size, "%s", names[kind]);
	else
		snprintf(ret_text, size, "opt-%u", kind);
}
