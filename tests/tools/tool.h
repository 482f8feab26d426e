/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every test tool needs: a way to die, a clock, numbers and options from the command line, and
 * the promise that test traffic stays on virtual interfaces.  Nothing here is shared with synguard
 * itself, so that a mistake there cannot hide behind the same mistake here.
 */
#ifndef TESTS_TOOL_H
#define TESTS_TOOL_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* so include this file first */
#endif

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, LIST_MAX = 64, ARGS_MAX = 32, SECONDS_MAX = 60 };

#define NSEC_PER_SEC  1000000000ULL
#define NSEC_PER_MSEC 1000000ULL
#define ARRAY_LEN(a)  (sizeof(a) / sizeof((a)[0]))

static volatile sig_atomic_t tool_stop; /* set by SIGINT and SIGTERM: finish, report, exit */

__attribute__((noreturn, format(printf, 2, 3))) static inline void die(int code, const char *format,
								       ...)
{
	va_list list;

	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
	exit(code);
}

static inline uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

static inline void tool_on_signal(int number)
{
	(void)number;
	tool_stop = 1;
}

/* No SA_RESTART: a blocking call ends with EINTR, and the loop sees tool_stop. */
static inline void tool_catch_signals(void)
{
	struct sigaction action = {.sa_handler = tool_on_signal};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* xorshift64*: repeatable from a seed, and fast; not for secrets. */
static inline uint64_t rng_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

static inline uint64_t number_parse(const char *what, const char *text)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || end == text || *end || *text == '-')
		die(EXIT_USAGE, "%s: '%s' is not a number", what, text);
	return value;
}

enum arg_kind { ARG_FLAG, ARG_NUMBER, ARG_TEXT, ARG_LIST };

struct text_list {
	const char *item[LIST_MAX];
	unsigned int len;
};

/* One option: target is a bool, uint64_t, const char * or struct text_list, as kind says. */
struct arg {
	const char *name; /* without the dashes */
	const char *meta; /* of its value in the usage text; NULL for a flag */
	enum arg_kind kind;
	void *target;
	bool required;
};

static inline void args_usage(const char *tool, const char *operands, const struct arg *args,
			      FILE *out)
{
	fprintf(out, "usage: %s%s", tool, operands);
	for (const struct arg *arg = args; arg->name; arg++)
		fprintf(out, arg->required ? " --%s%s%s%s" : " [--%s%s%s]%s", arg->name,
			arg->meta ? " " : "", arg->meta ? arg->meta : "",
			arg->kind == ARG_LIST ? "..." : "");
	fputc('\n', out);
}

static inline void arg_set(struct arg *arg, const char *value)
{
	struct text_list *list = arg->target;

	switch (arg->kind) {
	case ARG_FLAG:
		*(bool *)arg->target = true;
		break;
	case ARG_NUMBER:
		*(uint64_t *)arg->target = number_parse(arg->name, value);
		break;
	case ARG_TEXT:
		*(const char **)arg->target = value;
		break;
	case ARG_LIST:
		if (list->len == LIST_MAX)
			die(EXIT_USAGE, "--%s: more than %d given", arg->name, LIST_MAX);
		list->item[list->len++] = value;
		break;
	}
}

/* The option called --name, or the usage text and the end. */
static inline unsigned int arg_find(const char *tool, const char *operands, const struct arg *args,
				    const char *name, bool has_value)
{
	const struct arg *arg = args;

	if (strcmp(name, "help") == 0) {
		args_usage(tool, operands, args, stdout);
		exit(EXIT_SUCCESS);
	}
	while (arg->name && strcmp(arg->name, name) != 0)
		arg++;
	if (!arg->name || (arg->kind != ARG_FLAG && !has_value)) {
		args_usage(tool, operands, args, stderr);
		die(EXIT_USAGE, "--%s: %s", name, arg->name ? "its value is missing" : "unknown");
	}
	return arg - args;
}

/*
 * Parse --name VALUE options; exactly n_operands plain words land in operand[].  args ends with an
 * empty entry.  Exits with the usage text on any mistake, and on --help.
 */
static inline void args_parse(int argc, char **argv, struct arg *args, const char *operands,
			      const char **operand, unsigned int n_operands)
{
	bool given[ARGS_MAX] = {false};
	unsigned int n = 0, which;

	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "--", 2) != 0) {
			if (n < n_operands)
				operand[n] = argv[i];
			n++;
			continue;
		}
		which = arg_find(argv[0], operands, args, argv[i] + 2, i + 1 < argc);
		arg_set(&args[which], args[which].kind == ARG_FLAG ? "" : argv[++i]);
		given[which] = true;
	}
	for (which = 0; args[which].name && (given[which] || !args[which].required); which++)
		;
	if (args[which].name || n != n_operands) {
		args_usage(argv[0], operands, args, stderr);
		die(EXIT_USAGE, "%s%s", args[which].name ? "missing: --" : "wrong operands",
		    args[which].name ? args[which].name : "");
	}
}

/* The name of its driver, which is what it is, whatever the interface is called. */
static inline void iface_driver(const char *name, char ret_driver[32])
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (strlen(name) >= sizeof(request.ifr_name))
		die(EXIT_USAGE, "%s: too long for an interface", name);
	strcpy(request.ifr_name, name);
	request.ifr_data = (void *)&info;
	if (fd < 0 || ioctl(fd, SIOCETHTOOL, &request) < 0)
		die(EXIT_FAILURE, "%s: cannot ask for its driver: %m", name);
	close(fd);
	snprintf(ret_driver, 32, "%s", info.driver);
}

/*
 * The index of a virtual interface (veth, tun/tap).  Anything else could carry test traffic to
 * somebody else's machine, so it is refused.
 */
static inline int iface_virtual(const char *name)
{
	char driver[32];

	iface_driver(name, driver);
	if (strcmp(driver, "veth") != 0 && strcmp(driver, "tun") != 0)
		die(EXIT_FAILURE, "%s: driver is '%s'; test traffic goes to veth or tap only", name,
		    driver);
	return if_nametoindex(name);
}

/* Best effort: what is not allowed will fail where a descriptor is wanted. */
static inline void fd_limit_raise(uint64_t n)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur >= n)
		return;
	limit.rlim_cur = n;
	if (limit.rlim_max < n)
		limit.rlim_max = n;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static inline void cpu_pin(uint64_t cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		die(EXIT_FAILURE, "cannot run on CPU %llu: %m", (unsigned long long)cpu);
}

#endif
