// SPDX-License-Identifier: GPL-2.0
/* Rows held back, measured and printed. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "columns.h"

enum { ROWS_HELD = 1024, CELL_SIZE = 56 };

struct cell {
	__u8 length;
	char data[CELL_SIZE];
};

struct columns {
	const struct column *spec;
	unsigned int count;
	unsigned int rows; /* complete ones */
	unsigned int next; /* the cell to give out */
	bool headed;
	struct text open; /* the cell given out last */
	size_t width[COLUMNS_MAX];
	struct cell cells[ROWS_HELD][COLUMNS_MAX];
};

struct columns *columns_new(const struct column *spec, unsigned int count)
{
	struct columns *columns = calloc(1, sizeof(*columns));
	unsigned int i;

	if (!columns)
		return NULL;
	columns->spec = spec;
	columns->count = count;
	for (i = 0; i < count; i++)
		columns->width[i] = strlen(spec[i].title);
	return columns;
}

static void cell_close(struct columns *columns)
{
	unsigned int i = columns->next - 1;

	if (!columns->next)
		return;
	columns->cells[columns->rows][i].length = (__u8)columns->open.used;
	if (columns->open.used > columns->width[i])
		columns->width[i] = columns->open.used;
}

struct text *columns_cell(struct columns *columns)
{
	cell_close(columns);
	columns->open.data = columns->cells[columns->rows][columns->next++].data;
	columns->open.size = CELL_SIZE;
	columns->open.used = 0;
	return &columns->open;
}

/* The last column is not padded: no blanks at the end of a line. */
static void cell_put(const struct columns *columns, unsigned int i, const char *data, size_t length,
		     struct text *line)
{
	size_t pad = columns->width[i] - length;

	if (i)
		text_char(line, ' ');
	if (columns->spec[i].align == ALIGN_RIGHT)
		text_spaces(line, pad);
	text_add(line, data, length);
	if (columns->spec[i].align == ALIGN_LEFT && i + 1 < columns->count)
		text_spaces(line, pad);
}

static void line_print(struct text *line)
{
	text_char(line, '\n');
	fwrite(line->data, 1, line->used, stdout);
	line->used = 0;
}

void columns_flush(struct columns *columns)
{
	char data[COLUMNS_MAX * (CELL_SIZE + 1) + 1];
	struct text line = {.data = data, .size = sizeof(data)};
	unsigned int row, i;
	const struct cell *cell;

	for (i = 0; i < columns->count && !columns->headed; i++)
		cell_put(columns, i, columns->spec[i].title, strlen(columns->spec[i].title), &line);
	if (!columns->headed)
		line_print(&line);
	columns->headed = true;
	for (row = 0; row < columns->rows; row++) {
		for (i = 0; i < columns->count; i++) {
			cell = &columns->cells[row][i];
			cell_put(columns, i, cell->data, cell->length, &line);
		}
		line_print(&line);
	}
	columns->rows = 0;
}

void columns_row_end(struct columns *columns)
{
	cell_close(columns);
	columns->next = 0;
	if (++columns->rows == ROWS_HELD)
		columns_flush(columns);
}

void columns_free(struct columns *columns)
{
	free(columns);
}
