// SPDX-License-Identifier: GPL-2.0
/*
 * The sweeper by its own timer, with no packet and no process at work: a million connections whose
 * time is over are gone within a minute, counted, and with nothing left in the filter.
 */
#include <arpa/inet.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bed.h"
#include "table.h"
#include "kernel.skel.h"

enum { MANY = 1000000, ROOM = MANY + MANY / 2, PATIENCE_S = 60 };

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

/* One of them has a socket, and stays. */
static void million_enter(struct bed *b, struct conn_key *ret_live)
{
	const struct pkt p = pkt_new(0, 1024, PORT_PLAIN, PKT_ACK);
	struct conn c = bed_conn(b, &p, SOCKET_GONE, TIME_WAIT);
	struct conn_key key = shield_key(&p);

	c.seen = (__u32)shield_jiffies(&b->s) - 3600 * b->s.config.hz;
	for (__u32 i = 0; i < MANY; i++) {
		const __u32 source = htonl(10U << 24 | i);

		memcpy(key.remote + 12, &source, sizeof(source));
		key.remote_port = (__u16)(1024 + i % 50000);
		assert_int_equal(shield_conn_enter(&b->s, &key, &c), 0);
	}
	c.head.socket = SOCKET_OPEN;
	c.head.state = ESTABLISHED;
	key.remote_port++;
	shield_conn_enter(&b->s, &key, &c);
	shield_presence_refresh(&b->s);
	*ret_live = key;
}

static void a_million_go_within_a_minute(void **state)
{
	struct bed *b = *state;
	struct runtime before = shield_runtime(&b->s);
	struct conn_key live;
	struct timespec now;
	double start;

	before.boottime_s = 1;
	shield_runtime_write(&b->s, &before);
	million_enter(b, &live);
	before = shield_runtime(&b->s);
	assert_int_equal(shield_conns_count(&b->s), MANY + 1);
	start = seconds();
	timer_start(b);
	while (shield_conns_count(&b->s) > 1) {
		if (seconds() - start > PATIENCE_S)
			fail_msg("%u are left", shield_conns_count(&b->s));
		usleep(200000);
	}
	print_message("# %d gone in %.1f s\n", MANY, seconds() - start);
	assert_true(shield_conn(&b->s, &live, NULL));
	assert_int_equal(shield_runtime(&b->s).conns_closed - before.conns_closed, MANY);
	clock_gettime(CLOCK_BOOTTIME, &now);
	assert_in_range(shield_runtime(&b->s).boottime_s, now.tv_sec - 5, now.tv_sec);
}

static int setup(void **state)
{
	shield_max_conns = ROOM;
	return bed_make(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(a_million_go_within_a_minute, bed_reset),
	};

	return cmocka_run_group_tests(tests, setup, bed_end);
}
