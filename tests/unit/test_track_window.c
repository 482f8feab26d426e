// SPDX-License-Identifier: GPL-2.0
/*
 * Which numbers the tracker believes: RSTs, data and ACKs, window scale, the timeouts that follow,
 * what the SYNs' options leave, and that the short cut for data comes to what the long way would.
 */
#include "track_text.h"

static const char *const resets[] = {
    /* At the next number, from either side, with and without ACK. */
    OPEN "o R 1 - t10 CL",
    OPEN "r R 1 - t10 CL",
    OPEN "o R. 1 1 CL",
    OPEN "r R. 1 1 CL",
    /* In the window, out of it above and below. */
    OPEN "o R 500 - t432000 ES~ | o R 2 - ES~ | o R 0 - ES^ | o R 200000 - ES^ | o R -900 - ES^ | "
	 "o R 1 - CL",
    OPEN "r R 500 - t432000 ES~ | r R 2 - ES~ | r R 0 - ES^ | r R 200000 - ES^ | r R -900 - ES^ | "
	 "r R 1 - CL",
    OPEN "o R 500 - ES~ | o R 500 - ES~ | r . 1 1 t432000 ES | o P. 1 1 +9 t300 ES",
    OPEN "o R -2147483000 - ES^ | r R -2147483000 - ES^ | o R 2147483000 - ES^ | o . 1 1 ES",
    /* With an ACK of what was never sent, or long ago. */
    OPEN "o R. 1 5000 ES^ | o R. 1 -70000 ES^ | r R. 1 5000 ES^ | o R. 1 1 CL",
    /* Data is on its way: before it, behind it, within it. */
    OPEN "o P. 1 1 +100 ES | o R 50 - ES~ | o R 101 - CL",
    OPEN "o P. 1 1 +100 ES | o R 1 - CL",
    OPEN
    "r P. 1 1 +100 ES | o . 1 101 ES | r R 1 - ES^ | r R 100 - ES^ | r R 102 - ES~ | r R 101 - CL",
    /* Before the handshake's end. */
    "o S 0 - SS | o R 1 - CL",
    "o S 0 - SS | o R 0 - CL",
    "o S 0 - SS | o R -1 - SS^ | o R 2 - SS^ | o R. 1 7 SS^ | r S. 0 1 SR | o . 1 1 ES",
    "o S 0 - SS | r R. 0 99999 SS^ | r R. 0 0 SS~ | r R. 0 -70000 SS^ | r R 0 - SS~ | r S. 0 1 SR",
    "o S 0 - SS | r S. 0 1 SR | o R 5 - SR~ | o R 0 - SR^ | o R 1 - CL",
    "o S 0 - SS | r S. 0 1 SR | r R 2 - SR^ | r R -5 - SR~ | r R -70000 - SR^ | r R 1 - CL",
    "o S 0 - SS | r S 0 - S2 | r R 9 - S2^ | r R -1 - S2~ | r R 1 - CL",
    "o S 0 - SS | r S 0 - S2 | o R. 0 1 CL",
    /* The server refuses another SYN than the one that it answered; not once it is proven. */
    "o S 0 - SS | r S. 0 1 SR | o S 5000 - SR? | r R. -70000 5002 SR^ | r R. -70000 5001 CL",
    OPEN "o S 5000 - ES? | r R. -70000 5001 ES^ | r R -70000 - ES^ | o . 1 1 ES",
    /* While it closes, and after. */
    OPEN "o F. 1 1 FW | o R 9 - FW~ | o R 200000 - FW^ | o R 2 - CL",
    OPEN "o F. 1 1 FW | r R 9 - FW~ | r R 1 - CL",
    OPEN "o F. 1 1 FW | r . 1 2 CW | o R 9 - t60 CW~ | r R 200000 - CW^ | r R 1 - CL",
    OPEN "o F. 1 1 FW | r F. 1 2 LA | o R 9 - t30 LA~ | r R 200000 - LA^ | r R 2 - CL",
    OPEN "o F. 1 1 FW | r F. 1 2 LA | o . 2 2 TW | o R 9 - t120 TW~ | r R 1 - TW^ | r R 2 - CL",
    /* The end is the end. */
    OPEN "o R 1 - CL | o P. 1 1 +10 t10 CL | r P. 1 11 +10 CL | r F. 11 11 CL | r S. 0 1 CL? | "
	 "o R 11 - CL | o R 12 - CL~ | r R 200000 - CL^ | o F. 11 12 CL | o . 12 12 CL",
    /* Picked up in mid-stream. */
    "o . 1 1 ES | r R 2 - ES~ | r R -9 - ES^ | r R 1 - CL",
    "o . 1 1 ES | r . 1 1 ES | o R 5 - ES~ | o R 0 - ES^ | o R 1 - CL",
};

static const char *const windows[] = {
    /* Seq and ACK above their windows. */
    OPEN "o P. 200000 1 +10 t432000 ES^ | o P. 1 1 +10 t300 ES",
    OPEN "r P. 200000 1 +10 ES^ | r P. 1 1 +10 ES | o . 1 11 ES",
    OPEN "o . 1 100000 ES^ | o . 1 2 ES^ | o . 1 1 ES | r . 1 2 ES^",
    /* More than the window allows, which the other side may have taken. */
    OPEN "o P. 65410 1 +100 ES? | r . 1 65510 ES | o P. 65510 1 +10 ES",
    OPEN "o P. 65410 70000 +100 ES^ | o P. 65410 -70000 +100 ES^ | r . 1 65510 ES^",
    OPEN "o P. 65409 1 +1000 ES | r . 1 66409 ES",
    /* Below: late duplicates, for the receiver to answer. */
    OPEN "o P. -70000 1 +10 t432000 ES? | o . 1 -70000 ES? | r P. -70000 1 +10 ES? | o . 1 1 ES",
    OPEN "o P. 1 1 +100 ES | r . 1 101 t432000 ES | o P. 1 1 +100 t432000 ES | r . 1 101 ES",
    OPEN "o P. 1 1 +100 t300 ES | o . 1 1 t300 ES | r . 1 51 t300 ES | r . 1 101 t432000 ES",
    OPEN "o P. 101 1 +100 ES | r . 1 1 ES | o P. 1 1 +100 t300 ES | r . 1 201 t432000 ES",
    /* Keep-alives, without and with a byte of rubbish. */
    OPEN
    "o P. 1 1 +10 ES | r . 1 11 ES | o . 10 1 t432000 ES | r . 1 11 ES | r . 0 11 ES | o . 11 1 ES",
    OPEN "o P. 1 1 +10 ES | r . 1 11 ES | o P. 10 1 +1 t432000 ES | r . 1 11 ES",
    /* A closed window is probed with one byte, again and again, and opens. */
    OPEN "r . 1 1 w0 ES | o P. 1 1 +1 ES | r . 1 1 w0 t300 ES | r . 1 2 ES | o P. 2 1 +1000 ES",
    OPEN "o P. 1 1 +65408 ES | r . 1 65409 w0 ES | o P. 65409 1 +1 ES | r . 1 65409 w0 t300 ES | "
	 "o P. 65409 1 +1 ES | r . 1 65409 w0 ES | o P. 65411 1 +10 ES? | r . 1 65410 ES",
    OPEN "o P. 1 1 +65408 ES | r . 1 65409 w0 ES | o P. 65409 1 +1 ES | o . 65410 1 ES",
    /* What is late is measured by the largest window so far. */
    OPEN "o P. 65409 1 +1000 ES | o . 500 1 ES | o . 0 1 ES?",
    "o S 0 - w1000 SS | r S. 0 1 w1000 SR | o . 1 1 ES | r . 1 1 ES | o P. 1 1 +60000 ES | o . 1 1 "
    "ES",
    /* Data both ways at once, and a window that moves on. */
    OPEN
    "o P. 1 1 +60000 ES | r P. 1 1 +60000 ES | r . 60001 60001 ES | o . 60001 60001 ES | "
    "o P. 60001 60001 +60000 ES | r . 60001 120001 ES | r F. 60001 120001 FW | o R 120001 - CL",
};

static void resets_need_the_number(void **state)
{
	(void)state;
	text_run_all(resets, COUNT_OF(resets));
}

static void windows_hold(void **state)
{
	(void)state;
	text_run_all(windows, COUNT_OF(windows));
}

static void scale_needs_both(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(text_options); i++) {
		const struct text_options *o = &text_options[i];
		const struct lane lane = text_run("o S 0 - SS | r S. 0 1 SR | o . 1 1 ES", o, 7, 9);

		assert_int_equal(lane.conn.client.wscale, o->shift);
		assert_int_equal(lane.conn.server.wscale, o->shift);
		assert_int_equal(lane.conn.client.scaling, o->wscale[0] != WSCALE_NONE);
		assert_int_equal(lane.conn.server.scaling, o->wscale[1] != WSCALE_NONE);
		assert_int_equal(lane.conn.server.max_end, lane.conn.server.end + TEXT_WINDOW);
	}
}

/* A window of a megabyte, which only its scale tells. */
static void scaled_windows_are_large(void **state)
{
	struct lane lane = text_run(OPEN "r . 1 1 ES", &text_options[1], 5, 0xfffffff0);
	const struct segment wide = {.seq = 1, .ack = 1, .window = 8192, .flags = TCP_ACK};
	const struct segment far = {.seq = 1000000, .ack = 1, .len = 9, .flags = TCP_ACK};

	(void)state;
	assert_int_equal(lane_send(&lane, 'o', far), TRACK_OUTSIDE);
	assert_int_equal(lane_send(&lane, 'r', wide), TRACK_OK);
	assert_int_equal(lane_send(&lane, 'o', far), TRACK_OK);
}

static void sides_keep_their_options(void **state)
{
	const struct segment syn = {
	    .flags = TCP_SYN | TCP_ECE | TCP_CWR, .wscale = 9, .mss = 1460, .sack = 1, .tstamp = 1};
	const struct segment synack = {
	    .ack = 1, .flags = TCP_SYN | TCP_ACK, .wscale = 0, .mss = 1400, .sack = 1};
	const struct segment again = {.seq = 77000, .flags = TCP_SYN, .wscale = WSCALE_NONE};
	struct lane lane = {0};

	(void)state;
	lane.conn.head.kind = KIND_KERNEL;
	lane.conn.head.flags.opened_here = 1;
	assert_int_equal(lane_send(&lane, 'o', syn), TRACK_OK);
	lane.conn.client.packets = 0xfffffffffaULL;
	lane.conn.client.bytes = 0xfffffffffffffaULL;
	assert_int_equal(lane_send(&lane, 'r', synack), TRACK_OK);
	assert_int_equal(lane.conn.client.wscale, 9);
	assert_int_equal(lane.conn.client.mss, 1460);
	assert_int_equal(lane.conn.client.tstamp, 1);
	assert_int_equal(lane.conn.client.ecn, 1);
	assert_int_equal(lane.conn.server.mss, 1400);
	assert_int_equal(lane.conn.server.sack, 1);
	assert_int_equal(lane.conn.server.tstamp, 0);
	assert_int_equal(lane.conn.server.ecn, 0);
	assert_int_equal(lane_send(&lane, 'o', again), TRACK_IGNORED);
	assert_int_equal(lane_send(&lane, 'r', (struct segment){.ack = 77001, .flags = 0x12}),
			 TRACK_OK);
	assert_int_equal(lane.conn.client.scaling, 0);
	assert_int_equal(lane.conn.client.wscale, 0);
	assert_int_equal(lane.conn.client.packets, 0xfffffffffaULL);
	assert_int_equal(lane.conn.client.bytes, 0xfffffffffffffaULL);
	assert_int_equal(lane.conn.head.kind, KIND_KERNEL);
	assert_int_equal(lane.conn.head.flags.opened_here, 1);
}

/* Another CPU may count while this one decides. */
static void counters_are_not_the_trackers(void **state)
{
	const struct conn_side from = {.end = 5, .bytes = 1, .packets = 2, .mss = 3, .acked = 1};
	struct conn_side side = {.end = 6, .bytes = 7, .packets = 8, .mss = 9};

	(void)state;
	side_store(&side, &from);
	assert_int_equal(side.bytes, 7);
	assert_int_equal(side.packets, 8);
	assert_int_equal(side.end, 5);
	assert_int_equal(side.mss, 3);
	assert_int_equal(side.acked, 1);
}

static void mid_stream_is_the_callers_choice(void **state)
{
	const struct segment ack = {.seq = 5, .ack = 6, .window = 9, .flags = TCP_ACK};
	struct conn c = {0}, before = c;
	struct conn_head head = {0};

	(void)state;
	assert_int_equal(track_open(&c, &ack, 0, &head), TRACK_INVALID);
	assert_memory_equal(&c, &before, sizeof(c));
	assert_int_equal(head.state, NONE);
	assert_int_equal(track_open(&c, &ack, 1, &head), TRACK_OK);
	assert_int_equal(head.state, ESTABLISHED);
	assert_int_equal(head.flags.picked_up, 1);
}

/* A number at or next to where something changes. */
static __u32 near(__u32 at)
{
	static const __u32 steps[] = {0, 0, 0, 1, 1000, 65408, 66000, 1U << 30, 1U << 31};
	const __u32 step = steps[rng() % COUNT_OF(steps)];

	return at + (rng() & 1 ? step : -step) + (__u32)(rng() % 3) - 1;
}

static struct conn random_conn(void)
{
	struct conn c;

	rng_fill(&c, sizeof(c));
	c.head.state = rng() % 8 ? ESTABLISHED : rng() % STATE_MAX;
	c.head.flags.picked_up = rng() % 8 == 0;
	c.server.end = near(c.client.max_ack);
	c.client.end = near(c.server.max_ack);
	c.client.max_end = near(c.client.end);
	c.server.max_end = near(c.server.end);
	c.client.max_win = (__u32)rng() >> (rng() % 32);
	c.server.max_win = (__u32)rng() >> (rng() % 32);
	/* What holds in ESTABLISHED. */
	c.client.acked = 1;
	c.client.max_win |= 1;
	c.server.max_win |= 1;
	return c;
}

/* The outcome of data in ESTABLISHED is the same with and without the short cut. */
static void short_cut_is_no_other_way(void **state)
{
	int flowed = 0;

	(void)state;
	for (int i = 0; i < 1000000; i++) {
		struct conn a = random_conn(), b = a;
		const enum track_dir dir = rng() & 1 ? TRACK_SERVER : TRACK_CLIENT;
		const struct conn_side *from = dir == TRACK_CLIENT ? &a.client : &a.server;
		const struct conn_side *to = dir == TRACK_CLIENT ? &a.server : &a.client;
		const struct segment s = {
		    .seq = near(rng() & 1 ? from->end : from->max_end),
		    .ack = near(rng() & 1 ? to->end : from->max_ack),
		    .len = rng() & 1 ? 0 : (__u32)(rng() % 65536),
		    .window = rng() % 4 ? (__u16)rng() : 0,
		    .flags = rng() % 4 ? TCP_ACK | (rng() & TCP_PSH) : (__u8)rng(),
		};
		struct conn_head head_a = a.head, head_b = b.head;
		struct track_work work;
		const enum track_result r = track_segment(&a, &head_a, dir, &s);

		assert_int_equal(r, track_general(&b, &head_b, dir, &s, &work));
		assert_memory_equal(&a, &b, sizeof(a));
		assert_memory_equal(&head_a, &head_b, sizeof(head_a));
		flowed += r == TRACK_OK && track_flows(&head_a, s.flags);
	}
	assert_in_range(flowed, 50000, 950000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(resets_need_the_number),
	    cmocka_unit_test(windows_hold),
	    cmocka_unit_test(scale_needs_both),
	    cmocka_unit_test(scaled_windows_are_large),
	    cmocka_unit_test(sides_keep_their_options),
	    cmocka_unit_test(counters_are_not_the_trackers),
	    cmocka_unit_test(mid_stream_is_the_callers_choice),
	    cmocka_unit_test(short_cut_is_no_other_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
