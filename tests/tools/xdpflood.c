/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A bounded flood of spoofed TCP segments (flood.h) out of one veth: random source address (in a prefix, or of
 * a list), port and sequence number per frame, and random acknowledgement number and timestamps in
 * those that have them; every checksum complete.  It sends for at most a minute and reads nothing
 * back.
 *
 * An XDP program (xdpflood.bpf.c) makes the frames and sends them, which on this side costs as little
 * as a packet can.  The other end of the veth must have a NAPI (an XDP program, or GRO) and one
 * queue.  Waiting takes all of its CPU, too, but only as long as nobody else wants it.
 */
#include "xdpflood_frames.h"

#include <bpf/bpf.h>
#include <sys/time.h>

#include "xdpflood.skel.h"

/*
 * CHUNK: frames that the kernel puts into the other end's queue at once.  BATCH: those between two looks
 * of the kernel at who else wants the CPU, BATCH_NS or less; its pool of pages is as large, so the
 * most that it takes where speed is all.  ROOM: a SYN's headers and an IPv6 fragment header.
 */
enum { CHUNK = 16, BATCH_MOST = 256, BATCH_NS = 20000, ROOM_LEAST = 88 };

#define RATE_MOST 6000000 /* without a rate: what comes while the queue is full */

struct generator {
	struct flood flood;
	struct flood_config config;
	struct synguard_xdpflood *program;
	int ifindex;
	uint64_t drops_before;
	unsigned int batch;
};

/* The prefix, and a mask of what is random behind it; or the list. */
static void sources_give(struct generator *g)
{
	unsigned int len = g->flood.prefix_len;
	uint8_t address[16], mask[16];

	memcpy(address, g->flood.frame.src, 16);
	for (unsigned int byte = 0; byte < 16; byte++) {
		mask[byte] = len >= 8 ? 0 : 0xff >> len;
		len -= len >= 8 ? 8 : len;
		address[byte] &= ~mask[byte];
	}
	memcpy(g->config.source, address, 16);
	memcpy(g->config.mask, mask, 16);
	g->config.n_sources = g->flood.n_listed;
	memcpy((void *)g->program->rodata->sources, g->flood.listed, sizeof(g->flood.listed));
}

/* Frames sent to a full queue nevertheless, ever: a veth counts them as its own TX drops. */
static uint64_t drops(const struct generator *g)
{
	char line[512], name[32];
	uint64_t n, ret = 0;
	FILE *file = fopen("/proc/net/dev", "re");

	if (!file)
		die(EXIT_FAILURE, "cannot read /proc/net/dev: %m");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " %31[^:]: %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %lu", name,
			   &n) == 2 &&
		    strcmp(name, g->flood.dev) == 0)
			ret = n;
	fclose(file);
	return ret;
}

static void pace_set(struct generator *g)
{
	uint64_t rate = g->flood.rate ? g->flood.rate : RATE_MOST;
	uint64_t batch = g->flood.rate ? rate * BATCH_NS / NSEC_PER_SEC : BATCH_MOST;

	if (batch > CHUNK)
		batch -= batch % CHUNK;
	g->batch = batch < 1 ? 1 : batch > BATCH_MOST ? BATCH_MOST : batch;
	g->config.chunk = g->batch < CHUNK ? g->batch : CHUNK;
	g->config.chunk_ns = g->config.chunk * NSEC_PER_SEC / rate;
	g->config.endless = !g->flood.rate;
}

static void program_load(struct generator *g)
{
	struct flood_frame *frames = (struct flood_frame *)g->program->rodata->frames;
	unsigned int room = ROOM_LEAST;
	char driver[32];

	iface_driver(g->flood.dev, driver);
	if (strcmp(driver, "veth") != 0)
		die(EXIT_FAILURE, "%s: driver is '%s'; a flood goes to veth only", g->flood.dev,
		    driver);
	g->ifindex = if_nametoindex(g->flood.dev);
	pace_set(g);
	g->config.ipv6 = g->flood.frame.family == AF_INET6;
	g->config.source_port = htons(g->flood.sport);
	sources_give(g);
	memset(g->flood.frame.src, 0, sizeof(g->flood.frame.src));
	g->config.n_frames = frames_make(&g->flood.choice, &g->flood.frame, frames);
	for (unsigned int i = 0; i < g->config.n_frames; i++)
		if (room < frames[i].len)
			room = frames[i].len;
	g->config.words = (room + 7) / 8;
	memcpy((void *)&g->program->rodata->config, &g->config, sizeof(g->config));
	g->program->data->rng = now_ns() ^ (uint64_t)getpid() << 40;
	if (synguard_xdpflood__load(g->program) < 0)
		die(EXIT_FAILURE, "cannot load the program that makes the frames: %m");
}

/*
 * One run for all, since the kernel waits for a grace period of RCU at both ends of a run, and gives
 * each its own pages.  It ends by a signal: the timer's, or one that ends this program.
 */
static void flood_run(struct generator *g)
{
	static uint8_t room[FLOOD_ROOM];
	struct itimerval timer = {.it_value.tv_sec = g->flood.seconds};
	struct xdp_md at = {
	    .data_end = g->config.words * 8,
	    .ingress_ifindex = g->ifindex,
	};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = room, .data_size_in = at.data_end,
		    .ctx_in = &at, .ctx_size_in = sizeof(at), .repeat = INT32_MAX,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = g->batch);
	int error = 0;

	signal(SIGALRM, tool_on_signal);
	setitimer(ITIMER_REAL, &timer, NULL);
	while (!tool_stop && (!error || error == -EINTR))
		error = bpf_prog_test_run_opts(bpf_program__fd(g->program->progs.xdpflood), &opts);
	if (error && error != -EINTR)
		die(EXIT_FAILURE, "cannot run the program that makes the frames: %s",
		    strerror(-error));
}

static void flood_report(const struct generator *g)
{
	const struct synguard_xdpflood__bss *counted = g->program->bss;
	uint64_t offered = counted->sent + counted->lost, lost = counted->lost + drops(g);
	double took_s = (counted->latest - counted->started) / 1e9;

	printf("{\"offered\": %lu, \"lost_at_next_hop\": %lu, \"frame_bytes\": %.1f, "
	       "\"seconds\": %.3f, \"rate\": %.0f}\n",
	       offered, lost - g->drops_before,
	       counted->sent ? (double)counted->sent_bytes / counted->sent : 0, took_s,
	       took_s > 0 ? offered / took_s : 0);
}

int main(int argc, char **argv)
{
	struct generator g = {.ifindex = 0};

	flood_parse(argc, argv, &g.flood);
	g.program = synguard_xdpflood__open();
	if (!g.program)
		die(EXIT_FAILURE, "cannot open the program that makes the frames: %m");
	program_load(&g);
	tool_catch_signals();
	g.drops_before = drops(&g);
	flood_run(&g);
	flood_report(&g);
	synguard_xdpflood__destroy(g.program);
	return EXIT_SUCCESS;
}
