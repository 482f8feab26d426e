/* SPDX-License-Identifier: GPL-2.0 */
/* Services, banks, attacks and what limits remember, for the program tests. */
#ifndef TESTS_PROG_SERVICES_H
#define TESTS_PROG_SERVICES_H

#include "bed.h"

/* cmocka's setup of each test: as bed_reset(), and nothing remembered of any client or prefix. */
int services_reset(void **state);

/* Mode auto for the bed's policy, with thresholds that no test meets by accident. */
void services_auto(struct bed *b);

/* One entry of a bank. */
void services_policy(struct bed *b, __u32 bank, __u32 index, const struct policy *p);
void services_rule(struct bed *b, __u32 bank, __u16 port, __u32 policy, int by_addr);
void services_settings(struct bed *b, __u32 bank, const struct settings *st);

/* A service of p's destination. */
void services_addr(struct bed *b, __u32 bank, const struct pkt *p, __u32 policy, __u32 defence);

/* Put a bank in force. */
void services_bank(struct bed *b, __u32 bank);

/* Attack begun and over, as if its packets had been counted. */
void services_attack(struct bed *b, __u32 defence);

/* The same, with a million SYNs in this very window. */
void services_flood(struct bed *b, __u32 defence);
void services_peace(struct bed *b, __u32 defence);

/* A client in its own /24 or /48 of prefixes that nobody else has. */
void services_prefix(struct pkt *p, __u32 prefix, __u8 host);

/* Sleep until jiffies have moved on by so many. */
void services_wait(struct bed *b, __u64 jiffies);

/* Stay on this CPU from now on: some state is each CPU's own. */
void services_one_cpu(void);

/* Zero all entries of an array of the XDP object's, on every CPU. */
void services_map_zero(struct bed *b, const char *map);

/* A map of the XDP object: read and written whole, by its first key. */
void services_map_read(struct bed *b, const char *map, void *value);
void services_map_write(struct bed *b, const char *map, const void *value);

#endif
