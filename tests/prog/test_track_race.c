// SPDX-License-Identifier: GPL-2.0
/*
 * Two CPUs at work on the same few tuples, and the sweeper between them: the table is whole in the
 * end, nothing stays behind, and the counts add up.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "check.h"
#include "table.h"
#include "talk.h"
#include "kernel.skel.h"
#include "xdp.skel.h"

enum { TUPLES = 48, SECONDS = 2 };

/* Every frame that a tuple's connection may send or get, made before the clock starts. */
struct frames {
	struct pkt ack, rst;
	__u8 bytes[5][PKT_ROOM];
	unsigned int len[5];
};

static struct frames frames[TUPLES];
static struct bed *hammered;
static volatile int stop;
static volatile unsigned long runs[3];

static void frames_make(struct bed *b, struct frames *f, int v6, __u16 port)
{
	struct talk t = talk_new(b, v6, port);
	struct pkt p[5];

	if (port == PORT_PLAIN)
		talk_cookie(&t);
	p[0] = talk_segment(&t, 'o', port == PORT_PLAIN ? "." : "S", port == PORT_PLAIN, 1, 0);
	/* Not data: that would tell of a socket, and there is none. */
	p[1] =
	    talk_segment(&t, 'r', port == PORT_PLAIN ? "R" : "S.", 7 * (port == PORT_PLAIN), 1, 0);
	p[2] = talk_segment(&t, 'o', ".", 1, 1, 0);
	p[3] = talk_segment(&t, 'o', "F.", 1, 1, 10);
	p[4] = talk_segment(&t, 'r', "R", 1, 0, 0);
	for (int i = 0; i < 5; i++)
		f->len[i] = pkt_build(&p[i], f->bytes[i], NULL);
	f->ack = talk_segment(&t, 'o', ".", 1, 1, 0);
	f->rst = talk_segment(&t, 'o', "R", 1, 0, 0);
}

static void frame_run(int prog, const __u8 *frame, unsigned int len)
{
	struct xdp_md in = {.data_end = len, .ingress_ifindex = hammered->s.config.ifindex};
	__u8 out[PKT_ROOM + 64];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len, .data_out = out,
		    .data_size_out = sizeof(out), .repeat = 1);

	if (prog == bpf_program__fd(hammered->s.xdp->progs.synguard_xdp)) {
		opts.ctx_in = &in;
		opts.ctx_size_in = sizeof(in);
	}
	bpf_prog_test_run_opts(prog, &opts);
}

static void pin_to(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu % libbpf_num_possible_cpus(), &cpus);
	pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
}

/* Frames of all tuples at random; arg: the CPU. */
static void *hammer(void *arg)
{
	const int xdp = bpf_program__fd(hammered->s.xdp->progs.synguard_xdp);
	const int egress = bpf_program__fd(hammered->s.kernel->progs.synguard_egress);
	unsigned int seed = (unsigned int)(long)arg + 1;

	pin_to((int)(long)arg);
	while (!stop) {
		const struct frames *f = &frames[(unsigned int)rand_r(&seed) % TUPLES];
		const int i = rand_r(&seed) % 5;

		frame_run(i == 1 || i == 4 ? egress : xdp, f->bytes[i], f->len[i]);
		runs[(long)arg]++;
	}
	return NULL;
}

/* Real sockets for the same tuples, made and reset again. */
static void *hammer_sockets(void *arg)
{
	const int listeners[] = {world_listener(&hammered->w, 0, PORT_PLAIN),
				 world_listener(&hammered->w, 1, PORT_PLAIN)};
	unsigned int seed = 77;

	pin_to((int)(long)arg);
	fcntl(listeners[0], F_SETFL, O_NONBLOCK);
	fcntl(listeners[1], F_SETFL, O_NONBLOCK);
	while (!stop) {
		const struct frames *f = &frames[(unsigned int)rand_r(&seed) % TUPLES];
		int fd;

		if (f->ack.dport != PORT_PLAIN)
			continue;
		shield_receive(&hammered->s, &f->ack, 1);
		if (rand_r(&seed) % 2)
			shield_receive(&hammered->s, &f->rst, 1);
		for (int v6 = 0; v6 < 2; v6++)
			while ((fd = accept4(listeners[v6], NULL, NULL, SOCK_CLOEXEC)) >= 0)
				talk_abort(fd);
		runs[2]++;
	}
	fcntl(listeners[0], F_SETFL, 0);
	fcntl(listeners[1], F_SETFL, 0);
	return NULL;
}

static void sweep_for(struct bed *b, time_t seconds)
{
	const time_t end = time(NULL) + seconds;

	while (time(NULL) < end)
		shield_sweep(&b->s);
}

/* No socket is left, so no entry may say that there is one. */
static void nothing_open(struct bed *b)
{
	for (__u32 i = 0; i < b->s.config.slots; i++)
		if (slot_live(&b->s.slots[i]) && b->s.slots[i].head.socket == SOCKET_OPEN)
			fail_msg("slot %u (state %u, kind %u) has no socket", i,
				 b->s.slots[i].head.state, b->s.slots[i].head.kind);
}

/* With 0 jiffies to the second, entries live for one jiffy. */
static void hammered_by(struct bed *b, void *(*second)(void *), __u32 conns)
{
	const __u32 hz = b->s.config.hz;
	pthread_t thread[2];

	hammered = b;
	for (__u32 i = 0; i < TUPLES; i++)
		frames_make(b, &frames[i], i & 1, i % 3 ? PORT_PLAIN : PORT_MPTCP);
	talk_table_small(b, conns);
	b->s.config.hz = 0;
	shield_config_write(&b->s);
	/* Without seconds the port would be asleep again at once. */
	shield_port_kernel_until(&b->s, PORT_MPTCP, shield_jiffies(&b->s) + 10000000);
	stop = 0;
	runs[0] = runs[1] = runs[2] = 0;
	assert_int_equal(pthread_create(&thread[0], NULL, hammer, (void *)0), 0);
	assert_int_equal(pthread_create(&thread[1], NULL, second, (void *)1), 0);
	sweep_for(b, SECONDS);
	stop = 1;
	pthread_join(thread[0], NULL);
	pthread_join(thread[1], NULL);
	nothing_open(b);
	/* Nothing is over now, but what two CPUs have entered twice is to go. */
	b->s.config.hz = hz;
	shield_config_write(&b->s);
	shield_sweep(&b->s);
	check_table(&b->s);
	b->s.config.hz = 0;
	shield_config_write(&b->s);
	usleep(20000);
	shield_sweep(&b->s);
	check_table(&b->s);
	assert_int_equal(shield_conns_count(&b->s), 0);
	print_message("# %lu and %lu frames, %lu sockets, %llu entries, %llu times full\n", runs[0],
		      runs[1], runs[2], shield_runtime(&b->s).conns_made,
		      shield_runtime(&b->s).table_full);
	b->s.config.hz = hz;
	talk_table_whole(b);
}

static void two_cpus_on_the_same_tuples(void **state)
{
	hammered_by(*state, hammer, 1000);
	hammered_by(*state, hammer, 30);
}

static void sockets_come_and_go_meanwhile(void **state)
{
	hammered_by(*state, hammer_sockets, 1000);
	hammered_by(*state, hammer_sockets, 30);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bed_reset, check_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(two_cpus_on_the_same_tuples),
	    TEST(sockets_come_and_go_meanwhile),
	};

	return cmocka_run_group_tests(tests, talk_setup, talk_teardown);
}
