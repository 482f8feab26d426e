/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A legitimate client, many times over: connects, asks for a page, reads the answer to its end and
 * closes, either at a fixed offered rate (open loop: a slow server does not slow the offer down) or
 * as fast as the answers come (closed loop, --rate 0).  The server closes after its answer, or with
 * --request keep the client, once it has it all; with --request echo the answer is the request
 * itself, and with none there is neither.  A connection that is not done --timeout-ms after
 * its start has failed.
 */
#include "clients.h"

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/queue.h>

enum { EVENTS = 256, ANSWER_HEAD = 512 };

enum phase { CONNECTING, READING };

struct conn {
	TAILQ_ENTRY(conn) link; /* in order of start, so the next to time out is first */
	int fd;
	enum phase phase;
	uint64_t started_at; /* ns */
	uint64_t received;   /* bytes */
	char head[ANSWER_HEAD];
};

TAILQ_HEAD(conn_list, conn);

enum failure {
	TIMED_OUT,
	TIMED_OUT_READING,
	REFUSED,
	RESET,
	SHORT,
	BAD_ANSWER,
	NO_SLOT,
	LOCAL,
	FAILURES
};

static const char *const failure_names[FAILURES] = {
    "connect_timeout", "answer_timeout", "refused", "reset",
    "short",           "bad_answer",     "no_slot", "local",
};

struct load {
	const char *dst, *src_list, *request;
	uint64_t port, seconds, rate, count, concurrency, timeout_ms, body_len;
	struct sockaddr_in6 to, from[LIST_MAX];
	socklen_t addr_len;
	unsigned int n_from, next_from;
	int epoll;
	struct conn_list open, spare;
	uint64_t attempted, completed, failed[FAILURES];
	struct times connects; /* until connected, of each connection that did */
};

static void sources_set(struct load *load)
{
	char *list, *rest, *text;

	if (!load->src_list)
		return;
	list = rest = strdup(load->src_list);
	while ((text = strsep(&rest, ","))) {
		if (load->n_from == LIST_MAX)
			die(EXIT_USAGE, "--src-list: more than %d addresses", LIST_MAX);
		sockaddr_set(&load->from[load->n_from++], text, 0);
	}
	free(list);
}

static void conn_end(struct load *load, struct conn *conn)
{
	close(conn->fd);
	TAILQ_REMOVE(&load->open, conn, link);
	TAILQ_INSERT_HEAD(&load->spare, conn, link);
}

static void conn_fail(struct load *load, struct conn *conn, enum failure failure)
{
	load->failed[failure]++;
	conn_end(load, conn);
}

static enum failure failure_of(int error)
{
	if (error == ECONNREFUSED)
		return REFUSED;
	if (error == ETIMEDOUT)
		return TIMED_OUT;
	return error == ECONNRESET || error == EPIPE ? RESET : LOCAL;
}

/* Returns -errno if this machine refused, as by running out of ports. */
static int conn_connect(struct load *load, struct conn *conn)
{
	struct epoll_event event = {.events = EPOLLOUT, .data.ptr = conn};
	int one = 1;

	conn->fd = socket(load->to.sin6_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (conn->fd < 0)
		return -errno;
	if (load->n_from) {
		struct sockaddr_in6 *from = &load->from[load->next_from++ % load->n_from];

		setsockopt(conn->fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
		if (bind(conn->fd, (struct sockaddr *)from, load->addr_len) < 0)
			return -errno;
	}
	if (connect(conn->fd, (struct sockaddr *)&load->to, load->addr_len) < 0 &&
	    errno != EINPROGRESS)
		return -errno;
	return epoll_ctl(load->epoll, EPOLL_CTL_ADD, conn->fd, &event) < 0 ? -errno : 0;
}

static void conn_start(struct load *load)
{
	struct conn *conn = TAILQ_FIRST(&load->spare);
	int error;

	load->attempted++;
	if (!conn) {
		load->failed[NO_SLOT]++;
		return;
	}
	TAILQ_REMOVE(&load->spare, conn, link);
	TAILQ_INSERT_TAIL(&load->open, conn, link);
	conn->phase = CONNECTING;
	conn->received = 0;
	conn->started_at = now_ns();
	error = conn_connect(load, conn);
	if (error)
		conn_fail(load, conn, failure_of(-error));
}

static const char once[] = "GET / HTTP/1.0\r\nHost: test\r\n\r\n";

static void conn_connected(struct load *load, struct conn *conn)
{
	static const char keep[] = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";
	const char *request = strcmp(load->request, "keep") == 0 ? keep : once;
	const ssize_t len = strlen(request);
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = conn};
	socklen_t error_len = sizeof(int);
	int error = 0;

	getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &error_len);
	if (error) {
		conn_fail(load, conn, failure_of(error));
		return;
	}
	times_add(&load->connects, now_ns() - conn->started_at);
	if (strcmp(load->request, "none") == 0) {
		load->completed++;
		conn_end(load, conn);
		return;
	}
	if (send(conn->fd, request, len, MSG_NOSIGNAL) != len) {
		conn_fail(load, conn, failure_of(errno));
		return;
	}
	conn->phase = READING;
	epoll_ctl(load->epoll, EPOLL_CTL_MOD, conn->fd, &event);
}

/* Has the server sent all that it has announced? */
static bool answer_whole(struct conn *conn)
{
	uint64_t head_len = conn->received < ANSWER_HEAD ? conn->received : ANSWER_HEAD - 1;
	const char *end, *length;

	conn->head[head_len] = '\0';
	end = strstr(conn->head, "\r\n\r\n");
	length = strcasestr(conn->head, "\r\nContent-Length:");
	return end && length && length < end &&
	       conn->received >= end + 4 - conn->head + strtoull(length + 17, NULL, 10);
}

/* The server has closed, or the client will: was that a whole answer? */
static void conn_finish(struct load *load, struct conn *conn)
{
	uint64_t head_len = conn->received < ANSWER_HEAD ? conn->received : ANSWER_HEAD - 1;
	const char *end, *length;
	uint64_t body_len;

	conn->head[head_len] = '\0';
	end = strstr(conn->head, "\r\n\r\n");
	if (!end || strncmp(conn->head, "HTTP/1.", 7) != 0 ||
	    strncmp(conn->head + 8, " 200", 4) != 0) {
		conn_fail(load, conn, BAD_ANSWER);
		return;
	}
	body_len = conn->received - (end + 4 - conn->head);
	length = strcasestr(conn->head, "\r\nContent-Length:");
	if ((length && length < end && strtoull(length + 17, NULL, 10) != body_len) ||
	    (load->body_len && load->body_len != body_len)) {
		conn_fail(load, conn, SHORT);
		return;
	}
	load->completed++;
	conn_end(load, conn);
}

static void conn_read(struct load *load, struct conn *conn)
{
	static char buffer[65536];
	ssize_t len;

	while ((len = recv(conn->fd, buffer, sizeof(buffer), 0)) > 0) {
		if (conn->received < ANSWER_HEAD) {
			size_t room = ANSWER_HEAD - conn->received;

			memcpy(conn->head + conn->received, buffer,
			       (size_t)len < room ? (size_t)len : room);
		}
		conn->received += len;
	}
	if (len < 0 && errno != EAGAIN) {
		conn_fail(load, conn, failure_of(errno));
	} else if (strcmp(load->request, "echo") == 0 && conn->received == strlen(once)) {
		load->completed++;
		conn_end(load, conn);
	} else if (len == 0 || (strcmp(load->request, "keep") == 0 && answer_whole(conn))) {
		conn_finish(load, conn);
	}
}

static void load_expire(struct load *load)
{
	uint64_t now = now_ns();
	struct conn *conn;

	while ((conn = TAILQ_FIRST(&load->open)) &&
	       now - conn->started_at > load->timeout_ms * NSEC_PER_MSEC)
		conn_fail(load, conn, conn->phase == CONNECTING ? TIMED_OUT : TIMED_OUT_READING);
}

/* How many connections to start now. */
static uint64_t load_due(const struct load *load, uint64_t start)
{
	if (load->count && load->attempted >= load->count)
		return 0;
	if (!load->rate)
		return TAILQ_EMPTY(&load->spare) ? 0 : 1;
	return (now_ns() - start) / 1000 * load->rate / 1000000 - load->attempted;
}

/* Starts for --seconds or until --count, then waits for the last ones to finish or time out. */
static void load_run(struct load *load)
{
	uint64_t start = now_ns(), end = start + load->seconds * NSEC_PER_SEC;
	struct epoll_event events[EVENTS];
	bool starting = true;

	while ((starting || !TAILQ_EMPTY(&load->open)) && !tool_stop) {
		int n;

		starting = now_ns() < end && (!load->count || load->attempted < load->count);
		while (starting && load_due(load, start) > 0 && now_ns() < end)
			conn_start(load);
		n = epoll_wait(load->epoll, events, EVENTS, 1);
		for (int i = 0; i < n; i++) {
			struct conn *conn = events[i].data.ptr;

			if (conn->phase == CONNECTING)
				conn_connected(load, conn);
			else
				conn_read(load, conn);
		}
		load_expire(load);
	}
}

static void load_report(struct load *load)
{
	uint64_t failed = 0;

	for (unsigned int i = 0; i < FAILURES; i++)
		failed += load->failed[i];
	printf("{\"attempted\": %lu, \"connected\": %lu, \"completed\": %lu, \"failed\": "
	       "{\"total\": %lu",
	       load->attempted, load->connects.n, load->completed, failed);
	for (unsigned int i = 0; i < FAILURES; i++)
		printf(", \"%s\": %lu", failure_names[i], load->failed[i]);
	printf("}, \"connects_per_s\": %.1f, \"success_rate\": %.4f, \"connect_ms\": ",
	       (double)load->completed / load->seconds,
	       load->attempted ? (double)load->completed / load->attempted : 0);
	times_report(&load->connects);
	puts("}");
}

static void load_prepare(struct load *load)
{
	struct conn *conns = calloc(load->concurrency, sizeof(*conns));

	if (!conns)
		die(EXIT_FAILURE, "out of memory");
	TAILQ_INIT(&load->open);
	TAILQ_INIT(&load->spare);
	for (uint64_t i = 0; i < load->concurrency; i++)
		TAILQ_INSERT_TAIL(&load->spare, &conns[i], link);
	load->addr_len = sockaddr_set(&load->to, load->dst, load->port);
	sources_set(load);
	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	fd_limit_raise(load->concurrency + 16);
	tool_catch_signals();
}

int main(int argc, char **argv)
{
	struct load load = {.concurrency = 0, .timeout_ms = 1000, .request = "http"};
	struct arg args[] = {
	    {"dst", "ADDR", ARG_TEXT, &load.dst, true},
	    {"port", "PORT", ARG_NUMBER, &load.port, true},
	    {"seconds", "N", ARG_NUMBER, &load.seconds, true},
	    {"rate", "CONNS_PER_S (0: closed loop)", ARG_NUMBER, &load.rate, true},
	    {"count", "N (0: no limit but the time)", ARG_NUMBER, &load.count, false},
	    {"concurrency", "N", ARG_NUMBER, &load.concurrency, false},
	    {"timeout-ms", "N", ARG_NUMBER, &load.timeout_ms, false},
	    {"request", "http|keep|echo|none", ARG_TEXT, &load.request, false},
	    {"bytes", "BODY_LENGTH", ARG_NUMBER, &load.body_len, false},
	    {"src-list", "ADDR,ADDR...", ARG_TEXT, &load.src_list, false},
	    {0},
	};

	args_parse(argc, argv, args, "", NULL, 0);
	if (load.seconds < 1)
		die(EXIT_USAGE, "--seconds: at least 1");
	if (!load.concurrency)
		load.concurrency = load.rate ? load.rate * (load.timeout_ms + 200) / 1000 + 64 : 32;
	load_prepare(&load);
	load_run(&load);
	load_report(&load);
	return EXIT_SUCCESS;
}
