/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests and responses on long-lived connections, as netperf's TCP_RR has them: each connection
 * sends a small request to a server that echoes, and the next one once the response is whole. It
 * says "ready" when all are connected; with --wait it then waits for a line (or the end) of its
 * input before the first request.  A response that takes --timeout-ms breaks its connection.
 */
#include "clients.h"

#include <netinet/tcp.h>
#include <sys/epoll.h>

enum { CONNS_MAX = 1024, EVENTS = 64, REQUEST = 16 };

struct conn {
	int fd; /* -1: broken */
	unsigned int got;
	uint64_t asked_at; /* ns */
};

struct load {
	const char *dst;
	uint64_t port, seconds, count, timeout_ms;
	bool wait;
	int epoll;
	struct conn conns[CONNS_MAX];
	uint64_t broken;
	struct times responses;
};

static void conn_break(struct load *load, struct conn *conn)
{
	close(conn->fd);
	conn->fd = -1;
	load->broken++;
}

static void conn_open(struct load *load, struct conn *conn)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = conn};
	struct timeval patience = {.tv_sec = 2};
	struct sockaddr_in6 to;
	socklen_t len = sockaddr_set(&to, load->dst, load->port);

	conn->fd = socket(to.sin6_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (conn->fd < 0)
		die(EXIT_FAILURE, "cannot make a socket: %m");
	setsockopt(conn->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(conn->fd, (struct sockaddr *)&to, len) < 0)
		die(EXIT_FAILURE, "cannot connect: %m");
	if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, conn->fd, &event) < 0)
		die(EXIT_FAILURE, "epoll: %m");
}

static void conn_ask(struct load *load, struct conn *conn)
{
	static const char request[REQUEST] = "0123456789abcde";

	conn->got = 0;
	conn->asked_at = now_ns();
	if (send(conn->fd, request, REQUEST, MSG_NOSIGNAL | MSG_DONTWAIT) != REQUEST)
		conn_break(load, conn);
}

static void conn_read(struct load *load, struct conn *conn)
{
	char response[REQUEST];
	ssize_t len = recv(conn->fd, response, REQUEST - conn->got, MSG_DONTWAIT);

	if (len < 0 && errno == EAGAIN)
		return;
	if (len <= 0) {
		conn_break(load, conn);
		return;
	}
	conn->got += len;
	if (conn->got < REQUEST)
		return;
	times_add(&load->responses, now_ns() - conn->asked_at);
	conn_ask(load, conn);
}

static void load_expire(struct load *load)
{
	uint64_t now = now_ns();

	for (uint64_t i = 0; i < load->count; i++) {
		struct conn *conn = &load->conns[i];

		if (conn->fd >= 0 && now - conn->asked_at > load->timeout_ms * NSEC_PER_MSEC)
			conn_break(load, conn);
	}
}

static void load_run(struct load *load)
{
	uint64_t end = now_ns() + load->seconds * NSEC_PER_SEC;
	struct epoll_event events[EVENTS];

	for (uint64_t i = 0; i < load->count; i++)
		conn_ask(load, &load->conns[i]);
	while (now_ns() < end && !tool_stop) {
		int n = epoll_wait(load->epoll, events, EVENTS, 10);

		for (int i = 0; i < n; i++)
			conn_read(load, events[i].data.ptr);
		load_expire(load);
	}
}

static void load_report(struct load *load)
{
	printf("{\"connections\": %lu, \"broken\": %lu, \"responses\": %lu, \"per_s\": %.1f, "
	       "\"response_ms\": ",
	       load->count, load->broken, load->responses.n,
	       (double)load->responses.n / load->seconds);
	times_report(&load->responses);
	puts("}");
}

int main(int argc, char **argv)
{
	static struct load load = {.count = 1, .timeout_ms = 5000};
	struct arg args[] = {
	    {"dst", "ADDR", ARG_TEXT, &load.dst, true},
	    {"port", "PORT", ARG_NUMBER, &load.port, true},
	    {"seconds", "N", ARG_NUMBER, &load.seconds, true},
	    {"count", "CONNECTIONS", ARG_NUMBER, &load.count, false},
	    {"timeout-ms", "N", ARG_NUMBER, &load.timeout_ms, false},
	    {"wait", NULL, ARG_FLAG, &load.wait, false},
	    {0},
	};

	args_parse(argc, argv, args, "", NULL, 0);
	if (load.count < 1 || load.count > CONNS_MAX || load.seconds < 1)
		die(EXIT_USAGE, "--count: 1 to %d; --seconds: at least 1", CONNS_MAX);
	fd_limit_raise(CONNS_MAX + 16);
	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	tool_catch_signals();
	for (uint64_t i = 0; i < load.count; i++)
		conn_open(&load, &load.conns[i]);
	puts("ready");
	fflush(stdout);
	if (load.wait)
		getchar();
	load_run(&load);
	load_report(&load);
	return EXIT_SUCCESS;
}
