// SPDX-License-Identifier: GPL-2.0
/*
 * TCP options: the two ways of reading them must agree on every layout, and both must read what a
 * reference written after the kernel's tcp_parse_options() reads.
 */
#include "unit.h"

#include "tcpopt.h"

/* net/ipv4/tcp_input.c, in its own shape: length and pointer, one switch. */
static void reference(const __u8 *ptr, int length, struct tcpopts *o)
{
	memset(o, 0, sizeof(*o));
	o->wscale = WSCALE_NONE;
	while (length > 0) {
		const int opcode = *ptr++;
		int opsize;

		if (opcode == 0)
			return;
		if (opcode == 1) {
			length--;
			continue;
		}
		if (length < 2)
			return;
		opsize = *ptr++;
		if (opsize < 2 || opsize > length)
			return;
		if (opcode == 2 && opsize == 4 && (ptr[0] << 8 | ptr[1]))
			o->mss = (__u16)(ptr[0] << 8 | ptr[1]);
		else if (opcode == 3 && opsize == 3)
			o->wscale = ptr[0] > 14 ? 14 : ptr[0];
		else if (opcode == 4 && opsize == 2)
			o->sack_perm = 1;
		else if (opcode == 8 && opsize == 10) {
			o->has_ts = 1;
			o->tsval =
			    (__u32)ptr[0] << 24 | (__u32)(ptr[1] << 16 | ptr[2] << 8 | ptr[3]);
			o->tsecr =
			    (__u32)ptr[4] << 24 | (__u32)(ptr[5] << 16 | ptr[6] << 8 | ptr[7]);
		} else if (opcode == 19 || opcode == 29)
			o->is_signed = 1;
		ptr += opsize - 2;
		length -= opsize;
	}
}

/* At the very end of an allocation, so that ASan sees any read beyond. */
static void options_are(const __u8 *bytes, __u8 len, const char *what)
{
	__u8 *segment = malloc(20U + len);
	const struct frame f = {segment, segment + 20 + len};
	const struct packet pkt = {.opt_len = len};
	struct tcpopts want, parsed, walked;

	assert_non_null(segment);
	memset(segment, 0xa5, 20);
	memcpy(segment + 20, bytes, len);
	reference(bytes, len, &want);
	tcpopts_parse(&f, &pkt, &parsed);
	tcpopts_walk(&f, &pkt, &walked);
	free(segment);
	parsed.at = walked.at = 0;
	if (memcmp(&walked, &want, sizeof(want)) != 0)
		fail_msg("%s: walked otherwise than the kernel", what);
	if (memcmp(&parsed, &want, sizeof(want)) != 0)
		fail_msg("%s: parsed otherwise than walked", what);
}

static const struct {
	const char *row;
	__u8 len;
	__u8 bytes[40];
} rows[] = {
    {"none", 0, {0}},
    {"Linux", 20, {2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 1, 3, 3, 7}},
    {"Linux, MSS 0", 20, {2, 4, 0, 0, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 1, 3, 3, 7}},
    {"Linux, wscale 200", 20, {2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 9, 9, 9, 9, 1, 3, 3, 200}},
    {"Windows", 12, {2, 4, 5, 0xb4, 1, 3, 3, 8, 1, 1, 4, 2}},
    {"macOS", 24, {2, 4, 5, 0xb4, 1,    3,    3,    6,    1, 1, 8, 10,
		   0, 1, 2, 3,    0xde, 0xad, 0xbe, 0xef, 4, 2, 0, 0}},
    {"macOS, scale 15", 24, {2, 4, 5, 0xb4, 1, 3, 3, 15, 1, 1, 8, 10,
			     0, 1, 2, 3,    0, 0, 0, 0,  4, 2, 0, 0}},
    {"Windows, MSS 0", 12, {2, 4, 0, 0, 1, 3, 3, 8, 1, 1, 4, 2}},
    {"macOS", 24, {2, 4, 5, 0xb4, 1, 3, 3, 6, 1, 1, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 4, 2, 0, 0}},
    {"FreeBSD", 20, {2, 4, 5, 0xb4, 1, 3, 3, 6, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0}},
    {"established", 12, {1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8}},
    {"established with SACK blocks", 24, {1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1, 5, 10}},
    {"length 0", 4, {2, 0, 5, 0xb4}},
    {"length 1", 4, {8, 1, 1, 1}},
    {"one byte too long", 4, {1, 2, 4, 5}},
    {"kind at the very end", 4, {1, 1, 1, 8}},
    {"MSS twice, the last counts", 8, {2, 4, 5, 0xb4, 2, 4, 2, 0}},
    {"MSS twice, 0 does not", 8, {2, 4, 5, 0xb4, 2, 4, 0, 0}},
    {"wscale twice", 8, {3, 3, 4, 3, 3, 5, 1, 1}},
    {"timestamps twice", 20, {8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 8, 10, 0, 0, 0, 3, 0, 0, 0, 4}},
    {"EOL, then more", 8, {0, 1, 1, 1, 2, 4, 5, 0xb4}},
    {"40 NOPs", 40, {[0 ... 39] = 1}},
    {"40 options of two bytes", 40, {[0 ... 39] = 4}},
    {"AO", 16, {29, 16}},
    {"MD5", 20, {1, 1, 19, 18}},
};

static void known_layouts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		options_are(rows[i].bytes, rows[i].len, rows[i].row);
}

/* Real options in random order, lengths sometimes wrong, garbage in between. */
static __u8 random_layout(__u8 *out)
{
	static const __u8 kinds[] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 8, 8, 8, 19, 29, 30, 34, 253};
	static const __u8 lens[256] = {[2] = 4,   [3] = 3,   [4] = 2,   [5] = 10, [8] = 10,
				       [19] = 18, [29] = 16, [30] = 12, [34] = 6, [253] = 4};
	const __u8 len = (__u8)(rng() % 11 * 4);
	unsigned int at = 0;

	rng_fill(out, 40);
	while (at + 2 < len) {
		const __u8 kind = kinds[rng() % COUNT_OF(kinds)];

		out[at] = kind;
		out[at + 1] = rng() % 16 ? lens[kind] : (__u8)rng();
		at += kind < 2 ? 1 : lens[kind];
	}
	return len;
}

static void random_layouts(void **state)
{
	__u8 bytes[40];

	(void)state;
	for (int i = 0; i < 300000; i++) {
		const __u8 len = random_layout(bytes);

		options_are(bytes, len, "random layout");
	}
}

/* The fast paths' layouts with one byte or two changed: here they must notice. */
static void almost_known_layouts(void **state)
{
	__u8 bytes[40];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		for (unsigned int n = 0; n < rows[i].len * 256U; n++) {
			memcpy(bytes, rows[i].bytes, 40);
			bytes[n / 256] = (__u8)n;
			options_are(bytes, rows[i].len, rows[i].row);
			bytes[rng() % rows[i].len] = (__u8)rng();
			options_are(bytes, rows[i].len, rows[i].row);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_layouts),
	    cmocka_unit_test(random_layouts),
	    cmocka_unit_test(almost_known_layouts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
