// SPDX-License-Identifier: GPL-2.0
/* One frame through one program, and which counter it moved. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "shield.h"
#include "kernel.skel.h"
#include "xdp.skel.h"

enum { META_LEN = 4, TCX_INGRESS = 46, TCX_EGRESS = 47 };

/* All CPUs together, as an array of one count per reason. */
static void counters_read(struct shield *s, struct count sums[REASON_MAX])
{
	const int cpus = libbpf_num_possible_cpus();
	struct counters *each = calloc((size_t)cpus, sizeof(*each));
	const __u32 zero = 0;

	if (!each || bpf_map_lookup_elem(s->counters_map, &zero, each)) {
		printf("# cannot read the counters: %s\n", strerror(errno));
		exit(EXIT_FAILURE);
	}
	memset(sums, 0, REASON_MAX * sizeof(sums[0]));
	for (int cpu = 0; cpu < cpus; cpu++) {
		const struct count *c = (const struct count *)&each[cpu];

		for (int i = 0; i < REASON_MAX; i++) {
			sums[i].packets += c[i].packets;
			sums[i].bytes += c[i].bytes;
			sums[i].not_enforced += c[i].not_enforced;
		}
	}
	free(each);
}

static void counters_compare(const struct count *before, const struct count *after,
			     struct outcome *ret)
{
	ret->reason = REASON_MAX;
	ret->reasons = 0;
	for (int i = 0; i < REASON_MAX; i++) {
		if (after[i].packets == before[i].packets && after[i].bytes == before[i].bytes)
			continue;
		ret->reason = (enum reason)i;
		ret->bytes = after[i].bytes - before[i].bytes;
		ret->reasons += (int)(after[i].packets - before[i].packets);
		ret->not_enforced += (int)(after[i].not_enforced - before[i].not_enforced);
	}
}

static void test_run(int prog, struct bpf_test_run_opts *opts)
{
	if (!bpf_prog_test_run_opts(prog, opts))
		return;
	printf("# BPF_PROG_TEST_RUN of %u bytes: %s\n", opts->data_size_in, strerror(errno));
	exit(EXIT_FAILURE);
}

void shield_run(struct shield *s, const __u8 *frame, unsigned int len, struct outcome *ret)
{
	struct count before[REASON_MAX], after[REASON_MAX];
	struct xdp_md in = {.data_end = len, .ingress_ifindex = s->config.ifindex}, out = {0};
	__u32 mark = ~s->config.mark;
	__u8 data[PKT_ROOM + META_LEN];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len,
		    .data_out = data, .data_size_out = sizeof(data), .ctx_in = &in,
		    .ctx_size_in = sizeof(in), .ctx_out = &out, .ctx_size_out = sizeof(out));

	memset(ret, 0, sizeof(*ret));
	counters_read(s, before);
	test_run(bpf_program__fd(s->xdp->progs.synguard_xdp), &opts);
	counters_read(s, after);
	counters_compare(before, after, ret);
	ret->verdict = (int)opts.retval;
	if (out.data >= META_LEN)
		memcpy(&mark, data, META_LEN);
	ret->marked = mark == s->config.mark || mark == (s->config.mark ^ 1);
	ret->len = opts.data_size_out - out.data;
	memcpy(ret->frame, data + out.data, ret->len);
}

void shield_run_pkt(struct shield *s, const struct pkt *p, struct outcome *ret)
{
	__u8 frame[PKT_ROOM];

	shield_run(s, frame, pkt_build(p, frame, NULL), ret);
}

/* segments: into how many a NIC would cut it, of size bytes each; 0: not at all. */
static void skb_run(struct shield *s, const struct bpf_program *prog, const struct pkt *p,
		    __u32 segments, __u32 size, struct outcome *ret)
{
	struct count before[REASON_MAX], after[REASON_MAX];
	struct __sk_buff in = {.ingress_ifindex = s->config.ifindex,
			       .ifindex = s->config.ifindex,
			       .gso_segs = segments,
			       .gso_size = size};
	__u8 frame[PKT_ROOM];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .data_size_in = pkt_build(p, frame, NULL), .ctx_in = &in,
		    .ctx_size_in = sizeof(in));

	memset(ret, 0, sizeof(*ret));
	counters_read(s, before);
	test_run(bpf_program__fd(prog), &opts);
	counters_read(s, after);
	counters_compare(before, after, ret);
	ret->verdict = (int)opts.retval;
}

void shield_run_tc(struct shield *s, const struct pkt *p, struct outcome *ret)
{
	skb_run(s, s->kernel->progs.synguard_tc, p, 0, 0, ret);
}

void shield_run_egress(struct shield *s, const struct pkt *p, struct outcome *ret)
{
	skb_run(s, s->kernel->progs.synguard_egress, p, 0, 0, ret);
}

void shield_run_egress_gso(struct shield *s, const struct pkt *p, __u32 segments, __u32 size,
			   struct outcome *ret)
{
	skb_run(s, s->kernel->progs.synguard_egress, p, segments, size, ret);
}

static int tcx_attach(struct shield *s, const struct bpf_program *prog, int where)
{
	const int link = bpf_link_create(bpf_program__fd(prog), (int)s->config.ifindex,
					 (enum bpf_attach_type)where, NULL);

	if (link < 0) {
		printf("# cannot attach %s: %s\n", bpf_program__name(prog), strerror(errno));
		exit(EXIT_FAILURE);
	}
	return link;
}

int shield_tc_attach(struct shield *s)
{
	return tcx_attach(s, s->kernel->progs.synguard_tc, TCX_INGRESS);
}

int shield_egress_attach(struct shield *s)
{
	return tcx_attach(s, s->kernel->progs.synguard_egress, TCX_EGRESS);
}

void shield_receive(struct shield *s, const struct pkt *p, unsigned int n)
{
	__u8 frame[PKT_ROOM];
	const unsigned int len = pkt_build(p, frame, NULL);
	struct xdp_md in = {.data_end = len, .ingress_ifindex = s->config.ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len, .ctx_in = &in,
		    .ctx_size_in = sizeof(in), .repeat = (int)n,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES);

	test_run(bpf_program__fd(s->xdp->progs.synguard_xdp), &opts);
}

__u64 shield_counted(struct shield *s, enum reason r)
{
	struct count sums[REASON_MAX];

	counters_read(s, sums);
	return sums[r].packets;
}

void shield_adopt(struct shield *s)
{
	const int link = bpf_link_create(bpf_program__fd(s->kernel->progs.synguard_adopt), 0,
					 BPF_TRACE_ITER, NULL);
	const int iter = link < 0 ? -1 : bpf_iter_create(link);
	char none[16];

	if (iter < 0) {
		printf("# cannot run synguard_adopt: %s\n", strerror(errno));
		exit(EXIT_FAILURE);
	}
	while (read(iter, none, sizeof(none)) > 0)
		;
	close(iter);
	close(link);
}
