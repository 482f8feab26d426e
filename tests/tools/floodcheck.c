/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What arrives at an interface for one port, frame by frame: are checksums right, sources in their
 * prefix, and is random what is said to be?  Counts flags, and layouts of options by their bytes without
 * the timestamps.  It listens until SIGTERM or --seconds are over.
 */
#include "rawsock.h"
#include "frame.h"

#include <poll.h>

enum { FRAMES_MAX = 1 << 20, LAYOUTS_MAX = 16, OPT_STAMP = 8 };

/* A field's values, to count how many differ. */
struct values {
	const char *name;
	uint32_t *value;
	uint64_t n;
};

enum field { SOURCE, PORT, SEQ, ACK, STAMP, ECHO, FIELDS };

struct layout {
	uint8_t bytes[40];
	unsigned int len;
	uint64_t n;
};

struct check {
	const char *dev, *src;
	uint64_t port, seconds;
	uint8_t prefix[16];
	unsigned int prefix_len;
	int family;
	uint64_t frames, bad_checksum, outside, flags[256];
	struct values fields[FIELDS];
	struct layout layouts[LAYOUTS_MAX];
};

static void value_add(struct check *check, enum field field, uint32_t value)
{
	check->fields[field].value[check->fields[field].n++] = value;
}

static bool in_prefix(const struct check *check, const uint8_t *addr)
{
	for (unsigned int bit = 0; bit < check->prefix_len; bit++)
		if ((addr[bit / 8] ^ check->prefix[bit / 8]) & 0x80 >> bit % 8)
			return false;
	return true;
}

/* Of both headers; data is a frame that frame_read() understands, without VLANs. */
static bool checksums_right(const struct frame *frame, const uint8_t *data)
{
	unsigned int header = frame->family == AF_INET ? 20 : 40;
	unsigned int len = 20 + frame->options_len + frame->payload_len;
	uint32_t sum = IPPROTO_TCP + len;

	sum = sum_add(sum, frame->src, addr_len(frame->family));
	sum = sum_add(sum, frame->dst, addr_len(frame->family));
	if (sum_fold(sum_add(sum, data + 14 + header, len)) != 0)
		return false;
	return frame->family == AF_INET6 || sum_fold(sum_add(0, data + 14, header)) == 0;
}

/* Zeroes the timestamps of well-formed options, and notes them. */
static void stamps_take(struct check *check, struct frame *frame)
{
	for (unsigned int i = 0; i < frame->options_len;) {
		uint8_t *option = frame->options + i;

		if (option[0] == OPT_STAMP) {
			value_add(check, STAMP, get32(option + 2));
			if (frame->flags & TCP_ACK)
				value_add(check, ECHO, get32(option + 6));
			else if (get32(option + 6))
				check->outside++;
			memset(option + 2, 0, 8);
		}
		i += option[0] <= 1 ? 1 : option[1] < 2 ? 40 : option[1];
	}
}

static void layout_count(struct check *check, const struct frame *frame)
{
	struct layout *layout = check->layouts;

	for (; layout < check->layouts + LAYOUTS_MAX && layout->n; layout++)
		if (layout->len == frame->options_len &&
		    memcmp(layout->bytes, frame->options, layout->len) == 0)
			break;
	if (layout == check->layouts + LAYOUTS_MAX)
		die(EXIT_FAILURE, "more than %d layouts of options", LAYOUTS_MAX);
	layout->len = frame->options_len;
	memcpy(layout->bytes, frame->options, layout->len);
	layout->n++;
}

static void frame_check(struct check *check, const uint8_t *data, unsigned int len)
{
	struct frame frame;

	if (!frame_read(data, len, &frame) || frame.dst_port != check->port)
		return;
	if (check->frames++ == FRAMES_MAX)
		die(EXIT_FAILURE, "more than %d frames", FRAMES_MAX);
	check->bad_checksum += !checksums_right(&frame, data);
	check->outside += frame.family != check->family || !in_prefix(check, frame.src);
	check->flags[frame.flags & 0xff]++;
	value_add(check, SOURCE, get32(frame.src + addr_len(frame.family) - 4));
	value_add(check, PORT, frame.src_port);
	value_add(check, SEQ, frame.seq);
	if (frame.flags & TCP_ACK)
		value_add(check, ACK, frame.ack);
	stamps_take(check, &frame);
	layout_count(check, &frame);
}

static void frames_take(struct check *check, int fd)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	struct raw_info info;
	uint8_t data[FRAME_MAX];
	unsigned int len;

	poll(&wait, 1, 100);
	while ((len = rawsock_read(fd, data, sizeof(data), &info)))
		frame_check(check, data, len);
}

static int value_compare(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return left < right ? -1 : left > right;
}

static uint64_t values_different(struct values *values)
{
	uint64_t n = values->n > 0;

	qsort(values->value, values->n, sizeof(*values->value), value_compare);
	for (uint64_t i = 1; i < values->n; i++)
		n += values->value[i] != values->value[i - 1];
	return n;
}

static void check_report(struct check *check)
{
	const char *comma = "";

	printf("{\"frames\": %lu, \"bad_checksum\": %lu, \"outside\": %lu", check->frames,
	       check->bad_checksum, check->outside);
	for (unsigned int i = 0; i < FIELDS; i++)
		printf(", \"%s\": {\"n\": %lu, \"different\": %lu}", check->fields[i].name,
		       check->fields[i].n, values_different(&check->fields[i]));
	printf(", \"flags\": {");
	for (unsigned int i = 0; i < 256; i++)
		if (check->flags[i]) {
			printf("%s\"%02x\": %lu", comma, i, check->flags[i]);
			comma = ", ";
		}
	printf("}, \"options\": {");
	comma = "";
	for (unsigned int i = 0; i < LAYOUTS_MAX && check->layouts[i].n; i++) {
		printf("%s\"", comma);
		for (unsigned int byte = 0; byte < check->layouts[i].len; byte++)
			printf("%02x", check->layouts[i].bytes[byte]);
		printf("\": %lu", check->layouts[i].n);
		comma = ", ";
	}
	puts("}}");
}

static void prefix_set(struct check *check)
{
	char *text, *slash;

	if (!check->src)
		die(EXIT_USAGE, "--src: ADDR/LEN");
	text = strdup(check->src);
	if (!text)
		die(EXIT_FAILURE, "no memory");
	slash = strchr(text, '/');
	if (!slash)
		die(EXIT_USAGE, "--src: ADDR/LEN");
	*slash = '\0';
	if (!addr_parse(text, &check->family, check->prefix))
		die(EXIT_USAGE, "--src: '%s' is no address", text);
	check->prefix_len = number_parse("--src", slash + 1);
	if (check->prefix_len > 8 * addr_len(check->family))
		die(EXIT_USAGE, "--src: too long a prefix");
	free(text);
}

int main(int argc, char **argv)
{
	static struct check check = {
	    .fields = {{"source"}, {"port"}, {"seq"}, {"ack"}, {"tsval"}, {"tsecr"}},
	    .seconds = SECONDS_MAX,
	};
	struct arg args[] = {
	    {"dev", "IFACE", ARG_TEXT, &check.dev, true},
	    {"port", "PORT", ARG_NUMBER, &check.port, true},
	    {"src", "PREFIX", ARG_TEXT, &check.src, true},
	    {"seconds", "N", ARG_NUMBER, &check.seconds, false},
	    {0},
	};
	uint64_t end;
	int fd;

	args_parse(argc, argv, args, "", NULL, 0);
	prefix_set(&check);
	for (unsigned int i = 0; i < FIELDS; i++)
		check.fields[i].value = calloc(FRAMES_MAX, sizeof(uint32_t));
	tool_catch_signals();
	fd = rawsock_open(check.dev);
	puts("ready");
	fflush(stdout);
	end = now_ns() + check.seconds * NSEC_PER_SEC;
	while (now_ns() < end && !tool_stop)
		frames_take(&check, fd);
	check_report(&check);
	return EXIT_SUCCESS;
}
