// SPDX-License-Identifier: GPL-2.0
/* The benchmark's table on stdout and as JSON, and how large the programs are. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <jansson.h>
#include <sys/utsname.h>
#include <time.h>

#include "packet.h"
#include "kernel.skel.h"
#include "xdp.skel.h"

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct spread spread_of(const double *values, int n)
{
	double sorted[ROUNDS];

	memcpy(sorted, values, (size_t)n * sizeof(*values));
	qsort(sorted, (size_t)n, sizeof(*sorted), compare);
	return (struct spread){sorted[n / 4], sorted[n / 2], sorted[n * 3 / 4]};
}

struct spread ratio_of(const struct row *r, int n)
{
	double ratio[ROUNDS] = {0};

	for (int i = 0; i < n; i++)
		ratio[i] = r->ns[i] / r->floor[i];
	return spread_of(ratio, n);
}

static double bare_floor(const struct rows *rows, enum hook hook, int n)
{
	for (size_t i = 0; i < rows->n; i++)
		if (rows->row[i].target == TARGET_FLOOR && rows->row[i].hook == hook)
			return spread_of(rows->row[i].bare, n).median;
	return 0;
}

/* As much of a number as it is worth. */
static double rounded(double x)
{
	return (double)(__s64)(x * 1000 + (x < 0 ? -0.5 : 0.5)) / 1000;
}

/* With a third decimal if that is what tells it from the target. */
static void ratio_text(const struct row *r, double ratio, char *ret_text, size_t size)
{
	snprintf(ret_text, size, "%.2fx", ratio);
	if (r->most > 0 && (strtod(ret_text, NULL) <= r->most) != (ratio <= r->most))
		snprintf(ret_text, size, "%.3fx", ratio);
}

static void row_print(const struct row *r, const struct spread *ns, const struct spread *ratio,
		      double bare, double bare_ratio)
{
	const double judged = rounded(ratio->median);
	char target[16] = "", text[16];

	if (r->most > 0)
		snprintf(target, sizeof(target), "%.1fx %s", r->most,
			 judged <= r->most ? "met" : "MISSED");
	ratio_text(r, judged, text, sizeof(text));
	printf("%-24s %6.1f  %6.1f..%-6.1f %7s  %-11s", r->name, ns->median, ns->q1, ns->q3, text,
	       target);
	if (bare_ratio > 0)
		printf(" %6.1f %9.1fx", bare, bare_ratio);
	else
		printf(" %6s %10s", "-", "-");
	printf("  %s\n", r->what);
}

static void row_report(const struct bench *b, const struct rows *rows, const struct row *r,
		       json_t *all)
{
	const struct spread ns = spread_of(r->ns, b->rounds), ratio = ratio_of(r, b->rounds);
	const double bare = spread_of(r->bare, b->rounds).median;
	const double floor = bare_floor(rows, r->hook, b->rounds);
	const double bare_ratio = floor > 0 ? bare / floor : 0;
	json_t *row = json_pack("{s:s, s:s, s:f, s:f, s:f, s:f, s:f, s:f}", "case", r->name, "what",
				r->what, "ns", rounded(ns.median), "q1", rounded(ns.q1), "q3",
				rounded(ns.q3), "ratio", rounded(ratio.median), "ratio_q1",
				rounded(ratio.q1), "ratio_q3", rounded(ratio.q3));

	row_print(r, &ns, &ratio, bare, bare_ratio);
	json_object_set_new(row, "bare_ns",
			    bare_ratio > 0 ? json_real(rounded(bare)) : json_null());
	json_object_set_new(row, "bare_ratio",
			    bare_ratio > 0 ? json_real(rounded(bare_ratio)) : json_null());
	json_object_set_new(row, "target", r->most > 0 ? json_real(r->most) : json_null());
	json_array_append_new(all, row);
}

/* verified: instructions that the verifier walked through; jited: bytes. */
static void program_report(const struct bpf_program *prog, json_t *all)
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);

	must(!bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len), "ask about a program");
	printf("%-24s %8u %8u %8u\n", bpf_program__name(prog), info.verified_insns,
	       info.xlated_prog_len / 8, info.jited_prog_len);
	json_array_append_new(
	    all, json_pack("{s:s, s:i, s:i, s:i}", "name", bpf_program__name(prog),
			   "verified_insns", (int)info.verified_insns, "insns",
			   (int)info.xlated_prog_len / 8, "jited_bytes", (int)info.jited_prog_len));
}

static json_t *programs_report(const struct bench *b)
{
	const struct bpf_object *objects[] = {b->table[TABLE_USUAL].xdp->obj,
					      b->table[TABLE_USUAL].kernel->obj};
	struct bpf_program *prog;
	json_t *all = json_array();

	printf("\n%-24s %8s %8s %8s\n", "program", "verified", "insns", "jited B");
	for (size_t i = 0; i < COUNT_OF(objects); i++)
		bpf_object__for_each_program (prog, objects[i])
			if (bpf_program__fd(prog) >= 0)
				program_report(prog, all);
	printf("verified: instructions that the verifier walked; insns: of the program; jited: "
	       "bytes of machine code\n");
	return all;
}

static void cpu_name(char *ret_name, size_t size)
{
	FILE *file = fopen("/proc/cpuinfo", "r");
	char line[256];

	snprintf(ret_name, size, "unknown");
	while (file && fgets(line, sizeof(line), file)) {
		const char *colon = strchr(line, ':');

		if (strncmp(line, "model name", 10) != 0 || !colon)
			continue;
		line[strcspn(line, "\n")] = 0;
		snprintf(ret_name, size, "%s", colon + 2);
		break;
	}
	if (file)
		fclose(file);
}

static json_t *head_report(const struct bench *b)
{
	const time_t now = time(NULL);
	struct utsname kernel;
	char cpu[128], date[32];
	struct tm tm;

	must(!uname(&kernel) && gmtime_r(&now, &tm), "ask which kernel this is");
	strftime(date, sizeof(date), "%FT%TZ", &tm);
	cpu_name(cpu, sizeof(cpu));
	printf("Linux %s, %s, CPU %d, %d rounds of %d runs, ns per packet by BPF_PROG_TEST_RUN\n\n",
	       kernel.release, cpu, b->cpu, b->rounds, b->repeat);
	return json_pack("{s:s, s:s, s:s, s:s, s:b, s:{s:i}, s:i, s:i}", "bench", "packet",
			 "kernel", kernel.release, "cpu", cpu, "date", date, "quick", b->quick,
			 "pinning", "packet", b->cpu, "rounds", b->rounds, "runs", b->repeat);
}

static void json_write(const json_t *json)
{
	const char *dir = getenv("BENCH_DIR");
	char path[4096], make[sizeof(path) + 16];

	if (!dir || !*dir)
		dir = "build/bench/results";
	snprintf(make, sizeof(make), "mkdir -p '%s'", dir);
	sh(make);
	snprintf(path, sizeof(path), "%s/packet.json", dir);
	/* A double's 17 digits would undo the rounding. */
	must(!json_dump_file(json, path, JSON_INDENT(2) | JSON_REAL_PRECISION(15)), path);
}

void report(const struct bench *b, struct rows *rows)
{
	json_t *json = head_report(b), *all = json_array();

	printf("%-24s %6s  %14s %7s  %-11s %6s %10s  %s\n", "case", "ns", "quartiles   ", "ratio",
	       "target", "bare", "bare ratio", "what");
	for (size_t i = 0; i < rows->n; i++)
		row_report(b, rows, &rows->row[i], all);
	printf("ns and ratio: with the wrapper that restores the frame, in the floor, too; bare: "
	       "without.  Ratios are to the floor of the row's hook, measured beside it.\n");
	json_object_set_new(json, "rows", all);
	json_object_set_new(json, "programs", programs_report(b));
	json_write(json);
	json_decref(json);
}
