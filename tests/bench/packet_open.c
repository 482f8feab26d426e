// SPDX-License-Identifier: GPL-2.0
/* The programs under test, and the wrapper around them. */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sched.h>

#include "packet.h"
#include "kernel.skel.h"
#include "wrapper.skel.h"
#include "xdp.skel.h"

enum { TCX_INGRESS = 46, TCX_EGRESS = 47 };

int cpu_stay(void)
{
	int cpu = CPU_SETSIZE - 1;
	cpu_set_t set;

	must(!sched_getaffinity(0, sizeof(set), &set), "ask for CPUs");
	while (cpu > 0 && !CPU_ISSET(cpu, &set))
		cpu--;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	must(!sched_setaffinity(0, sizeof(set), &set), "stay on one CPU");
	return cpu;
}

void table_open(struct bench *b, enum table table, __u32 max_conns)
{
	struct shield *s = &b->table[table];

	shield_max_conns = max_conns;
	must(!shield_open(s), "load the programs");
	shield_port(s, PORT_PLAIN, 1);
}

static void share_conns(struct bpf_map *map, const struct shield *s)
{
	must(!bpf_map__reuse_fd(map, s->conns_map), "share the table of connections");
}

static void target_enter(const struct bpf_map *targets, __u32 index, const struct bpf_program *prog)
{
	const int fd = bpf_program__fd(prog);

	must(!bpf_map_update_elem(bpf_map__fd(targets), &index, &fd, BPF_ANY), "enter a target");
}

static void targets_enter(struct bench *b)
{
	const struct bpf_map *xdp = b->wrapper->maps.targets;

	target_enter(xdp, TARGET_NOTHING, b->wrapper->progs.bench_nothing);
	target_enter(xdp, TARGET_FLOOR, b->wrapper->progs.bench_floor);
	target_enter(xdp, TARGET_TOUCH, b->wrapper->progs.bench_touch);
	target_enter(xdp, TARGET_PASS, b->wrapper->progs.bench_pass);
	target_enter(xdp, TARGET_SYNGUARD, b->table[TABLE_USUAL].xdp->progs.synguard_xdp);
	if (!b->has_big)
		return;
	target_enter(xdp, TARGET_TOUCH_BIG, b->wrapper->progs.bench_touch_big);
	target_enter(xdp, TARGET_SYNGUARD_BIG, b->table[TABLE_BIG].xdp->progs.synguard_xdp);
}

static void tc_targets_enter(const struct bpf_map *targets, const struct bpf_program *next,
			     const struct bpf_program *tested)
{
	target_enter(targets, TARGET_NOTHING, next);
	target_enter(targets, TARGET_FLOOR, next);
	target_enter(targets, TARGET_SYNGUARD, tested);
}

/* The kernel wants programs that call each other to be of one hook. */
static void hooks_set(struct synguard_wrapper *w)
{
	struct bpf_program *const in[] = {w->progs.bench_wrap_in, w->progs.bench_next_in,
					  w->progs.bench_sink};
	struct bpf_program *const out[] = {w->progs.bench_wrap_out, w->progs.bench_next_out};

	for (size_t i = 0; i < COUNT_OF(in); i++)
		bpf_program__set_expected_attach_type(in[i], (enum bpf_attach_type)TCX_INGRESS);
	for (size_t i = 0; i < COUNT_OF(out); i++)
		bpf_program__set_expected_attach_type(out[i], (enum bpf_attach_type)TCX_EGRESS);
}

void wrapper_open(struct bench *b)
{
	const struct synguard_kernel *kernel = b->table[TABLE_USUAL].kernel;

	b->wrapper = synguard_wrapper__open();
	must(b->wrapper != NULL, "open the wrapper");
	hooks_set(b->wrapper);
	share_conns(b->wrapper->maps.conns, &b->table[TABLE_USUAL]);
	if (b->has_big)
		share_conns(b->wrapper->maps.conns_big, &b->table[TABLE_BIG]);
	must(!synguard_wrapper__load(b->wrapper), "load the wrapper");
	targets_enter(b);
	tc_targets_enter(b->wrapper->maps.targets_in, b->wrapper->progs.bench_next_in,
			 kernel->progs.synguard_tc);
	tc_targets_enter(b->wrapper->maps.targets_out, b->wrapper->progs.bench_next_out,
			 kernel->progs.synguard_egress);
}
