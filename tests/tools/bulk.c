// SPDX-License-Identifier: GPL-2.0
/*
 * One long transfer whose every byte is checked: a stream of pseudo-random words, sent at a bounded
 * rate until SIGTERM and then closed, held by the receiver against what it must be.  One end
 * listens and the other connects; either may send.  Each prints how far it is every --every-ms
 * ("AT_MS BYTES"), and a report once the stream has ended.
 */
#include "clients.h"

#include <netinet/tcp.h>
#include <poll.h>

enum { CHUNK = 65536, WORDS = CHUNK / 8 };

static const uint64_t seed = 0x9e3779b97f4a7c15ULL;

struct bulk {
	const char *listen, *dst, *bind;
	uint64_t port, sport, rate, every_ms, window;
	bool send;
	int fd;
	struct sockaddr_in6 at;
	socklen_t at_len;
	uint64_t bytes, said_at; /* so far; ns */
	uint64_t rng, word;      /* of the stream; word: the last one drawn */
	bool differs;
	int error; /* errno that ended it; 0: the stream's end */
};

/* Both buffers of a fixed size, so that the windows are what --window says. */
static void socket_tune(const struct bulk *bulk, int fd)
{
	int one = 1, window = bulk->window;
	uint64_t rate = bulk->rate;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (window && (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &window, sizeof(window)) < 0 ||
		       setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &window, sizeof(window)) < 0))
		die(EXIT_FAILURE, "cannot set the buffers' size: %m");
	if (rate && setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, sizeof(rate)) < 0)
		die(EXIT_FAILURE, "cannot set the pacing rate: %m");
}

static void source_bind(const struct bulk *bulk, int fd)
{
	struct sockaddr_in6 from = {.sin6_family = bulk->at.sin6_family,
				    .sin6_port = htons(bulk->sport)};

	if (bulk->bind && sockaddr_set(&from, bulk->bind, bulk->sport) != bulk->at_len)
		die(EXIT_USAGE, "--bind: not of --dst's family");
	if (bind(fd, (struct sockaddr *)&from, bulk->at_len) < 0)
		die(EXIT_FAILURE, "cannot take port %lu: %m", bulk->sport);
}

static void connection_open(struct bulk *bulk)
{
	int fd = socket(bulk->at.sin6_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die(EXIT_FAILURE, "cannot make a socket: %m");
	socket_tune(bulk, fd);
	bulk->fd = fd;
	if (bulk->dst) {
		source_bind(bulk, fd);
		if (connect(fd, (struct sockaddr *)&bulk->at, bulk->at_len) < 0)
			die(EXIT_FAILURE, "cannot connect: %m");
		return;
	}
	if (bind(fd, (struct sockaddr *)&bulk->at, bulk->at_len) < 0 || listen(fd, 1) < 0)
		die(EXIT_FAILURE, "cannot listen on %s port %lu: %m", bulk->listen, bulk->port);
	bulk->fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	if (bulk->fd < 0)
		die(EXIT_FAILURE, "no connection: %m");
	/* The listener stays: a port without one is not protected. */
}

static void progress_say(struct bulk *bulk)
{
	uint64_t now = now_ns();

	if (!bulk->every_ms || now - bulk->said_at < bulk->every_ms * NSEC_PER_MSEC)
		return;
	bulk->said_at = now;
	printf("%llu %lu\n", now / NSEC_PER_MSEC, bulk->bytes);
	fflush(stdout);
}

/* Waits until the socket is ready or it is time to say something; false on a timeout. */
static bool ready_wait(const struct bulk *bulk, short events)
{
	struct pollfd poll_fd = {.fd = bulk->fd, .events = events};

	return poll(&poll_fd, 1, bulk->every_ms ? (int)bulk->every_ms : 1000) > 0;
}

static void stream_send(struct bulk *bulk)
{
	static uint64_t chunk[WORDS];

	while (!tool_stop) {
		const char *p = (const char *)chunk, *end = p + CHUNK;

		for (unsigned int i = 0; i < WORDS; i++)
			chunk[i] = rng_next(&bulk->rng);
		while (p < end && !tool_stop) {
			ssize_t len = 0;

			progress_say(bulk);
			if (ready_wait(bulk, POLLOUT))
				len = send(bulk->fd, p, end - p, MSG_DONTWAIT | MSG_NOSIGNAL);
			if (len < 0 && errno != EAGAIN && errno != EINTR) {
				bulk->error = errno;
				return;
			}
			if (len < 0)
				continue;
			bulk->bytes += len;
			p += len;
		}
	}
}

static void bytes_check(struct bulk *bulk, const uint8_t *data, ssize_t len)
{
	for (ssize_t i = 0; i < len; i++, bulk->bytes++) {
		unsigned int at = bulk->bytes % 8;

		if (at == 0)
			bulk->word = rng_next(&bulk->rng);
		bulk->differs |= data[i] != ((const uint8_t *)&bulk->word)[at];
	}
}

static void stream_receive(struct bulk *bulk)
{
	static uint8_t chunk[CHUNK];
	ssize_t len = 1;

	while (len != 0 && !tool_stop) {
		progress_say(bulk);
		if (!ready_wait(bulk, POLLIN))
			continue;
		len = recv(bulk->fd, chunk, sizeof(chunk), MSG_DONTWAIT);
		if (len < 0 && errno != EAGAIN && errno != EINTR) {
			bulk->error = errno;
			return;
		}
		if (len > 0)
			bytes_check(bulk, chunk, len);
	}
	if (len != 0)
		bulk->error = EINTR;
}

/* The receiver's close says that it has all. */
static void stream_end(struct bulk *bulk)
{
	struct timeval patience = {.tv_sec = 10};
	char byte;

	if (bulk->error)
		return;
	shutdown(bulk->fd, SHUT_WR);
	setsockopt(bulk->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (recv(bulk->fd, &byte, 1, 0) != 0)
		bulk->error = errno ? errno : EPROTO;
}

static void report(const struct bulk *bulk)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	getsockopt(bulk->fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	printf("{\"bytes\": %lu, \"identical\": %s, \"error\": \"%s\", \"retransmits\": %u}\n",
	       bulk->bytes, bulk->differs ? "false" : "true",
	       bulk->error ? strerror(bulk->error) : "", info.tcpi_total_retrans);
}

int main(int argc, char **argv)
{
	struct bulk bulk = {.rng = seed};
	struct arg args[] = {
	    {"listen", "ADDR", ARG_TEXT, &bulk.listen, false},
	    {"dst", "ADDR", ARG_TEXT, &bulk.dst, false},
	    {"port", "PORT", ARG_NUMBER, &bulk.port, true},
	    {"bind", "ADDR", ARG_TEXT, &bulk.bind, false},
	    {"sport", "PORT", ARG_NUMBER, &bulk.sport, false},
	    {"send", NULL, ARG_FLAG, &bulk.send, false},
	    {"rate", "BYTES_PER_S", ARG_NUMBER, &bulk.rate, false},
	    {"window", "BYTES", ARG_NUMBER, &bulk.window, false},
	    {"every-ms", "N", ARG_NUMBER, &bulk.every_ms, false},
	    {0},
	};

	args_parse(argc, argv, args, "", NULL, 0);
	if (!bulk.listen == !bulk.dst)
		die(EXIT_USAGE, "one of --listen and --dst");
	bulk.at_len = sockaddr_set(&bulk.at, bulk.listen ? bulk.listen : bulk.dst, bulk.port);
	tool_catch_signals();
	connection_open(&bulk);
	if (bulk.send) {
		stream_send(&bulk);
		stream_end(&bulk);
	} else {
		stream_receive(&bulk);
	}
	report(&bulk);
	return bulk.error || bulk.differs ? EXIT_FAILURE : EXIT_SUCCESS;
}
