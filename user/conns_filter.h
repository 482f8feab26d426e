/* SPDX-License-Identifier: GPL-2.0 */
/* Which connections somebody asked for.  Pure. */
#ifndef SYNGUARD_CONNS_FILTER_H
#define SYNGUARD_CONNS_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "abi.h"
#include "conns.h"

enum { FILTER_HALF_OPEN = STATE_MAX }; /* as a bit of .states, after those of enum conn_state */

/* All 0: every connection. */
struct conns_filter {
	__u32 states;    /* bit 1 << state; 0: any */
	__u8 client[16]; /* the remote end's address, with the bits outside of mask cleared */
	__u8 mask[16];
	bool v6_only; /* an IPv6 prefix, which no IPv4 address is in, however short it is */
	__u16 port;   /* of this host; 0: any */
};

/*
 * Names of states in any case, with - or _, and half-open, separated by commas.  -EINVAL, and then
 * *ret_word (which lies in text) and *ret_length tell the word that is none of them; *ret_states is
 * untouched.
 */
int filter_states_parse(const char *text, __u32 *ret_states, const char **ret_word,
			size_t *ret_length);

/* ADDR or ADDR/LEN, IPv4 or IPv6.  -EINVAL: no address; -ERANGE: no such length for it. */
int filter_client_parse(const char *text, struct conns_filter *filter);

/* Decimal digits only, from 1 to max; else -EINVAL. */
int filter_number_parse(const char *text, __u64 max, __u64 *ret_number);

bool filter_match(const struct conns_filter *filter, const struct conn_row *row);

#endif
