// SPDX-License-Identifier: GPL-2.0
/*
 * `make bench`: nanoseconds per packet of synguard's programs, and their ratio to the floor: at the
 * driver a program that swaps the MAC addresses and transmits, at tc one that lets everything go
 * on.  All rows run in turn, in one run, many times; medians count.
 *
 * BPF_PROG_TEST_RUN does not restore the frame between runs, so every row, the floor too, runs
 * through the same wrapper, which writes the frame anew, as a driver fetches one.  "ns" and "ratio"
 * have that in both the row and the floor.
 *
 * "bare" is without any wrapper: the row less the wrapper with a target that does nothing, and the
 * floor run directly, with hardly more than the loop of BPF_PROG_TEST_RUN in it.  That ratio is the
 * stricter one, and depends more on the machine: the loop's indirect call costs 6 ns on one
 * processor and 20 on another.
 *
 * Absolute numbers are this machine's and this minute's; the ratios travel.
 *
 * BENCH_ONLY: names of rows, or patterns; BENCH_QUICK=1: fewer rounds; BENCH_DIR: where packet.json
 * goes (build/bench/results).
 */
#include <unistd.h>

#include "packet.h"
#include "wrapper.skel.h"

static void bench_open(struct bench *b, const struct rows *rows)
{
	int denying = 0;

	for (size_t i = 0; i < rows->n; i++) {
		b->has_big |= rows->row[i].table == TABLE_BIG;
		denying |= rows->row[i].denying;
	}
	world_make(&b->world);
	table_open(b, TABLE_USUAL, MAX_CONNS);
	if (b->has_big) {
		table_open(b, TABLE_BIG, CONNS_BIG);
		big_fill(b);
	}
	wrapper_open(b);
	if (denying)
		lists_make(b);
}

static void bench_close(struct bench *b)
{
	synguard_wrapper__destroy(b->wrapper);
	if (b->has_big)
		shield_close(&b->table[TABLE_BIG]);
	shield_close(&b->table[TABLE_USUAL]);
	world_end(&b->world);
}

static void measure(struct bench *b, struct row *r, int round)
{
	if (r->hook == HOOK_LIVE)
		row_measure_live(b, r, round);
	else
		row_measure(b, r, round);
}

/* There are no arguments: what may be set is in the environment. */
static void arguments_check(int argc, char **argv)
{
	static const char usage[] =
	    "usage: build/bench/packet   (no arguments; in the environment: "
	    "BENCH_ONLY=\"PATTERN...\", BENCH_QUICK=1, BENCH_DIR=DIR)\n";
	const int help = argc == 2 && strcmp(argv[1], "--help") == 0;

	if (argc < 2)
		return;
	fputs(usage, help ? stdout : stderr);
	exit(help ? EXIT_SUCCESS : 2);
}

static void root_check(void)
{
	if (!geteuid())
		return;
	fputs("bench: root is needed: sudo make bench\n", stderr);
	exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
	static struct rows rows;
	static struct bench b;
	const char *quick = getenv("BENCH_QUICK");

	arguments_check(argc, argv);
	rows_list(&rows);
	root_check();
	b.quick = quick && *quick && strcmp(quick, "0") != 0;
	b.rounds = b.quick ? ROUNDS_QUICK : ROUNDS;
	b.repeat = b.quick ? REPEAT_QUICK : REPEAT;
	b.cpu = cpu_stay();
	bench_open(&b, &rows);
	for (int round = 0; round < b.rounds; round++)
		for (size_t i = 0; i < rows.n; i++)
			measure(&b, &rows.row[i], round);
	report(&b, &rows);
	bench_close(&b);
	return 0;
}
