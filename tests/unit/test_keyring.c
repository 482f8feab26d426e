// SPDX-License-Identifier: GPL-2.0
/*
 * The key ring: no rotation, at whatever moment, by whomever, costs a valid cookie; new keys have
 * nothing to do with old ones; machines with one key file agree on the epochs.
 */
#include "unit.h"

#include "cookie.h"

enum { SHIFT = 15, EPOCH = 1 << SHIFT };

#define NOW (1000ULL << SHIFT)

static const struct config cfg = {.hz = 1000, .epoch_shift = SHIFT, .tick_shift = 2};
static struct keys ring;

static int setup(void **state)
{
	(void)state;
	rng_fill(&ring, sizeof(ring));
	ring.turn = 0;
	ring.clock = 0;
	ring.shared = 0;
	ring.turned_at = NOW;
	ring.turns = 0;
	ring.period = 0;
	ring.order = 0;
	return 0;
}

static const struct conn_key tuple = {.remote_port = 4711, .local_port = 80};
static const struct tcp_offer offer = {.mss = 1460, .wscale = 7, .sack = 1, .tstamp = 1};

static struct cookie_prefix prefixes[COOKIE_PREFIXES];

static struct cookie_input input_at(const struct keys *r, __u64 jiffies)
{
	return (struct cookie_input){.ring = r,
				     .prefixes = prefixes,
				     .tuple = &tuple,
				     .epoch = cookie_epoch_now(r, &cfg, jiffies),
				     .client_isn = 12345,
				     .tick = cookie_tick_now(r, &cfg, jiffies),
				     .tick_ms_q16 = 4 << 16};
}

static struct cookie issue(const struct keys *r, __u64 jiffies)
{
	const struct cookie_input in = input_at(r, jiffies);

	return cookie_make(&in, &offer);
}

static enum cookie_verdict check(const struct keys *r, const struct cookie *c, __u64 jiffies)
{
	const struct cookie_input in = input_at(r, jiffies);
	struct tcp_offer got;

	return cookie_check(&in, c, 1, &got);
}

static void order_soon(const __u8 key[16], const __u8 ratchet[16])
{
	ring.next_clock = ring.clock;
	memcpy(ring.next_key, key, 16);
	memcpy(ring.next_ratchet, ratchet, 16);
	ring.order = KEYS_SOON;
}

/* Cookies issued at each sixteenth of an epoch must hold for a whole epoch, at least. */
enum { STEP = EPOCH / 16, PAST = 48 };

struct flight {
	struct cookie cookies[PAST]; /* a ring buffer of the last three epochs */
	__u64 steps;
};

static void flight_step(struct flight *f, __u64 now)
{
	__u64 age;

	f->cookies[f->steps++ % PAST] = issue(&ring, now);
	for (age = 0; age < PAST && age < f->steps; age++) {
		const struct cookie *c = &f->cookies[(f->steps - 1 - age) % PAST];
		const __u64 epochs = (now >> SHIFT) - ((now - age * STEP) >> SHIFT);
		const enum cookie_verdict got = check(&ring, c, now);

		if ((got == COOKIE_VALID) != (epochs < EPOCHS_VALID) ||
		    (epochs == EPOCHS_VALID && got != COOKIE_EXPIRED))
			fail_msg("a cookie of %llu steps ago, step %llu", age, f->steps);
	}
}

/* By order, given at each phase of the epoch, and by period; as often as the ring lets them. */
static void in_flight_survive(void **state)
{
	__u8 fresh[32];

	(void)state;
	for (__u64 phase = 0; phase < 16; phase++) {
		struct flight f = {.steps = 0};
		__u64 now = NOW;

		setup(NULL);
		for (int i = 0; i < 400; i++, now += STEP) {
			rng_fill(fresh, sizeof(fresh));
			if (phase % 2 == 0 && (__u64)i % 16 == phase)
				order_soon(fresh, fresh + 16);
			if (phase % 2)
				ring.period = EPOCH * phase / 4;
			keys_tick(&ring, &cfg, now);
			flight_step(&f, now);
		}
		assert_in_range(ring.turns, 5, 10);
	}
}

/* At random moments, with random gaps, orders and periods mixed. */
static void in_flight_survive_anything(void **state)
{
	__u8 fresh[32];
	struct flight f = {.steps = 0};
	__u64 now = NOW;

	(void)state;
	for (int i = 0; i < 20000; i++, now += STEP) {
		const __u64 r = rng() >> 16;

		rng_fill(fresh, sizeof(fresh));
		if (r % 7 == 0 && !ring.order)
			order_soon(fresh, fresh + 16);
		if (r % 11 == 0)
			ring.period = (r >> 8) % (10 * EPOCH);
		keys_tick(&ring, &cfg, now + (r >> 32) % STEP);
		flight_step(&f, now);
	}
	assert_true(ring.turns > 20000 / 16 / 8);
}

/* Whatever a reader finds between two stores of a rotation, its cookies get the right key. */
static void every_half_of_a_rotation_is_whole(void **state)
{
	const struct keys old = ring;
	const struct cookie c = issue(&ring, NOW), late = issue(&ring, NOW + EPOCH);
	__u8 key[16];

	(void)state;
	rng_fill(key, sizeof(key));
	/* The slot, not the word. */
	memcpy(ring.slot[1], key, 16);
	assert_int_equal(check(&ring, &c, NOW), COOKIE_VALID);
	assert_int_equal(check(&ring, &late, NOW + EPOCH), COOKIE_VALID);
	ring = old;
	assert_int_equal(keys_turn(&ring, key, NOW >> SHIFT, 0), 0);
	assert_memory_equal(ring.slot[0], old.slot[0], 16);
	assert_memory_equal(ring.slot[1], key, 16);
	assert_int_equal(ring.turn, ((NOW >> SHIFT) + 1) << 1 | 1);
	assert_int_equal(check(&ring, &c, NOW), COOKIE_VALID);
	assert_int_equal(check(&ring, &c, NOW + EPOCH), COOKIE_VALID);
	/* In the next epoch the new key serves. */
	assert_int_equal(check(&ring, &late, NOW + EPOCH), COOKIE_INVALID);
}

static void rotation_too_early_is_refused(void **state)
{
	const __u64 epoch = NOW >> SHIFT;
	__u8 key[16];
	struct keys before;

	(void)state;
	rng_fill(key, sizeof(key));
	assert_int_equal(keys_wait(&ring, 0), 0);
	assert_int_equal(keys_turn(&ring, key, epoch, 0), 0);
	before = ring;
	for (__u64 age = 0; age < 3; age++) {
		assert_int_equal(keys_wait(&ring, epoch + age), 3 - age);
		assert_int_equal(keys_turn(&ring, key, epoch + age, 0), -1);
		assert_memory_equal(&ring, &before, sizeof(ring));
	}
	assert_int_equal(keys_wait(&ring, epoch + 3), 0);
	assert_int_equal(keys_turn(&ring, key, epoch + 3, 0), 0);
}

/* An order too early stays, and is carried out when it may be. */
static void order_waits(void **state)
{
	__u8 a[32], b[32];
	__u64 now = NOW;

	(void)state;
	rng_fill(a, sizeof(a));
	rng_fill(b, sizeof(b));
	order_soon(a, a + 16);
	assert_int_equal(keys_tick(&ring, &cfg, now), 1);
	assert_int_equal(ring.order, 0);
	assert_memory_equal(ring.slot[ring.turn & 1], a, 16);
	assert_memory_equal(ring.ratchet, a + 16, 16);
	order_soon(b, b + 16);
	while (!keys_tick(&ring, &cfg, now))
		now += STEP;
	assert_int_equal(now, NOW + 3 * EPOCH);
	assert_memory_equal(ring.slot[ring.turn & 1], b, 16);
	/* Nothing of it is left lying about. */
	memset(a, 0, sizeof(a));
	assert_memory_equal(ring.next_key, a, 16);
	assert_memory_equal(ring.next_ratchet, a, 16);
}

static void period_rotates_when_due(void **state)
{
	(void)state;
	assert_int_equal(keys_tick(&ring, &cfg, NOW + 1000ULL * EPOCH), 0);
	ring.period = 10 * EPOCH;
	assert_int_equal(keys_tick(&ring, &cfg, NOW + 10 * EPOCH - 1), 0);
	assert_int_equal(keys_tick(&ring, &cfg, NOW + 10 * EPOCH), 1);
	assert_int_equal(ring.turned_at, NOW + 10 * EPOCH);
	assert_int_equal(ring.turns, 1);
	assert_int_equal(keys_tick(&ring, &cfg, NOW + 20 * EPOCH - 1), 0);
	/* The timer was not called for long: one rotation, not all that were missed. */
	assert_int_equal(keys_tick(&ring, &cfg, NOW + 95 * EPOCH), 1);
	assert_int_equal(keys_tick(&ring, &cfg, NOW + 104 * EPOCH), 0);
	assert_int_equal(keys_tick(&ring, &cfg, NOW + 105 * EPOCH), 1);
	ring.period = 0;
	assert_int_equal(keys_tick(&ring, &cfg, NOW + 1000ULL * EPOCH), 0);
}

/* Where jiffies and epochs are about to wrap, and at the first ones. */
static void rotation_at_the_edges(void **state)
{
	static const __u64 starts[] = {0, 1, 0xfffffffeULL, 0x1fffffffeULL, 0x7ffffffffffeULL};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(starts); i++) {
		const __u64 now = starts[i] << SHIFT;
		const struct cookie c = issue(&ring, now);
		struct cookie next;
		__u8 key[16];

		setup(NULL);
		next = issue(&ring, now);
		rng_fill(key, sizeof(key));
		assert_int_equal(keys_turn(&ring, key, starts[i], 0), 0);
		assert_int_equal(keys_since(&ring), starts[i] + 1);
		assert_int_equal(check(&ring, &next, now + EPOCH), COOKIE_VALID);
		assert_int_not_equal(check(&ring, &c, now), COOKIE_VALID);
		assert_ptr_equal(keys_of_epoch(&ring, starts[i] + 1), ring.slot[1]);
		assert_ptr_equal(keys_of_epoch(&ring, starts[i]), ring.slot[0]);
	}
}

/* The reference vectors of SipHash are in test_siphash.c; here the construction is spelled out. */
static void ratchet_is_the_prf_of_its_secret(void **state)
{
	__u64 secret[2], want[4], got[2];

	(void)state;
	memcpy(secret, ring.ratchet, 16);
	ring.turns = 41;
	for (__u64 label = 0; label < 4; label++) {
		struct siphash s;

		siphash_init(&s, secret);
		siphash_word(&s, 41);
		want[label] = siphash_finish(&s, label | 9ULL << 56);
	}
	keys_ratchet(&ring, (__u8 *)got);
	assert_memory_equal(got, want, 16);
	assert_memory_equal(ring.ratchet, want + 2, 16);
}

/* Every bit of the secret changes about half of the key's and of the next secret's. */
static void ratchet_hides_its_secret(void **state)
{
	struct keys base = ring;
	__u8 key[16], other[16];
	int least = 256, most = 0;

	(void)state;
	keys_ratchet(&base, key);
	for (int bit = 0; bit < 128; bit++) {
		struct keys flipped = ring;
		int differ = 0;

		flipped.ratchet[bit / 8] ^= (__u8)(1 << bit % 8);
		keys_ratchet(&flipped, other);
		for (int i = 0; i < 16; i++)
			differ += __builtin_popcount(key[i] ^ other[i]) +
				  __builtin_popcount(base.ratchet[i] ^ flipped.ratchet[i]);
		least = differ < least ? differ : least;
		most = differ > most ? differ : most;
	}
	assert_in_range(least, 80, 128);
	assert_in_range(most, 128, 176);
}

static int compare16(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

/* No key and no secret comes twice, nor one as the other; none is left in the ring but the two. */
static void ratchet_does_not_repeat(void **state)
{
	enum { ROUNDS = 5000 };
	static __u8 seen[2 * ROUNDS][16];

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		memcpy(seen[2 * i], ring.ratchet, 16);
		keys_ratchet(&ring, seen[2 * i + 1]);
		ring.turns++;
	}
	qsort(seen, COUNT_OF(seen), 16, compare16);
	for (size_t i = 1; i < COUNT_OF(seen); i++)
		assert_memory_not_equal(seen[i - 1], seen[i], 16);
}

/* Two machines, booted at different times: the wall clock makes their epochs the same. */
static void shared_key_is_accepted_elsewhere(void **state)
{
	const __u64 wall = 1790000000ULL * 1000;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		const __u64 boot_a = rng() >> 30, boot_b = rng() >> 30;
		const __u64 later = (rng() >> 16) % EPOCH, when = (rng() >> 16) % (100ULL * EPOCH);
		struct keys a = ring, b = ring;
		struct cookie c;

		a.clock = wall - boot_a;
		b.clock = wall - boot_b;
		b.presence = rng();
		c = issue(&a, boot_a + when);
		assert_int_equal(check(&b, &c, boot_b + when + later), COOKIE_VALID);
		assert_int_equal(check(&b, &c, boot_b + when + 2 * EPOCH), COOKIE_EXPIRED);
		b.clock++; /* as with clocks that differ by a jiffy: nothing but the edge moves */
		if ((wall + when) % EPOCH != EPOCH - 1)
			assert_int_equal(check(&b, &c, boot_b + when), COOKIE_VALID);
	}
}

static void shared_orders_begin_together(void **state)
{
	(void)state;
	for (__u64 epoch = 0; epoch < 100; epoch++) {
		const __u64 from = keys_shared_from(epoch);

		assert_int_equal(from % KEYS_SHARED_EPOCHS, 0);
		assert_in_range(from, epoch + 2, epoch + 5);
		/* All but the last two epochs before the edge agree. */
		if (epoch % 4 < 3)
			assert_int_equal(from, keys_shared_from(epoch / 4 * 4));
	}
}

/* Told in different epochs of the same stretch, they accept each other's cookies at any time. */
static void shared_rotation_on_two_machines(void **state)
{
	struct keys a = ring, b = ring;
	__u8 key[16];
	__u64 now = NOW;

	(void)state;
	assert_int_equal(NOW >> SHIFT & 3, 0);
	rng_fill(key, sizeof(key));
	for (int i = 0; i < 200; i++, now += STEP) {
		const __u64 epoch = now >> SHIFT;
		struct keys *told = i == 3 ? &a : i == 40 ? &b : NULL;
		struct cookie c;

		if (told) {
			memcpy(told->next_key, key, 16);
			told->next_clock = told->clock;
			told->order = keys_shared_from(epoch);
		}
		keys_tick(&a, &cfg, now);
		keys_tick(&b, &cfg, now);
		assert_ptr_equal(keys_of_epoch(&a, epoch) - a.slot[0],
				 keys_of_epoch(&b, epoch) - b.slot[0]);
		c = issue(&a, now);
		assert_int_equal(check(&b, &c, now), COOKIE_VALID);
		assert_int_equal(check(&b, &c, now + EPOCH), COOKIE_VALID);
		c = issue(&b, now);
		assert_int_equal(check(&a, &c, now + EPOCH), COOKIE_VALID);
	}
	assert_int_equal(keys_since(&a), (NOW >> SHIFT) + 4);
	assert_int_equal(a.turn, b.turn);
}

/* After a correction of the clock, by days either way, the ring goes on. */
static void clock_change(void **state)
{
	(void)state;
	for (int sign = -1; sign <= 1; sign += 2) {
		const __u64 now = NOW + 50 * EPOCH;
		struct cookie c;
		__u8 key[16];

		setup(NULL);
		rng_fill(key, sizeof(key));
		assert_int_equal(keys_turn(&ring, key, NOW >> SHIFT, 0), 0);
		rng_fill(key, sizeof(key));
		memcpy(ring.next_key, key, 16);
		ring.next_clock = (__u64)(sign * 900LL * EPOCH);
		ring.order = keys_shared_from((now + ring.next_clock) >> SHIFT);
		assert_int_equal(keys_tick(&ring, &cfg, now), 1);
		assert_int_equal(cookie_epoch_now(&ring, &cfg, now),
				 (now + ring.next_clock) >> SHIFT);
		assert_int_equal(keys_since(&ring),
				 keys_shared_from((now + ring.next_clock) >> SHIFT));
		assert_memory_equal(ring.slot[ring.turn & 1], key, 16);
		for (__u64 later = 0; later < 20; later++) {
			c = issue(&ring, now + later * EPOCH);
			assert_int_equal(check(&ring, &c, now + later * EPOCH), COOKIE_VALID);
			assert_int_equal(check(&ring, &c, now + (later + 1) * EPOCH), COOKIE_VALID);
		}
	}
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(in_flight_survive),
	    TEST(in_flight_survive_anything),
	    TEST(every_half_of_a_rotation_is_whole),
	    TEST(rotation_too_early_is_refused),
	    TEST(order_waits),
	    TEST(period_rotates_when_due),
	    TEST(rotation_at_the_edges),
	    TEST(ratchet_is_the_prf_of_its_secret),
	    TEST(ratchet_hides_its_secret),
	    TEST(ratchet_does_not_repeat),
	    TEST(shared_key_is_accepted_elsewhere),
	    TEST(shared_orders_begin_together),
	    TEST(shared_rotation_on_two_machines),
	    TEST(clock_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
