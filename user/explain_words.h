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

/* Is the packet's service under attack now, as mode auto sees it? */
int explanation_attacked(const struct explanation *e);

/* Was it a SYN that was decided upon, so that .facts are? */
int explanation_has_facts(const struct explanation *e);

/* Does what the reason stands for happen?  Not in mode monitor. */
int explanation_enforced(const struct explanation *e);

/* May the kernel have handshakes of its own on this port? */
int explanation_kernel_active(const struct explanation *e);

#endif
