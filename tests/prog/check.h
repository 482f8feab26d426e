/* SPDX-License-Identifier: GPL-2.0 */
/* Is the connection table whole?  A walk over all of it, to end every test with. */
#ifndef TESTS_PROG_CHECK_H
#define TESTS_PROG_CHECK_H

#include "shield.h"

/*
 * Fails, naming what is wrong, unless every live slot is found from its home and is its tuple's
 * only one, every bit of a home's bitmap stands for a live slot, the filter in front counts what is
 * there and nothing else, and made = closed + expired + live.
 */
void check_table(struct shield *s);

/* cmocka's teardown of a test: the bed's table is whole. */
int check_end(void **state);

#endif
