// SPDX-License-Identifier: GPL-2.0
/* A bank of the maps as a setup again; setup_maps.c tells how the services are marked in it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "addr_map.h"
#include "maps.h"
#include "setup_maps.h"

struct bank {
	__u32 keys[BANKS * MAX_PORTS];
	struct rule rules[BANKS * MAX_PORTS];
	struct policy policies[BANKS * MAX_POLICIES];
};

/* All values of an array of count. */
static int array_read(int fd, struct bank *bank, __u32 count, void *ret_values)
{
	__u32 token, done = count;
	int err = bpf_map_lookup_batch(fd, NULL, &token, bank->keys, ret_values, &done, NULL);

	if (err && err != -ENOENT)
		return err;
	return done == count ? 0 : -EPROTO;
}

static int addr_ranges_add(struct setup *setup, const struct policy *policies,
			   const struct addr_entries *entries, struct error *error)
{
	const struct addr_entry *entry, *next;
	struct service service;
	unsigned int i, last;
	int err = 0;

	for (i = 0; !err && i < entries->count; i = last + 1) {
		entry = &entries->entry[i];
		for (last = i; last + 1 < entries->count; last++) {
			next = &entries->entry[last + 1];
			if (memcmp(next->key.addr, entry->key.addr, sizeof(next->key.addr)) != 0 ||
			    next->key.port != entries->entry[last].key.port + 1 ||
			    next->service.part != entry->service.part)
				break;
		}
		service = (struct service){
		    .first = entry->key.port,
		    .last = entries->entry[last].key.port,
		    .policy = policies[entry->service.policy % MAX_POLICIES],
		};
		memcpy(service.addr, entry->key.addr, sizeof(service.addr));
		err = setup_add(setup, &service, error);
	}
	return err;
}

static bool same_service(const struct rule *a, const struct rule *b)
{
	return a->policy == b->policy && a->part == b->part;
}

static int port_ranges_add(struct setup *setup, const struct policy *policies,
			   const struct rule *rules, struct error *error)
{
	struct service service = {.any_addr = true};
	unsigned int port, last;
	__u16 all = 0;
	int err = 0;

	for (port = 1; !err && port < MAX_PORTS; port = last + 1) {
		last = port;
		if (!rules[port].policy)
			continue;
		if (!rules[port].part) {
			all = rules[port].policy;
			continue;
		}
		while (last + 1 < MAX_PORTS && same_service(&rules[port], &rules[last + 1]))
			last++;
		service.first = (__u16)port;
		service.last = (__u16)last;
		service.policy = policies[rules[port].policy % MAX_POLICIES];
		err = setup_add(setup, &service, error);
	}
	if (err || !all)
		return err;
	service.first = 1;
	service.last = MAX_PORTS - 1;
	service.policy = policies[all % MAX_POLICIES];
	return setup_add(setup, &service, error);
}

static int services_read(const struct setup_maps *maps, __u32 bank, struct setup *setup,
			 struct error *error)
{
	struct bank *all = malloc(sizeof(*all));
	struct addr_entries entries = {0};
	int err = all ? 0 : -ENOMEM;

	if (!err)
		err = array_read(maps->rules, all, BANKS * MAX_PORTS, all->rules);
	if (!err)
		err = array_read(maps->policies, all, BANKS * MAX_POLICIES, all->policies);
	if (err)
		error_set(error, err, "cannot read the services: %s", strerror(-err));
	else
		err = addr_map_read(maps->addr_services, bank, &entries, error);
	if (!err)
		err = addr_ranges_add(setup, all->policies + bank * MAX_POLICIES, &entries, error);
	if (!err)
		err = port_ranges_add(setup, all->policies + bank * MAX_POLICIES,
				      all->rules + bank * MAX_PORTS, error);
	addr_entries_free(&entries);
	free(all);
	return err;
}

/* NULL for ""; otherwise a copy. */
static int text_take(const char *text, char **ret_text)
{
	if (!*text)
		return 0;
	*ret_text = strndup(text, FILE_NAME_MAX - 1);
	return *ret_text ? 0 : -ENOMEM;
}

static int notes_take(const struct notes *notes, struct setup *setup)
{
	int err = text_take(notes->key_file, &setup->key_file);

	if (!err)
		err = text_take(notes->allow_file, &setup->allow_file);
	if (!err)
		err = text_take(notes->deny_file, &setup->deny_file);
	setup->rotate_s = notes->rotate_s;
	setup->xdp = (enum xdp_choice)notes->xdp;
	return err;
}

static int values_read(const struct setup_maps *maps, __u32 bank, struct setup *setup,
		       struct origin *ret_origin, struct error *error)
{
	struct notes *notes = calloc(1, sizeof(*notes));
	int err = notes ? 0 : -ENOMEM;

	if (!err)
		err = bpf_map_lookup_elem(maps->settings, &bank, &setup->settings);
	if (!err)
		err = bpf_map_lookup_elem(maps->notes, &bank, notes);
	if (!err)
		err = notes_take(notes, setup);
	if (err)
		error_set(error, err, "cannot read the settings: %s", strerror(-err));
	else if (ret_origin)
		*ret_origin = notes->origin;
	setup->settings.lists = 0;
	free(notes);
	return err;
}

int setup_read_bank(const struct setup_maps *maps, __u32 bank, struct setup *ret_setup,
		    struct origin *ret_origin, struct error *error)
{
	struct setup setup = {0};
	int err = values_read(maps, bank, &setup, ret_origin, error);

	if (!err)
		err = services_read(maps, bank, &setup, error);
	if (err)
		setup_free(&setup);
	else
		*ret_setup = setup;
	return err;
}

int setup_read_origin(const char *dir, struct setup *ret_setup, struct origin *ret_origin,
		      struct error *error)
{
	struct setup_maps maps;
	struct config config;
	int err, bank = setup_bank(dir, error);

	if (bank < 0)
		return bank;
	err = map_load(dir, "config", &config, sizeof(config));
	if (err)
		return error_set(error, err, "cannot read the map config: %s", strerror(-err));
	err = setup_maps_open(dir, &maps, error);
	if (err)
		return err;
	err = setup_read_bank(&maps, (__u32)bank, ret_setup, ret_origin, error);
	setup_maps_close(&maps);
	if (err)
		return err;
	ret_setup->timeouts = config.timeouts;
	ret_setup->max_conns = config.max_conns;
	return 0;
}

int setup_read(const char *dir, struct setup *ret_setup, struct error *error)
{
	return setup_read_origin(dir, ret_setup, NULL, error);
}
