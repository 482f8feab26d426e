// SPDX-License-Identifier: GPL-2.0
/*
 * The connection tracker against the running kernel's nf_conntrack (ctdiff.h): the sequences of two
 * files, and random ones.  SYNGUARD_SEQUENCES=N sets how many, SYNGUARD_SEED=N repeats a run, and
 * SYNGUARD_REPLAY=TEXT, as printed for a failure, shows one sequence step by step.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "ctdiff.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

enum { SEQUENCES = 10000 };

#define REFERENCE "tests/data/nf_conntrack_reference.csv"
#define WRITTEN   "tests/data/conntrack_sequences.txt"

/* --- The reference. */

/* A line of the file as the notation has it; NULL at the end of the case. */
static void reference_step(struct ctseq *s, char *line)
{
	enum { NAME, STEP, DIR, FLAGS, SEQ, ACK, LEN, EXTRA, COLUMNS };
	char *column[COLUMNS], text[256];
	const char *bad;

	for (int i = 0; i < COLUMNS; i++)
		column[i] = strsep(&line, ",");
	assert_non_null(column[EXTRA]);
	if (!strcmp(column[STEP], "1")) {
		memset(s, 0, sizeof(*s));
		snprintf(s->name, sizeof(s->name), "%s", column[NAME]);
		s->isn[CT_CLIENT] = 1000000;
		s->isn[CT_SERVER] = 2000000000;
	}
	snprintf(text, sizeof(text), "%s %s %s %s %s %s", column[DIR],
		 *column[FLAGS] ? column[FLAGS] : "0", column[SEQ], column[ACK], column[LEN],
		 column[EXTRA]);
	if (ctseq_parse(s, text, &bad))
		fail_msg("%s: cannot read %s", s->name, bad);
}

/* A land packet has no side that it could come from. */
static int reference_line(FILE *file, char *line, int size)
{
	do {
		if (!fgets(line, size, file))
			return 0;
	} while (!strncmp(line, "case,", 5) || strstr(line, ",l,"));
	return 1;
}

static void reference_agrees(void **state)
{
	FILE *file = fopen(REFERENCE, "r");
	unsigned int cases = 0, failures = 0;
	struct ctseq s = {0};
	char line[512];

	(void)state;
	assert_non_null(file);
	while (reference_line(file, line, sizeof(line))) {
		if (s.n && strstr(line, ",1,") == strchr(line, ',')) {
			failures += ctdiff_check_both(&s);
			cases++;
		}
		reference_step(&s, line);
	}
	failures += ctdiff_check_both(&s);
	fclose(file);
	printf("# %u cases of " REFERENCE ", IPv4 and IPv6\n", cases + 1);
	assert_int_equal(failures, 0);
}

/* --- Written sequences. */

static struct ctseq written[200];
static unsigned int n_written;

/* Append one packet, or those of an earlier sequence. */
static void written_packet(struct ctseq *s, const char *text)
{
	const char *bad;

	text += strspn(text, " ");
	for (unsigned int i = 0; i < n_written && *text == '+'; i++) {
		if (strcmp(written[i].name, text + 1) != 0)
			continue;
		assert_true(s->n + written[i].n <= CTSEQ_MAX);
		memcpy(s->step + s->n, written[i].step, written[i].n * sizeof(s->step[0]));
		s->n += written[i].n;
		return;
	}
	if (ctseq_parse(s, text, &bad))
		fail_msg("%s: cannot read %s", s->name, bad);
}

static void written_line(char *line, __u32 isn[2])
{
	struct ctseq *s = &written[n_written];
	char *packet = strchr(line, ':');

	line[strcspn(line, "\n")] = 0;
	if (!*line || *line == '#' || sscanf(line, "isn=%u,%u", &isn[0], &isn[1]) == 2)
		return;
	if (!packet || n_written == COUNT_OF(written)) {
		fail_msg("cannot read %s", line);
		return;
	}
	*packet++ = 0;
	snprintf(s->name, sizeof(s->name), "%.63s", line);
	memcpy(s->isn, isn, sizeof(s->isn));
	for (char *next = packet; (packet = strsep(&next, ";"));)
		written_packet(s, packet);
	n_written++;
}

static void written_agrees(void **state)
{
	FILE *file = fopen(WRITTEN, "r");
	__u32 isn[2] = {1000000, 2000000000};
	unsigned int failures = 0;
	char line[1024];

	(void)state;
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		written_line(line, isn);
	fclose(file);
	for (unsigned int i = 0; i < n_written; i++)
		failures += ctdiff_check_both(&written[i]);
	printf("# %u sequences of " WRITTEN ", IPv4 and IPv6\n", n_written);
	assert_int_equal(failures, 0);
}

/* --- Random sequences. */

static __u64 env_number(const char *name, __u64 other)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : other;
}

static void random_agrees(void **state)
{
	const __u64 seed = env_number("SYNGUARD_SEED", (__u64)time(NULL));
	const __u64 n = env_number("SYNGUARD_SEQUENCES", SEQUENCES);
	const unsigned int before = ctdiff_counts.packets;
	unsigned int failures = 0;
	struct ctseq s;

	(void)state;
	printf("# seed %llu\n", seed);
	for (__u64 i = 0; i < n; i++) {
		ctseq_random(&s, seed + i);
		snprintf(s.name, sizeof(s.name), "seed %llu", seed + i);
		failures += ctdiff_check(&s);
	}
	printf("# %llu random sequences, %u packets, %u sequences differ\n", n,
	       ctdiff_counts.packets - before, failures);
	assert_int_equal(failures, 0);
}

static void replay_agrees(void **state)
{
	struct ctseq s = {.name = "replay"};
	const char *bad;
	int at = 0;

	(void)state;
	if (sscanf(getenv("SYNGUARD_REPLAY"), "v6=%d isn=%u,%u %n", &s.v6, &s.isn[0], &s.isn[1],
		   &at) != 3 ||
	    ctseq_parse(&s, getenv("SYNGUARD_REPLAY") + at, &bad))
		fail_msg("SYNGUARD_REPLAY cannot be read");
	assert_int_equal(ctdiff_show(&s), 0);
}

static void every_state_reached(void **state)
{
	(void)state;
	printf("# packets by the state before them\n# %-11s", "");
	for (int kind = 0; kind < SEG_KINDS; kind++)
		printf(" %8s", ctdiff_kinds[kind]);
	for (int i = NONE; i < STATE_MAX; i++) {
		printf("\n# %-11s", ctdiff_states[i]);
		for (int kind = 0; kind < SEG_KINDS; kind++)
			printf(" %8u", ctdiff_counts.reached[i][kind]);
	}
	printf("\n");
	ctdiff_print_intended();
	for (int i = NONE; i < STATE_MAX; i++)
		for (int kind = SEG_SYN; kind < SEG_KINDS; kind++)
			if (!ctdiff_counts.reached[i][kind])
				fail_msg("no %s in %s", ctdiff_kinds[kind], ctdiff_states[i]);
}

static int group_make(void **state)
{
	(void)state;
	ctdiff_start();
	return 0;
}

static int group_end(void **state)
{
	(void)state;
	ctdiff_stop();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reference_agrees),
	    cmocka_unit_test(written_agrees),
	    cmocka_unit_test(random_agrees),
	    cmocka_unit_test(every_state_reached),
	};
	const struct CMUnitTest replay[] = {cmocka_unit_test(replay_agrees)};

	if (getenv("SYNGUARD_REPLAY"))
		return cmocka_run_group_tests(replay, group_make, group_end);
	return cmocka_run_group_tests(tests, group_make, group_end);
}
