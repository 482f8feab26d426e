// SPDX-License-Identifier: GPL-2.0
/*
 * Windows and scales that Linux 6.18 was seen to send; the scales of 7 are those of a tcp_rmem of
 * 6 MiB, the default of machines with little memory.  (tests/prog/test_syn holds whole frames
 * against the kernel that runs; this is for hosts where nobody is root.)
 */
#include "unit.h"

#include "window.h"

enum { RMEM_MAX_TCP = 6291456 };

struct row {
	const char *what;
	struct window_input in;
	__u32 mss;    /* payload of a segment */
	__u32 window; /* as in the SYN-ACK, so up to 65535 */
	__u8 scale;
};

#define RATIO 128 /* TCP_DEFAULT_SCALING_RATIO: half of a buffer is payload */

static const struct row rows[] = {
    {"default, MTU 1500", {131072, RATIO, 0, RMEM_MAX_TCP, 0, 0}, 1460, 64240, 7},
    {"the same with timestamps", {131072, RATIO, 0, RMEM_MAX_TCP, 0, 0}, 1448, 65160, 7},
    {"IPv6", {131072, RATIO, 0, RMEM_MAX_TCP, 0, 0}, 1440, 64800, 7},
    {"IPv6 with timestamps", {131072, RATIO, 0, RMEM_MAX_TCP, 0, 0}, 1428, 64260, 7},
    {"SO_RCVBUF below a segment", {16384, RATIO, 0, RMEM_MAX_TCP, 1, 0}, 8948, 8192, 0},
    {"tcp_rmem of 32 MiB", {131072, RATIO, 0, 33554432, 0, 0}, 1460, 64240, 10},
    {"SO_RCVBUF 8192", {16384, RATIO, 0, RMEM_MAX_TCP, 1, 0}, 1460, 7300, 0},
    {"SO_RCVBUF 150000", {300000, RATIO, 0, RMEM_MAX_TCP, 1, 0}, 1460, 65535, 2},
    {"signed windows", {131072, RATIO, 0, RMEM_MAX_TCP, 0, 1}, 1460, 32767, 7},
};

static void as_linux_sends_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct row *r = &rows[i];
		const __u32 window = min_u32(window_bytes(&r->in, r->mss), 65535);

		if (window != r->window || window_scale(&r->in) != r->scale)
			fail_msg("%s: window %u, scale %u", r->what, window, window_scale(&r->in));
	}
}

/* The largest window ever opened, with the scale, fills 15 to 16 of the header's 16 bits. */
static void scale_fits_the_largest_window(void **state)
{
	(void)state;
	for (__u64 max = 1; max < 65535ULL << 14; max = max * 3 / 2 + 1) {
		const struct window_input in = {
		    .rcvbuf = 65536, .scaling_ratio = RATIO, .rmem_max = (__u32)max};
		const __u8 scale = window_scale(&in);

		if (max < 65536)
			assert_int_equal(scale, 0);
		else
			assert_in_range(max >> scale, 32768, 65535);
	}
}

static void window_is_whole_segments(void **state)
{
	(void)state;
	for (__u32 mss = 1; mss < 9000; mss += 7) {
		const struct window_input in = {
		    .rcvbuf = 131072, .scaling_ratio = RATIO, .rmem_max = RMEM_MAX_TCP};
		const __u32 window = window_bytes(&in, mss);

		assert_int_equal(window % mss, 0);
		assert_in_range(window, 65536 - mss, 65536);
	}
}

static void clamp_bounds_both(void **state)
{
	const struct window_input in = {
	    .rcvbuf = 131072, .scaling_ratio = RATIO, .clamp = 20000, .rmem_max = RMEM_MAX_TCP};

	(void)state;
	assert_int_equal(window_bytes(&in, 1460), 20000 - 20000 % 1460);
	assert_int_equal(window_scale(&in), 0);
}

static void logarithm(void **state)
{
	(void)state;
	for (__u32 bit = 0; bit < 32; bit++) {
		assert_int_equal(ilog2_u32(1U << bit), bit);
		assert_int_equal(ilog2_u32((1U << bit) + ((1U << bit) - 1)), bit);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(as_linux_sends_them),
	    cmocka_unit_test(scale_fits_the_largest_window),
	    cmocka_unit_test(window_is_whole_segments),
	    cmocka_unit_test(clamp_bounds_both),
	    cmocka_unit_test(logarithm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
