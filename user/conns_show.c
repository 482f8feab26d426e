// SPDX-License-Identifier: GPL-2.0
/*
 * Frames around the connections.  As a table: heading and sum.  As JSON: one array over all
 * interfaces, or in a watch one object per interface and line.  With --count only numbers.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "conns_show.h"
#include "host.h"
#include "instance.h"
#include "jiffies.h"
#include "maps.h"
#include "output.h"
#include "show.h"

#define NS_PER_S 1000000000ULL

enum { LINE_SIZE = 512 };

/* JSON that several interfaces share. */
struct frame {
	bool begun;    /* the array has an object */
	json_t *array; /* of counts, if there will be more than one */
};

static int clock_read(const struct config *config, struct conn_clock *ret_clock)
{
	__u64 jiffies;
	int err = jiffies_read(&jiffies);

	if (err)
		return err;
	if (!config->hz)
		return -EPROTO;
	*ret_clock = (struct conn_clock){
	    .jiffies = (__u32)jiffies,
	    .hz = config->hz,
	    .boottime_s = (__u32)(host_boottime_ns() / NS_PER_S),
	    .timeouts = config->timeouts,
	};
	return 0;
}

/* -ENOENT: not attached; -EPROTO: by a synguard with other maps. */
static int source_open(const char *name, const struct conns_showing *showing,
		       struct list_source *source)
{
	struct instance instance;
	int err;

	instance_read(name, &instance);
	if (instance.state == INSTANCE_FOREIGN)
		return -EPROTO;
	if (!instance.config.abi || (showing->watch && (instance.state == INSTANCE_LINGERING ||
							instance.state == INSTANCE_GONE)))
		return -ENOENT;
	if (instance.runtime.table_full && !showing->watch)
		fprintf(
		    stderr,
		    "synguard: %s: the table has been full; connections that found no room are not"
		    " listed (see: synguard status %s)\n",
		    name, name);
	err = clock_read(&instance.config, &source->clock);
	source->conns_fd = err ? err : map_open(instance.dir, "conns");
	if (source->conns_fd < 0)
		return source->conns_fd;
	source->halfopen_fd = map_open(instance.dir, "halfopen");
	if (source->halfopen_fd >= 0)
		return 0;
	close(source->conns_fd);
	return source->halfopen_fd;
}

static void source_close(struct list_source *source)
{
	close(source->halfopen_fd);
	close(source->conns_fd);
}

/* In a watch with the time of day; else only where several follow each other. */
static void heading_print(const struct conns_showing *showing, const char *name)
{
	char clock[16] = "";
	time_t at = time(NULL);
	struct tm when;

	if (showing->watch)
		strftime(clock, sizeof(clock), " %H:%M:%S", localtime_r(&at, &when));
	if (showing->watch || showing->names.count > 1)
		printf("%s%s:\n", name, clock);
}

static void sum_print(const struct list_result *result)
{
	char data[LINE_SIZE];
	struct text text = {.data = data, .size = sizeof(data)};

	tally_describe(&result->tally, &text);
	if (result->shown < result->tally.connections + result->tally.half_open) {
		text_str(&text, " (");
		text_u64(&text, result->shown);
		text_str(&text, " shown)");
	}
	text_char(&text, '\n');
	fwrite(text.data, 1, text.used, stdout);
}

static int table_show(const struct conns_showing *showing, struct list_source *source)
{
	struct list_result result;
	int err;

	heading_print(showing, source->interface);
	err = list_print(source, &showing->request, &result);
	if (!err)
		sum_print(&result);
	return err;
}

static int json_show(const struct conns_showing *showing, struct list_source *source,
		     struct frame *frame)
{
	struct list_result result;
	json_t *name;
	int err;

	if (!showing->watch) {
		source->lead = frame->begun ? ",\n" : "";
		source->separator = ",\n";
		err = list_print(source, &showing->request, &result);
		frame->begun |= result.shown > 0;
		return err;
	}
	name = json_string(source->interface);
	printf("{\"interface\":");
	json_dumpf(name, stdout, JSON_ENCODE_ANY);
	json_decref(name);
	printf(",\"connections\":[");
	source->lead = "";
	source->separator = ",";
	err = list_print(source, &showing->request, &result);
	printf("]}\n");
	return err;
}

static json_t *tally_json(const char *name, const struct conns_tally *tally)
{
	json_t *states = json_object();
	int state;

	for (state = NONE + 1; state < STATE_MAX; state++)
		json_object_set_new(states, conn_state_name((enum conn_state)state),
				    json_integer((json_int_t)tally->state[state]));
	return json_pack("{s:s, s:I, s:I, s:o}", "interface", name, "connections",
			 (json_int_t)tally->connections, "half_open", (json_int_t)tally->half_open,
			 "states", states);
}

static int count_show(const struct conns_showing *showing, struct list_source *source,
		      struct frame *frame)
{
	struct list_result result;
	const struct conns_tally *tally = &result.tally;
	int err = list_print(source, &showing->request, &result);

	if (err)
		return err;
	if (frame->array)
		return json_array_append_new(frame->array, tally_json(source->interface, tally));
	if (showing->json)
		return output_json(tally_json(source->interface, tally),
				   showing->watch ? JSON_ONE_LINE : JSON_PRETTY);
	if (showing->names.count > 1)
		printf("%s: ", source->interface);
	printf("%llu\n", (unsigned long long)(tally->connections + tally->half_open));
	return 0;
}

static int form_show(const struct conns_showing *showing, struct list_source *source,
		     struct frame *frame)
{
	switch (showing->request.form) {
	case LIST_TABLE:
		return table_show(showing, source);
	case LIST_JSON:
		return json_show(showing, source, frame);
	default:
		return count_show(showing, source, frame);
	}
}

static int interface_show(const struct conns_showing *showing, const char *name,
			  struct frame *frame)
{
	struct list_source source = {.interface = name};
	int err = source_open(name, showing, &source);

	if (err == -EPROTO) {
		fprintf(stderr,
			"synguard: no connections of %s: it was attached by another version of"
			" synguard; attach it again: synguard attach %s\n",
			name, name);
		return EXIT_FAILED;
	}
	if (err)
		return show_missing("connections", name, err);
	err = form_show(showing, &source, frame);
	source_close(&source);
	if (err && err != -EINTR)
		return show_missing("connections", name, err);
	return err ? EXIT_FAILED : EXIT_OK;
}

int conns_show(const struct conns_showing *showing)
{
	const bool one_array = showing->json && !showing->watch;
	const bool list = showing->request.form == LIST_JSON;
	struct frame frame = {0};
	int code = EXIT_OK;
	unsigned int i;

	if (one_array && list)
		printf("[\n");
	else if (one_array && showing->names.count > 1)
		frame.array = json_array();
	for (i = 0; i < showing->names.count; i++)
		if (interface_show(showing, showing->names.name[i], &frame))
			code = EXIT_FAILED;
	if (one_array && list)
		printf("%s]\n", frame.begun ? "\n" : "");
	if (frame.array && output_json(frame.array, JSON_PRETTY))
		code = EXIT_FAILED;
	return code;
}
