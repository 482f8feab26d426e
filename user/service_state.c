// SPDX-License-Identifier: GPL-2.0
/* See service_state.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "defend.h"
#include "jiffies.h"
#include "maps.h"
#include "service_state.h"
#include "setup_maps.h"

static int defences_read(int fd, struct defence *ret_defences)
{
	__u32 *keys = calloc(DEFENCES, sizeof(*keys)), token, count = DEFENCES;
	int err = keys ? bpf_map_lookup_batch(fd, NULL, &token, keys, ret_defences, &count, NULL)
		       : -ENOMEM;

	free(keys);
	if (err && err != -ENOENT)
		return err;
	return count == DEFENCES ? 0 : -EPROTO;
}

int service_states_read(const char *dir, __u32 bank, struct service_states *ret_states,
			struct error *error)
{
	struct service_states states = {.defences = calloc(DEFENCES, sizeof(struct defence))};
	struct setup_maps maps;
	int err = setup_maps_open(dir, &maps, error);

	if (!err) {
		err = states.defences ? defences_read(maps.defences, states.defences) : -ENOMEM;
		if (!err)
			err = jiffies_read(&states.now);
		if (err)
			error_set(error, err, "cannot read what the services go through: %s",
				  strerror(-err));
		else
			err = addr_map_read(maps.addr_services, bank, &states.addrs, error);
		setup_maps_close(&maps);
	}
	if (err)
		service_states_free(&states);
	else
		*ret_states = states;
	return err;
}

void service_states_free(struct service_states *states)
{
	free(states->defences);
	addr_entries_free(&states->addrs);
	*states = (struct service_states){0};
}

static void defence_add(const struct defence *defence, __u64 now, struct service_state *state)
{
	const bool attacked = defend_active(defence, now);

	state->attacks += defence->attacks;
	state->ports += attacked;
	if (attacked > state->attacked ||
	    (attacked == state->attacked && defence->started_s > state->started_s))
		state->started_s = defence->started_s;
	state->attacked |= attacked;
}

static bool is_all_ports(const struct service *service)
{
	return service->any_addr && service->first <= 1 && service->last == MAX_PORTS - 1;
}

struct service_state service_state_of(const struct service_states *states,
				      const struct setup *setup, const struct service *service)
{
	const bool all = is_all_ports(service);
	struct service_state state = {0};
	unsigned int port;
	__u32 index;

	for (port = service->first; port <= service->last; port++) {
		if (all && setup->taken[port / 64] >> port % 64 & 1)
			continue;
		index = service->any_addr
			    ? port
			    : addr_entries_defence(&states->addrs, service->addr, (__u16)port);
		if (index < DEFENCES)
			defence_add(&states->defences[index], states->now, &state);
	}
	return state;
}
