/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How fast does mode auto turn?  Watches synguard's counters at a fifth of a millisecond and reports,
 * from the first SYN seen, when the first cookie was sent, how many SYNs went to the kernel before and
 * how many in all.  It knows nothing of the flood: start this before it.
 */
#include "tool.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "abi.h"

enum { POLL_US = 200 };

struct seen {
	uint64_t passed, cookies;
};

struct watch {
	const char *map;
	uint64_t seconds;
	int fd, cpus;
	struct counters *values; /* one per CPU */
};

static struct seen watch_read(struct watch *watch)
{
	struct seen seen = {0};
	uint32_t key = 0;

	if (bpf_map_lookup_elem(watch->fd, &key, watch->values) < 0)
		die(EXIT_FAILURE, "%s: cannot read: %m", watch->map);
	for (int cpu = 0; cpu < watch->cpus; cpu++) {
		seen.passed += watch->values[cpu].syn_passed.packets;
		seen.cookies += watch->values[cpu].syn_cookie_sent.packets;
	}
	return seen;
}

static void watch_open(struct watch *watch)
{
	watch->fd = bpf_obj_get(watch->map);
	if (watch->fd < 0)
		die(EXIT_FAILURE, "%s: cannot open: %m", watch->map);
	watch->cpus = libbpf_num_possible_cpus();
	watch->values = calloc(watch->cpus, sizeof(*watch->values));
	if (!watch->values)
		die(EXIT_FAILURE, "out of memory");
}

static void watch_run(struct watch *watch)
{
	const uint64_t end = now_ns() + watch->seconds * NSEC_PER_SEC;
	const struct seen start = watch_read(watch);
	struct seen now = start;
	uint64_t first = 0, turned = 0, passed = 0;

	while (now_ns() < end && !tool_stop) {
		nanosleep(&(struct timespec){.tv_nsec = POLL_US * 1000}, NULL);
		now = watch_read(watch);
		if (!first && (now.passed != start.passed || now.cookies != start.cookies))
			first = now_ns();
		if (!turned && now.cookies != start.cookies) {
			turned = now_ns();
			passed = now.passed - start.passed;
		}
	}
	printf("{\"turned\": %d, \"turn_ms\": %.1f, \"passed_before\": %lu, \"passed\": %llu, "
	       "\"cookies\": %llu}\n",
	       turned != 0, turned ? (turned - first) / 1e6 : 0, passed,
	       (unsigned long long)(now.passed - start.passed),
	       (unsigned long long)(now.cookies - start.cookies));
}

int main(int argc, char **argv)
{
	struct watch watch = {.seconds = 2};
	struct arg args[] = {
	    {"map", "PINNED_COUNTERS", ARG_TEXT, &watch.map, true},
	    {"seconds", "N", ARG_NUMBER, &watch.seconds, false},
	    {0},
	};

	args_parse(argc, argv, args, "", NULL, 0);
	watch_open(&watch);
	tool_catch_signals();
	puts("ready");
	fflush(stdout);
	watch_run(&watch);
	free(watch.values);
	return EXIT_SUCCESS;
}
