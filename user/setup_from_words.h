/* SPDX-License-Identifier: GPL-2.0 */
/* From the words of a configuration file to the setup; all that is wrong is told. */
#ifndef SYNGUARD_SETUP_FROM_WORDS_H
#define SYNGUARD_SETUP_FROM_WORDS_H

#include "setup_values.h"

/* *setup has its defaults.  0, or -ENOMEM; reader->problems tells whether it is of use. */
int setup_from_words(struct reader *reader, const struct setup_words *words, struct setup *setup);

/* Changes what the words say; what the policy has is the default.  The mode is in it already. */
void attack_read(const struct reader *reader, const struct attack_words *words,
		 struct policy *policy);

/* The services, with this policy where they say nothing else.  0 or -ENOMEM. */
int services_read(struct reader *reader, const struct setup_words *words,
		  const struct policy *policy, struct setup *setup);

#endif
