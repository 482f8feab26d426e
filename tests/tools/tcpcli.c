/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A TCP client that notices what an application would: a connection refused, a greeting that never
 * comes, an echo that is late or missing.  Without --hold its --count connections follow one
 * another (with --sport, from one port: port reuse); with it they are all open together for that
 * long, each sending a ping and expecting its echo every --ping-interval-ms.  It reports the options
 * that the last connection has: ts, sack, ws, ecn, syn_data (TCP Fast Open), mptcp.  With
 * --abort a connection ends by RST.
 */
#include "clients.h"

#include <netinet/tcp.h>
#include <poll.h>

enum { CONNS_MAX = 1024, TEXT_MAX = 4096 };

struct conn {
	int fd;
	bool broken;
	uint64_t sent, echoed;  /* bytes of pings */
	uint64_t waiting_since; /* ns; 0: all echoes are back */
};

struct client {
	const char *dst, *bind, *send, *expect, *md5;
	bool until_close, fastopen, mptcp, abort;
	uint64_t port, sport, timeout_ms, hold, count, ping_ms;
	struct sockaddr_in6 to, from;
	socklen_t addr_len;
	struct conn conns[CONNS_MAX];
	uint64_t connected, broken, pings, max_connect_ns, max_echo_ns;
	char received[TEXT_MAX + 1];
	int error; /* errno of the first failure */
	const char *failed_at;
	char options[64];
};

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef TCP_IS_MPTCP
#define TCP_IS_MPTCP 43 /* of Linux 6.7 */
#endif

static void conn_break(struct client *client, struct conn *conn, const char *at, int error)
{
	if (!client->broken++) {
		client->failed_at = at;
		client->error = error;
	}
	conn->broken = true;
}

/* Waits for one event; false if the deadline passes first. */
static bool wait_until(int fd, short events, uint64_t deadline)
{
	struct pollfd wait = {.fd = fd, .events = events};
	uint64_t now;

	while ((now = now_ns()) < deadline && !tool_stop)
		if (poll(&wait, 1, (deadline - now) / NSEC_PER_MSEC + 1) > 0)
			return true;
	return false;
}

static void md5_set(const struct client *client, int fd)
{
	struct tcp_md5sig md5 = {0};

	memcpy(&md5.tcpm_addr, &client->to, client->addr_len);
	md5.tcpm_keylen = strlen(client->md5);
	if (md5.tcpm_keylen > TCP_MD5SIG_MAXKEYLEN)
		die(EXIT_USAGE, "--md5: at most %d bytes", TCP_MD5SIG_MAXKEYLEN);
	memcpy(md5.tcpm_key, client->md5, md5.tcpm_keylen);
	if (setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &md5, sizeof(md5)) < 0)
		die(EXIT_FAILURE, "cannot set the MD5 key: %m");
}

static int socket_open(const struct client *client)
{
	int fd = socket(client->to.sin6_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
			client->mptcp ? IPPROTO_MPTCP : IPPROTO_TCP);
	const struct linger at_once = {.l_onoff = 1};
	int one = 1;

	if (fd < 0)
		die(EXIT_FAILURE, "cannot make a socket: %m");
	if (client->fastopen &&
	    setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &one, sizeof(one)) < 0)
		die(EXIT_FAILURE, "cannot set TCP_FASTOPEN_CONNECT: %m");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (client->abort)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	if (client->md5)
		md5_set(client, fd);
	if ((client->sport || client->bind) &&
	    bind(fd, (const struct sockaddr *)&client->from, client->addr_len) < 0)
		die(EXIT_FAILURE, "cannot use source port %lu: %m", client->sport);
	return fd;
}

/* Our last connection from the same port may wait for the ACK of its FIN a moment longer. */
static int socket_connect(const struct client *client, int fd)
{
	uint64_t deadline = now_ns() + NSEC_PER_SEC;

	while (connect(fd, (const struct sockaddr *)&client->to, client->addr_len) < 0) {
		if (errno == EINPROGRESS)
			return 0;
		if (errno != EADDRNOTAVAIL || now_ns() > deadline)
			return -1;
		nanosleep(&(struct timespec){.tv_nsec = NSEC_PER_MSEC}, NULL);
	}
	return 0;
}

static void conn_open(struct client *client, struct conn *conn)
{
	uint64_t start = now_ns(), took;
	socklen_t len = sizeof(int);
	int error = 0;

	*conn = (struct conn){.fd = socket_open(client)};
	if (socket_connect(client, conn->fd) < 0) {
		conn_break(client, conn, "connect", errno);
		return;
	}
	if (!wait_until(conn->fd, POLLOUT, start + client->timeout_ms * NSEC_PER_MSEC))
		error = ETIMEDOUT;
	else
		getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error) {
		conn_break(client, conn, "connect", error);
		return;
	}
	took = now_ns() - start;
	if (took > client->max_connect_ns)
		client->max_connect_ns = took;
	client->connected++;
}

/* Reads until --expect has been seen, or with --until-close until the server closes. */
static void conn_talk(struct client *client, struct conn *conn)
{
	uint64_t deadline = now_ns() + client->timeout_ms * NSEC_PER_MSEC;
	size_t have = 0;

	if (client->send && send(conn->fd, client->send, strlen(client->send), MSG_NOSIGNAL) < 0)
		conn_break(client, conn, "send", errno);
	client->received[0] = '\0';
	while (!conn->broken && (client->until_close ||
				 (client->expect && !strstr(client->received, client->expect)))) {
		ssize_t len = -1;

		if (wait_until(conn->fd, POLLIN, deadline))
			len = recv(conn->fd, client->received + have, TEXT_MAX - have, 0);
		else
			errno = ETIMEDOUT;
		if (len == 0 && client->until_close &&
		    (!client->expect || strstr(client->received, client->expect)))
			return;
		if (len <= 0) {
			conn_break(client, conn, "expect", len ? errno : ENODATA);
			return;
		}
		have += len;
		client->received[have] = '\0';
	}
}

static void options_read(struct client *client, const struct conn *conn)
{
	static const struct {
		uint8_t bit;
		const char *name;
	} names[] = {{TCPI_OPT_TIMESTAMPS, "ts "},
		     {TCPI_OPT_SACK, "sack "},
		     {TCPI_OPT_WSCALE, "ws "},
		     {TCPI_OPT_ECN, "ecn "},
		     {TCPI_OPT_SYN_DATA, "syn_data "}};
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);
	int mptcp = 0;

	client->options[0] = '\0';
	if (conn->broken || getsockopt(conn->fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return;
	for (unsigned int i = 0; i < ARRAY_LEN(names); i++)
		if (info.tcpi_options & names[i].bit)
			strcat(client->options, names[i].name);
	len = sizeof(mptcp);
	if (client->mptcp && !getsockopt(conn->fd, IPPROTO_TCP, TCP_IS_MPTCP, &mptcp, &len) &&
	    mptcp)
		strcat(client->options, "mptcp ");
}

static void ping_send(struct client *client, struct conn *conn, uint64_t now)
{
	static const char ping[] = "0123456789abcdef";

	if (conn->broken || conn->waiting_since)
		return;
	if (send(conn->fd, ping, sizeof(ping) - 1, MSG_NOSIGNAL) != sizeof(ping) - 1) {
		conn_break(client, conn, "ping", errno);
		return;
	}
	client->pings++;
	conn->sent += sizeof(ping) - 1;
	conn->waiting_since = now;
}

/* An echo is whole when all bytes sent are back; a connection is broken when one does not come. */
static void ping_check(struct client *client, struct conn *conn, bool readable)
{
	uint64_t now = now_ns();
	char data[256];
	ssize_t len;

	while (readable && !conn->broken && (len = recv(conn->fd, data, sizeof(data), 0)) != -1) {
		if (len == 0)
			conn_break(client, conn, "echo", ENODATA);
		conn->echoed += len;
	}
	if (readable && !conn->broken && errno != EAGAIN)
		conn_break(client, conn, "echo", errno);
	if (!conn->waiting_since || conn->broken)
		return;
	if (now - conn->waiting_since > client->max_echo_ns)
		client->max_echo_ns = now - conn->waiting_since;
	if (conn->echoed == conn->sent)
		conn->waiting_since = 0;
	else if (now - conn->waiting_since > client->timeout_ms * NSEC_PER_MSEC)
		conn_break(client, conn, "echo", ETIMEDOUT);
}

static void hold_run(struct client *client)
{
	uint64_t now = now_ns(), end = now + client->hold * NSEC_PER_SEC, next = now;
	struct pollfd wait[CONNS_MAX];

	while ((now = now_ns()) < end && !tool_stop) {
		for (uint64_t i = 0; i < client->count; i++) {
			struct conn *conn = &client->conns[i];

			if (client->ping_ms && now >= next)
				ping_send(client, conn, now);
			wait[i] =
			    (struct pollfd){.fd = conn->broken ? -1 : conn->fd, .events = POLLIN};
		}
		if (now >= next)
			next = now + client->ping_ms * NSEC_PER_MSEC;
		poll(wait, client->count, 5);
		for (uint64_t i = 0; i < client->count; i++)
			ping_check(client, &client->conns[i], wait[i].revents);
	}
}

static void text_print(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if ((unsigned char)*text < ' ')
			printf("\\u%04x", *text);
		else
			putchar(*text);
	}
	putchar('"');
}

static void client_report(const struct client *client)
{
	printf("{\"connections\": %lu, \"connected\": %lu, \"broken\": %lu, \"error\": ",
	       client->count, client->connected, client->broken);
	text_print(client->broken ? strerror(client->error) : "");
	printf(", \"failed_at\": ");
	text_print(client->broken ? client->failed_at : "");
	printf(", \"options\": ");
	text_print(client->options);
	printf(", \"connect_ms\": %.3f, \"pings\": %lu, \"echo_ms\": %.3f, \"received\": ",
	       client->max_connect_ns / 1e6, client->pings, client->max_echo_ns / 1e6);
	text_print(client->received);
	printf("}\n");
}

static void client_run(struct client *client)
{
	for (uint64_t i = 0; i < client->count && !tool_stop; i++) {
		conn_open(client, &client->conns[i]);
		if (!client->conns[i].broken)
			conn_talk(client, &client->conns[i]);
		options_read(client, &client->conns[i]);
		if (!client->hold)
			close(client->conns[i].fd);
	}
	if (!client->hold)
		return;
	puts("ready");
	fflush(stdout);
	hold_run(client);
}

int main(int argc, char **argv)
{
	static struct client client = {.dst = "", .timeout_ms = 2000, .count = 1};
	struct arg args[] = {
	    {"dst", "ADDR", ARG_TEXT, &client.dst, true},
	    {"port", "PORT", ARG_NUMBER, &client.port, true},
	    {"sport", "PORT", ARG_NUMBER, &client.sport, false},
	    {"bind", "ADDR", ARG_TEXT, &client.bind, false},
	    {"send", "TEXT", ARG_TEXT, &client.send, false},
	    {"expect", "TEXT", ARG_TEXT, &client.expect, false},
	    {"fastopen", NULL, ARG_FLAG, &client.fastopen, false},
	    {"mptcp", NULL, ARG_FLAG, &client.mptcp, false},
	    {"abort", NULL, ARG_FLAG, &client.abort, false},
	    {"until-close", NULL, ARG_FLAG, &client.until_close, false},
	    {"timeout-ms", "N", ARG_NUMBER, &client.timeout_ms, false},
	    {"count", "N", ARG_NUMBER, &client.count, false},
	    {"hold", "SECONDS", ARG_NUMBER, &client.hold, false},
	    {"ping-interval-ms", "N", ARG_NUMBER, &client.ping_ms, false},
	    {"md5", "KEY", ARG_TEXT, &client.md5, false},
	    {0},
	};

	args_parse(argc, argv, args, "", NULL, 0);
	if (client.count < 1 || client.count > CONNS_MAX)
		die(EXIT_USAGE, "--count: 1 to %d", CONNS_MAX);
	client.addr_len = sockaddr_set(&client.to, client.dst, client.port);
	client.from.sin6_family = client.to.sin6_family;
	if (client.bind && sockaddr_set(&client.from, client.bind, 0) != client.addr_len)
		die(EXIT_USAGE, "--bind: not of --dst's family");
	client.from.sin6_port = htons(client.sport);
	fd_limit_raise(CONNS_MAX + 16);
	tool_catch_signals();
	client_run(&client);
	client_report(&client);
	return client.broken ? EXIT_FAILURE : EXIT_SUCCESS;
}
