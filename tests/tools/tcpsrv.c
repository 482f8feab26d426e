/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A TCP server with every knob that changes what a listener's SYN-ACK says, and with the behaviours
 * that a hand-off could break: one that speaks first, one that echoes, one that never accepts.  One
 * thread; a connection is read as it comes and closed when its client closes, or with --close-first
 * after the first thing read, so that TIME_WAIT is the server's.
 */
#include "tool.h"
#include "frame.h"

#include <netinet/tcp.h>
#include <sys/epoll.h>

enum { LISTENERS_MAX = 16, EVENTS = 64 };

struct server {
	const char *addr, *speak_first, *md5;
	uint64_t port, backlog, reuseport, maxseg, rcvbuf, ttl, fastopen, seconds;
	bool echo, mptcp, no_accept, close_first;
	struct sockaddr_in6 at;
	socklen_t at_len;
	int listeners[LISTENERS_MAX];
	int epoll;
	uint64_t accepted, closed, reset, received, sent;
};

static void option_set(int fd, int level, int name, int value, const char *what)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)) < 0)
		die(EXIT_FAILURE, "cannot set %s to %d: %m", what, value);
}

/* One key for every client, by a prefix of length 0. */
static void md5_set(int fd, int family, const char *key)
{
	struct tcp_md5sig md5 = {.tcpm_flags = TCP_MD5SIG_FLAG_PREFIX};

	md5.tcpm_addr.ss_family = family;
	md5.tcpm_keylen = strlen(key);
	if (md5.tcpm_keylen > TCP_MD5SIG_MAXKEYLEN)
		die(EXIT_USAGE, "--md5: at most %d bytes", TCP_MD5SIG_MAXKEYLEN);
	memcpy(md5.tcpm_key, key, md5.tcpm_keylen);
	if (setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG_EXT, &md5, sizeof(md5)) < 0)
		die(EXIT_FAILURE, "cannot set the MD5 key: %m");
}

static int listener_open(const struct server *server)
{
	int family = server->at.sin6_family;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			server->mptcp ? IPPROTO_MPTCP : IPPROTO_TCP);

	if (fd < 0)
		die(EXIT_FAILURE, "cannot make a socket: %m");
	option_set(fd, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR");
	if (server->reuseport > 1)
		option_set(fd, SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT");
	if (server->maxseg)
		option_set(fd, IPPROTO_TCP, TCP_MAXSEG, server->maxseg, "TCP_MAXSEG");
	if (server->rcvbuf)
		option_set(fd, SOL_SOCKET, SO_RCVBUF, server->rcvbuf, "SO_RCVBUF");
	if (server->ttl && family == AF_INET)
		option_set(fd, IPPROTO_IP, IP_TTL, server->ttl, "IP_TTL");
	if (server->ttl && family == AF_INET6)
		option_set(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, server->ttl, "IPV6_UNICAST_HOPS");
	if (server->fastopen)
		option_set(fd, IPPROTO_TCP, TCP_FASTOPEN, server->fastopen, "TCP_FASTOPEN");
	if (server->md5)
		md5_set(fd, family, server->md5);
	if (bind(fd, (const struct sockaddr *)&server->at, server->at_len) < 0 ||
	    listen(fd, server->backlog) < 0)
		die(EXIT_FAILURE, "cannot listen on %s port %lu: %m", server->addr, server->port);
	return fd;
}

static void address_set(struct server *server)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&server->at;
	uint8_t addr[16];
	int family;

	if (!addr_parse(server->addr, &family, addr))
		die(EXIT_USAGE, "--addr: '%s' is no address", server->addr);
	server->at.sin6_family = family;
	server->at.sin6_port = htons(server->port); /* at the same place in both */
	memcpy(family == AF_INET ? (void *)&v4->sin_addr : (void *)&server->at.sin6_addr, addr,
	       addr_len(family));
	server->at_len = family == AF_INET ? sizeof(*v4) : sizeof(server->at);
}

/* Blocks until all is sent: only for clients that read what they are sent. */
static void conn_send(struct server *server, int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t sent = send(fd, data, len, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		server->sent += sent;
		data += sent;
		len -= sent;
	}
}

static void conn_accept(struct server *server, int listener)
{
	struct epoll_event event = {.events = EPOLLIN};
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	server->accepted++;
	if (server->speak_first)
		conn_send(server, fd, server->speak_first, strlen(server->speak_first));
	event.data.fd = fd;
	if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		die(EXIT_FAILURE, "epoll: %m");
}

static void conn_read(struct server *server, int fd)
{
	static char data[65536];
	ssize_t len = recv(fd, data, sizeof(data), MSG_DONTWAIT);

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len > 0) {
		server->received += len;
		if (server->echo)
			conn_send(server, fd, data, len);
		if (!server->close_first)
			return;
	}
	server->closed++;
	server->reset += len < 0;
	close(fd);
}

static bool is_listener(const struct server *server, int fd)
{
	for (uint64_t i = 0; i < server->reuseport; i++)
		if (server->listeners[i] == fd)
			return true;
	return false;
}

static void server_run(struct server *server)
{
	uint64_t end = server->seconds ? now_ns() + server->seconds * NSEC_PER_SEC : UINT64_MAX;
	struct epoll_event events[EVENTS];

	while (!tool_stop && now_ns() < end) {
		int n = epoll_wait(server->epoll, events, EVENTS, 100);

		for (int i = 0; i < n; i++) {
			if (is_listener(server, events[i].data.fd))
				conn_accept(server, events[i].data.fd);
			else
				conn_read(server, events[i].data.fd);
		}
	}
}

static void server_open(struct server *server)
{
	address_set(server);
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (uint64_t i = 0; i < server->reuseport; i++) {
		struct epoll_event event = {.events = EPOLLIN};

		server->listeners[i] = event.data.fd = listener_open(server);
		if (!server->no_accept &&
		    epoll_ctl(server->epoll, EPOLL_CTL_ADD, event.data.fd, &event) < 0)
			die(EXIT_FAILURE, "epoll: %m");
	}
	fd_limit_raise(65536);
	tool_catch_signals();
}

int main(int argc, char **argv)
{
	struct server server = {.addr = "::", .backlog = 4096, .reuseport = 1};
	struct arg args[] = {
	    {"port", "PORT", ARG_NUMBER, &server.port, true},
	    {"addr", "ADDR (default ::, both families)", ARG_TEXT, &server.addr, false},
	    {"speak-first", "TEXT", ARG_TEXT, &server.speak_first, false},
	    {"echo", NULL, ARG_FLAG, &server.echo, false},
	    {"mptcp", NULL, ARG_FLAG, &server.mptcp, false},
	    {"no-accept", NULL, ARG_FLAG, &server.no_accept, false},
	    {"backlog", "N", ARG_NUMBER, &server.backlog, false},
	    {"reuseport", "LISTENERS", ARG_NUMBER, &server.reuseport, false},
	    {"maxseg", "BYTES", ARG_NUMBER, &server.maxseg, false},
	    {"rcvbuf", "BYTES", ARG_NUMBER, &server.rcvbuf, false},
	    {"ttl", "N", ARG_NUMBER, &server.ttl, false},
	    {"fastopen", "QUEUE_LENGTH", ARG_NUMBER, &server.fastopen, false},
	    {"md5", "KEY", ARG_TEXT, &server.md5, false},
	    {"close-first", NULL, ARG_FLAG, &server.close_first, false},
	    {"seconds", "N", ARG_NUMBER, &server.seconds, false},
	    {0},
	};

	args_parse(argc, argv, args, "", NULL, 0);
	if (server.reuseport < 1 || server.reuseport > LISTENERS_MAX)
		die(EXIT_USAGE, "--reuseport: 1 to %d", LISTENERS_MAX);
	server_open(&server);
	puts("ready");
	fflush(stdout);
	server_run(&server);
	printf("{\"accepted\": %lu, \"closed\": %lu, \"reset\": %lu, \"received\": %lu, \"sent\": "
	       "%lu}\n",
	       server.accepted, server.closed, server.reset, server.received, server.sent);
	return EXIT_SUCCESS;
}
