/* SPDX-License-Identifier: GPL-2.0 */
/* The words of synguard service. */
#ifndef SYNGUARD_SERVICE_ARGS_H
#define SYNGUARD_SERVICE_ARGS_H

#include "cli.h"
#include "setup_edit.h"

/* What is asked of which services; selection_free() the latter.  0 or -EINVAL with a message. */
int service_args_parse(const struct args *args, struct selection *ret_selection,
		       struct policy_change *ret_change, struct error *error);

#endif
