// SPDX-License-Identifier: GPL-2.0
/*
 * Rotation by the kernel's timer while the programs issue and check cookies, with epochs of an
 * eighth of a second: no valid cookie is ever refused.  And a key that several machines share.
 */
#include <linux/bpf.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bed.h"
#include "check.h"
#include "kernel.skel.h"

enum { EPOCHS_PER_S = 8, PATIENCE_S = 10, TURNS = 8, KEPT = 64 };

/* As the loader has it. */
static struct keys *ring;

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void timer_start(struct bed *b)
{
	__u32 start = 0; /* struct sweep_request */
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &start, .ctx_size_in = sizeof(start));

	assert_int_equal(
	    bpf_prog_test_run_opts(bpf_program__fd(b->s.kernel->progs.synguard_sweep), &opts), 0);
	assert_int_equal(opts.retval, 0);
}

static int group_setup(void **state)
{
	struct bed *b;

	bed_make(state);
	b = *state;
	b->s.config.epoch_shift = 0;
	while ((2U << b->s.config.epoch_shift) <= b->s.config.hz / EPOCHS_PER_S)
		b->s.config.epoch_shift++;
	shield_config_write(&b->s);
	ring = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE, MAP_SHARED,
		    b->s.keys_map, 0);
	assert_true(ring != MAP_FAILED);
	timer_start(b);
	return 0;
}

static int setup(void **state)
{
	struct bed *b = *state;
	struct keys fresh = shield_keys(&b->s);

	fresh.turn = 0;
	fresh.clock = 0;
	fresh.shared = 0;
	fresh.period = 0;
	fresh.turns = 0;
	fresh.turned_at = shield_jiffies(&b->s);
	memset(fresh.slot[1], 0x11, 16);
	shield_keys_write(&b->s, &fresh);
	return bed_reset(state);
}

static __u64 word(const __u64 *at)
{
	return __atomic_load_n(at, __ATOMIC_SEQ_CST);
}

static void turns_await(__u64 turns)
{
	const double start = seconds();

	while (word(&ring->turns) < turns) {
		if (seconds() - start > PATIENCE_S)
			fail_msg("%llu rotations in %d s", word(&ring->turns), PATIENCE_S);
		usleep(5000);
	}
}

static void order(struct bed *b, const __u8 key[16])
{
	(void)b;
	ring->next_clock = ring->clock;
	memcpy(ring->next_key, key, 16);
	memset(ring->next_ratchet, 0x33, 16);
	__atomic_store_n(&ring->order, KEYS_SOON, __ATOMIC_SEQ_CST);
}

/* Not due: nothing; due: another key in the other slot, of the ratchet, which goes on. */
static void timer_rotates_when_due(void **state)
{
	struct bed *b = *state;
	const struct keys before = shield_keys(&b->s);
	struct keys model = before, after;
	__u8 key[16];

	/* An hour, all but two seconds of which are over. */
	__atomic_store_n(&ring->turned_at, before.turned_at - 3598ULL * b->s.config.hz,
			 __ATOMIC_SEQ_CST);
	__atomic_store_n(&ring->period, 3600ULL * b->s.config.hz, __ATOMIC_SEQ_CST);
	usleep(500000);
	assert_int_equal(word(&ring->turns), 0);
	turns_await(1);
	usleep(200000);
	after = shield_keys(&b->s);
	assert_int_equal(after.turns, 1);
	assert_in_range(after.turned_at - before.turned_at, 2 * b->s.config.hz - 1,
			3 * b->s.config.hz);
	keys_ratchet(&model, key);
	assert_memory_equal(after.slot[1], key, 16);
	assert_memory_equal(after.slot[0], before.slot[0], 16);
	assert_memory_equal(after.ratchet, model.ratchet, 16);
	assert_int_equal(after.turn & 1, 1);
}

static void order_is_carried_out(void **state)
{
	struct bed *b = *state;
	__u8 key[16], zero[16] = {0};
	struct keys after;

	for (__u8 i = 1; i <= 2; i++) {
		memset(key, 0x40 + i, sizeof(key));
		order(b, key);
		turns_await(i);
		usleep(100000);
		after = shield_keys(&b->s);
		assert_int_equal(after.turns, i);
		assert_int_equal(after.order, 0);
		assert_memory_equal(after.slot[after.turn & 1], key, 16);
		assert_memory_equal(after.next_key, zero, 16);
		assert_memory_equal(after.next_ratchet, zero, 16);
		memset(key, 0x33, sizeof(key));
		assert_memory_equal(after.ratchet, key, 16);
	}
}

/* ACKs that wait for their turn, and the epoch before their cookies were issued. */
struct kept {
	struct pkt ack;
	__u64 epoch;
};

static void kept_check(struct bed *b, const struct kept *kept, unsigned int *checked)
{
	struct outcome o;

	shield_run_pkt(&b->s, &kept->ack, &o);
	/* Was it valid to the end? */
	if (shield_epoch(&b->s) - kept->epoch >= EPOCHS_VALID)
		return;
	if (o.reason != REASON_ack_cookie_valid)
		fail_msg("refused after %llu rotations: %s", word(&ring->turns),
			 reason_name(o.reason));
	++*checked;
}

/* With and without timestamps, both families, checked at once and up to the end of their time. */
static void handshakes_go_on(struct bed *b, void (*round)(struct bed *b))
{
	static struct kept kept[KEPT];
	unsigned int checked = 0, i;
	const double start = seconds();

	for (i = 0; word(&ring->turns) < TURNS; i++) {
		struct pkt syn = pkt_new(i & 1, bed_sport(), PORT_PLAIN, PKT_SYN);
		struct kept *place = &kept[i % KEPT];

		if (seconds() - start > PATIENCE_S)
			fail_msg("only %llu rotations", word(&ring->turns));
		pkt_opt_syn(&syn, i & 2 ? PKT_TS | PKT_SACK | PKT_WS : PKT_WS, 1460, 7, 0xcafe0001);
		if (i >= KEPT)
			kept_check(b, place, &checked);
		place->epoch = shield_epoch(&b->s);
		place->ack = bed_shake(b, &syn);
		if (round)
			round(b);
		usleep(1000);
	}
	print_message("# %u of %u cookies checked in time, over %llu rotations\n", checked, i,
		      word(&ring->turns));
	assert_true(checked > i / 2);
}

static void no_valid_cookie_is_refused_by_period(void **state)
{
	/* As often as the ring lets it. */
	__atomic_store_n(&ring->period, 1, __ATOMIC_SEQ_CST);
	handshakes_go_on(*state, NULL);
}

static void order_now(struct bed *b)
{
	__u8 key[16];

	if (word(&ring->order))
		return;
	for (int i = 0; i < 16; i++)
		key[i] = (__u8)random();
	order(b, key);
}

static void no_valid_cookie_is_refused_by_order(void **state)
{
	handshakes_go_on(*state, order_now);
}

static struct cookie_prefix prefixes[COOKIE_PREFIXES];

/* What another machine with the same key answers: booted at another time, with another presence. */
static struct synack elsewhere(struct bed *b, const struct pkt *syn, __u64 booted_later,
			       __u8 tstamp)
{
	const struct conn_key key = shield_key(syn);
	const struct tcp_offer offer = {.mss = 1400, .wscale = 7, .sack = 1, .tstamp = tstamp};
	const __u64 jiffies = shield_jiffies(&b->s) - booted_later;
	struct keys theirs = shield_keys(&b->s);
	struct cookie_input in = {
	    .prefixes = prefixes,
	    .ring = &theirs,
	    .tuple = &key,
	    .client_isn = syn->seq,
	    .is_v6 = (__u32)syn->v6,
	};
	struct cookie c;

	theirs.clock += booted_later;
	theirs.presence ^= 0x1234567;
	tuple_key_make(&theirs.tuple, theirs.presence);
	in.epoch = cookie_epoch_now(&theirs, &b->s.config, jiffies);
	in.tick = cookie_tick_now(&theirs, &b->s.config, jiffies);
	c = cookie_make(&in, &offer);
	return (struct synack){.isn = c.isn, .tsval = c.tsval, .has_ts = tstamp};
}

/* This machine has issued none without timestamps, and accepts the other one's if the key is shared. */
static void shared_key(void **state)
{
	struct bed *b = *state;
	struct keys shared = shield_keys(&b->s);

	shared.shared = 1;
	shared.clock = 0x123456789abcULL;
	shield_keys_write(&b->s, &shared);
	for (unsigned int i = 0; i < 32; i++) {
		const struct pkt syn = bed_syn(i & 1, PORT_PLAIN);
		struct runtime rt = shield_runtime(&b->s);
		struct synack a;
		struct pkt ack;
		struct tcp_offer offer;

		rt.nots_epoch[0] = rt.nots_epoch[1] = 0;
		shield_runtime_write(&b->s, &rt);
		a = elsewhere(b, &syn, i * 1000003ULL, i >> 1 & 1);
		ack = bed_ack(&syn, &a, 0xcafe0002);
		bed_expect_pkt(b, &ack, XDP_PASS, REASON_ack_cookie_valid, "from elsewhere", NULL);
		/* And the other way round. */
		assert_int_equal(bed_decode(b, &syn, &a, &offer), COOKIE_VALID);
	}
}

static void unshared_key_has_its_gate(void **state)
{
	struct bed *b = *state;
	const struct pkt syn = bed_syn(0, PORT_PLAIN);
	struct runtime rt = shield_runtime(&b->s);
	struct synack a;
	struct pkt ack;

	rt.nots_epoch[0] = rt.nots_epoch[1] = 0;
	shield_runtime_write(&b->s, &rt);
	a = elsewhere(b, &syn, 0, 0);
	ack = bed_ack(&syn, &a, 0);
	bed_expect_pkt(b, &ack, XDP_DROP, REASON_ack_cookie_invalid, "none issued here", NULL);
}

/* What this machine issues is made with the common clock: the other one takes it. */
static void shared_key_is_issued(void **state)
{
	struct bed *b = *state;
	struct keys shared = shield_keys(&b->s);

	shared.shared = 1;
	shared.clock = 0x0fedcba987654ULL;
	shield_keys_write(&b->s, &shared);
	for (int v6 = 0; v6 < 2; v6++) {
		const struct pkt syn = bed_syn(v6, PORT_PLAIN);
		const struct conn_key key = shield_key(&syn);
		struct tcp_offer offer;
		struct outcome o;
		struct synack a;
		struct conn conn;
		struct pkt ack;

		bed_expect_pkt(b, &syn, XDP_TX, REASON_syn_cookie_sent, "SYN", &o);
		a = bed_synack(&syn, &o);
		assert_int_equal(bed_decode(b, &syn, &a, &offer), COOKIE_VALID);
		/* A round trip of some milliseconds, not of the difference of two clocks. */
		assert_in_range(offer.rtt_ms, 0, 500);
		ack = bed_ack(&syn, &a, 0xcafe0002);
		bed_expect_pkt(b, &ack, XDP_PASS, REASON_ack_cookie_valid, "its ACK", NULL);
		assert_true(shield_conn(&b->s, &key, &conn));
		assert_in_range(conn.rtt_ms, 0, 500);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, check_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(timer_rotates_when_due),
	    TEST(order_is_carried_out),
	    TEST(no_valid_cookie_is_refused_by_period),
	    TEST(no_valid_cookie_is_refused_by_order),
	    TEST(shared_key),
	    TEST(unshared_key_has_its_gate),
	    TEST(shared_key_is_issued),
	};

	return cmocka_run_group_tests(tests, group_setup, bed_end);
}
