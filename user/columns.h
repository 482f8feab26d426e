/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A table on stdout whose columns are as wide as what is in them.  Rows are held back until there
 * are enough to tell the widths, so a table of any length takes one fixed piece of memory; where a
 * later row needs more, the columns become wider from there on.  Nothing is ever cut off.
 */
#ifndef SYNGUARD_COLUMNS_H
#define SYNGUARD_COLUMNS_H

#include "text.h"

enum { COLUMNS_MAX = 24 };

enum column_align { ALIGN_LEFT, ALIGN_RIGHT };

struct column {
	const char *title;
	enum column_align align;
};

struct columns;

/* The specification must outlive the table.  NULL if there is no memory. */
struct columns *columns_new(const struct column *spec, unsigned int count);

/* The next cell of the row, to be filled before the next call. */
struct text *columns_cell(struct columns *columns);

/* Call after the last cell of each row. */
void columns_row_end(struct columns *columns);

/* Prints what is held back, and the header if there is none yet. */
void columns_flush(struct columns *columns);

void columns_free(struct columns *columns);

#endif
