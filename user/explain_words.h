/* SPDX-License-Identifier: GPL-2.0 */
/* Questions that both forms of an explanation, text and JSON, ask of it. */
#ifndef SYNGUARD_EXPLAIN_WORDS_H
#define SYNGUARD_EXPLAIN_WORDS_H

#include "conns_view.h"
#include "explain.h"

/* What the kernel had for the tuple when it was asked; NULL: it was not. */
const char *explanation_kernel(const struct explanation *e);

struct conn_clock explanation_clock(const struct explanation *e);

/* Does no entry mean that the kernel has no connection? */
int explanation_complete(const struct explanation *e);

/* May the kernel have handshakes of its own on this port? */
int explanation_kernel_active(const struct explanation *e);

#endif
