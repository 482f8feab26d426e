/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sends one crafted TCP segment and prints the segments that come back for the same addresses and
 * ports, one JSON line each, with every field that a peer acts on.  The answer's checksums are
 * checked too ("checksum_ok"), since a client's kernel would drop a frame that has a bad one.
 */
#include "tool.h"
#include "frame.h"
#include "rawsock.h"

#include <poll.h>

struct probe {
	const char *dev, *src, *dst, *src_mac, *dst_mac, *flags, *options, *vlan, *payload;
	uint64_t sport, dport, seq, ack, window, ttl, tos, wait_ms, count, answers;
	struct frame frame;
};

static const char flag_letters[] = "FSRPAUEC"; /* in the order of their bits */

static uint16_t flags_parse(const char *text)
{
	uint16_t flags = 0;

	for (; *text; text++) {
		const char *letter = strchr(flag_letters, *text);

		if (!letter)
			die(EXIT_USAGE, "--flags: letters of %s", flag_letters);
		flags |= 1 << (letter - flag_letters);
	}
	return flags;
}

static unsigned int hex_parse(const char *text, uint8_t *out, unsigned int room)
{
	unsigned int len = 0;

	for (; text[0]; text += 2, len++)
		if (len == room || sscanf(text, "%2hhx", &out[len]) != 1 || !text[1])
			die(EXIT_USAGE, "--options: pairs of hex digits, at most %u", room);
	return len;
}

static void vlan_parse(struct frame *frame, const char *text)
{
	char *copy = strdup(text), *rest = copy, *id;

	while ((id = strsep(&rest, ","))) {
		if (frame->n_vlans == 2)
			die(EXIT_USAGE, "--vlan: one or two ids");
		frame->vlan[frame->n_vlans++] = number_parse("--vlan", id);
	}
	free(copy);
}

static void frame_set(struct probe *probe)
{
	struct frame *frame = &probe->frame;
	int family;

	if (!addr_parse(probe->src, &frame->family, frame->src) ||
	    !addr_parse(probe->dst, &family, frame->dst) || family != frame->family)
		die(EXIT_USAGE, "--src and --dst: two addresses of one family");
	if (!mac_parse(probe->src_mac, frame->src_mac) ||
	    !mac_parse(probe->dst_mac, frame->dst_mac))
		die(EXIT_USAGE, "--src-mac and --dst-mac: xx:xx:xx:xx:xx:xx");
	frame->src_port = probe->sport;
	frame->dst_port = probe->dport;
	frame->seq = probe->seq;
	frame->ack = probe->ack;
	frame->flags = flags_parse(probe->flags);
	frame->window = probe->window;
	frame->ttl = probe->ttl;
	frame->tos = probe->tos;
	frame->dont_fragment = true;
	frame->options_len = hex_parse(probe->options, frame->options, sizeof(frame->options));
	if (frame->options_len % 4)
		die(EXIT_USAGE, "--options: a multiple of 4 bytes (pad with 01 or 00)");
	if (probe->vlan)
		vlan_parse(frame, probe->vlan);
	frame->payload = (const uint8_t *)probe->payload;
	frame->payload_len = strlen(probe->payload);
	if (frame->payload_len > 1400)
		die(EXIT_USAGE, "--payload: at most 1400 bytes");
}

static bool is_answer(const struct probe *probe, const struct frame *frame)
{
	const struct frame *sent = &probe->frame;

	return frame->family == sent->family && frame->src_port == sent->dst_port &&
	       frame->dst_port == sent->src_port &&
	       memcmp(frame->src, sent->dst, addr_len(sent->family)) == 0 &&
	       memcmp(frame->dst, sent->src, addr_len(sent->family)) == 0;
}

/* Writing the frame anew completes its checksums: they were right if nothing changes. */
static bool checksum_ok(const struct frame *frame, const uint8_t *data, unsigned int len)
{
	unsigned int header = 14 + 4 * frame->n_vlans;
	uint8_t again[FRAME_MAX];
	unsigned int end;

	if (frame->payload_len > 1500)
		return false;
	end = frame_write(frame, again);
	if (end > len)
		return false;
	if (frame->family == AF_INET)
		return memcmp(again + header + 10, data + header + 10, 2) == 0 &&
		       memcmp(again + header + 36, data + header + 36, 2) == 0;
	return memcmp(again + header + 56, data + header + 56, 2) == 0;
}

/* Value of the MSS option, 0 without one. */
static unsigned int mss_of(const struct frame *frame)
{
	unsigned int at = 0;

	while (at + 1 < frame->options_len && frame->options[at] != 0) {
		if (frame->options[at] == 1) {
			at++;
			continue;
		}
		if (frame->options[at] == 2 && frame->options[at + 1] == 4 &&
		    at + 4 <= frame->options_len)
			return get16(frame->options + at + 2);
		if (frame->options[at + 1] < 2)
			break;
		at += frame->options[at + 1];
	}
	return 0;
}

static void answer_print(const struct frame *frame, const uint8_t *data, unsigned int len)
{
	printf("{\"flags\": \"");
	for (unsigned int bit = 0; bit < 8; bit++)
		if (frame->flags & 1 << bit)
			putchar(flag_letters[bit]);
	printf("\", \"seq\": %u, \"ack\": %u, \"window\": %u, \"mss\": %u, \"options\": \"",
	       frame->seq, frame->ack, frame->window, mss_of(frame));
	for (unsigned int i = 0; i < frame->options_len; i++)
		printf("%02x", frame->options[i]);
	printf("\", \"ttl\": %u, \"tos\": %u, \"df\": %s, \"ip_id\": %u, \"vlan\": [", frame->ttl,
	       frame->tos, frame->dont_fragment ? "true" : "false", frame->ip_id);
	for (unsigned int i = 0; i < frame->n_vlans; i++)
		printf("%s%u", i ? ", " : "", frame->vlan[i]);
	printf("], \"payload\": %u, \"src_mac\": \"", frame->payload_len);
	for (unsigned int i = 0; i < 6; i++)
		printf("%s%02x", i ? ":" : "", frame->src_mac[i]);
	printf("\", \"checksum_ok\": %s}\n", checksum_ok(frame, data, len) ? "true" : "false");
	fflush(stdout);
}

static void answers_read(struct probe *probe, int fd)
{
	static uint8_t data[65536 + 4];
	struct raw_info info;
	struct frame frame;
	unsigned int len;

	while ((len = rawsock_read(fd, data, sizeof(data), &info)) > 0) {
		if (!frame_read(data, len, &frame) || !is_answer(probe, &frame))
			continue;
		probe->answers++;
		answer_print(&frame, data, len);
	}
}

static void probe_run(struct probe *probe, int fd)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	uint8_t data[FRAME_MAX];
	unsigned int len = frame_write(&probe->frame, data);
	uint64_t deadline = now_ns() + probe->wait_ms * NSEC_PER_MSEC, now;

	if (send(fd, data, len, 0) != (ssize_t)len)
		die(EXIT_FAILURE, "%s: cannot send: %m", probe->dev);
	while ((now = now_ns()) < deadline && !tool_stop &&
	       (!probe->count || probe->answers < probe->count))
		if (poll(&wait, 1, (deadline - now) / NSEC_PER_MSEC + 1) > 0)
			answers_read(probe, fd);
}

int main(int argc, char **argv)
{
	struct probe probe = {
	    .flags = "S",
	    .options = "",
	    .payload = "",
	    .sport = 40000,
	    .seq = 1000,
	    .window = 64240,
	    .ttl = 64,
	    .wait_ms = 500,
	};
	struct arg args[] = {
	    {"dev", "IFACE", ARG_TEXT, &probe.dev, true},
	    {"src-mac", "MAC", ARG_TEXT, &probe.src_mac, true},
	    {"dst-mac", "MAC", ARG_TEXT, &probe.dst_mac, true},
	    {"src", "ADDR", ARG_TEXT, &probe.src, true},
	    {"dst", "ADDR", ARG_TEXT, &probe.dst, true},
	    {"dport", "PORT", ARG_NUMBER, &probe.dport, true},
	    {"sport", "PORT", ARG_NUMBER, &probe.sport, false},
	    {"flags", "FSRPAUEC", ARG_TEXT, &probe.flags, false},
	    {"seq", "N", ARG_NUMBER, &probe.seq, false},
	    {"ack", "N", ARG_NUMBER, &probe.ack, false},
	    {"window", "N", ARG_NUMBER, &probe.window, false},
	    {"ttl", "N", ARG_NUMBER, &probe.ttl, false},
	    {"tos", "N", ARG_NUMBER, &probe.tos, false},
	    {"options", "HEX", ARG_TEXT, &probe.options, false},
	    {"payload", "TEXT", ARG_TEXT, &probe.payload, false},
	    {"vlan", "ID[,ID]", ARG_TEXT, &probe.vlan, false},
	    {"wait-ms", "N", ARG_NUMBER, &probe.wait_ms, false},
	    {"count", "ANSWERS (0: until --wait-ms)", ARG_NUMBER, &probe.count, false},
	    {0},
	};
	int fd;

	args_parse(argc, argv, args, "", NULL, 0);
	frame_set(&probe);
	fd = rawsock_open(probe.dev);
	tool_catch_signals();
	probe_run(&probe, fd);
	return EXIT_SUCCESS;
}
