/* SPDX-License-Identifier: GPL-2.0 */
/* Printing JSON, the same way for each command. */
#ifndef SYNGUARD_OUTPUT_H
#define SYNGUARD_OUTPUT_H

#include <jansson.h>

enum json_layout { JSON_PRETTY, JSON_ONE_LINE };

/* Prints value with a newline and gives it up; value may be NULL.  0 or -errno. */
int output_json(json_t *value, enum json_layout layout);

#endif
