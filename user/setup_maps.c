// SPDX-License-Identifier: GPL-2.0
/*
 * Writing a setup into a bank.  Rules and policies go in one system call each.  Which ports are one
 * service is told by `part`: 0 for the service of all ports, and for the others 1 and 2 in turn, so
 * that two beside each other differ.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "addr_map.h"
#include "maps.h"
#include "setup_maps.h"

static int one_open(const char *dir, const char *name, int *ret_fd, struct error *error)
{
	int fd = map_open(dir, name);

	*ret_fd = fd;
	return fd < 0 ? error_set(error, fd, "cannot open the map %s: %s", name, strerror(-fd)) : 0;
}

int setup_maps_open(const char *dir, struct setup_maps *ret_maps, struct error *error)
{
	struct setup_maps maps = {-1, -1, -1, -1, -1, -1};
	int err = one_open(dir, "rules", &maps.rules, error);

	if (!err)
		err = one_open(dir, "policies", &maps.policies, error);
	if (!err)
		err = one_open(dir, "addr_services", &maps.addr_services, error);
	if (!err)
		err = one_open(dir, "settings", &maps.settings, error);
	if (!err)
		err = one_open(dir, "defences", &maps.defences, error);
	if (!err)
		err = one_open(dir, "notes", &maps.notes, error);
	if (err)
		setup_maps_close(&maps);
	else
		*ret_maps = maps;
	return err;
}

void setup_maps_close(struct setup_maps *maps)
{
	const int fds[] = {maps->rules,    maps->policies, maps->addr_services,
			   maps->settings, maps->defences, maps->notes};
	size_t i;

	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

int setup_bank(const char *dir, struct error *error)
{
	struct runtime runtime;
	int err = map_load(dir, "runtime", &runtime, sizeof(runtime));

	if (err)
		return error_set(error, err, "cannot read the map runtime: %s", strerror(-err));
	return (int)(runtime.bank & (BANKS - 1));
}

/* A bank being put together. */
struct draft {
	const struct setup *setup;
	__u32 bank;
	struct policy policies[MAX_POLICIES];
	struct rule rules[MAX_PORTS];
	__u32 owners[MAX_PORTS]; /* of each port: 1 + index of the any-address service; 0: none */
	__u32 keys[MAX_PORTS];
	int policy_count;
};

static bool is_all_ports(const struct service *service)
{
	return service->any_addr && service->first <= 1 && service->last == MAX_PORTS - 1;
}

static __u16 policy_find(const struct draft *draft, const struct policy *policy)
{
	int i;

	for (i = 1; i <= draft->policy_count; i++)
		if (!memcmp(&draft->policies[i], policy, sizeof(*policy)))
			return (__u16)i;
	return 0;
}

/* Last service first: where two have a port, the first counts. */
static void owners_fill(struct draft *draft)
{
	const struct service *service;
	unsigned int i, port;

	for (i = draft->setup->count; i-- > 0;) {
		service = &draft->setup->services[i];
		for (port = service->first; port <= service->last; port++) {
			if (service->any_addr)
				draft->owners[port] = i + 1;
			else
				draft->rules[port].by_addr = 1;
		}
	}
}

static void rules_fill(struct draft *draft)
{
	const struct service *services = draft->setup->services;
	unsigned int port, owner, before = 0;
	__u16 policy = 0;
	__u8 part = 1;

	for (port = 1; port < MAX_PORTS; port++) {
		owner = draft->owners[port];
		if (owner != before) {
			policy = owner ? policy_find(draft, &services[owner - 1].policy) : 0;
			part = part == 1 ? 2 : 1;
		}
		before = owner;
		draft->rules[port].policy = policy;
		draft->rules[port].part = owner && !is_all_ports(&services[owner - 1]) ? part : 0;
	}
}

/* count values from index first on. */
static int array_write(int fd, struct draft *draft, __u32 first, __u32 count, const void *values)
{
	__u32 i, done = count;

	for (i = 0; i < count; i++)
		draft->keys[i] = first + i;
	return bpf_map_update_batch(fd, draft->keys, values, &done, NULL);
}

static int addrs_make(const struct draft *draft, struct addr_entries *ret_entries)
{
	const struct service *service;
	unsigned int i, port;
	int err = addr_entries_make(draft->setup->addr_ports, ret_entries);
	__u16 part = 0;

	for (i = 0; !err && i < draft->setup->count; i++) {
		service = &draft->setup->services[i];
		if (service->any_addr)
			continue;
		part++;
		for (port = service->first; port <= service->last; port++)
			addr_entries_add(ret_entries, service->addr, (__u16)port, draft->bank,
					 (struct addr_service){
					     .policy = policy_find(draft, &service->policy),
					     .part = part,
					 });
	}
	return err;
}

static int addrs_write(const struct setup_maps *maps, const struct draft *draft,
		       struct error *error)
{
	struct addr_entries entries = {0};
	int err = addrs_make(draft, &entries);

	if (err)
		error_set(error, err, "out of memory");
	else
		err = addr_map_write(maps->addr_services, maps->defences, draft->bank, &entries,
				     error);
	addr_entries_free(&entries);
	return err;
}

static void text_copy(char ret_text[FILE_NAME_MAX], const char *text)
{
	if (text)
		strncpy(ret_text, text, FILE_NAME_MAX - 1);
}

static int notes_write(const struct setup_maps *maps, const struct draft *draft,
		       const struct origin *origin)
{
	const struct setup *setup = draft->setup;
	struct notes *notes = calloc(1, sizeof(*notes));
	int err;

	if (!notes)
		return -ENOMEM;
	notes->origin = *origin;
	notes->rotate_s = setup->rotate_s;
	notes->xdp = setup->xdp;
	text_copy(notes->key_file, setup->key_file);
	text_copy(notes->allow_file, setup->allow_file);
	text_copy(notes->deny_file, setup->deny_file);
	err = bpf_map_update_elem(maps->notes, &draft->bank, notes, BPF_ANY);
	free(notes);
	return err;
}

static int draft_write(const struct setup_maps *maps, struct draft *draft,
		       const struct origin *origin, struct error *error)
{
	int err = array_write(maps->rules, draft, draft->bank * MAX_PORTS, MAX_PORTS, draft->rules);

	if (!err)
		err = array_write(maps->policies, draft, draft->bank * MAX_POLICIES, MAX_POLICIES,
				  draft->policies);
	if (!err)
		err = bpf_map_update_elem(maps->settings, &draft->bank, &draft->setup->settings,
					  BPF_ANY);
	if (!err)
		err = notes_write(maps, draft, origin);
	if (err)
		return error_set(error, err, "cannot write the settings to the maps: %s",
				 strerror(-err));
	return addrs_write(maps, draft, error);
}

int setup_write(const struct setup_maps *maps, __u32 bank, const struct setup *setup,
		const struct origin *origin, struct error *error)
{
	struct draft *draft = calloc(1, sizeof(*draft));
	int err;

	if (!draft)
		return error_set(error, -ENOMEM, "out of memory");
	draft->setup = setup;
	draft->bank = bank;
	draft->policy_count = setup_policies(setup, draft->policies, error);
	err = draft->policy_count < 0 ? draft->policy_count : 0;
	if (!err) {
		owners_fill(draft);
		rules_fill(draft);
		err = draft_write(maps, draft, origin, error);
	}
	free(draft);
	return err;
}
