/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A bounded flood of spoofed TCP segments out of one veth: random source address (in a prefix, or of
 * a list), port and sequence number per frame, and random acknowledgement number and timestamps in
 * those that have them; every checksum complete.  It sends for at most a minute and reads nothing
 * back.
 *
 * An XDP program (xdpflood.bpf.c) makes the frames and sends them, which on this side costs as little
 * as a packet can.  The other end of the veth must have a NAPI (an XDP program, or GRO) and one
 * queue.  Waiting takes all of its CPU, too, but only as long as nobody else wants it.
 *
 * Kinds, of which several make a mixture: the segments that their names say, and
 *   data   PSH and ACK with a payload
 *   oow    the same for one live connection (--src ADDR, --sport), far from its sequence numbers
 *   flags  combinations that no stack sends, a different one in each frame
 *   frag   a SYN's first fragment of eight bytes, which holds its ports and no flags
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

struct flood {
	const char *dev, *dst, *dst_mac, *src_mac, *src, *src_list, *options, *kind;
	uint64_t dport, sport, cpu, rate, seconds;
	struct frames_choice choice;
	struct frame frame; /* what stays the same from frame to frame */
	struct flood_config config;
	struct synguard_xdpflood *program;
	int ifindex;
	uint64_t drops_before;
	unsigned int batch;
};

static void source_set(struct flood *flood)
{
	struct frame *frame = &flood->frame;
	const char *prefix = flood->src;
	uint8_t address[16], mask[16];
	char text[INET6_ADDRSTRLEN + 4], *slash;
	unsigned int len;
	int family;

	if (!prefix)
		prefix = frame->family == AF_INET ? "198.18.0.0/15" : "2001:db8::/32";
	snprintf(text, sizeof(text), "%s", prefix);
	len = 8 * addr_len(frame->family);
	slash = strchr(text, '/');
	if (slash) {
		*slash = '\0';
		if (number_parse("--src", slash + 1) > len)
			die(EXIT_USAGE, "--src: '%s' is too long a prefix", prefix);
		len = number_parse("--src", slash + 1);
	}
	if (!addr_parse(text, &family, address) || family != frame->family)
		die(EXIT_USAGE, "--src: '%s' is no prefix of --dst's family", prefix);
	for (unsigned int byte = 0; byte < 16; byte++) {
		mask[byte] = len >= 8 ? 0 : 0xff >> len;
		len -= len >= 8 ? 8 : len;
		address[byte] &= ~mask[byte];
	}
	memcpy(flood->config.source, address, 16);
	memcpy(flood->config.mask, mask, 16);
}

static void sources_list(struct flood *flood)
{
	char *list, *rest, *text;
	uint8_t address[16];
	int family;

	list = rest = strdup(flood->src_list);
	while ((text = strsep(&rest, ","))) {
		if (flood->config.n_sources == FLOOD_SOURCES)
			die(EXIT_USAGE, "--src-list: more than %d addresses", FLOOD_SOURCES);
		if (!addr_parse(text, &family, address) || family != flood->frame.family)
			die(EXIT_USAGE, "--src-list: '%s' is no address of --dst's family", text);
		memcpy((void *)flood->program->rodata->sources[flood->config.n_sources++], address,
		       16);
	}
	free(list);
}

static void src_mac_set(struct flood *flood)
{
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (flood->src_mac) {
		if (!mac_parse(flood->src_mac, flood->frame.src_mac))
			die(EXIT_USAGE, "--src-mac: '%s' is no MAC address", flood->src_mac);
		return;
	}
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", flood->dev);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &request) < 0)
		die(EXIT_FAILURE, "%s: cannot ask for its MAC address: %m", flood->dev);
	close(fd);
	memcpy(flood->frame.src_mac, request.ifr_hwaddr.sa_data, 6);
}

/* Frames sent to a full queue nevertheless, ever: a veth counts them as its own TX drops. */
static uint64_t drops(const struct flood *flood)
{
	char line[512], name[32];
	uint64_t n, ret = 0;
	FILE *file = fopen("/proc/net/dev", "re");

	if (!file)
		die(EXIT_FAILURE, "cannot read /proc/net/dev: %m");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " %31[^:]: %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %lu", name,
			   &n) == 2 &&
		    strcmp(name, flood->dev) == 0)
			ret = n;
	fclose(file);
	return ret;
}

static void pace_set(struct flood *flood)
{
	uint64_t rate = flood->rate ? flood->rate : RATE_MOST;
	uint64_t batch = flood->rate ? rate * BATCH_NS / NSEC_PER_SEC : BATCH_MOST;

	if (batch > CHUNK)
		batch -= batch % CHUNK;
	flood->batch = batch < 1 ? 1 : batch > BATCH_MOST ? BATCH_MOST : batch;
	flood->config.chunk = flood->batch < CHUNK ? flood->batch : CHUNK;
	flood->config.chunk_ns = flood->config.chunk * NSEC_PER_SEC / rate;
	flood->config.endless = !flood->rate;
}

static void program_load(struct flood *flood)
{
	struct flood_frame *frames = (struct flood_frame *)flood->program->rodata->frames;
	unsigned int room = ROOM_LEAST;
	char driver[32];

	iface_driver(flood->dev, driver);
	if (strcmp(driver, "veth") != 0)
		die(EXIT_FAILURE, "%s: driver is '%s'; a flood goes to veth only", flood->dev,
		    driver);
	flood->ifindex = if_nametoindex(flood->dev);
	pace_set(flood);
	flood->config.ipv6 = flood->frame.family == AF_INET6;
	flood->config.source_port = htons(flood->sport);
	flood->config.n_frames = frames_make(&flood->choice, &flood->frame, frames);
	for (unsigned int i = 0; i < flood->config.n_frames; i++)
		if (room < frames[i].len)
			room = frames[i].len;
	flood->config.words = (room + 7) / 8;
	memcpy((void *)&flood->program->rodata->config, &flood->config, sizeof(flood->config));
	flood->program->data->rng = now_ns() ^ (uint64_t)getpid() << 40;
	if (synguard_xdpflood__load(flood->program) < 0)
		die(EXIT_FAILURE, "cannot load the program that makes the frames: %m");
}

/*
 * One run for all, since the kernel waits for a grace period of RCU at both ends of a run, and gives
 * each its own pages.  It ends by a signal: the timer's, or one that ends this program.
 */
static void flood_run(struct flood *flood)
{
	static uint8_t room[FLOOD_ROOM];
	struct itimerval timer = {.it_value.tv_sec = flood->seconds};
	struct xdp_md at = {
	    .data_end = flood->config.words * 8,
	    .ingress_ifindex = flood->ifindex,
	};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = room, .data_size_in = at.data_end,
		    .ctx_in = &at, .ctx_size_in = sizeof(at), .repeat = INT32_MAX,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = flood->batch);
	int error = 0;

	signal(SIGALRM, tool_on_signal);
	setitimer(ITIMER_REAL, &timer, NULL);
	while (!tool_stop && (!error || error == -EINTR))
		error =
		    bpf_prog_test_run_opts(bpf_program__fd(flood->program->progs.xdpflood), &opts);
	if (error && error != -EINTR)
		die(EXIT_FAILURE, "cannot run the program that makes the frames: %s",
		    strerror(-error));
}

static void flood_report(const struct flood *flood)
{
	const struct synguard_xdpflood__bss *counted = flood->program->bss;
	uint64_t offered = counted->sent + counted->lost, lost = counted->lost + drops(flood);
	double took_s = (counted->latest - counted->started) / 1e9;

	printf("{\"offered\": %lu, \"lost_at_next_hop\": %lu, \"frame_bytes\": %.1f, "
	       "\"seconds\": %.3f, \"rate\": %.0f}\n",
	       offered, lost - flood->drops_before,
	       counted->sent ? (double)counted->sent_bytes / counted->sent : 0, took_s,
	       took_s > 0 ? offered / took_s : 0);
}

static void flood_prepare(struct flood *flood)
{
	if (flood->seconds < 1 || flood->seconds > SECONDS_MAX)
		die(EXIT_USAGE, "--seconds: 1 to %d", SECONDS_MAX);
	if (!addr_parse(flood->dst, &flood->frame.family, flood->frame.dst))
		die(EXIT_USAGE, "--dst: '%s' is no address", flood->dst);
	if (!mac_parse(flood->dst_mac, flood->frame.dst_mac))
		die(EXIT_USAGE, "--dst-mac: '%s' is no MAC address", flood->dst_mac);
	flood->frame.dst_port = flood->dport;
	kinds_choose(&flood->choice, flood->kind);
	layouts_choose(&flood->choice, flood->options);
	for (unsigned int i = 0; i < flood->choice.n_kinds; i++)
		if (flood->choice.kind[i]->live && !(flood->src && flood->sport))
			die(EXIT_USAGE, "--kind oow: --src and --sport of a live connection");
	flood->program = synguard_xdpflood__open();
	if (!flood->program)
		die(EXIT_FAILURE, "cannot open the program that makes the frames: %m");
	source_set(flood);
	if (flood->src_list)
		sources_list(flood);
	src_mac_set(flood);
	program_load(flood);
}

int main(int argc, char **argv)
{
	struct flood flood = {
	    .options = "linux",
	    .kind = "syn",
	    .cpu = UINT64_MAX,
	    .frame = {.dont_fragment = true},
	};
	struct arg args[] = {
	    {"dev", "IFACE", ARG_TEXT, &flood.dev, true},
	    {"dst", "ADDR", ARG_TEXT, &flood.dst, true},
	    {"dport", "PORT", ARG_NUMBER, &flood.dport, true},
	    {"dst-mac", "MAC", ARG_TEXT, &flood.dst_mac, true},
	    {"rate", "PPS (0: all it can)", ARG_NUMBER, &flood.rate, true},
	    {"seconds", "N", ARG_NUMBER, &flood.seconds, true},
	    {"src", "PREFIX", ARG_TEXT, &flood.src, false},
	    {"src-list", "ADDR,ADDR...", ARG_TEXT, &flood.src_list, false},
	    {"sport", "PORT", ARG_NUMBER, &flood.sport, false},
	    {"src-mac", "MAC", ARG_TEXT, &flood.src_mac, false},
	    {"options", "linux|windows|macos|none,...", ARG_TEXT, &flood.options, false},
	    {"kind", "syn|ack|synack|rst|fin|data|oow|flags|frag,...", ARG_TEXT, &flood.kind,
	     false},
	    {"cpu", "N", ARG_NUMBER, &flood.cpu, false},
	    {0},
	};

	args_parse(argc, argv, args, "", NULL, 0);
	if (flood.cpu != UINT64_MAX)
		cpu_pin(flood.cpu);
	tool_catch_signals();
	flood_prepare(&flood);
	flood.drops_before = drops(&flood);
	flood_run(&flood);
	flood_report(&flood);
	synguard_xdpflood__destroy(flood.program);
	return EXIT_SUCCESS;
}
