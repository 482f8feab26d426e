// SPDX-License-Identifier: GPL-2.0
/*
 * Programs at tc ingress on packets that XDP has let pass, as in life.  BPF_PROG_TEST_RUN of a tc
 * program has no way to give its packet the metadata that XDP writes, and refuses the hand-off
 * outside of tc ingress.  So here BPF_PROG_TEST_RUN feeds XDP with live frames
 * (BPF_F_TEST_XDP_LIVE_FRAMES); those go up the interface to the program at tc ingress and end in a
 * program behind it that drops them, before TCP.
 *
 * The time is the kernel's own count of it (as kernel.bpf_stats_enabled, while a descriptor is
 * open), which includes about one reading of the clock for each run: so it does for the floor, and
 * for that reason there is no bare figure.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <unistd.h>

#include "packet.h"
#include "kernel.skel.h"
#include "wrapper.skel.h"

enum { TCX_INGRESS = 46, PASSES = 4 };

static int attach(const struct bench *b, int prog)
{
	const int link = bpf_link_create(prog, (int)b->table[TABLE_USUAL].config.ifindex,
					 (enum bpf_attach_type)TCX_INGRESS, NULL);

	must(link >= 0, "attach a program to tc ingress");
	return link;
}

static struct bpf_prog_info info_of(int prog)
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);

	must(!bpf_obj_get_info_by_fd(prog, &info, &len), "ask about a program");
	return info;
}

static void frames_receive(struct bench *b, int runs)
{
	struct xdp_md ctx = {.data_end = FRAME_ROOM,
			     .ingress_ifindex = b->table[TABLE_USUAL].config.ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = b->first.bytes, .data_size_in = FRAME_ROOM,
		    .ctx_in = &ctx, .ctx_size_in = sizeof(ctx), .repeat = runs,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES);

	must(!bpf_prog_test_run_opts(bpf_program__fd(b->wrapper->progs.bench_wrapper), &opts),
	     "receive frames");
}

/* All frames of the row once, or one of them many times: ns per run of prog at tc ingress. */
static double receive(struct bench *b, const struct row *r, int prog)
{
	const int runs = row_is_once(r) ? (int)b->frames : b->repeat / 10;
	struct bpf_prog_info before, after;

	control_write(b, r, r->target == TARGET_FLOOR ? TARGET_PASS : TARGET_SYNGUARD);
	before = info_of(prog);
	frames_receive(b, runs);
	after = info_of(prog);
	must(after.run_cnt - before.run_cnt == (__u64)runs, "see each frame at tc ingress");
	return (double)(after.run_time_ns - before.run_time_ns) / runs;
}

static double receive_counted(struct bench *b, const struct row *r, int prog)
{
	static const enum reason reasons[] = {REASON_ack_cookie_valid, REASON_handoff_ok};
	const __u64 marked = r->kind == FRAME_ACK_VALID ? b->frames : 0;
	const __u64 wanted[COUNT_OF(reasons)] = {marked, r->again ? 0 : marked};
	struct shield *s = row_shield(b, r);
	__u64 before[COUNT_OF(reasons)], moved;
	double ns;

	for (size_t i = 0; i < COUNT_OF(reasons); i++)
		before[i] = shield_counted(s, reasons[i]);
	ns = receive(b, r, prog);
	for (size_t i = 0; i < COUNT_OF(reasons); i++) {
		moved = shield_counted(s, reasons[i]) - before[i];
		if (moved == wanted[i])
			continue;
		printf("# %s: %llu frames should end as %s, %llu did\n", r->name, wanted[i],
		       reason_name(reasons[i]), moved);
		exit(EXIT_FAILURE);
	}
	return ns;
}

static double receive_row(struct bench *b, const struct row *r, int prog)
{
	struct row first = *r;
	double ns = 0;

	first.again = 0;
	for (int pass = 0; pass < PASSES; pass++) {
		row_renew(b, r);
		if (r->again)
			receive_counted(b, &first, prog);
		ns += receive_counted(b, r, prog) / PASSES;
	}
	row_check(b, r);
	return ns;
}

/* The program alone at tc ingress, but for the one that drops. */
static double receive_through(struct bench *b, const struct row *r, int prog)
{
	const int link = attach(b, prog);
	const int sink = attach(b, bpf_program__fd(b->wrapper->progs.bench_sink));
	const int stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	double ns;

	must(stats >= 0, "have the kernel count the time of programs");
	frames_write(b, r);
	ns = receive_row(b, r, prog);
	close(stats);
	close(sink);
	close(link);
	return ns;
}

void row_measure_live(struct bench *b, struct row *r, int round)
{
	const struct row floor = {.hook = HOOK_LIVE, .target = TARGET_FLOOR, .kind = FRAME_DATA};
	const struct bpf_program *bare = b->wrapper->progs.bench_next_in;
	const struct bpf_program *tc = b->table[TABLE_USUAL].kernel->progs.synguard_tc;

	r->floor[round] = receive_through(b, &floor, bpf_program__fd(bare));
	r->ns[round] = r->target == TARGET_FLOOR ? r->floor[round]
						 : receive_through(b, r, bpf_program__fd(tc));
}
