// SPDX-License-Identifier: GPL-2.0
/*
 * Nanoseconds per packet against the number of connections, services, prefixes and CPUs, and their
 * ratio to the floor of `make bench`.  Run by tests/bench/scale; its only argument is a file for the
 * rows, one JSON object per line.
 */
#include "scale.h"

int main(int argc, char **argv)
{
	static struct scale s;
	const char *quick = getenv("BENCH_QUICK");

	s.quick = quick && *quick && strcmp(quick, "0") != 0;
	s.out = argc == 2 ? fopen(argv[1], "w") : NULL;
	must(s.out != NULL, "open the file for the rows, the only argument");
	setvbuf(stdout, NULL, _IOLBF, 0);
	s.b.rounds = s.quick ? SCALE_ROUNDS_QUICK : SCALE_ROUNDS;
	s.b.repeat = s.quick ? REPEAT_QUICK : REPEAT;
	s.b.cpu = cpu_stay();
	world_make(&s.b.world);
	table_open(&s.b, TABLE_USUAL, MAX_CONNS);
	scale_conns(&s);
	scale_services(&s);
	scale_prefixes(&s);
	scale_cpus(&s);
	shield_close(&s.b.table[TABLE_USUAL]);
	world_end(&s.b.world);
	must(!fclose(s.out), "write the rows");
	return 0;
}
