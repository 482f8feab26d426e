// SPDX-License-Identifier: GPL-2.0
/* synguard trace: packets as they come, as a ladder, as JSON lines, or into a pcapng file. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access.h"
#include "host.h"
#include "instance.h"
#include "names.h"
#include "show.h"
#include "trace_args.h"
#include "trace_source.h"
#include "trace_writer.h"

#define NS_PER_S 1000000000ULL

/* The trace of one interface while it runs. */
struct trace {
	const struct trace_request *request;
	struct instance instance;
	struct trace_source source;
	struct trace_writer writer;
	__u64 lost_said; /* packets lost that the user has been told of */
	__u64 paused_said_ms;
	__u64 looked_at; /* ns of CLOCK_BOOTTIME: last look at the attachment */
};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

static void signals_catch(void)
{
	struct sigaction action = {.sa_handler = interrupt};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int event_show(const struct trace_event *event, void *context)
{
	struct trace *trace = context;
	int err = trace_writer_add(&trace->writer, event);

	if (!err && trace->request->count && trace->writer.shown >= trace->request->count)
		err = -ECANCELED;
	return err;
}

static void lost_say(struct trace *trace)
{
	const __u64 lost = trace_source_lost(&trace->source);
	const __u64 paused_ms = trace->source.paused_ms;

	if (lost != trace->lost_said)
		fprintf(stderr,
			"synguard: %" PRIu64 " packets are missing so far: they came faster than"
			" they could be written; narrow the trace with --client or --port\n",
			(uint64_t)lost);
	if (paused_ms != trace->paused_said_ms)
		fprintf(stderr,
			"synguard: nothing was traced for %.1f s so far, because nothing could be"
			" written\n",
			(double)paused_ms / 1000);
	trace->lost_said = lost;
	trace->paused_said_ms = paused_ms;
}

/* The programs that report are those of the attachment at the start. */
static int attachment_check(struct trace *trace)
{
	struct instance now;

	instance_read(trace->instance.name, &now);
	if (now.state == INSTANCE_UNREADABLE || now.state == INSTANCE_LOST ||
	    (now.state == INSTANCE_LIVE && now.config_id == trace->instance.config_id))
		return 0;
	fprintf(stderr, "synguard: %s was %s; the trace ends\n", trace->instance.name,
		now.state == INSTANCE_LIVE ? "attached anew" : "detached");
	return -ENOENT;
}

static int second_passed(struct trace *trace)
{
	const __u64 now = host_boottime_ns();

	if (now - trace->looked_at < NS_PER_S)
		return 0;
	trace->looked_at = now;
	lost_say(trace);
	return attachment_check(trace);
}

/* 0 or the -errno that ended it: -EINTR, -ECANCELED and -EPIPE are no failures. */
static int trace_loop(struct trace *trace)
{
	int err = 0;

	while (!err && !interrupted) {
		err = trace_source_wait(&trace->source);
		if (err == -EINTR)
			err = 0;
		if (!err || err == -ECANCELED) {
			int failed = trace_writer_flush(&trace->writer);

			err = failed ? failed : err;
		}
		if (!err)
			err = second_passed(trace);
	}
	return err;
}

static int end_say(struct trace *trace, int err)
{
	lost_say(trace);
	if (trace->request->output == TRACE_PCAP && (!err || err == -ECANCELED))
		fprintf(stderr, "synguard: %" PRIu64 " packets written\n",
			(uint64_t)trace->writer.shown);
	if (!err || err == -ECANCELED || err == -EPIPE)
		return EXIT_OK;
	if (err != -ENOENT)
		fprintf(stderr, "synguard: the trace of %s ended: %s\n", trace->instance.name,
			strerror(-err));
	return EXIT_FAILED;
}

static int trace_run(struct trace *trace, const char *file)
{
	struct error error;
	int err, code;

	trace->source.visit = event_show;
	trace->source.context = trace;
	signals_catch();
	if (trace_source_open(&trace->instance, &trace->request->filter, &trace->source, &error)) {
		fprintf(stderr, "synguard: no trace of %s: %s\n", trace->instance.name, error.text);
		return EXIT_FAILED;
	}
	if (trace_writer_open(&trace->writer, &trace->instance, file, &error)) {
		trace_source_close(&trace->source);
		fprintf(stderr, "synguard: no trace of %s: %s\n", trace->instance.name, error.text);
		return EXIT_FAILED;
	}
	fprintf(stderr, "synguard: tracing %s%s; Ctrl-C ends it\n", trace->instance.name,
		trace_modes_all_monitor(&trace->writer.modes) ? " (mode monitor: everything passes)"
							      : "");
	trace->looked_at = host_boottime_ns();
	err = trace_loop(trace);
	trace_source_stop(&trace->source, !err);
	if (!err)
		err = trace_writer_flush(&trace->writer);
	code = end_say(trace, err);
	trace_source_close(&trace->source);
	if (trace_writer_close(&trace->writer) && err != -EPIPE && code == EXIT_OK)
		code = EXIT_FAILED;
	if (err == -EPIPE)
		_exit(code); /* nobody reads what is left in stdout's buffer */
	return code;
}

static int instance_refuse(const struct instance *instance)
{
	if (instance->state == INSTANCE_NONE)
		return show_missing("trace", instance->name, -ENOENT);
	fprintf(stderr,
		"synguard: no trace of %s: it is not protected now; see: synguard status %s\n",
		instance->name, instance->name);
	return EXIT_FAILED;
}

/* Without IFACE: the one that is attached. */
static int instance_choose(const char *iface, struct instance *ret_instance)
{
	char list[512] = "";
	struct names names;
	unsigned int i, live = 0;
	struct instance instance;

	names_list(iface, &names);
	for (i = 0; i < names.count; i++) {
		instance_read(names.name[i], &instance);
		if (!iface && instance.state != INSTANCE_LIVE)
			continue;
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s",
			 live++ ? ", " : "", names.name[i]);
		*ret_instance = instance;
	}
	if (live > 1)
		return cli_refuse("trace", "which interface? Attached are %s", list);
	if (!live) {
		fprintf(stderr, "synguard: no trace: nothing is attached; to protect an interface:"
				" synguard attach IFACE\n");
		return EXIT_FAILED;
	}
	return ret_instance->state == INSTANCE_LIVE ? EXIT_OK : instance_refuse(ret_instance);
}

int cmd_trace(const struct args *args)
{
	struct trace_request request;
	struct trace *trace;
	struct error error;
	int code = trace_args_parse(args, &request);

	if (code)
		return code;
	if (access_check(&error)) {
		fprintf(stderr, "synguard: no trace: %s\n", error.text);
		return EXIT_FAILED;
	}
	trace = calloc(1, sizeof(*trace));
	if (!trace) {
		fprintf(stderr, "synguard: no trace: out of memory\n");
		return EXIT_FAILED;
	}
	trace->request = &request;
	code = instance_choose(args->iface, &trace->instance);
	trace->writer.output = request.output;
	if (!code)
		code = trace_run(trace, args->pcap);
	free(trace);
	return code;
}
