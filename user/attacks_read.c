// SPDX-License-Identifier: GPL-2.0
/* The maps behind attacks.h: defences, and of which address they are. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "attacks.h"
#include "defend.h"
#include "host.h"
#include "jiffies.h"
#include "maps.h"

#define NS_PER_S 1000000000ULL

enum { YOUNG_NS = 50 * 1000 * 1000 };

static int clock_read(__u32 hz, struct attacks_clock *ret_clock)
{
	ret_clock->hz = hz;
	ret_clock->boottime_s = (__u32)(host_boottime_ns() / NS_PER_S);
	return jiffies_read(&ret_clock->jiffies);
}

static int defences_load(int fd, struct defence *ret_defences)
{
	__u32 count = DEFENCES, batch, *keys = calloc(DEFENCES, sizeof(*keys));
	int err;

	if (!keys)
		return -ENOMEM;
	err = bpf_map_lookup_batch(fd, NULL, &batch, keys, ret_defences, &count, NULL);
	free(keys);
	return err == -ENOENT && count == DEFENCES ? 0 : err;
}

/* Returns whether it could be told. */
static bool rate_settle(int fd, struct attack *attack, const struct attacks_clock *clock)
{
	struct defence defence;

	if (bpf_map_lookup_elem(fd, &attack->index, &defence))
		return true;
	if (attack_window_is_young(&defence, clock))
		return false;
	attack->syn_rate = attack_syn_rate(&defence, clock);
	return true;
}

/* A window is a tenth of a second: if one has just begun, it has not by the second look. */
static void rates_settle(int fd, __u32 hz, struct attacks *attacks)
{
	const struct timespec pause = {.tv_nsec = YOUNG_NS};
	bool settled = !attacks->active;
	struct attacks_clock clock;
	unsigned int i, look;

	for (look = 0; look < 2 && !settled; look++) {
		if (look)
			nanosleep(&pause, NULL);
		if (clock_read(hz, &clock))
			return;
		settled = true;
		for (i = 0; i < attacks->count; i++)
			if (!rate_settle(fd, &attacks->of[i], &clock))
				settled = false;
	}
}

/* Those whose service has been taken away since keep no address. */
static void addresses_find(const char *dir, __u32 bank, struct attacks *attacks)
{
	int fd = map_open(dir, "addr_services");
	struct addr_service service;
	struct addr_key key, *at = NULL;
	unsigned int i;

	if (fd < 0)
		return;
	while (!bpf_map_get_next_key(fd, at, &key)) {
		at = &key;
		if (key.bank != bank || bpf_map_lookup_elem(fd, &key, &service))
			continue;
		for (i = 0; i < attacks->count; i++)
			if (attacks->of[i].index == service.defence) {
				attacks->of[i].any_addr = false;
				attacks->of[i].port = key.port;
				memcpy(attacks->of[i].addr, key.addr, sizeof(key.addr));
			}
	}
	close(fd);
}

static bool any_has_address(const struct attacks *attacks)
{
	unsigned int i;

	for (i = 0; i < attacks->count; i++)
		if (attacks->of[i].index >= MAX_PORTS)
			return true;
	return false;
}

int attacks_read(const char *dir, __u32 bank, __u32 hz, struct attacks *ret_attacks)
{
	struct defence *defences = calloc(DEFENCES, sizeof(*defences));
	struct attacks_clock clock;
	int err, fd = map_open(dir, "defences");

	err = fd < 0 ? fd : defences ? defences_load(fd, defences) : -ENOMEM;
	if (!err)
		err = clock_read(hz, &clock);
	if (!err) {
		attacks_find(defences, DEFENCES, &clock, ret_attacks);
		rates_settle(fd, hz, ret_attacks);
		if (any_has_address(ret_attacks))
			addresses_find(dir, bank, ret_attacks);
	}
	if (fd >= 0)
		close(fd);
	free(defences);
	return err;
}
