// SPDX-License-Identifier: GPL-2.0
/*
 * Nanoseconds per run of a row's program, and of the floor of its hook, right before and after,
 * through the same wrapper.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <time.h>

#include "packet.h"
#include "wrapper.skel.h"

#define TCX_NEXT -1

enum { PASSES = 4 }; /* of frames that go once */

/* Of this thread on a CPU, so that what else runs on the machine counts less. */
static double cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* ns for all runs.  The kernel's own figure is whole nanoseconds each, too coarse for the floor. */
static double run(struct bench *b, enum hook hook, int prog, int runs, int verdict)
{
	const __u32 ifindex = b->table[TABLE_USUAL].config.ifindex;
	struct xdp_md xdp = {.data_end = FRAME_ROOM, .ingress_ifindex = ifindex};
	struct __sk_buff skb = {.ifindex = ifindex, .ingress_ifindex = ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = b->first.bytes, .repeat = runs);
	double start;

	opts.data_size_in = hook == HOOK_XDP ? FRAME_ROOM : b->first.len;
	opts.ctx_in = hook == HOOK_XDP ? (void *)&xdp : (void *)&skb;
	opts.ctx_size_in = hook == HOOK_XDP ? sizeof(xdp) : sizeof(skb);
	start = cpu_ns();
	must(!bpf_prog_test_run_opts(prog, &opts), "BPF_PROG_TEST_RUN");
	if ((int)opts.retval != verdict) {
		printf("# a run ended with verdict %d, not %d\n", (int)opts.retval, verdict);
		exit(EXIT_FAILURE);
	}
	return cpu_ns() - start;
}

static int wrapper_of(const struct bench *b, enum hook hook)
{
	if (hook == HOOK_XDP)
		return bpf_program__fd(b->wrapper->progs.bench_wrapper);
	return hook == HOOK_IN ? bpf_program__fd(b->wrapper->progs.bench_wrap_in)
			       : bpf_program__fd(b->wrapper->progs.bench_wrap_out);
}

/* Without the wrapper: the program that does nothing, or the floor. */
static double run_bare(struct bench *b, enum hook hook, enum bench_target target)
{
	const struct bpf_program *prog = b->wrapper->progs.bench_next_in;

	if (hook == HOOK_XDP)
		prog = target == TARGET_FLOOR ? b->wrapper->progs.bench_floor
					      : b->wrapper->progs.bench_nothing;
	else if (hook == HOOK_OUT)
		prog = b->wrapper->progs.bench_next_out;
	return run(b, hook, bpf_program__fd(prog), b->repeat,
		   hook == HOOK_XDP ? XDP_TX : TCX_NEXT) /
	       b->repeat;
}

/* The wrapper's source for this row: what a cookie is made for is in the frames. */
static enum bench_source control_source(const struct row *r)
{
	return r->kind == FRAME_ACK_VALID || r->kind == FRAME_ACK_EXPIRED ? SOURCE_FRAME
									  : r->source;
}

void control_write(struct bench *b, const struct row *r, enum bench_target target)
{
	const struct bench_control control = {
	    .target = target,
	    .frames = b->frames,
	    .source = control_source(r),
	    .v6 = (__u32)row_v6(r),
	    .tagged = r->family == FAMILY_VLAN,
	    .conns = r->conns,
	    .marks = r->kind == FRAME_ACK_VALID,
	    .chain = 1,
	    .slots = row_shield(b, r)->config.slots,
	};
	const __u32 zero = 0;

	must(!bpf_map_update_elem(bpf_map__fd(b->wrapper->maps.control), &zero, &control, BPF_ANY),
	     "write control");
}

double run_wrapped(struct bench *b, const struct row *r, enum bench_target target, int once)
{
	const int runs = once ? (int)b->frames : b->repeat;
	int verdict = r->verdict;

	if (target == TARGET_NOTHING)
		verdict = r->hook == HOOK_XDP ? XDP_TX : TCX_NEXT;
	control_write(b, r, target);
	return run(b, r->hook, wrapper_of(b, r->hook), runs, verdict) / runs;
}

static void counters_read(struct shield *s, __u64 *ret_counts)
{
	for (int i = 0; i < REASON_MAX; i++)
		ret_counts[i] = shield_counted(s, (enum reason)i);
}

/* All runs, and nothing else, must have been counted under the row's reason. */
static void counters_check(struct shield *s, const struct row *r, const __u64 *before, __u64 runs)
{
	__u64 after[REASON_MAX];
	int wrong = 0;

	counters_read(s, after);
	for (int i = 0; i < REASON_MAX; i++)
		wrong |= after[i] - before[i] != (i == (int)r->reason ? runs : 0);
	if (!wrong)
		return;
	printf("# %s: %llu runs should end as %s, and did as\n", r->name, runs,
	       reason_name(r->reason));
	for (int i = 0; i < REASON_MAX; i++)
		if (after[i] != before[i])
			printf("# %10llu %s\n", after[i] - before[i], reason_name((enum reason)i));
	exit(EXIT_FAILURE);
}

/* The same with the program under test, each of whose runs must end as the row says. */
static double run_counted(struct bench *b, const struct row *r)
{
	const enum bench_target target = r->target + (r->table == TABLE_BIG);
	const int once = row_is_once(r);
	struct shield *s = row_shield(b, r);
	__u64 before[REASON_MAX];
	double ns;

	counters_read(s, before);
	ns = run_wrapped(b, r, target, once);
	counters_check(s, r, before, once ? b->frames : (__u32)b->repeat);
	row_check(b, r);
	return ns;
}

static double run_row(struct bench *b, const struct row *r)
{
	double ns = 0;

	if (!row_is_once(r)) {
		row_renew(b, r);
		return run_counted(b, r);
	}
	for (int pass = 0; pass < PASSES; pass++) {
		row_renew(b, r);
		ns += run_counted(b, r) / PASSES;
	}
	return ns;
}

/* The floor's frame is the same for all. */
static struct row floor_prepare(struct bench *b, enum hook hook)
{
	const struct row floor = {.hook = hook,
				  .target = TARGET_FLOOR,
				  .kind = FRAME_DATA,
				  .verdict = hook == HOOK_XDP ? XDP_TX : TCX_NEXT};

	frames_write(b, &floor);
	return floor;
}

/*
 * What a row's wrapper does beyond that of the floor (random sources, many frames) is taken off;
 * "bare" is without any wrapper.  That it restores the length of a frame that was answered with
 * another one is not: 3 ns.
 */
void row_measure(struct bench *b, struct row *r, int round)
{
	struct row floor = floor_prepare(b, r->hook);
	double ns, wrapper, empty, plain;

	r->floor[round] = run_wrapped(b, &floor, TARGET_FLOOR, 0);
	if (r->target == TARGET_FLOOR) {
		r->ns[round] = r->floor[round];
		r->bare[round] = run_bare(b, r->hook, TARGET_FLOOR);
		return;
	}
	frames_write(b, r);
	ns = run_row(b, r);
	wrapper = run_wrapped(b, r, TARGET_NOTHING, 0);
	floor = floor_prepare(b, r->hook);
	r->floor[round] += run_wrapped(b, &floor, TARGET_FLOOR, 0);
	r->floor[round] /= 2;
	plain = run_wrapped(b, &floor, TARGET_NOTHING, 0);
	empty = run_bare(b, r->hook, TARGET_NOTHING);
	r->ns[round] = ns - wrapper + plain;
	r->bare[round] = ns - wrapper + empty;
}
