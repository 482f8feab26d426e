// SPDX-License-Identifier: GPL-2.0
/* Made from the project's one list of reasons. */
#include "reason_table.h"

const struct reason_row reason_table[REASON_MAX] = {
#define X(name, stage, verdict, text) {#name, #stage, #verdict, text},
    SYNGUARD_REASONS(X)
#undef X
};
