/* SPDX-License-Identifier: GPL-2.0 */
/* What the tools that play clients share: addresses for sockets, and times to be ranked. */
#ifndef TESTS_CLIENTS_H
#define TESTS_CLIENTS_H

#include "tool.h"
#include "frame.h"

static inline socklen_t sockaddr_set(struct sockaddr_in6 *ret, const char *text, uint16_t port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	uint8_t addr[16];
	int family;

	if (!addr_parse(text, &family, addr))
		die(EXIT_USAGE, "'%s' is no address", text);
	memset(ret, 0, sizeof(*ret));
	ret->sin6_family = family;
	ret->sin6_port = htons(port); /* at the same place in both */
	memcpy(family == AF_INET ? (void *)&v4->sin_addr : (void *)&ret->sin6_addr, addr,
	       addr_len(family));
	return family == AF_INET ? sizeof(*v4) : sizeof(*ret);
}

struct times {
	uint32_t *us;
	uint64_t n, room;
};

static inline void times_add(struct times *times, uint64_t ns)
{
	if (times->n == times->room) {
		times->room = times->room * 2 + 1024;
		times->us = realloc(times->us, times->room * sizeof(*times->us));
		if (!times->us)
			die(EXIT_FAILURE, "out of memory");
	}
	times->us[times->n++] = ns / 1000;
}

static inline int times_compare(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return left < right ? -1 : left > right;
}

/* Milliseconds within which this share of them lies, once sorted. */
static inline double times_quantile(const struct times *times, double share)
{
	return times->n ? times->us[(uint64_t)(share * (times->n - 1))] / 1e3 : 0;
}

/* Prints them as a JSON object, and forgets them. */
static inline void times_report(struct times *times)
{
	if (times->n)
		qsort(times->us, times->n, sizeof(*times->us), times_compare);
	printf("{\"p50\": %.3f, \"p99\": %.3f, \"p999\": %.3f, \"max\": %.3f}",
	       times_quantile(times, 0.5), times_quantile(times, 0.99),
	       times_quantile(times, 0.999), times_quantile(times, 1));
	free(times->us);
	*times = (struct times){0};
}

#endif
