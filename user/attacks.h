/* SPDX-License-Identifier: GPL-2.0 */
/* Which services are under attack, as the programs' map `defences` tells. */
#ifndef SYNGUARD_ATTACKS_H
#define SYNGUARD_ATTACKS_H

#include <stdbool.h>

#include "abi.h"

enum { ATTACKS_MAX = 16 };

struct attack {
	__u32 index; /* in defences */
	bool any_addr;
	__u8 addr[16]; /* of no meaning with any_addr */
	__u16 port;
	bool active;
	__u32 age_s;    /* since it began */
	__u32 syn_rate; /* SYNs per second, lately; only while it is active */
};

struct attacks {
	unsigned int active;           /* services under attack now */
	__u64 seen;                    /* attacks so far */
	unsigned int count;            /* of what follows */
	struct attack of[ATTACKS_MAX]; /* the active ones; without any, the one that began last */
};

struct attacks_clock {
	__u64 jiffies;
	__u32 hz;
	__u32 boottime_s;
};

/* Pure: from the map's values, of which there are count.  Addresses are not known then. */
void attacks_find(const struct defence *defences, __u32 count, const struct attacks_clock *clock,
		  struct attacks *ret_attacks);

/*
 * SYNs per second: those of the window that is being counted.  0 if it is over, for then nobody has
 * told of any since.
 */
__u32 attack_syn_rate(const struct defence *defence, const struct attacks_clock *clock);

/* Has the window gone on for too short a time to tell a rate? */
bool attack_window_is_young(const struct defence *defence, const struct attacks_clock *clock);

/* Of the maps below dir.  Waits for up to 50 ms while there is an attack, to tell its rate. */
int attacks_read(const char *dir, __u32 bank, __u32 hz, struct attacks *ret_attacks);

enum { ATTACK_TEXT_MAX = 128 };

/* "port 80 for 12 s, 312k SYN/s", "192.0.2.1:443 for 3 s, 21k SYN/s" */
void attack_text(const struct attack *attack, char ret_text[ATTACK_TEXT_MAX]);

/* "none now; the last one: port 80, it began 3h ago; 4 so far" */
void attacks_past_text(const struct attacks *attacks, char ret_text[ATTACK_TEXT_MAX]);

#endif
