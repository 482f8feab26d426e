/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A setup: all that an operator can ask for, whether it came from a file, from the command line or
 * out of the maps of what is attached.  Pure data; setup_config.c reads and prints it as YAML,
 * setup_maps.c writes it to the maps and reads it back.
 */
#ifndef SYNGUARD_SETUP_H
#define SYNGUARD_SETUP_H

#include <stdbool.h>

#include "abi.h"
#include "error.h"

enum xdp_choice { XDP_CHOICE_AUTO, XDP_CHOICE_NATIVE, XDP_CHOICE_GENERIC };

/* A service: ports of this host, of every address or of one. */
struct service {
	bool any_addr;
	__u8 addr[16]; /* network order, v4-mapped; of no meaning with any_addr */
	__u16 first;   /* ports, both included */
	__u16 last;
	struct policy policy; /* complete: what the file leaves out is filled in */
};

struct setup {
	struct settings settings; /* .lists: only while it is put in force */
	struct service *services; /* with an address before without, then the first counts */
	unsigned int count;
	bool all_ports;          /* every port is protected: the last service is 1-65535 */
	unsigned int addr_ports; /* of the services with an address: MAX_ADDR_SERVICES at most */
	__u64 taken[MAX_PORTS / 64]; /* bit per port: the services of any address, but 1-65535 */
	enum xdp_choice xdp;         /* this and max_conns: only when attaching */
	__u32 max_conns;
	struct timeouts timeouts;
	__u32 rotate_s;   /* a new key so often; 0: only by hand */
	char *key_file;   /* NULL: keys of this host's own */
	char *allow_file; /* NULL: the list is changed by commands only */
	char *deny_file;
};

/* The setup of `synguard attach IFACE` without a word more: every port, mode auto. 0 or -ENOMEM. */
int setup_default(struct setup *ret_setup);

/* All but the services. */
void setup_default_values(struct setup *ret_setup);
struct policy setup_default_policy(void);

/* What it points to; the setup is empty then. */
void setup_free(struct setup *setup);

/*
 * Adds a service.  -EEXIST with a message if a port of it has a service of the same address
 * already, -EINVAL for ports out of order, -ENOSPC, -ENOMEM.  The service of all ports (1-65535,
 * any address) may have others inside it and is kept behind them.
 */
int setup_add(struct setup *setup, const struct service *service, struct error *error);

/*
 * The same with policy.speaks_first as usual on each port: 1 on those of SSH, FTP, SMTP, POP3, IMAP
 * and MySQL, which become services of their own.  Inside the service of all ports only those become
 * one that have none yet, so this one is best added last.
 */
int setup_add_usual(struct setup *setup, const struct service *service, struct error *error);

/*
 * The distinct policies in ret_policies[1] and on, each once; ret_policies has MAX_POLICIES.
 * Returns how many, or -ENOSPC with a message.
 */
int setup_policies(const struct setup *setup, struct policy *ret_policies, struct error *error);

enum { SERVICE_TEXT = 64 };

/* Has the port a service for any address, other than that of all ports? */
bool setup_taken(const struct setup *setup, unsigned int port);

/* "all ports", "port 80", "ports 80-90", "192.0.2.1 port 80", "2001:db8::1 ports 80-90". */
void service_text(const struct service *service, char ret_text[SERVICE_TEXT]);

#endif
