/* SPDX-License-Identifier: GPL-2.0 */
/* What a setup means for one port, and in words.  Pure: no maps, no output. */
#ifndef SYNGUARD_SETUP_VIEW_H
#define SYNGUARD_SETUP_VIEW_H

#include "setup.h"

/* always, monitor, auto; "mixed" for what is none of them. */
const char *mode_name(enum mode mode);

/* The service of this port; addr: of this host, v4-mapped.  NULL: not protected. */
const struct service *setup_find(const struct setup *setup, const __u8 addr[16], __u16 port);

/* Is one of these ports protected, be it of one address? */
bool setup_protects(const struct setup *setup, unsigned int first, unsigned int last);

/* The mode that all services have; 0 if they differ, or there is none. */
enum mode setup_mode(const struct setup *setup);

/* How many services have this mode. */
unsigned int setup_mode_count(const struct setup *setup, enum mode mode);

/* Can it be had by --port and --mode, without a file? */
bool setup_is_plain(const struct setup *setup);

enum { GROUP_PORTS_MAX = 256, GROUP_POLICY_MAX = 160 };

/* Services that have address and policy in common. */
struct service_group {
	enum mode mode;
	char ports[GROUP_PORTS_MAX]; /* all; 22,25; 192.0.2.1:80; cut with "..." if very many */
	char
	    policy[GROUP_POLICY_MAX]; /* auto, server speaks first; what differs from the default */
};

/*
 * The next group, that of all ports first.  Starts with *index at
 * 0, returns false at the end.
 */
bool setup_group_next(const struct setup *setup, unsigned int *index,
		      struct service_group *ret_group);

/* The ports of the services with this mode: "22,25; 192.0.2.1:443"; "" if there are none. */
void setup_mode_text(const struct setup *setup, enum mode mode, char *ret_text, size_t size);

/* As struct service_group has it. */
void policy_text(const struct policy *policy, char ret_text[GROUP_POLICY_MAX]);

/* The ports that every address has protected: "all", "22,80-90", "" if there are none. */
void setup_ports_text(const struct setup *setup, char *ret_text, size_t size);

/* Those limits that are not the default ones: "bad_acks none, new_connections 9/s (burst
 * 99)"; or "".  Named as in the configuration file. */
void setup_limits_text(const struct settings *settings, const struct settings *usual,
		       char *ret_text, size_t size);

#endif
