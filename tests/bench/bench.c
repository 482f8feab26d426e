// SPDX-License-Identifier: GPL-2.0
/*
 * Nanoseconds per packet of the XDP program, and their ratio to the floor: a program that swaps the
 * MAC addresses and transmits.  All cases run in turn, ROUNDS times; the median counts.
 *
 * BPF_PROG_TEST_RUN does not restore the frame between runs, so every case, the floor too, runs
 * through the same wrapper, which writes the frame anew, as a driver fetches one.  "ns" and "ratio"
 * have that in both the case and the floor.  What a case's wrapper does beyond that of the floor's
 * (random sources, many frames) is measured in the same round and taken off.
 *
 * "bare" is without any wrapper: the case less the wrapper with a target that does nothing, and the
 * floor run directly, with hardly more than the loop of BPF_PROG_TEST_RUN in it.  That ratio is the
 * stricter one, and depends more on the machine: the loop's indirect call costs 6 ns on one
 * processor and 20 on another.
 *
 * Absolute numbers are this machine's and this minute's; the ratios travel.  BENCH_JSON=FILE writes
 * [{"case": ..., "ns": ..., "ratio": ..., "bare_ns": ..., "bare_ratio": ...}] there.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <jansson.h>
#include <sys/utsname.h>
#include <time.h>

#include "addr.h"
#include "bed.h"
#include "bench.h"
#include "prefixset_build.h"
#include "prefixset_map.h"
#include "wrapper.skel.h"
#include "xdp.skel.h"

enum { ROUNDS = 15, REPEAT = 200000, CLIENT_PORT = 20000, CONNS_BENCH = 1 << 20 };

struct bench {
	struct bed *bed;
	struct synguard_wrapper *wrapper;
	struct pkt floor_frame;
	int sets[2]; /* denylists, IPv4 and IPv6 */
};

enum frame_kind { FRAME_SYN, FRAME_BAD_ACK, FRAME_VALID_ACKS, FRAME_KNOWN, FRAME_OTHER_PORT };

struct bench_case {
	const char *name;
	const char *what;
	enum frame_kind kind;
	enum bench_target target;
	__u32 v6;
	__u32 randomise;
	__u32 spread;
	__u32 pick;
	int denying; /* the denylist is in force */
	int verdict;
	double floor[ROUNDS]; /* the floor, measured right before */
	double ns[ROUNDS];    /* with the wrapper */
	double bare[ROUNDS];  /* without */
};

enum { FLOOR }; /* the first case */

#define CASE(the_name, the_what, the_kind, the_v6, the_randomise, the_pick, the_verdict)           \
	{                                                                                          \
		.name = the_name, .what = the_what, .kind = the_kind, .target = TARGET_SYNGUARD,   \
		.v6 = the_v6, .randomise = the_randomise, .pick = the_pick, .verdict = the_verdict \
	}

/* SYNs from all over the address space, with or without a denylist of a million. */
#define SPREAD(the_name, the_what, the_v6, the_spread, is_denying, the_verdict)                   \
	{                                                                                         \
		.name = the_name, .what = the_what, .kind = FRAME_SYN, .target = TARGET_SYNGUARD, \
		.v6 = the_v6, .randomise = the_v6 ? 6 : 4, .spread = the_spread,                  \
		.denying = is_denying, .verdict = the_verdict                                     \
	}

static struct bench_case cases[] = {
    {.name = "floor", .what = "swap MACs, XDP_TX", .target = TARGET_FLOOR, .verdict = XDP_TX},
    CASE("syn_v4_fixed", "SYN with Linux's options", FRAME_SYN, 0, 0, 0, XDP_TX),
    CASE("syn_v4_random", "the same, random sources", FRAME_SYN, 0, 4, 0, XDP_TX),
    CASE("syn_v6_fixed", "SYN with Linux's options", FRAME_SYN, 1, 0, 0, XDP_TX),
    CASE("syn_v6_random", "the same, random sources", FRAME_SYN, 1, 6, 0, XDP_TX),
    SPREAD("syn_v4_spread", "SYNs from all of IPv4", 0, SPREAD_UNLISTED, 0, XDP_TX),
    SPREAD("deny_1m_v4", "the same past a denylist of 1000000 /32", 0, SPREAD_UNLISTED, 1, XDP_TX),
    SPREAD("denied_v4", "from sources on it, at random", 0, SPREAD_LISTED, 1, XDP_DROP),
    SPREAD("syn_v6_spread", "SYNs from 5000 /32", 1, SPREAD_UNLISTED, 0, XDP_TX),
    SPREAD("deny_1m_v6", "the same past a denylist of 1000000 /64", 1, SPREAD_UNLISTED, 1, XDP_TX),
    SPREAD("denied_v6", "from sources on it, at random", 1, SPREAD_LISTED, 1, XDP_DROP),
    CASE("ack_bad", "ACK with a bad cookie", FRAME_BAD_ACK, 0, 0, 0, XDP_DROP),
    CASE("ack_bad_random", "the same, random sources", FRAME_BAD_ACK, 0, 4, 0, XDP_DROP),
    CASE("ack_valid", "8192 handshakes entered", FRAME_VALID_ACKS, 0, 0, 0, XDP_PASS),
    CASE("conn_1", "data on a tracked connection", FRAME_KNOWN, 0, 0, 0, XDP_PASS),
    CASE("conn_1k", "the same, at random of 1024 live", FRAME_KNOWN, 0, 0, 1 << 10, XDP_PASS),
    CASE("conn_1m", "the same, at random of 1048576 live", FRAME_KNOWN, 0, 0, CONNS_BENCH,
	 XDP_PASS),
    {.name = "memory_1m",
     .what = "one random slot of that table read and written, and nothing else",
     .kind = FRAME_KNOWN,
     .target = TARGET_TOUCH,
     .pick = CONNS_BENCH,
     .verdict = XDP_PASS},
    CASE("not_protected", "port not protected", FRAME_OTHER_PORT, 0, 0, 0, XDP_PASS),
};

static void frame_write(struct bench *b, __u32 index, const struct pkt *p)
{
	__u8 room[PKT_ROOM];
	struct bench_frame f = {.len = pkt_build(p, room, NULL)};

	must(f.len <= FRAME_ROOM, "frame too long");
	memcpy(f.bytes, room, f.len);
	must(!bpf_map_update_elem(bpf_map__fd(b->wrapper->maps.frames), &index, &f, BPF_ANY),
	     "write a frame");
}

static struct pkt syn_linux(__u32 v6)
{
	struct pkt p = pkt_new((int)v6, CLIENT_PORT, PORT_PLAIN, PKT_SYN);

	pkt_opt_syn(&p, PKT_TS | PKT_SACK | PKT_WS, 1460, 7, 12345);
	return p;
}

static struct pkt ack_plain(__u32 v6, __u16 port)
{
	struct pkt p = pkt_new((int)v6, CLIENT_PORT, port, PKT_ACK);
	const __u8 nops[] = {1, 1};

	p.seq = 1000;
	p.ack = 77;
	pkt_opt(&p, nops, sizeof(nops));
	pkt_opt_ts(&p, 5, 6);
	return p;
}

/* ACKs whose cookies are valid now, from different ports and addresses. */
static __u32 acks_write(struct bench *b, __u32 v6)
{
	const struct tcp_offer offer = {.mss = 1460, .wscale = 7, .sack = 1, .tstamp = 1};
	const struct keys ring = shield_keys(&b->bed->s);
	const __u64 epoch = shield_epoch(&b->bed->s);

	for (__u32 i = 0; i < FRAMES_MAX; i++) {
		struct pkt p = pkt_new((int)v6, (__u16)(1024 + i), PORT_PLAIN, PKT_ACK);
		const struct conn_key key = shield_key(&p);
		const __u8 nops[] = {1, 1};
		const struct cookie_input in = {.ring = &ring,
						.tuple = &key,
						.epoch = epoch,
						.client_isn = 5000 + i,
						.is_v6 = v6};
		const struct cookie c = cookie_make(&in, &offer);

		p.seq = in.client_isn + 1;
		p.ack = c.isn + 1;
		pkt_opt(&p, nops, sizeof(nops));
		pkt_opt_ts(&p, 99, c.tsval);
		frame_write(b, i, &p);
	}
	return FRAMES_MAX;
}

/* A connection on which ack_plain() with some data is the next segment, again and again. */
static struct conn conn_known(void)
{
	return (struct conn){
	    .head = {.state = ESTABLISHED, .kind = KIND_KERNEL, .socket = SOCKET_OPEN},
	    .client = {.end = 1000, .max_end = 61000, .max_ack = 77, .max_win = 65535, .acked = 1},
	    .server = {.end = 77, .max_end = 60077, .max_ack = 1000, .max_win = 65535, .acked = 1},
	};
}

/* All the connections that the wrapper may pick from; the table is left alone if they are there. */
static void conns_write(struct bench *b, __u32 n, const struct pkt *p)
{
	const struct conn known = conn_known();
	struct conn_key key = shield_key(p);

	if (shield_conns_count(&b->bed->s) == n)
		return;
	shield_conns_clear(&b->bed->s);
	for (__u32 i = 0; i < n; i++) {
		const __u32 source = htonl(bench_source(i));

		memcpy(key.remote + 12, &source, sizeof(source));
		key.remote_port = bench_source_port(i);
		shield_conn_enter(&b->bed->s, &key, &known);
	}
	shield_presence_refresh(&b->bed->s);
	must(shield_conns_count(&b->bed->s) == n, "enter the connections");
}

/* The denylist of one family, made once and then only put into force. */
static void deny_write(struct bench *b, const struct bench_case *c)
{
	const __u32 slot = LIST_DENY;

	b->bed->s.settings.lists = c->denying ? 1 << LIST_DENY : 0;
	shield_config_write(&b->bed->s);
	if (c->denying)
		must(!bpf_map_update_elem(bpf_map__fd(b->bed->s.xdp->maps.prefix_sets), &slot,
					  &b->sets[c->v6], BPF_ANY),
		     "enter the denylist");
}

static int set_make(__u32 v6)
{
	struct prefix_entry *e = calloc(BENCH_LIST, sizeof(*e));
	int set;

	must(e != NULL, "allocate a list");
	if (!e)
		return -1;
	for (__u32 i = 0; i < BENCH_LIST; i++) {
		e[i].used = 1;
		e[i].len = v6 ? 64 : 128;
		if (v6) {
			store32(e[i].addr, htonl(bench_spread_v6_high(i)));
			store32(e[i].addr + 4, htonl(bench_spread_v6_low(i)));
		} else {
			addr_from_v4(e[i].addr, htonl(bench_spread_v4(i)));
		}
	}
	set = prefix_set_map(e, prefix_sort(e, BENCH_LIST));
	must(set >= 0, "make a denylist");
	free(e);
	return set;
}

static __u32 frames_write(struct bench *b, const struct bench_case *c)
{
	const struct conn known = conn_known();
	struct conn_key key;
	struct pkt p;

	deny_write(b, c);
	if (c->kind != FRAME_KNOWN || !c->pick)
		shield_conns_clear(&b->bed->s);
	if (c->kind == FRAME_VALID_ACKS)
		return acks_write(b, c->v6);
	p = ack_plain(c->v6, c->kind == FRAME_OTHER_PORT ? PORT_FREE : PORT_PLAIN);
	if (c->kind == FRAME_SYN)
		p = syn_linux(c->v6);
	if (c->kind == FRAME_KNOWN) {
		p.payload_len = 20;
		key = shield_key(&p);
		if (c->pick)
			conns_write(b, c->pick, &p);
		else
			shield_conn_write(&b->bed->s, &key, &known);
	}
	frame_write(b, 0, &p);
	return 1;
}

/* Of this thread on a CPU, so that what else runs on the machine counts less. */
static double cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* ns per run.  The kernel's own figure is whole nanoseconds, too coarse for the floor. */
static double measure(struct bench *b, int prog, int runs, int verdict)
{
	struct xdp_md ctx = {.data_end = FRAME_ROOM, .ingress_ifindex = b->bed->s.config.ifindex};
	__u8 room[FRAME_ROOM] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = room, .data_size_in = sizeof(room),
		    .ctx_in = &ctx, .ctx_size_in = sizeof(ctx), .repeat = runs);
	const double start = cpu_ns();

	must(!bpf_prog_test_run_opts(prog, &opts), "BPF_PROG_TEST_RUN");
	must((int)opts.retval == verdict, "a case ended otherwise than it should");
	return (cpu_ns() - start) / runs;
}

static double measure_wrapped(struct bench *b, const struct bench_case *c, enum bench_target target,
			      __u32 frames)
{
	const struct bench_control control = {target,    frames,  0, c->randomise,
					      c->spread, c->pick, 1, b->bed->s.config.slots};
	const __u32 zero = 0;

	must(!bpf_map_update_elem(bpf_map__fd(b->wrapper->maps.control), &zero, &control, BPF_ANY),
	     "write control");
	return measure(b, bpf_program__fd(b->wrapper->progs.bench_wrapper),
		       frames > 1 ? (int)frames : REPEAT,
		       target == TARGET_NOTHING ? XDP_TX : c->verdict);
}

/* One round of a case: ns with the plain wrapper in it, and bare. */
static void measure_case(struct bench *b, struct bench_case *c, int round)
{
	double ns, wrapper, plain, empty;
	__u32 frames;

	frame_write(b, 0, &b->floor_frame);
	c->floor[round] = measure_wrapped(b, &cases[FLOOR], TARGET_FLOOR, 1);
	frames = frames_write(b, c);
	ns = measure_wrapped(b, c, c->target, frames);
	wrapper = measure_wrapped(b, c, TARGET_NOTHING, frames);
	empty = measure(b, bpf_program__fd(b->wrapper->progs.bench_nothing), REPEAT, XDP_TX);
	frame_write(b, 0, &b->floor_frame);
	plain = measure_wrapped(b, &cases[FLOOR], TARGET_NOTHING, 1);
	c->ns[round] = ns - wrapper + plain;
	c->bare[round] = ns - wrapper + empty;
	if (c->target == TARGET_FLOOR)
		c->bare[round] =
		    measure(b, bpf_program__fd(b->wrapper->progs.bench_floor), REPEAT, XDP_TX);
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void wrapper_open(struct bench *b)
{
	const int programs[TARGETS] = {
	    bpf_program__fd(b->wrapper->progs.bench_nothing),
	    bpf_program__fd(b->wrapper->progs.bench_floor),
	    bpf_program__fd(b->bed->s.xdp->progs.synguard_xdp),
	    bpf_program__fd(b->wrapper->progs.bench_touch),
	};

	for (__u32 i = 0; i < TARGETS; i++)
		must(!bpf_map_update_elem(bpf_map__fd(b->wrapper->maps.targets), &i, &programs[i],
					  BPF_ANY),
		     "enter a target");
}

static void report_case(const struct bench_case *c, json_t *rows)
{
	const struct bench_case *floor = &cases[FLOOR];
	const double ns = c->ns[ROUNDS / 2], ratio = ns / c->floor[ROUNDS / 2];
	const double bare = c->bare[ROUNDS / 2], bare_ratio = bare / floor->bare[ROUNDS / 2];

	printf("%-15s %6.1f %5.1fx  %5.1f..%-5.1f %7.1f %5.1fx  %s%s\n", c->name, ns, ratio,
	       c->ns[ROUNDS / 4], c->ns[ROUNDS * 3 / 4], bare, bare_ratio, c->what,
	       c->v6 ? ", IPv6" : "");
	json_array_append_new(rows,
			      json_pack("{s:s, s:f, s:f, s:f, s:f}", "case", c->name, "ns", ns,
					"ratio", ratio, "bare_ns", bare, "bare_ratio", bare_ratio));
}

static void report(void)
{
	const char *path = getenv("BENCH_JSON");
	json_t *rows = json_array();
	struct utsname kernel;

	uname(&kernel);
	printf("Linux %s, %d rounds of %d runs, ns per packet by BPF_PROG_TEST_RUN\n",
	       kernel.release, ROUNDS, REPEAT);
	printf("%-15s %6s %6s  %-12s %7s %6s  %s\n", "case", "ns", "ratio", "quartiles", "bare ns",
	       "ratio", "what");
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		report_case(&cases[i], rows);
	printf(
	    "(ns: with the wrapper that restores the frame, in the floor, too; bare: without)\n");
	if (path)
		must(!json_dump_file(rows, path, JSON_INDENT(2)), path);
	json_decref(rows);
}

int main(void)
{
	void *state;
	struct bench b;

	shield_max_conns = CONNS_BENCH * 3 / 2;
	must(!bed_make(&state), "make the test bed");
	b.bed = state;
	must(!bed_reset(&state), "reset the test bed");
	shield_port(&b.bed->s, PORT_FREE, 0);
	b.wrapper = synguard_wrapper__open();
	must(b.wrapper && !bpf_map__reuse_fd(b.wrapper->maps.conns, b.bed->s.conns_map) &&
		 !synguard_wrapper__load(b.wrapper),
	     "load the wrapper");
	wrapper_open(&b);
	b.sets[0] = set_make(0);
	b.sets[1] = set_make(1);
	b.floor_frame = syn_linux(0);
	/* A million connections take long to enter: those cases last, all their rounds together. */
	for (int many = 0; many < 2; many++)
		for (int round = 0; round < ROUNDS; round++)
			for (size_t i = 0; i < COUNT_OF(cases); i++)
				if (many == (cases[i].pick >= CONNS_BENCH))
					measure_case(&b, &cases[i], round);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		qsort(cases[i].floor, ROUNDS, sizeof(double), compare);
		qsort(cases[i].ns, ROUNDS, sizeof(double), compare);
		qsort(cases[i].bare, ROUNDS, sizeof(double), compare);
	}
	report();
	synguard_wrapper__destroy(b.wrapper);
	bed_end(&state);
	return 0;
}
