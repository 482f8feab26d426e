// SPDX-License-Identifier: GPL-2.0
/*
 * Packets per second of one CPU and of two at once, each with a wrapper and frames of its own, both
 * with the same programs and tables: what the CPUs have to fight for.  One CPU is the mean of each of
 * the two alone, since one of them may have more else to do.  Two may be more than twice one: what the
 * first has fetched from memory the second one finds in the cache that they share.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "scale.h"
#include "wrapper.skel.h"

enum { CPUS = 2, KNOWN = 64000 };

struct lane {
	pthread_t thread;
	pthread_barrier_t *start;
	struct bench *b;
	const struct row *row;
	int cpu;
	double ns; /* of the program, without the wrapper */
};

static void *lane_run(void *context)
{
	struct lane *lane = context;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(lane->cpu, &set);
	must(!sched_setaffinity(0, sizeof(set), &set), "stay on one CPU");
	pthread_barrier_wait(lane->start);
	lane->ns = run_wrapped(lane->b, lane->row, TARGET_SYNGUARD_BIG, 0);
	pthread_barrier_wait(lane->start);
	lane->ns -= run_wrapped(lane->b, lane->row, TARGET_NOTHING, 0);
	return NULL;
}

/* Packets per second of so many CPUs at once, from this one on. */
static double lanes_run(struct bench *b, const struct row *row, int first, int cpus)
{
	struct lane lanes[CPUS] = {0};
	pthread_barrier_t start;
	double rate = 0;

	pthread_barrier_init(&start, NULL, (unsigned int)cpus);
	for (int i = 0; i < cpus; i++) {
		lanes[i] = (struct lane){.start = &start, .b = &b[i], .row = row, .cpu = first + i};
		must(!pthread_create(&lanes[i].thread, NULL, lane_run, &lanes[i]),
		     "start a thread");
	}
	for (int i = 0; i < cpus; i++) {
		pthread_join(lanes[i].thread, NULL);
		rate += 1e9 / lanes[i].ns;
	}
	pthread_barrier_destroy(&start);
	return rate;
}

static void row_tell(struct scale *s, const struct row *row, const double *rates, int cpus)
{
	const struct spread rate = spread_of(rates, s->b.rounds);

	scale_tell(s, "cpus", (__u32)cpus, row->name, "packets_per_s", &rate);
	printf("%-9s %8d  %-24s %7.2f M/s (%.2f-%.2f)\n", "cpus", cpus, row->name,
	       rate.median / 1e6, rate.q1 / 1e6, rate.q3 / 1e6);
}

static void row_run(struct scale *s, struct bench *b, const struct row *row)
{
	double one[ROUNDS], two[ROUNDS], share[ROUNDS];
	struct spread ratio;

	row_renew(&b[0], row);
	for (int i = 0; i < CPUS; i++)
		frames_write(&b[i], row);
	for (int round = 0; round < s->b.rounds; round++) {
		one[round] = (lanes_run(b, row, 0, 1) + lanes_run(b, row, 1, 1)) / CPUS;
		two[round] = lanes_run(b, row, 0, CPUS);
		share[round] = two[round] / one[round];
	}
	row_tell(s, row, one, 1);
	row_tell(s, row, two, 2);
	ratio = spread_of(share, s->b.rounds);
	scale_tell(s, "cpus", CPUS, row->name, "times_one", &ratio);
	printf("%-9s %8s  %-24s %7.2f times one (%.2f-%.2f)\n", "cpus", "2 to 1", row->name,
	       ratio.median, ratio.q1, ratio.q3);
}

void scale_cpus(struct scale *s)
{
	struct row rows[] = {scale_row_syn("SYN answered", 0),
			     scale_row_known("known connection, random"),
			     scale_row_bad_ack("bad ACK dropped")};
	static struct bench b[CPUS];

	if (sysconf(_SC_NPROCESSORS_ONLN) < CPUS) {
		printf("cpus: there is one only\n");
		return;
	}
	rows[1].source = SOURCE_CONNS;
	rows[1].conns = KNOWN;
	scale_table_open(s, KNOWN * 3 / 2);
	scale_conns_enter(&s->b.table[TABLE_BIG], KNOWN);
	for (int i = 0; i < CPUS; i++)
		b[i] = s->b;
	wrapper_open(&b[1]);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		row_run(s, b, &rows[i]);
	synguard_wrapper__destroy(b[1].wrapper);
	scale_table_close(s);
}
