/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads a pcapng file from standard input and prints one JSON line per block: what is needed to
 * check a capture without a packet analyser.  Written from the words of draft-ietf-opsawg-pcapng,
 * for files of this host's byte order; a file that breaks its rules ends it with status 1.
 */
#include "tool.h"

enum { BLOCK_MAX = 65536, SECTION = 0x0a0d0d0a, INTERFACE = 1, PACKET = 6 };

static uint8_t block[BLOCK_MAX];

static uint32_t word(uint32_t at)
{
	uint32_t value;

	memcpy(&value, block + at, sizeof(value));
	return value;
}

static uint16_t half(uint32_t at)
{
	uint16_t value;

	memcpy(&value, block + at, sizeof(value));
	return value;
}

static uint32_t padded(uint32_t length)
{
	return (length + 3) / 4 * 4;
}

/* The next block into block[]; its length, or 0 at the end of the file. */
static uint32_t block_read(void)
{
	size_t got = fread(block, 1, 8, stdin);
	uint32_t length;

	if (!got)
		return 0;
	length = got == 8 ? word(4) : 0;
	if (length < 12 || length % 4 || length > BLOCK_MAX)
		die(EXIT_FAILURE, "a block's length is %u", length);
	if (fread(block + 8, 1, length - 8, stdin) != length - 8)
		die(EXIT_FAILURE, "the file ends inside a block");
	if (word(length - 4) != length)
		die(EXIT_FAILURE, "a block has two lengths, %u and %u", length, word(length - 4));
	return length;
}

/* Where the value of an option begins, 0 if it is not among those from `at` to `end`. */
static uint32_t option_find(uint32_t at, uint32_t end, uint16_t code, uint16_t *ret_length)
{
	while (at + 4 <= end && half(at)) {
		*ret_length = half(at + 2);
		if (at + 4 + padded(*ret_length) > end)
			die(EXIT_FAILURE, "an option leaves its block");
		if (half(at) == code)
			return at + 4;
		at += 4 + padded(*ret_length);
	}
	return 0;
}

static void text_print(const char *name, uint32_t at, uint32_t end, uint16_t code)
{
	uint16_t length = 0;
	const uint32_t value = option_find(at, end, code, &length);

	printf(", \"%s\": \"%.*s\"", name, value ? length : 0, (const char *)block + value);
}

static void interface_print(uint32_t end)
{
	uint16_t length = 0;
	const uint32_t at = option_find(16, end, 9, &length), resolution = at ? block[at] : 6;

	printf("{\"block\": \"interface\", \"linktype\": %u, \"snaplen\": %u, \"tsresol\": %u",
	       half(8), word(12), resolution);
	text_print("name", 16, end, 2);
	printf("}\n");
}

static void packet_print(uint32_t end)
{
	static const char *const directions[] = {"unknown", "in", "out", "unknown"};
	const uint64_t at_ns = (uint64_t)word(12) << 32 | word(16);
	const uint32_t captured = word(20), options = 28 + padded(captured);
	uint16_t length = 0;
	uint32_t flags, i;

	if (options > end || captured > word(24))
		die(EXIT_FAILURE, "a packet's captured length is %u", captured);
	flags = option_find(options, end, 2, &length);
	printf("{\"block\": \"packet\", \"interface\": %u, \"seconds\": %llu, \"captured\": %u,"
	       " \"length\": %u, \"direction\": \"%s\"",
	       word(8), (unsigned long long)(at_ns / NSEC_PER_SEC), captured, word(24),
	       directions[flags ? word(flags) & 3 : 0]);
	text_print("comment", options, end, 1);
	printf(", \"frame\": \"");
	for (i = 0; i < captured; i++)
		printf("%02x", block[28 + i]);
	printf("\"}\n");
}

int main(void)
{
	uint32_t length;
	int blocks;

	for (blocks = 0; (length = block_read()); blocks++) {
		if (!blocks && (word(0) != SECTION || word(8) != 0x1a2b3c4d || half(12) != 1))
			die(EXIT_FAILURE, "it does not begin with a section header of version 1");
		if (word(0) == INTERFACE)
			interface_print(length - 4);
		else if (word(0) == PACKET)
			packet_print(length - 4);
		else
			printf("{\"block\": \"%s\"}\n", blocks ? "unknown" : "section");
	}
	return blocks ? EXIT_SUCCESS : EXIT_FAILURE;
}
