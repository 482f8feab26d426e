/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A bounded flood of spoofed TCP segments out of one virtual interface: random source address (in a
 * prefix), port and sequence number per frame, every checksum complete.  It sends for at most a
 * minute, on veth or tap only, and reads nothing back.
 */
#include "tool.h"
#include "frame.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/uio.h>

enum { BATCH = 64 };

struct flood {
	const char *dev, *dst, *dst_mac, *src_mac, *src, *options, *kind;
	uint64_t dport, rate, seconds, cpu;
	struct frame frame;   /* what stays the same from frame to frame */
	unsigned int ts_at;   /* offset of TSval in the options; 0: there is none */
	unsigned int host_at; /* first random bit of the source address */
	uint64_t rng, offered, lost;
};

static const uint8_t opt_linux[] = {2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7};
static const uint8_t opt_windows[] = {2, 4, 5, 0xb4, 1, 3, 3, 8, 1, 1, 4, 2};
static const uint8_t opt_stamp[] = {1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0};

static void options_set(struct flood *flood, const uint8_t *options, unsigned int len,
			unsigned int ts_at)
{
	memcpy(flood->frame.options, options, len);
	flood->frame.options_len = len;
	flood->ts_at = ts_at;
}

static void kind_set(struct flood *flood)
{
	static const struct {
		const char *name;
		uint16_t flags;
	} kinds[] = {{"syn", TCP_SYN}, {"ack", TCP_ACK}, {"rst", TCP_RST}};

	for (unsigned int i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].name, flood->kind) == 0)
			flood->frame.flags = kinds[i].flags;
	if (!flood->frame.flags)
		die(EXIT_USAGE, "--kind: syn, ack or rst");
	if (strcmp(flood->options, "none") == 0)
		return;
	if (strcmp(flood->options, "windows") == 0)
		options_set(flood, opt_windows, flood->frame.flags == TCP_SYN ? 12 : 0, 0);
	else if (strcmp(flood->options, "linux") != 0)
		die(EXIT_USAGE, "--options: linux, windows or none");
	else if (flood->frame.flags == TCP_SYN)
		options_set(flood, opt_linux, sizeof(opt_linux), 8);
	else
		options_set(flood, opt_stamp, sizeof(opt_stamp), 4);
}

static void source_set(struct flood *flood)
{
	struct frame *frame = &flood->frame;
	char text[INET6_ADDRSTRLEN + 4];
	const char *prefix = flood->src;
	char *slash;
	int family;

	if (!prefix)
		prefix = frame->family == AF_INET ? "198.18.0.0/15" : "2001:db8::/32";
	snprintf(text, sizeof(text), "%s", prefix);
	flood->host_at = 8 * addr_len(frame->family);
	slash = strchr(text, '/');
	if (slash) {
		*slash = '\0';
		if (number_parse("--src", slash + 1) > flood->host_at)
			die(EXIT_USAGE, "--src: '%s' is too long a prefix", prefix);
		flood->host_at = number_parse("--src", slash + 1);
	}
	if (!addr_parse(text, &family, frame->src) || family != frame->family)
		die(EXIT_USAGE, "--src: '%s' is no prefix of --dst's family", prefix);
}

static void source_next(struct flood *flood, uint8_t *addr)
{
	unsigned int bits = 8 * addr_len(flood->frame.family);
	uint64_t random = 0;

	for (unsigned int byte = flood->host_at / 8; byte < bits / 8; byte++) {
		uint8_t host = byte == flood->host_at / 8 ? 0xff >> flood->host_at % 8 : 0xff;

		if (!random)
			random = rng_next(&flood->rng);
		addr[byte] = (addr[byte] & ~host) | (random & host);
		random >>= 8;
	}
}

static void frame_next(struct flood *flood, uint8_t *out, size_t *ret_len)
{
	uint64_t random = rng_next(&flood->rng);
	struct frame *frame = &flood->frame;

	source_next(flood, frame->src);
	frame->seq = random;
	frame->src_port = 1024 + (random >> 32) % (65536 - 1024);
	frame->ip_id = random >> 48;
	if (frame->flags == TCP_ACK)
		frame->ack = rng_next(&flood->rng);
	if (flood->ts_at)
		put32(frame->options + flood->ts_at, rng_next(&flood->rng));
	*ret_len = frame_write(frame, out);
}

static int flood_open(struct flood *flood)
{
	struct sockaddr_ll addr = {.sll_family = AF_PACKET};
	struct ifreq request = {0};
	int one = 1, room = 16 << 20, fd;

	addr.sll_ifindex = iface_virtual(flood->dev);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	strcpy(request.ifr_name, flood->dev);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    ioctl(fd, SIOCGIFHWADDR, &request) < 0)
		die(EXIT_FAILURE, "%s: cannot open for sending: %m", flood->dev);
	if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)) < 0)
		die(EXIT_FAILURE, "%s: cannot bypass the queueing discipline: %m", flood->dev);
	/* Else a busy receiver slows us down, since its queue holds our buffers. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) < 0)
		die(EXIT_FAILURE, "%s: cannot enlarge the send buffer: %m", flood->dev);
	memcpy(flood->frame.src_mac, request.ifr_hwaddr.sa_data, 6);
	if (flood->src_mac && !mac_parse(flood->src_mac, flood->frame.src_mac))
		die(EXIT_USAGE, "--src-mac: '%s' is no MAC address", flood->src_mac);
	return fd;
}

/* A frame that the next hop's full queue turned away counts as offered, and is not sent again. */
static void batch_send(struct flood *flood, int fd, struct mmsghdr *messages, unsigned int n)
{
	int sent;

	for (unsigned int i = 0; i < n && !tool_stop; i += sent) {
		sent = sendmmsg(fd, messages + i, n - i, 0);
		if (sent > 0) {
			flood->offered += sent;
			continue;
		}
		if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
			die(EXIT_FAILURE, "%s: cannot send: %m", flood->dev);
		sent = 1;
		flood->offered++;
		flood->lost++;
	}
}

/* Returns how many seconds it took. */
static double flood_run(struct flood *flood, int fd)
{
	static uint8_t frames[BATCH][FRAME_MAX];
	uint64_t start = now_ns(), end = start + flood->seconds * NSEC_PER_SEC, now;
	struct mmsghdr messages[BATCH] = {0};
	struct iovec parts[BATCH];
	unsigned int least = flood->rate > 100000 ? BATCH / 4 : 1;

	for (unsigned int i = 0; i < BATCH; i++) {
		parts[i].iov_base = frames[i];
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	while ((now = now_ns()) < end && !tool_stop) {
		uint64_t due = (now - start) / 1000 * flood->rate / 1000000 - flood->offered;
		unsigned int n = !flood->rate || due > BATCH ? BATCH : due;

		if (n == 0 || n < least) {
			nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
			continue;
		}
		for (unsigned int i = 0; i < n; i++)
			frame_next(flood, frames[i], &parts[i].iov_len);
		batch_send(flood, fd, messages, n);
	}
	return (now_ns() - start) / 1e9;
}

int main(int argc, char **argv)
{
	struct flood flood = {
	    .options = "linux",
	    .kind = "syn",
	    .cpu = UINT64_MAX,
	    .rng = now_ns() ^ (uint64_t)getpid() << 40,
	    .frame = {.ttl = 64, .window = 64240, .dont_fragment = true},
	};
	struct arg args[] = {
	    {"dev", "IFACE", ARG_TEXT, &flood.dev, true},
	    {"dst", "ADDR", ARG_TEXT, &flood.dst, true},
	    {"dport", "PORT", ARG_NUMBER, &flood.dport, true},
	    {"dst-mac", "MAC", ARG_TEXT, &flood.dst_mac, true},
	    {"rate", "PPS (0: all it can)", ARG_NUMBER, &flood.rate, true},
	    {"seconds", "N", ARG_NUMBER, &flood.seconds, true},
	    {"src", "PREFIX", ARG_TEXT, &flood.src, false},
	    {"src-mac", "MAC", ARG_TEXT, &flood.src_mac, false},
	    {"options", "linux|none|windows", ARG_TEXT, &flood.options, false},
	    {"kind", "syn|ack|rst", ARG_TEXT, &flood.kind, false},
	    {"cpu", "N", ARG_NUMBER, &flood.cpu, false},
	    {0},
	};
	double seconds;
	int fd;

	args_parse(argc, argv, args, "", NULL, 0);
	if (flood.seconds < 1 || flood.seconds > SECONDS_MAX)
		die(EXIT_USAGE, "--seconds: 1 to %d", SECONDS_MAX);
	if (!addr_parse(flood.dst, &flood.frame.family, flood.frame.dst))
		die(EXIT_USAGE, "--dst: '%s' is no address", flood.dst);
	if (!mac_parse(flood.dst_mac, flood.frame.dst_mac))
		die(EXIT_USAGE, "--dst-mac: '%s' is no MAC address", flood.dst_mac);
	flood.frame.dst_port = flood.dport;
	kind_set(&flood);
	source_set(&flood);
	if (flood.cpu != UINT64_MAX)
		cpu_pin(flood.cpu);
	fd = flood_open(&flood);
	tool_catch_signals();
	seconds = flood_run(&flood, fd);
	printf(
	    "{\"offered\": %llu, \"lost_at_next_hop\": %llu, \"seconds\": %.3f, \"rate\": %.0f}\n",
	    (unsigned long long)flood.offered, (unsigned long long)flood.lost, seconds,
	    flood.offered / seconds);
	return EXIT_SUCCESS;
}
