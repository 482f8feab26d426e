/* SPDX-License-Identifier: GPL-2.0 */
/* The reasons of reasons.h as data: one row for each count in struct counters, in its order. */
#ifndef SYNGUARD_REASON_TABLE_H
#define SYNGUARD_REASON_TABLE_H

#include "abi.h"

struct reason_row {
	const char *name;
	const char *stage;
	const char *verdict;
	const char *text;
};

extern const struct reason_row reason_table[REASON_MAX];

static inline const struct count *reason_count(const struct counters *counters, int reason)
{
	return (const struct count *)(const void *)counters + reason;
}

#endif
