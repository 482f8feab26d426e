// SPDX-License-Identifier: GPL-2.0
/* Choosing interfaces, saying that there is nothing to show, and repeating. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "instance.h"
#include "show.h"

#define NS_PER_S 1000000000.0

enum { WATCH_SECONDS_MAX = 86400 };

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

int show_interrupted(void)
{
	return interrupted;
}

void show_names(const char *iface, struct names *ret_names)
{
	struct instance instance;
	unsigned int i, kept = 0;

	names_list(iface, ret_names);
	for (i = 0; i < ret_names->count && !iface; i++) {
		instance_read(ret_names->name[i], &instance);
		if (instance.state == INSTANCE_LIVE || instance.state == INSTANCE_LOST)
			memmove(ret_names->name[kept++], ret_names->name[i], IFNAMSIZ);
	}
	if (kept)
		ret_names->count = kept;
}

int show_missing(const char *what, const char *name, int err)
{
	if (err == -ENOENT && !if_nametoindex(name))
		fprintf(stderr,
			"synguard: no %s of %s: there is no such interface in this network"
			" namespace; list them with: ip link\n",
			what, name);
	else if (err == -ENOENT)
		fprintf(
		    stderr,
		    "synguard: no %s of %s: it is not attached; attach it: synguard attach %s\n",
		    what, name, name);
	else
		fprintf(stderr, "synguard: cannot read the %s of %s: %s\n", what, name,
			strerror(-err));
	return EXIT_FAILED;
}

int show_seconds_parse(const char *command, const char *text, double *ret_seconds)
{
	char *end;
	double seconds = *text ? strtod(text, &end) : 1;

	if (*text && (*end || !(seconds >= 0.01) || seconds > WATCH_SECONDS_MAX))
		return cli_refuse(command, "--watch '%s' is no number of seconds (0.01 to %d)",
				  text, WATCH_SECONDS_MAX);
	*ret_seconds = seconds;
	return EXIT_OK;
}

int show_watch(double seconds, int clear, int (*round)(void *context), void *context)
{
	struct sigaction action = {.sa_handler = interrupt};
	struct timespec pause = {.tv_sec = (time_t)seconds,
				 .tv_nsec = (long)((seconds - (double)(time_t)seconds) * NS_PER_S)};
	int code = EXIT_OK;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	while (!code && !interrupted) {
		if (clear && isatty(STDOUT_FILENO))
			printf("\033[H\033[J");
		code = round(context);
		if (fflush(stdout) || ferror(stdout)) /* nobody reads any more */
			_exit(EXIT_OK);
		if (!code && !interrupted)
			nanosleep(&pause, NULL);
	}
	return interrupted ? EXIT_OK : code;
}
