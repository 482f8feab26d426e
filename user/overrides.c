// SPDX-License-Identifier: GPL-2.0
/* See overrides.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "overrides.h"
#include "timeouts.h"

enum { CONNS_LEAST = 1024, CONNS_MOST = 1 << 24 };

int mode_parse(const char *text, enum mode *ret_mode)
{
	if (!strcmp(text, "auto"))
		*ret_mode = MODE_AUTO;
	else if (!strcmp(text, "always"))
		*ret_mode = MODE_ALWAYS;
	else if (!strcmp(text, "monitor"))
		*ret_mode = MODE_MONITOR;
	else
		return -EINVAL;
	return 0;
}

static int xdp_parse(const char *text, __u8 *ret_xdp)
{
	static const char *const words[] = {[XDP_CHOICE_AUTO] = "auto",
					    [XDP_CHOICE_NATIVE] = "native",
					    [XDP_CHOICE_GENERIC] = "generic"};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(text, words[i])) {
			*ret_xdp = (__u8)i;
			return 0;
		}
	return -EINVAL;
}

static int conns_parse(const char *text, __u32 *ret_max_conns)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*end || end == text || n < CONNS_LEAST || n > CONNS_MOST)
		return cli_refuse("attach", "--max-conns '%s' is not a number from %d to %d", text,
				  CONNS_LEAST, CONNS_MOST);
	*ret_max_conns = (__u32)n;
	return EXIT_OK;
}

int overrides_parse(const struct args *args, struct overrides *ret_overrides)
{
	struct overrides overrides = {.xdp_given = args->xdp != NULL};
	struct error error;

	if (args->xdp && xdp_parse(args->xdp, &overrides.xdp))
		return cli_refuse("attach", "--xdp '%s' is none of auto, native, generic",
				  args->xdp);
	if (args->mode && mode_parse(args->mode, &overrides.mode))
		return cli_refuse("attach", "--mode '%s' is none of auto, always, monitor",
				  args->mode);
	if (args->max_conns && conns_parse(args->max_conns, &overrides.max_conns))
		return EXIT_USAGE;
	if (args->timeout && timeouts_parse(args->timeout, &overrides.timeouts, &error))
		return cli_refuse("attach", "%s", error.text);
	*ret_overrides = overrides;
	return EXIT_OK;
}

static void timeouts_override(const struct timeouts *given, struct timeouts *timeouts)
{
	__u32 from[sizeof(*given) / sizeof(__u32)], to[sizeof(*given) / sizeof(__u32)];
	size_t i;

	memcpy(from, given, sizeof(from));
	memcpy(to, timeouts, sizeof(to));
	for (i = 0; i < sizeof(from) / sizeof(from[0]); i++)
		if (from[i])
			to[i] = from[i];
	memcpy(timeouts, to, sizeof(to));
}

void overrides_apply(const struct overrides *overrides, struct setup *setup)
{
	unsigned int i;

	if (overrides->mode) {
		setup->settings.mode = overrides->mode;
		for (i = 0; i < setup->count; i++)
			setup->services[i].policy.mode = overrides->mode;
	}
	if (overrides->xdp_given)
		setup->xdp = (enum xdp_choice)overrides->xdp;
	if (overrides->max_conns)
		setup->max_conns = overrides->max_conns;
	timeouts_override(&overrides->timeouts, &setup->timeouts);
}
