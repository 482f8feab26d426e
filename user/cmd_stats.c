// SPDX-License-Identifier: GPL-2.0
/* synguard stats: the counters, summed over the CPUs, once or again and again with rates. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "access.h"
#include "cli.h"
#include "instance.h"
#include "maps.h"
#include "names.h"
#include "output.h"
#include "reason_table.h"
#include "setup_maps.h"
#include "setup_view.h"
#include "show.h"

#define NS_PER_S 1000000000.0

enum { MONITORED_TEXT_MAX = 128 };

/* One reading, and in a watch the one before it. */
struct sample {
	struct instance instance;
	struct counters counters;
	const char *mode;                   /* that all services have, or "mixed" */
	char monitored[MONITORED_TEXT_MAX]; /* the ports in mode monitor; "" if there are none */
	double at_s;
};

static double monotonic_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / NS_PER_S;
}

static void modes_read(struct sample *sample)
{
	struct setup setup;
	struct error error;

	sample->mode = "unknown";
	*sample->monitored = '\0';
	if (setup_read(sample->instance.dir, &setup, &error))
		return;
	sample->mode = mode_name(setup_mode(&setup));
	setup_mode_text(&setup, MODE_MONITOR, sample->monitored, sizeof(sample->monitored));
	setup_free(&setup);
}

static int sample_read(const char *name, struct sample *ret_sample)
{
	struct sample sample;
	int err;

	instance_read(name, &sample.instance);
	if (!sample.instance.config.abi)
		return -ENOENT;
	err = map_counters(sample.instance.dir, &sample.counters);
	sample.at_s = monotonic_s();
	modes_read(&sample);
	if (!err)
		*ret_sample = sample;
	return err;
}

/* Packets per second since an earlier sample; a re-attach between them starts new counts. */
static double rate_of(const struct sample *now, const struct sample *before, int reason)
{
	const struct count *count = reason_count(&now->counters, reason);
	double passed_s;
	__u64 base = 0;

	if (!before)
		return 0;
	passed_s = now->at_s - before->at_s;
	if (passed_s <= 0)
		return 0;
	if (before->instance.config_id == now->instance.config_id)
		base = reason_count(&before->counters, reason)->packets;
	return (double)(count->packets - base) / passed_s;
}

/* The column is there only where it says something. */
static bool has_not_enforced(const struct sample *now)
{
	int reason;

	for (reason = 0; reason < REASON_MAX; reason++)
		if (reason_count(&now->counters, reason)->not_enforced)
			return true;
	return *now->monitored != '\0';
}

static void row_print(const struct sample *now, const struct sample *before, int reason)
{
	const struct reason_row *row = &reason_table[reason];
	const struct count *count = reason_count(&now->counters, reason);

	printf("  %-18s %12" PRIu64 " %14" PRIu64, row->name, (uint64_t)count->packets,
	       (uint64_t)count->bytes);
	if (before)
		printf(" %10.0f", rate_of(now, before, reason));
	if (has_not_enforced(now))
		printf(" %12" PRIu64, (uint64_t)count->not_enforced);
	printf("  %-7s %s\n", row->verdict, row->text);
}

/* In a watch with the time of day. */
static void header_print(const struct sample *now, bool timed)
{
	char clock[16] = "", monitored[MONITORED_TEXT_MAX + 32] = "";
	time_t at = time(NULL);
	struct tm when;

	if (timed)
		strftime(clock, sizeof(clock), " %H:%M:%S", localtime_r(&at, &when));
	if (!strcmp(now->mode, mode_name(MODE_MONITOR)))
		snprintf(monitored, sizeof(monitored), " (mode monitor: everything passes)");
	else if (*now->monitored)
		snprintf(monitored, sizeof(monitored), " (in mode monitor: %s)", now->monitored);
	printf("%s%s%s:\n", now->instance.name, clock,
	       now->instance.state != INSTANCE_LIVE ? " (not protected; see: synguard status)"
						    : monitored);
}

static void table_print(const struct args *args, const struct sample *now,
			const struct sample *before)
{
	int reason, shown = 0;

	header_print(now, before != NULL);
	printf("  %-18s %12s %14s%s%s  %-7s %s\n", "reason", "packets", "bytes",
	       before ? "  packets/s" : "", has_not_enforced(now) ? " not enforced" : "", "verdict",
	       "meaning");
	for (reason = 0; reason < REASON_MAX; reason++) {
		if (!args->all && !reason_count(&now->counters, reason)->packets)
			continue;
		row_print(now, before, reason);
		shown++;
	}
	if (!shown)
		printf("  no packet has been seen yet (why? synguard check %s)\n",
		       now->instance.name);
}

static json_t *sample_json(const struct sample *now, const struct sample *before)
{
	json_t *counters = json_object(), *item;
	const struct count *count;
	int reason;

	for (reason = 0; reason < REASON_MAX; reason++) {
		count = reason_count(&now->counters, reason);
		item = json_pack("{s:I, s:I, s:I}", "packets", (json_int_t)count->packets, "bytes",
				 (json_int_t)count->bytes, "not_enforced",
				 (json_int_t)count->not_enforced);
		if (before)
			json_object_set_new(item, "packets_per_second",
					    json_real(rate_of(now, before, reason)));
		json_object_set_new(counters, reason_table[reason].name, item);
	}
	return json_pack("{s:s, s:s, s:o}", "interface", now->instance.name, "mode", now->mode,
			 "counters", counters);
}

static int once(const struct args *args, const struct names *names)
{
	json_t *array = args->json && names->count > 1 ? json_array() : NULL;
	struct sample sample;
	int err, code = EXIT_OK;
	unsigned int i;

	for (i = 0; i < names->count; i++) {
		err = sample_read(names->name[i], &sample);
		if (err)
			code = show_missing("counters", names->name[i], err);
		else if (array)
			json_array_append_new(array, sample_json(&sample, NULL));
		else if (!args->json)
			table_print(args, &sample, NULL);
		else if (output_json(sample_json(&sample, NULL), JSON_PRETTY))
			code = EXIT_FAILED;
	}
	if (array && output_json(array, JSON_PRETTY))
		code = EXIT_FAILED;
	return code;
}

/* Only a read that fails or a new attachment is worth a word; the rest is in the table. */
static int one_watch(const struct args *args, const char *name, struct sample *before,
		     bool *has_before)
{
	struct sample now;
	int err = sample_read(name, &now);

	if (err || now.instance.state == INSTANCE_LINGERING ||
	    now.instance.state == INSTANCE_GONE) {
		if (!*has_before && err)
			return show_missing("counters", name, err);
		fprintf(stderr, "synguard: %s %s\n", name,
			*has_before ? "was detached; the watch ends" : "is not attached");
		return EXIT_FAILED;
	}
	if (*has_before && before->instance.config_id != now.instance.config_id)
		fprintf(stderr, "synguard: %s was attached anew; its counters start at zero\n",
			name);
	if (args->json)
		output_json(sample_json(&now, *has_before ? before : NULL), JSON_ONE_LINE);
	else
		table_print(args, &now, *has_before ? before : &now);
	*before = now;
	*has_before = true;
	return EXIT_OK;
}

struct watch {
	const struct args *args;
	const struct names *names;
	struct sample *before;
	bool *has_before;
};

static int watch_round(void *context)
{
	struct watch *watch = context;
	int code = EXIT_OK;
	unsigned int i;

	for (i = 0; i < watch->names->count && !code; i++)
		code = one_watch(watch->args, watch->names->name[i], &watch->before[i],
				 &watch->has_before[i]);
	return code;
}

static int watch_run(const struct args *args, const struct names *names, double seconds)
{
	struct watch watch = {
	    .args = args,
	    .names = names,
	    .before = calloc(names->count, sizeof(*watch.before)),
	    .has_before = calloc(names->count, sizeof(*watch.has_before)),
	};
	int code = EXIT_FAILED;

	if (watch.before && watch.has_before)
		code = show_watch(seconds, !args->json, watch_round, &watch);
	free(watch.before);
	free(watch.has_before);
	return code;
}

int cmd_stats(const struct args *args)
{
	struct error error;
	struct names names;
	double seconds = 1;
	int code = args->watch ? show_seconds_parse("stats", args->watch, &seconds) : EXIT_OK;

	if (code)
		return code;
	if (access_check(&error)) {
		fprintf(stderr, "synguard: no counters: %s\n", error.text);
		return EXIT_FAILED;
	}
	show_names(args->iface, &names);
	if (!names.count) {
		fprintf(stderr,
			"synguard: no counters: nothing is attached; to protect an interface:"
			" synguard attach IFACE\n");
		return EXIT_FAILED;
	}
	return args->watch ? watch_run(args, &names, seconds) : once(args, &names);
}
