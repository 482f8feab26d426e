// SPDX-License-Identifier: GPL-2.0
/* pcapng blocks, read back by the words of draft-ietf-opsawg-pcapng. */
#include "unit.h"

#include "trace_event.h"
#include "reason_table.h"
#include "trace_pcapng.h"

enum {
	OPTION_END,
	OPTION_COMMENT,
	OPTION_IF_NAME = 2,
	OPTION_EPB_FLAGS = 2,
	OPTION_IF_TSRESOL = 9
};

static const struct shape syn = {.point = TRACE_IN,
				 .reason = REASON_syn_cookie_sent,
				 .flags = TCP_SYN,
				 .seq = 1000,
				 .options = OPTIONS_LINUX};

static __u32 word(const __u8 *bytes, size_t at)
{
	__u32 value;

	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

static __u16 half(const __u8 *bytes, size_t at)
{
	__u16 value;

	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

/* The option with this code among those at `at`; its length. */
static __u16 option_find(const __u8 *bytes, size_t at, __u16 code, const __u8 **ret_value)
{
	for (;;) {
		const __u16 found = half(bytes, at), length = half(bytes, at + 2);

		assert_int_not_equal(found, OPTION_END);
		*ret_value = bytes + at + 4;
		if (found == code)
			return length;
		at += 4 + (length + 3U) / 4 * 4;
	}
}

static void framing_holds(const __u8 *bytes, size_t length)
{
	assert_int_equal(length % 4, 0);
	assert_int_equal(word(bytes, 4), length);
	assert_int_equal(word(bytes, length - 4), length);
	assert_int_equal(word(bytes, length - 8), 0); /* opt_endofopt */
}

static void a_file_begins_with_section_and_interface(void **state)
{
	__u8 bytes[PCAPNG_MAX];
	const size_t length = pcapng_header("eth0.12", bytes);
	const size_t section = word(bytes, 4);
	const __u8 *value, *interface = bytes + section;

	(void)state;
	assert_int_equal(word(bytes, 0), 0x0a0d0d0a);
	assert_int_equal(word(bytes, 8), 0x1a2b3c4d);
	assert_int_equal(half(bytes, 12), 1);
	framing_holds(bytes, section);
	framing_holds(interface, length - section);
	assert_int_equal(word(interface, 0), 1);
	assert_int_equal(half(interface, 8), 1);
	assert_int_equal(word(interface, 12), TRACE_BYTES);
	assert_int_equal(option_find(interface, 16, OPTION_IF_NAME, &value), 7);
	assert_memory_equal(value, "eth0.12", 7);
	assert_int_equal(option_find(interface, 16, OPTION_IF_TSRESOL, &value), 1);
	assert_int_equal(*value, 9);
}

/* Of every length of frame, so that each padding occurs. */
static void packets_are_enhanced_blocks(void **state)
{
	static const char comment[] =
	    "syn_cookie_sent: SYN answered with a SYN-ACK that carries a cookie; state NONE";
	const __u64 wall = 0x1122334455667788;
	__u8 bytes[PCAPNG_MAX];
	const __u8 *value;

	(void)state;
	for (__u32 captured = 0; captured <= TRACE_BYTES; captured++) {
		struct trace_event event = event_make(&syn);
		const size_t options = 28 + (captured + 3U) / 4 * 4;
		size_t length;

		event.captured = (__u16)captured;
		event.frame_len = captured + 1000U;
		length = pcapng_packet(&event, wall, false, bytes);
		framing_holds(bytes, length);
		assert_int_equal(word(bytes, 0), 6);
		assert_int_equal(word(bytes, 8), 0);
		assert_int_equal(word(bytes, 12), 0x11223344);
		assert_int_equal(word(bytes, 16), 0x55667788);
		assert_int_equal(word(bytes, 20), captured);
		assert_int_equal(word(bytes, 24), captured + 1000U);
		assert_memory_equal(bytes + 28, event.data, captured);
		assert_int_equal(option_find(bytes, options, OPTION_COMMENT, &value),
				 strlen(comment));
		assert_memory_equal(value, comment, strlen(comment));
		assert_int_equal(option_find(bytes, options, OPTION_EPB_FLAGS, &value), 4);
		assert_int_equal(word(value, 0), 1);
	}
}

static void what_is_sent_is_outbound(void **state)
{
	struct trace_event event = event_make(&syn);
	__u8 bytes[PCAPNG_MAX];
	const __u8 *value;

	(void)state;
	event.reason = REASON_MAX;
	for (event.point = TRACE_ANSWER; event.point <= TRACE_OUT; event.point++) {
		pcapng_packet(&event, 0, false, bytes);
		option_find(bytes, 28 + (event.captured + 3U) / 4 * 4, OPTION_EPB_FLAGS, &value);
		assert_int_equal(word(value, 0), 2);
	}
}

static void every_comment_fits(void **state)
{
	struct trace_event event = event_make(&syn);
	char text[400];

	(void)state;
	event.head.state = ESTABLISHED;
	event.point = TRACE_HANDOFF;
	for (int i = 0; i < 2 * REASON_MAX; i++) {
		event.reason = (__u8)(i / 2);
		pcapng_comment(&event, i % 2, text, sizeof(text));
		assert_non_null(strstr(text, reason_table[event.reason].text));
		assert_non_null(strstr(text, "; state ESTABLISHED"));
	}
}

static void comments_say_who(void **state)
{
	struct trace_event event = event_make(&syn);
	char text[400];

	(void)state;
	event.reason = REASON_rst_unknown;
	pcapng_comment(&event, false, text, sizeof(text));
	assert_string_equal(text, "rst_unknown: RST for a connection that the kernel does not "
				  "have; dropped; state NONE");
	pcapng_comment(&event, true, text, sizeof(text));
	assert_string_equal(text, "passed in mode monitor, else dropped by rst_unknown: RST for a "
				  "connection that the kernel does not have; state NONE");
	event.reason = REASON_MAX;
	event.point = TRACE_ANSWER;
	pcapng_comment(&event, false, text, sizeof(text));
	assert_string_equal(text, "sent by synguard: the SYN-ACK with the cookie; state NONE");
	event.point = TRACE_OUT;
	pcapng_comment(&event, false, text, sizeof(text));
	assert_string_equal(text, "sent by the kernel; state NONE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_file_begins_with_section_and_interface),
	    cmocka_unit_test(packets_are_enhanced_blocks),
	    cmocka_unit_test(what_is_sent_is_outbound),
	    cmocka_unit_test(every_comment_fits),
	    cmocka_unit_test(comments_say_who),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
