// SPDX-License-Identifier: GPL-2.0
/* The three kinds of pcapng blocks that a capture needs, and their options. */
#include <stdio.h>
#include <string.h>

#include "conns_view.h"
#include "reason_table.h"
#include "trace_pcapng.h"
#include "trace_printed.h"

enum pcapng_number {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,
	BYTE_ORDER_MAGIC = 0x1a2b3c4d,
	LINKTYPE_ETHERNET = 1,
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_SHB_USERAPPL = 4,
	OPTION_IF_NAME = 2,
	OPTION_IF_TSRESOL = 9,
	OPTION_EPB_FLAGS = 2,
	TSRESOL_NS = 9,
	FLAGS_INBOUND = 1, /* in bits 0-1 of epb_flags */
	FLAGS_OUTBOUND = 2,
};

struct block {
	__u8 *bytes;
	size_t used;
};

/* The longest block: a packet's fixed part, its frame, a comment and the ends. */
enum { COMMENT_MAX = 400 };
_Static_assert(28 + TRACE_BYTES + 4 + COMMENT_MAX + 3 + 8 + 4 + 4 <= PCAPNG_MAX, "a block fits");

static void block_add(struct block *block, const void *data, size_t length)
{
	memcpy(block->bytes + block->used, data, length);
	block->used += length;
	while (block->used % 4)
		block->bytes[block->used++] = 0;
}

static void block_add_u32(struct block *block, __u32 word)
{
	block_add(block, &word, sizeof(word));
}

/* Two 16-bit fields in one word, first one first in memory. */
static void block_add_u16s(struct block *block, __u16 first, __u16 second)
{
	const __u16 both[] = {first, second};

	block_add(block, both, sizeof(both));
}

static void option_add(struct block *block, __u16 code, const void *value, size_t length)
{
	block_add_u16s(block, code, (__u16)length);
	block_add(block, value, length);
}

/* Every block: type, total length, body, total length again. */
static void block_begin(struct block *block, __u32 type)
{
	block_add_u32(block, type);
	block_add_u32(block, 0);
}

static void block_end(struct block *block, size_t start)
{
	const __u32 length = (__u32)(block->used - start) + 8;

	block_add_u16s(block, OPTION_END, 0);
	block_add_u32(block, length);
	memcpy(block->bytes + start + 4, &length, sizeof(length));
}

static void section_add(struct block *block)
{
	static const char program[] = "synguard " SYNGUARD_VERSION;
	const size_t start = block->used;
	const __s64 unknown = -1; /* the section's length */

	block_begin(block, BLOCK_SECTION);
	block_add_u32(block, BYTE_ORDER_MAGIC);
	block_add_u16s(block, 1, 0); /* version */
	block_add(block, &unknown, sizeof(unknown));
	option_add(block, OPTION_SHB_USERAPPL, program, strlen(program));
	block_end(block, start);
}

static void interface_add(struct block *block, const char *iface)
{
	const __u8 resolution = TSRESOL_NS;
	const size_t start = block->used;

	block_begin(block, BLOCK_INTERFACE);
	block_add_u16s(block, LINKTYPE_ETHERNET, 0);
	block_add_u32(block, TRACE_BYTES); /* snaplen */
	option_add(block, OPTION_IF_NAME, iface, strlen(iface));
	option_add(block, OPTION_IF_TSRESOL, &resolution, sizeof(resolution));
	block_end(block, start);
}

size_t pcapng_header(const char *iface, __u8 ret_bytes[PCAPNG_MAX])
{
	struct block block = {.bytes = ret_bytes};

	section_add(&block);
	interface_add(&block, iface);
	return block.used;
}

static void verdict_add(const struct trace_event *event, bool monitor, struct printed *text)
{
	const bool would = monitor && trace_is_drop(event, false);

	if (event->point == TRACE_ANSWER)
		printed_add(text, "sent by synguard: the SYN-ACK with the cookie");
	else if (event->point == TRACE_OUT)
		printed_add(text, "sent by the kernel");
	else if (event->reason < REASON_MAX)
		printed_add(text, "%s%s: %s",
			    would ? "passed in mode monitor, else dropped by " : "",
			    reason_table[event->reason].name, reason_table[event->reason].text);
	else
		printed_add(text, "received");
}

void pcapng_comment(const struct trace_event *event, bool monitor, char *ret_text, size_t size)
{
	struct printed text = {.buffer = ret_text, .size = size};

	verdict_add(event, monitor, &text);
	if (trace_is_drop(event, monitor))
		printed_add(&text, "; dropped");
	if (event->point == TRACE_HANDOFF)
		printed_add(&text, "; second look, at tc ingress, at a packet seen before");
	printed_add(&text, "; state %s", conn_state_name(event->head.state));
}

size_t pcapng_packet(const struct trace_event *event, __u64 wall_ns, bool monitor,
		     __u8 ret_bytes[PCAPNG_MAX])
{
	const __u32 flags = trace_is_sent(event) ? FLAGS_OUTBOUND : FLAGS_INBOUND;
	struct block block = {.bytes = ret_bytes};
	char comment[COMMENT_MAX];

	pcapng_comment(event, monitor, comment, sizeof(comment));
	block_begin(&block, BLOCK_PACKET);
	block_add_u32(&block, 0); /* the interface */
	block_add_u32(&block, (__u32)(wall_ns >> 32));
	block_add_u32(&block, (__u32)wall_ns);
	block_add_u32(&block, event->captured);
	block_add_u32(&block, event->frame_len);
	block_add(&block, event->data, event->captured);
	option_add(&block, OPTION_COMMENT, comment, strlen(comment));
	option_add(&block, OPTION_EPB_FLAGS, &flags, sizeof(flags));
	block_end(&block, 0);
	return block.used;
}
