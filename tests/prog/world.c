// SPDX-License-Identifier: GPL-2.0
/* A namespace, a tap, listeners, and the kernel's own answers; see world.h. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "world.h"

enum { MPTCP_PROTOCOL = 262, ANSWER_MS = 1000, BACKLOG = 4096 };

static long rmem_max;

/* What the tests changed, and the values to go back to. */
static struct {
	char path[64];
	long value;
} changed[8];
static unsigned int n_changed;

void must(int ok, const char *what)
{
	if (ok)
		return;
	printf("# cannot %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

void sh(const char *command)
{
	must(system(command) == 0, command);
}

long sysctl_swap(const char *path, long value)
{
	char full[128];
	long old = -1;
	FILE *file;

	snprintf(full, sizeof(full), "/proc/sys/net/%s", path);
	file = fopen(full, "r+");
	must(file && fscanf(file, "%ld", &old) == 1, full);
	rewind(file);
	must(fprintf(file, "%ld\n", value) > 0, full);
	must(fclose(file) == 0, full);
	return old;
}

void world_sysctl(const char *path, long value)
{
	const long old = sysctl_swap(path, value);

	must(n_changed < sizeof(changed) / sizeof(changed[0]), "remember another sysctl");
	snprintf(changed[n_changed].path, sizeof(changed[0].path), "%s", path);
	changed[n_changed++].value = old;
}

void world_sysctls_restore(void)
{
	while (n_changed) {
		n_changed--;
		sysctl_swap(changed[n_changed].path, changed[n_changed].value);
	}
}

long world_rmem_max(void)
{
	return rmem_max;
}

static void rmem_max_read(void)
{
	FILE *file = fopen("/proc/sys/net/core/rmem_max", "r");

	must(file && fscanf(file, "%ld", &rmem_max) == 1, "read net.core.rmem_max");
	fclose(file);
}

static int tap_make(void)
{
	struct ifreq req = {.ifr_name = WORLD_IFACE, .ifr_flags = IFF_TAP | IFF_NO_PI};
	int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	must(tap >= 0, "open /dev/net/tun");
	must(!ioctl(tap, TUNSETIFF, &req), "make a tap interface");
	must(!ioctl(tap, SIOCGIFHWADDR, &req), "read the tap's address");
	memcpy(pkt_server_mac, req.ifr_hwaddr.sa_data, 6);
	return tap;
}

static void set_int(int fd, int level, int name, int value, const char *what)
{
	must(!setsockopt(fd, level, name, &value, sizeof(value)), what);
}

static void md5_key(int fd, int v6)
{
	struct tcp_md5sig sig = {.tcpm_keylen = 3, .tcpm_key = "key"};
	struct sockaddr_in *in = (struct sockaddr_in *)&sig.tcpm_addr;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&sig.tcpm_addr;

	if (v6) {
		in6->sin6_family = AF_INET6;
		must(inet_pton(AF_INET6, "fd00:9::77", &in6->sin6_addr) == 1, "parse an address");
	} else {
		in->sin_family = AF_INET;
		must(inet_pton(AF_INET, "10.9.0.77", &in->sin_addr) == 1, "parse an address");
	}
	must(!setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &sig, sizeof(sig)), "set TCP_MD5SIG");
}

static void flavour_set(int fd, int v6, int port)
{
	if (port == PORT_MD5)
		md5_key(fd, v6);
	else if (port == PORT_RCVBUF)
		set_int(fd, SOL_SOCKET, SO_RCVBUF, 8192, "set SO_RCVBUF");
	else if (port == PORT_RCVBUF_BIG)
		set_int(fd, SOL_SOCKET, SO_RCVBUF, 150000, "set SO_RCVBUF");
	else if (port == PORT_MAXSEG)
		set_int(fd, IPPROTO_TCP, TCP_MAXSEG, 1300, "set TCP_MAXSEG");
	else if (port == PORT_CLAMP)
		set_int(fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, 20000, "set TCP_WINDOW_CLAMP");
	else if (port == PORT_NO_PMTU && !v6)
		set_int(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT, "set IP_MTU_DISCOVER");
	if (port == PORT_TTL && v6) {
		set_int(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 33, "set IPV6_UNICAST_HOPS");
		set_int(fd, IPPROTO_IPV6, IPV6_TCLASS, 0x48, "set IPV6_TCLASS");
	} else if (port == PORT_TTL) {
		set_int(fd, IPPROTO_IP, IP_TTL, 33, "set IP_TTL");
		set_int(fd, IPPROTO_IP, IP_TOS, 0x48, "set IP_TOS");
	}
}

static int listen_on(int v6, int port)
{
	const int protocol = port == PORT_MPTCP ? MPTCP_PROTOCOL : IPPROTO_TCP;
	int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, protocol);
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((__u16)port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons((__u16)port)};

	must(fd >= 0, "make a socket");
	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1, "set SO_REUSEADDR");
	if (v6) {
		set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1, "set IPV6_V6ONLY");
		must(!bind(fd, (struct sockaddr *)&in6, sizeof(in6)), "bind");
	} else {
		must(!bind(fd, (struct sockaddr *)&in, sizeof(in)), "bind");
	}
	flavour_set(fd, v6, port);
	must(!listen(fd, BACKLOG), "listen");
	return fd;
}

int world_listener(const struct world *w, int v6, __u16 port)
{
	return w->listener[v6][port - WORLD_PORT_FIRST];
}

static int port_listens(int port)
{
	return port != PORT_CLOSED && port != PORT_CLOSED - 1;
}

int world_make(struct world *w)
{
	memset(w, 0, sizeof(*w));
	rmem_max_read();
	must(!unshare(CLONE_NEWNET), "make a network namespace (root is needed)");
	w->tap = tap_make();
	sh("ip link set lo up");
	sh("ip addr add 10.9.0.1/24 dev " WORLD_IFACE);
	sh("ip addr add fd00:9::1/64 dev " WORLD_IFACE " nodad");
	sh("ip link set " WORLD_IFACE " up");
	sh("ip neigh add 10.9.0.2 lladdr 02:00:00:00:00:c1 dev " WORLD_IFACE);
	sh("ip neigh add fd00:9::2 lladdr 02:00:00:00:00:c1 dev " WORLD_IFACE);
	sysctl_swap("ipv4/tcp_max_syn_backlog", BACKLOG);
	sysctl_swap("core/somaxconn", BACKLOG);
	for (int port = WORLD_PORT_FIRST; port <= WORLD_PORT_LAST; port++)
		for (int v6 = 0; v6 < 2 && port_listens(port); v6++)
			w->listener[v6][port - WORLD_PORT_FIRST] = listen_on(v6, port);
	return 0;
}

void world_end(struct world *w)
{
	for (int i = 0; i <= WORLD_PORT_LAST - WORLD_PORT_FIRST; i++)
		for (int v6 = 0; v6 < 2; v6++)
			if (w->listener[v6][i])
				close(w->listener[v6][i]);
	close(w->tap);
}

/* Does the frame answer p?  Only what the kernel sends: untagged, no IP options. */
static int answers(const struct pkt *p, const __u8 *frame, long len)
{
	const __u8 *tcp = frame + 14 + (p->v6 ? 40 : 20);

	if (len < 54 || get16(frame + 12) != (p->v6 ? 0x86dd : 0x0800))
		return 0;
	return frame[14 + (p->v6 ? 6 : 9)] == 6 && get16(tcp) == p->dport &&
	       get16(tcp + 2) == p->sport;
}

void world_send(struct world *w, const struct pkt *p)
{
	__u8 frame[PKT_ROOM];
	const long len = pkt_build(p, frame, NULL);

	must(write(w->tap, frame, (size_t)len) == len, "write a frame into the tap");
}

int world_accept(const struct world *w, int v6, __u16 port)
{
	struct pollfd ready = {.fd = world_listener(w, v6, port), .events = POLLIN};

	return poll(&ready, 1, ANSWER_MS) > 0 ? accept4(ready.fd, NULL, NULL, SOCK_CLOEXEC) : -1;
}

void world_drain(struct world *w)
{
	__u8 frame[PKT_ROOM];

	while (read(w->tap, frame, sizeof(frame)) > 0)
		;
}

unsigned int world_answer(struct world *w, const struct pkt *p, __u8 *out)
{
	struct pollfd ready = {.fd = w->tap, .events = POLLIN};
	long len;

	while (poll(&ready, 1, ANSWER_MS) > 0) {
		len = read(w->tap, out, PKT_ROOM);
		if (answers(p, out, len))
			return (unsigned int)len;
	}
	return 0;
}

unsigned int world_kernel(struct world *w, const struct pkt *p, __u8 *out)
{
	world_drain(w);
	world_send(w, p);
	return world_answer(w, p, out);
}
