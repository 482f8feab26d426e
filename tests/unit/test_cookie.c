// SPDX-License-Identifier: GPL-2.0
/*
 * The cookie: everything offered comes back with the round trip, everything in the tuple counts,
 * nothing else is accepted, and only for as long as promised.
 */
#include "unit.h"

#include "cookie.h"

enum { NOW = 1000, NOW_TICKS = 0x12345678, TICKS = 512, TICK_MS = 4 };

static struct keys ring;
static struct conn_key tuple;

static int setup(void **state)
{
	(void)state;
	rng_fill(&ring, sizeof(ring));
	ring.turn = 0;
	ring.clock = 0;
	rng_fill(&tuple, sizeof(tuple));
	return 0;
}

static struct conn_key tuple_of(int v6)
{
	struct conn_key key = tuple;

	if (!v6) {
		addr_from_v4(key.remote, 0x04030201);
		addr_from_v4(key.local, 0x01020304);
	}
	return key;
}

static struct cookie_prefix prefixes[COOKIE_PREFIXES];

static struct cookie_input input(const struct conn_key *key, int v6)
{
	return (struct cookie_input){.ring = &ring,
				     .prefixes = prefixes,
				     .tuple = key,
				     .epoch = NOW,
				     .client_isn = 0xdeadbeef,
				     .is_v6 = (__u32)v6,
				     .tick = NOW_TICKS,
				     .tick_ms_q16 = TICK_MS << 16};
}

static struct tcp_offer offer_of(unsigned int set, __u16 mss)
{
	return (struct tcp_offer){
	    .mss = mss,
	    .wscale = set & 15,
	    .sack = set >> 4 & 1,
	    .ecn = set >> 5 & 1,
	    .tstamp = set >> 6 & 1,
	    .rtt_ms = set >> 6 & 1 ? 0 : RTT_UNKNOWN,
	};
}

static void round_trip_of_every_offer(void **state)
{
	static const __u16 mss[2][8] = {{MSS_TABLE_V4}, {MSS_TABLE_V6}};

	(void)state;
	for (int v6 = 0; v6 < 2; v6++)
		for (unsigned int set = 0; set < 128; set++)
			for (unsigned int m = 0; m < 8; m++) {
				const struct conn_key key = tuple_of(v6);
				const struct cookie_input in = input(&key, v6);
				const struct tcp_offer want = offer_of(set, mss[v6][m]);
				const struct cookie c = cookie_make(&in, &want);
				struct tcp_offer got;

				memset(&got, 0xff, sizeof(got));
				assert_int_equal(cookie_check(&in, &c, want.tstamp, &got),
						 COOKIE_VALID);
				assert_memory_equal(&got, &want, sizeof(got));
			}
}

/* What is kept from cookie to cookie, of other services, keys and VLANs, too, shows in none. */
static void kept_or_made_anew(void **state)
{
	(void)state;
	for (int i = 0; i < 20000; i++) {
		const int v6 = (int)(rng() & 1);
		struct cookie_prefix fresh[COOKIE_PREFIXES] = {0};
		struct conn_key key = tuple_of(v6);
		struct cookie_input in = input(&key, v6), anew;
		const struct tcp_offer offer = offer_of((unsigned int)rng() & 127, 1460);
		struct cookie kept, made;

		key.local[15] ^= rng() & 1;
		key.local_port ^= (__u16)(rng() & 9);
		key.remote[15] = (__u8)rng();
		in.vlan = (__u32)rng() & 1;
		in.epoch += rng() & 3;
		anew = in;
		anew.prefixes = fresh;
		kept = cookie_make(&in, &offer);
		made = cookie_make(&anew, &offer);
		assert_int_equal(kept.isn, made.isn);
		if (offer.tstamp)
			assert_int_equal(kept.tsval, made.tsval);
	}
}

/* Made for an offer at each tick, also where 32 bits of them wrap, and back after some time. */
static void time_of_offer(const struct tcp_offer *offer, int v6)
{
	const struct conn_key key = tuple_of(v6);
	struct cookie_input in = input(&key, v6);
	struct tcp_offer want = *offer, got;

	for (__u32 sent = 0; sent < TICKS; sent++) {
		const __u32 elapsed = (__u32)(rng() >> 32) % TICKS;
		struct cookie c;

		in.tick = sent - TICKS / 2;
		c = cookie_make(&in, offer);
		in.tick += elapsed;
		if (want.tstamp)
			want.rtt_ms = (__u16)(elapsed * TICK_MS);
		assert_int_equal(cookie_check(&in, &c, want.tstamp, &got), COOKIE_VALID);
		assert_memory_equal(&got, &want, sizeof(got));
	}
}

static void every_offer_at_every_tick(void **state)
{
	static const __u16 mss[2][8] = {{MSS_TABLE_V4}, {MSS_TABLE_V6}};

	(void)state;
	for (int v6 = 0; v6 < 2; v6++)
		for (unsigned int set = 0; set < 128; set++)
			for (unsigned int m = 0; m < 8; m++) {
				const struct tcp_offer offer = offer_of(set, mss[v6][m]);

				time_of_offer(&offer, v6);
			}
}

/* From the shortest round trip to those that are told modulo 512 ticks. */
static void every_round_trip_is_told(void **state)
{
	static const unsigned int hz[] = {100, 250, 256, 300};
	const struct tcp_offer offer = offer_of(0x57, 1400);
	const struct conn_key key = tuple_of(0);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(hz); i++)
		for (__u32 elapsed = 0; elapsed < 3 * TICKS; elapsed++) {
			struct cookie_input in = input(&key, 0);
			const struct cookie c = cookie_make(&in, &offer);
			const __u32 ticks = elapsed % TICKS;
			struct tcp_offer got = {0};

			in.tick += elapsed;
			in.tick_ms_q16 = ((1000U << 16) + hz[i] / 2) / hz[i];
			assert_int_equal(cookie_check(&in, &c, 1, &got), COOKIE_VALID);
			assert_int_equal(got.rtt_ms, (ticks * 1000 + hz[i] / 2) / hz[i]);
		}
}

/*
 * Every tick has a timestamp of its own, and the ISN of every other; without timestamps no time
 * counts.
 */
static void tick_counts_with_timestamps_only(void **state)
{
	(void)state;
	for (unsigned int set = 0; set < 128; set++) {
		const struct conn_key key = tuple_of(set & 1);
		struct cookie_input in = input(&key, set & 1);
		const struct tcp_offer offer = offer_of(set, 1400);
		const struct cookie c = cookie_make(&in, &offer);

		for (__u32 bit = 0; bit < 32; bit++) {
			const int same = !offer.tstamp || bit >= 9;
			struct cookie other;

			in.tick = NOW_TICKS ^ 1U << bit;
			other = cookie_make(&in, &offer);
			assert_int_equal(other.isn, c.isn);
			assert_int_equal(other.tsval == c.tsval, same);
		}
	}
}

static void rtt_of_the_offer_does_not_count(void **state)
{
	(void)state;
	for (unsigned int set = 0; set < 128; set++) {
		const struct conn_key key = tuple_of(set & 1);
		const struct cookie_input in = input(&key, set & 1);
		struct tcp_offer offer = offer_of(set, 1400);
		const struct cookie c = cookie_make(&in, &offer);

		for (int bit = 0; bit < 16; bit++) {
			offer.rtt_ms = (__u16)(1 << bit);
			assert_int_equal(cookie_make(&in, &offer).isn, c.isn);
			assert_int_equal(cookie_make(&in, &offer).tsval, c.tsval);
		}
	}
}

static void mss_is_rounded_down_to_the_table(void **state)
{
	static const __u16 table[2][8] = {{MSS_TABLE_V4}, {MSS_TABLE_V6}};

	(void)state;
	assert_int_equal(table[0][0], 536);
	assert_int_equal(table[1][0], 1220);
	for (int v6 = 0; v6 < 2; v6++)
		for (unsigned int mss = table[v6][0]; mss <= 65535; mss++) {
			const __u16 value = mss_value(mss_index((__u16)mss, v6), v6);
			unsigned int want = 0;

			for (int i = 0; i < 8; i++)
				if (table[v6][i] <= mss)
					want = table[v6][i];
			assert_int_equal(value, want);
		}
}

/* Change one bit of what is hashed: the cookie differs, and the old one is refused. */
static void input_bit_counts(int v6, __u8 tstamp, unsigned int bit)
{
	struct conn_key key = tuple_of(v6), other = key;
	struct cookie_input in = input(&key, v6), changed = input(&other, v6);
	const struct tcp_offer offer = {.mss = 1400, .wscale = 7, .sack = 1, .tstamp = tstamp};
	const struct cookie c = cookie_make(&in, &offer);
	struct tcp_offer got;

	if (bit < 32)
		changed.client_isn ^= 1U << bit;
	else
		((__u8 *)&other)[(bit - 32) / 8] ^= (__u8)(1 << (bit - 32) % 8);
	if (cookie_make(&changed, &offer).isn == c.isn)
		fail_msg("bit %u of the input does not reach the ISN", bit);
	if (cookie_check(&changed, &c, tstamp, &got) == COOKIE_VALID)
		fail_msg("bit %u of the input is not checked", bit);
}

/* Which bits of the key an IPv4 tuple has: not the mapped prefix. */
static int is_prefix(unsigned int byte)
{
	return byte < 12 || (byte >= 16 && byte < 28);
}

static void every_input_bit_counts(void **state)
{
	(void)state;
	for (int v6 = 0; v6 < 2; v6++)
		for (__u8 tstamp = 0; tstamp < 2; tstamp++)
			for (unsigned int bit = 0; bit < 32 + 36 * 8; bit++)
				if (v6 || bit < 32 || !is_prefix((bit - 32) / 8))
					input_bit_counts(v6, tstamp, bit);
}

static void every_key_bit_counts(void **state)
{
	const struct conn_key key = tuple_of(0);
	const struct cookie_input in = input(&key, 0);
	const struct tcp_offer offer = offer_of(0x77, 1400);
	const struct cookie c = cookie_make(&in, &offer);

	(void)state;
	for (int bit = 0; bit < 128; bit++) {
		struct tcp_offer got;

		ring.slot[0][bit / 8] ^= (__u8)(1 << bit % 8);
		assert_int_equal(cookie_check(&in, &c, 1, &got), COOKIE_INVALID);
		ring.slot[0][bit / 8] ^= (__u8)(1 << bit % 8);
	}
}

/* Each bit that the client sends back, and each pair of them. */
static void every_flipped_cookie_bit_is_refused(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4 * 64; i++) {
		const int v6 = i & 1, tstamp = i >> 1 & 1, bits = tstamp ? 64 : 32;
		const struct conn_key key = tuple_of(v6);
		struct cookie_input in = input(&key, v6);
		const struct tcp_offer offer = offer_of((__u32)tstamp << 6 | (i & 63), 1400);
		struct tcp_offer got, untouched;
		struct cookie c;

		in.client_isn = (__u32)rng();
		c = cookie_make(&in, &offer);
		memset(&untouched, 0x55, sizeof(untouched));
		for (int a = 0; a < bits; a++)
			for (int b = a; b < bits; b++) {
				const __u64 flip = 1ULL << a ^ (a == b ? 0 : 1ULL << b);
				const struct cookie bad = {.isn = c.isn ^ (__u32)flip,
							   .tsval = c.tsval ^ (__u32)(flip >> 32)};

				got = untouched;
				assert_int_not_equal(cookie_check(&in, &bad, (__u32)tstamp, &got),
						     COOKIE_VALID);
				assert_memory_equal(&got, &untouched, sizeof(got));
			}
	}
}

static void cookie_of_the_other_kind_is_refused(void **state)
{
	(void)state;
	for (int v6 = 0; v6 < 2; v6++)
		for (unsigned int set = 0; set < 128; set++) {
			const struct conn_key key = tuple_of(v6);
			const struct cookie_input in = input(&key, v6);
			const struct tcp_offer offer = offer_of(set, 1400);
			const struct cookie c = cookie_make(&in, &offer);
			struct tcp_offer got;

			assert_int_equal(cookie_check(&in, &c, !offer.tstamp, &got),
					 COOKIE_INVALID);
		}
}

/* Valid in its epoch and the next, told as expired for two more, unknown from then on. */
static void lifetime(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		const struct conn_key key = tuple_of(i & 1);
		struct cookie_input in = input(&key, i & 1);
		const struct tcp_offer offer = offer_of(0x17 | (i & 2) << 5, 1400);
		const struct cookie c = cookie_make(&in, &offer);

		for (__u64 age = 0; age < 1000; age++) {
			struct tcp_offer got;
			enum cookie_verdict want = COOKIE_INVALID;

			if (age < EPOCHS_VALID)
				want = COOKIE_VALID;
			else if (age < 4)
				want = COOKIE_EXPIRED;
			in.epoch = NOW + age;
			assert_int_equal(cookie_check(&in, &c, offer.tstamp, &got), want);
		}
		in.epoch = NOW - 1;
		assert_int_not_equal(cookie_check(&in, &c, offer.tstamp, &(struct tcp_offer){0}),
				     COOKIE_VALID);
	}
}

/* At the very first epochs after boot, and where 32 bits of epochs wrap. */
static void epochs_at_the_edges(void **state)
{
	static const __u64 epochs[] = {0, 1, 2, 3, 0xfffffffeULL, 0xffffffffULL, 0x100000000ULL};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(epochs); i++) {
		const struct conn_key key = tuple_of(0);
		const struct tcp_offer offer = offer_of(0x55, 1400);
		struct cookie_input in = input(&key, 0);
		struct tcp_offer got;
		struct cookie c;

		in.epoch = epochs[i];
		c = cookie_make(&in, &offer);
		assert_int_equal(cookie_epoch(&in, c.isn), epochs[i]);
		assert_int_equal(cookie_check(&in, &c, 1, &got), COOKIE_VALID);
		in.epoch++;
		assert_int_equal(cookie_check(&in, &c, 1, &got), COOKIE_VALID);
		in.epoch++;
		assert_int_equal(cookie_check(&in, &c, 1, &got), COOKIE_EXPIRED);
	}
}

/* A byte of the ISN at a time, over a million neighbouring tuples: chi-square with 255 degrees. */
static void isn_is_evenly_spread(void **state)
{
	enum { TUPLES = 1 << 20 };
	static unsigned int cells[8][256];
	const struct tcp_offer offer = offer_of(0x57, 1460);

	(void)state;
	memset(cells, 0, sizeof(cells));
	for (unsigned int i = 0; i < TUPLES; i++) {
		struct conn_key key = tuple_of(0);
		struct cookie_input in = input(&key, 0);
		struct cookie c;

		key.remote_port = (__u16)i;
		addr_from_v4(key.remote, __builtin_bswap32(0x0a000000 + (i >> 16)));
		c = cookie_make(&in, &offer);
		for (int byte = 0; byte < 4; byte++) {
			cells[byte][c.isn >> 8 * byte & 0xff]++;
			cells[4 + byte][c.tsval >> 8 * byte & 0xff]++;
		}
	}
	for (int byte = 0; byte < 8; byte++) {
		double chi = 0, mean = TUPLES / 256.0;

		for (int i = 0; i < 256; i++)
			chi += (cells[byte][i] - mean) * (cells[byte][i] - mean) / mean;
		/* One in a million random functions is above. */
		if (chi > 380)
			fail_msg("byte %d: chi-square %f", byte, chi);
	}
}

/*
 * Of a million handshakes at random times, each bit of the ISN and of TSval equals each bit of the
 * time in half: within six standard deviations, which one in 400,000 random functions fails.
 */
static void time_is_not_in_clear(void **state)
{
	enum { SHAKES = 1 << 20, BOUND = 6 * 512 };
	const struct tcp_offer offer = offer_of(0x57, 1460);
	const struct conn_key key = tuple_of(0);
	struct cookie_input in = input(&key, 0);
	static int equal[9][64];

	(void)state;
	memset(equal, 0, sizeof(equal));
	for (int i = 0; i < SHAKES; i++) {
		struct cookie c;
		__u64 both;

		in.client_isn = (__u32)i;
		in.tick = (__u32)(rng() >> 32);
		c = cookie_make(&in, &offer);
		both = (__u64)c.tsval << 32 | c.isn;
		for (int t = 0; t < 9; t++) {
			const __u64 same = in.tick >> t & 1 ? both : ~both;

			for (int bit = 0; bit < 64; bit++)
				equal[t][bit] += (int)(same >> bit & 1);
		}
	}
	for (int t = 0; t < 9; t++)
		for (int bit = 0; bit < 64; bit++)
			if (abs(equal[t][bit] - SHAKES / 2) > BOUND)
				fail_msg("bit %d of the time shows in bit %d: %d", t, bit,
					 equal[t][bit]);
}

/* Of n random ACKs, how many hit? */
static unsigned int hits_of(unsigned int n, __u32 tstamp)
{
	const struct conn_key key = tuple_of(0);
	struct cookie_input in = input(&key, 0);
	unsigned int hits = 0;

	for (unsigned int i = 0; i < n; i++) {
		const __u64 r = rng();
		const struct cookie c = {.isn = (__u32)r, .tsval = (__u32)(r >> 32)};
		struct tcp_offer got;

		in.client_isn = i;
		hits += cookie_check(&in, &c, tstamp, &got) == COOKIE_VALID;
	}
	return hits;
}

/*
 * With timestamps 45 bits are too many to guess here, so the right ones are told but for those in
 * guess_isn and guess_tsval.  The epoch is told, too: it must not depend on the guess.
 */
static unsigned int hits_of_part(unsigned int n, __u32 guess_isn, __u32 guess_tsval)
{
	const struct conn_key key = tuple_of(0);
	const struct tcp_offer offer = offer_of(0x57, 1460);
	struct cookie_input in = input(&key, 0);
	unsigned int hits = 0;

	for (unsigned int i = 0; i < n; i++) {
		const __u64 r = rng();
		struct tcp_offer got;
		struct cookie c;

		in.client_isn = i;
		in.tick = i;
		c = cookie_make(&in, &offer);
		c.isn = (c.isn & ~guess_isn) | ((__u32)r & guess_isn);
		c.tsval = (c.tsval & ~guess_tsval) | ((__u32)(r >> 32) & guess_tsval);
		hits += cookie_check(&in, &c, 1, &got) == COOKIE_VALID;
	}
	return hits;
}

/*
 * Without timestamps 21 bits of MAC and one of the epoch must be guessed: 16 of 2^26 on average.
 * With timestamps 44 bits and the epoch's: none ever.  These 44 in parts, each hit 32 times on
 * average: the ISN's 18 and 9, and 17 of TSval.  Guessing the MSS besides makes it harder.
 */
static void random_acks(void **state)
{
	(void)state;
	assert_in_range(hits_of(1U << 26, 0), 4, 36);
	assert_int_equal(hits_of(1U << 24, 1), 0);
	assert_in_range(hits_of_part(1U << 23, 0x3ffff, 0), 10, 64);
	assert_in_range(hits_of_part(1U << 14, 0x1ffU << 18, 0), 10, 64);
	assert_in_range(hits_of_part(1U << 22, 0, 0x1ffffU << 15), 10, 64);
	assert_int_equal(hits_of_part(1U << 23, 0x3fffffff, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(round_trip_of_every_offer, setup),
	    cmocka_unit_test_setup(kept_or_made_anew, setup),
	    cmocka_unit_test_setup(every_offer_at_every_tick, setup),
	    cmocka_unit_test_setup(every_round_trip_is_told, setup),
	    cmocka_unit_test_setup(tick_counts_with_timestamps_only, setup),
	    cmocka_unit_test_setup(rtt_of_the_offer_does_not_count, setup),
	    cmocka_unit_test_setup(mss_is_rounded_down_to_the_table, setup),
	    cmocka_unit_test_setup(every_input_bit_counts, setup),
	    cmocka_unit_test_setup(every_key_bit_counts, setup),
	    cmocka_unit_test_setup(every_flipped_cookie_bit_is_refused, setup),
	    cmocka_unit_test_setup(cookie_of_the_other_kind_is_refused, setup),
	    cmocka_unit_test_setup(lifetime, setup),
	    cmocka_unit_test_setup(epochs_at_the_edges, setup),
	    cmocka_unit_test_setup(isn_is_evenly_spread, setup),
	    cmocka_unit_test_setup(time_is_not_in_clear, setup),
	    cmocka_unit_test_setup(random_acks, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
