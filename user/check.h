/* SPDX-License-Identifier: GPL-2.0 */
/* What `synguard check` finds: one finding for each thing looked at, good or bad. */
#ifndef SYNGUARD_CHECK_H
#define SYNGUARD_CHECK_H

#include "iface.h"
#include "report.h"

enum check_level { CHECK_OK, CHECK_WARN, CHECK_FAIL };

enum { FINDINGS_MAX = 128 };

struct finding {
	const char *name;
	enum check_level level;
	char what[240];   /* the value that was read */
	char why[400];    /* why it matters; "" if all is well */
	char remedy[640]; /* what to do; "" if nothing */
};

struct check {
	const struct iface *iface;       /* NULL: only the host */
	const struct instance *instance; /* of that interface, may be INSTANCE_NONE */
	const struct report *report;     /* the same, and what is wrong with it */
	unsigned int count;
	struct finding finding[FINDINGS_MAX];
};

/* Adds a finding (a full list loses its last); check_why and check_remedy then complete it. */
void check_add(struct check *check, const char *name, enum check_level level, const char *format,
	       ...) __attribute__((format(printf, 4, 5)));
void check_why(struct check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));
void check_remedy(struct check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void check_host(struct check *check);
void check_iface(struct check *check);
void check_firewall(struct check *check);
void check_traffic(struct check *check);

/* Parts of check_firewall: each reads one kind of ruleset. */
struct firewall {
	int conntrack;  /* something in it makes the kernel track connections */
	long tcp_loose; /* nf_conntrack_tcp_loose, -1: no conntrack here */
	int xt;         /* nftables holds rules which only iptables-save can show */
	int suspects;   /* rules that were found to matter */
};

void check_nftables(struct check *check, struct firewall *firewall);
void check_iptables(struct check *check, struct firewall *firewall);

/* One rule that matters to a connection whose first packet is an ACK. */
enum rule_kind { RULE_SYN_ONLY, RULE_NOT_SYN_DROP, RULE_INVALID_DROP, RULE_DNAT };
void check_rule(struct check *check, struct firewall *firewall, enum rule_kind kind,
		const char *where);

/* 1 if port is protected on the interface that is checked (or would be by default). */
int check_port_protected(const struct check *check, unsigned int first, unsigned int last);

#endif
