/* SPDX-License-Identifier: GPL-2.0 */
/* What the services of a setup go through: the map defences, by service. */
#ifndef SYNGUARD_SERVICE_STATE_H
#define SYNGUARD_SERVICE_STATE_H

#include "addr_map.h"
#include "setup.h"

struct service_state {
	bool attacked;      /* now: one of its ports, at least */
	__u32 started_s;    /* CLOCK_BOOTTIME: when the latest attack began; 0: none yet */
	__u64 attacks;      /* since it was attached */
	unsigned int ports; /* under attack now */
};

/* All that is needed to tell, read at one moment.  services_free() it. */
struct service_states {
	struct defence *defences; /* DEFENCES of them */
	struct addr_entries addrs;
	__u64 now; /* jiffies */
};

/* bank: the one in force. */
int service_states_read(const char *dir, __u32 bank, struct service_states *ret_states,
			struct error *error);
void service_states_free(struct service_states *states);

/* Of the service of all ports only the ports that have no other. */
struct service_state service_state_of(const struct service_states *states,
				      const struct setup *setup, const struct service *service);

#endif
