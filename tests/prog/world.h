/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A network namespace of the test's own with one tap interface, sockets that listen on it, and the
 * kernel's TCP as the oracle: a frame written into the tap is received by the kernel, without XDP,
 * and what the kernel answers is read back.  All of it goes with the process.
 */
#ifndef TESTS_PROG_WORLD_H
#define TESTS_PROG_WORLD_H

#include <linux/types.h>

#include "pkt.h"

#define WORLD_IFACE "sgtap"

/* Who listens where.  Every flavour listens on IPv4 and on IPv6. */
enum world_port {
	PORT_PLAIN = 8080,
	PORT_MPTCP = 8081,
	PORT_MD5 = 8082,
	PORT_RCVBUF = 8083,     /* SO_RCVBUF 8192 */
	PORT_RCVBUF_BIG = 8084, /* SO_RCVBUF 150000 */
	PORT_MAXSEG = 8085,     /* TCP_MAXSEG 1300 */
	PORT_CLAMP = 8086,      /* TCP_WINDOW_CLAMP 20000 */
	PORT_TTL = 8087,        /* IP_TTL and IPV6_UNICAST_HOPS 33, IP_TOS and IPV6_TCLASS 0x48 */
	PORT_NO_PMTU = 8088,    /* IP_MTU_DISCOVER: IP_PMTUDISC_DONT */
	PORT_CLOSED = 8090,     /* nobody */
	PORT_FREE = 8091,       /* listens, but is not to be protected */
	WORLD_PORT_FIRST = PORT_PLAIN,
	WORLD_PORT_LAST = PORT_FREE,
};

struct world {
	int tap;
	int listener[2][WORLD_PORT_LAST - WORLD_PORT_FIRST + 1]; /* [v6][port - first]; 0: none */
};

/* Leaves the process in the new namespace.  0, or the process ends with a message. */
int world_make(struct world *w);
void world_end(struct world *w);

int world_listener(const struct world *w, int v6, __u16 port);

/* One value into /proc/sys/net/... of the namespace, until all are restored. */
void world_sysctl(const char *path, long value);
void world_sysctls_restore(void);

/* Write one value there for good, and return the one before: for what goes with the namespace. */
long sysctl_swap(const char *path, long value);

/* Or the process ends with a message: what could not be done, and errno. */
void must(int ok, const char *what);
void sh(const char *command);

/* net.core.rmem_max of the host, read before the namespace was made. */
long world_rmem_max(void);

/*
 * Let the kernel receive the frame, and wait for what it answers to the same ports.  Returns the
 * length of the answer in out[PKT_ROOM], 0 if there is none.
 */
unsigned int world_kernel(struct world *w, const struct pkt *p, __u8 *out);

/* The same in two steps: forget what was sent so far, and wait for the next answer to p's ports. */
void world_drain(struct world *w);
unsigned int world_answer(struct world *w, const struct pkt *p, __u8 *out);

/* Let the kernel receive the frame, without waiting for anything. */
void world_send(struct world *w, const struct pkt *p);

/* The next connection accepted at the port, or -1 after a second. */
int world_accept(const struct world *w, int v6, __u16 port);

#endif
