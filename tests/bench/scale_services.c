// SPDX-License-Identifier: GPL-2.0
/*
 * Cost of a packet against the number of services: ports, or addresses with the same port.  The frames
 * go to all of them, or to thousands of them, in turn; there is a listener for each that gets SYNs.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addr.h"
#include "scale.h"
#include "xdp.skel.h"

enum {
	SPREAD_MAX = 8192, /* frames */
	ALL_PORTS = 65535,
	PORTS_FIRST = 10000,     /* where fewer are protected */
	ADDR_FIRST = 0x64400000, /* 100.64.0.0/10 */
};

/* Which service the i-th frame goes to. */
static __u32 service_of(const struct row *r, __u32 i)
{
	return bench_mix(i) % r->services;
}

/* Those of the test bed have listeners of their own kinds. */
static __u16 port_of(__u32 services, __u32 i)
{
	const __u16 port = (__u16)(services == ALL_PORTS ? i + 1 : PORTS_FIRST + i);

	return port >= WORLD_PORT_FIRST && port <= WORLD_PORT_LAST ? (__u16)(port + 100) : port;
}

static void port_change(struct pkt *p, const struct row *r, __u32 i)
{
	p->dport = port_of(r->services, service_of(r, i));
}

static void addr_change(struct pkt *p, const struct row *r, __u32 i)
{
	put32(p->dst, ADDR_FIRST + service_of(r, i));
}

static void rules_write(struct shield *s, __u32 services)
{
	for (__u32 i = 0; i < services; i++)
		shield_port(s, (__u16)(services == ALL_PORTS ? i + 1 : PORTS_FIRST + i), 1);
}

static void addr_services_write(struct shield *s, __u32 services)
{
	const struct rule rule = {.policy = SHIELD_POLICY, .by_addr = 1};
	const __u32 port = PORT_PLAIN;

	must(!bpf_map_update_elem(bpf_map__fd(s->xdp->maps.rules), &port, &rule, BPF_ANY),
	     "write a rule");
	for (__u32 i = 0; i < services; i++) {
		const struct addr_service service = {.policy = SHIELD_POLICY,
						     .defence = MAX_PORTS + i};
		struct addr_key key = {.port = PORT_PLAIN};

		addr_from_v4(key.addr, htonl(ADDR_FIRST + i));
		must(!bpf_map_update_elem(bpf_map__fd(s->xdp->maps.addr_services), &key, &service,
					  BPF_ANY),
		     "write a service of an address");
	}
}

/* On each port that a frame goes to; the sockets, to be closed. */
static int listeners_open(const struct row *r, int *ret_fds)
{
	int n = 0;

	for (__u32 i = 0; i < r->frames; i++) {
		struct sockaddr_in at = {.sin_family = AF_INET};
		const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		at.sin_port = htons(port_of(r->services, service_of(r, i)));
		must(fd >= 0, "make a socket");
		ret_fds[n++] = fd;
		if (bind(fd, (struct sockaddr *)&at, sizeof(at)))
			must(errno == EADDRINUSE, "bind a socket"); /* by an earlier frame's */
		else
			must(!listen(fd, 1024), "listen");
	}
	return n;
}

static void listeners_close(const int *fds, int n)
{
	for (int i = 0; i < n; i++)
		close(fds[i]);
}

/* For each frame the connection that it is of. */
static void conns_enter(struct shield *s, const struct row *r)
{
	const struct conn known = conn_known();

	for (__u32 i = 0; i < r->frames; i++) {
		struct pkt p = frame_data(r, i);
		struct conn_key key;

		r->frame_change(&p, r, i);
		key = shield_key(&p);
		shield_conn_enter(s, &key, &known);
	}
	shield_presence_refresh(s);
}

static void ports_measure(struct scale *s, __u32 services)
{
	static int fds[SPREAD_MAX];
	struct row rows[] = {scale_row_syn("SYN answered, ports", 0),
			     scale_row_known("known connection, ports")};
	int n;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		rows[i].services = services;
		rows[i].frames = SPREAD_MAX;
		rows[i].frame_change = port_change;
	}
	scale_table_open(s, MAX_CONNS);
	rules_write(&s->b.table[TABLE_BIG], services);
	n = listeners_open(&rows[0], fds);
	conns_enter(&s->b.table[TABLE_BIG], &rows[1]);
	scale_measure(s, "services", services, rows, COUNT_OF(rows));
	listeners_close(fds, n);
	scale_table_close(s);
}

static void addrs_measure(struct scale *s, __u32 services)
{
	struct row rows[] = {scale_row_syn("SYN answered, addresses", 0),
			     scale_row_known("known connection, addresses")};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		rows[i].services = services;
		rows[i].frames = SPREAD_MAX;
		rows[i].frame_change = addr_change;
	}
	scale_table_open(s, MAX_CONNS);
	addr_services_write(&s->b.table[TABLE_BIG], services);
	conns_enter(&s->b.table[TABLE_BIG], &rows[1]);
	scale_measure(s, "services", services, rows, COUNT_OF(rows));
	scale_table_close(s);
}

void scale_services(struct scale *s)
{
	static const __u32 ports[] = {1, 16, 1000, ALL_PORTS};
	static const __u32 addrs[] = {1, 16, 1000, MAX_ADDR_SERVICES};
	const struct rlimit files = {SPREAD_MAX + 1024, SPREAD_MAX + 1024};

	must(!setrlimit(RLIMIT_NOFILE, &files), "open thousands of sockets");
	sh("ip route add local 100.64.0.0/10 dev lo");
	for (size_t i = 0; i < COUNT_OF(ports); i++)
		ports_measure(s, ports[i]);
	for (size_t i = 0; i < COUNT_OF(addrs); i++)
		addrs_measure(s, addrs[i]);
}
