// SPDX-License-Identifier: GPL-2.0
/* From the maps through filter and order to the output, one connection at a time. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conns_list.h"
#include "conns_print.h"

struct listing {
	const struct list_source *source;
	const struct list_request *request;
	struct list_result *result;
	struct columns *table;       /* of LIST_TABLE */
	char *interface;             /* of LIST_JSON: as JSON */
	struct conns_sorter *sorter; /* NULL: as they come */
};

static void json_line_print(const struct listing *listing, const struct conn_row *row)
{
	char data[CONN_JSON_SIZE];
	struct text text = {.data = data, .size = sizeof(data)};

	text_str(&text,
		 listing->result->shown ? listing->source->separator : listing->source->lead);
	conn_json(row, &listing->source->clock, listing->interface, &text);
	fwrite(text.data, 1, text.used, stdout);
}

static int row_print(const struct conn_row *row, void *context)
{
	struct listing *listing = context;
	const struct list_request *request = listing->request;

	if (ferror(stdout) || (request->interrupted && request->interrupted()))
		return -EINTR;
	if (listing->result->shown >= request->limit)
		return 0;
	if (request->form == LIST_JSON)
		json_line_print(listing, row);
	else
		conns_table_add(listing->table, row, &listing->source->clock);
	listing->result->shown++;
	return 0;
}

/* The kernel has given it up; it lies in the map only until its place is wanted. */
static bool is_remains(const struct conn_row *row, const struct conn_clock *clock)
{
	__u32 seconds;

	return row->slot == CONN_HALF_OPEN && conn_expires_s(&row->conn, clock, &seconds) &&
	       !seconds;
}

static int row_take(const struct conn_row *row, void *context)
{
	struct listing *listing = context;

	if (!filter_match(&listing->request->filter, row) ||
	    is_remains(row, &listing->source->clock))
		return 0;
	tally_add(&listing->result->tally, row);
	if (listing->request->form == LIST_NOTHING)
		return 0;
	return listing->sorter ? sorter_add(listing->sorter, row) : row_print(row, listing);
}

static char *json_quote(const char *string)
{
	json_t *value = json_string(string);
	char *quoted = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;

	json_decref(value);
	return quoted;
}

static int listing_open(struct listing *listing)
{
	const struct list_request *request = listing->request;

	if (request->form == LIST_NOTHING)
		return 0;
	if (request->form == LIST_JSON)
		listing->interface = json_quote(listing->source->interface);
	else
		listing->table = conns_table_new();
	if (request->order != ORDER_NONE)
		listing->sorter = sorter_new(request->order, &listing->source->clock);
	if ((!listing->interface && !listing->table) ||
	    (request->order != ORDER_NONE && !listing->sorter))
		return -ENOMEM;
	return 0;
}

static int listing_run(struct listing *listing)
{
	int err =
	    conns_each(listing->source->conns_fd, listing->source->halfopen_fd, row_take, listing);

	if (!err && listing->sorter)
		err = sorter_each(listing->sorter, row_print, listing);
	if (listing->table && listing->result->shown)
		columns_flush(listing->table);
	return err;
}

int list_print(const struct list_source *source, const struct list_request *request,
	       struct list_result *ret_result)
{
	struct listing listing = {.source = source, .request = request, .result = ret_result};
	int err;

	memset(ret_result, 0, sizeof(*ret_result));
	err = listing_open(&listing);
	if (!err)
		err = listing_run(&listing);
	columns_free(listing.table);
	sorter_free(listing.sorter);
	free(listing.interface);
	return err;
}
