// SPDX-License-Identifier: GPL-2.0
/* See addr_map.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "addr_map.h"

enum { BATCH = 4096 };

int addr_entries_make(unsigned int room, struct addr_entries *ret_entries)
{
	*ret_entries = (struct addr_entries){.room = room};
	ret_entries->entry = calloc(room + 1, sizeof(*ret_entries->entry));
	return ret_entries->entry ? 0 : -ENOMEM;
}

void addr_entries_free(struct addr_entries *entries)
{
	free(entries->entry);
	*entries = (struct addr_entries){0};
}

void addr_entries_add(struct addr_entries *entries, const __u8 addr[16], __u16 port, __u32 bank,
		      struct addr_service service)
{
	struct addr_entry *entry = &entries->entry[entries->count++];

	memset(entry, 0, sizeof(*entry));
	memcpy(entry->key.addr, addr, sizeof(entry->key.addr));
	entry->key.port = port;
	entry->key.bank = (__u16)bank;
	entry->service = service;
}

/* The bank is not looked at. */
static int entry_compare(const void *a, const void *b)
{
	const struct addr_entry *x = a, *y = b;
	int order = memcmp(x->key.addr, y->key.addr, sizeof(x->key.addr));

	return order ? order : (int)x->key.port - (int)y->key.port;
}

static void entries_sort(struct addr_entries *entries)
{
	qsort(entries->entry, entries->count, sizeof(*entries->entry), entry_compare);
}

static const struct addr_entry *entry_find(const struct addr_entries *entries,
					   const struct addr_entry *like)
{
	return bsearch(like, entries->entry, entries->count, sizeof(*like), entry_compare);
}

__u32 addr_entries_defence(const struct addr_entries *entries, const __u8 addr[16], __u16 port)
{
	struct addr_entry like = {.key.port = port};
	const struct addr_entry *found;

	memcpy(like.key.addr, addr, sizeof(like.key.addr));
	found = entry_find(entries, &like);
	return found ? found->service.defence : DEFENCES;
}

struct batch {
	struct addr_key keys[BATCH];
	struct addr_service services[BATCH];
};

static void batch_add(const struct batch *batch, __u32 count, __u32 bank,
		      struct addr_entries *entries)
{
	__u32 i;

	for (i = 0; i < count && entries->count < entries->room; i++)
		if (batch->keys[i].bank == bank)
			addr_entries_add(entries, batch->keys[i].addr, batch->keys[i].port, bank,
					 batch->services[i]);
}

static int entries_load(int fd, __u32 bank, struct batch *batch, struct addr_entries *entries)
{
	__u32 count, at = 0;
	int err, first = 1;

	do {
		count = BATCH;
		err = bpf_map_lookup_batch(fd, first ? NULL : &at, &at, batch->keys,
					   batch->services, &count, NULL);
		first = 0;
		if (!err || err == -ENOENT)
			batch_add(batch, count, bank, entries);
	} while (!err);
	return err == -ENOENT ? 0 : err;
}

int addr_map_read(int fd, __u32 bank, struct addr_entries *ret_entries, struct error *error)
{
	struct batch *batch = malloc(sizeof(*batch));
	int err = addr_entries_make(BANKS * MAX_ADDR_SERVICES, ret_entries);

	if (!err && !batch)
		err = -ENOMEM;
	if (!err)
		err = entries_load(fd, bank, batch, ret_entries);
	free(batch);
	if (err)
		return error_set(error, err, "cannot read the map addr_services: %s",
				 strerror(-err));
	entries_sort(ret_entries);
	return 0;
}

/* Those that the bank must not have any more: before new ones, or there may be no room for these. */
static int stale_delete(int fd, const struct addr_entries *had, const struct addr_entries *wanted)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < had->count; i++)
		if (!entry_find(wanted, &had->entry[i]))
			err = bpf_map_delete_elem(fd, &had->entry[i].key);
	return err;
}

/* What a struct defence is needed for: of those of addresses, by index less MAX_PORTS. */
enum use { USE_NONE = 0, USE_IN_FORCE = 1, USE_KEPT = 2 };

struct uses {
	__u8 use[MAX_ADDR_SERVICES];
};

static void use_mark(struct uses *uses, const struct addr_entry *entry, enum use use)
{
	const __u32 index = entry->service.defence - MAX_PORTS;

	if (index < MAX_ADDR_SERVICES)
		uses->use[index] = (__u8)use;
}

/*
 * One that nobody has.  Should there be none, as when very many services make room for as many
 * others: that of one which goes, and which shares it for the moment until then.
 */
static __u32 defence_take(struct uses *uses, __u32 *next)
{
	static const enum use from[] = {USE_NONE, USE_IN_FORCE};
	__u32 i;
	int pass;

	for (pass = 0; pass < 2; pass++)
		for (i = pass ? 0 : *next; i < MAX_ADDR_SERVICES; i++) {
			if (uses->use[i] != from[pass])
				continue;
			uses->use[i] = USE_KEPT;
			if (!pass)
				*next = i + 1;
			return MAX_PORTS + i;
		}
	return 0;
}

static void uses_find(const struct addr_entries *in_force, struct addr_entries *entries,
		      struct uses *uses)
{
	const struct addr_entry *same;
	unsigned int i;

	for (i = 0; i < in_force->count; i++)
		use_mark(uses, &in_force->entry[i], USE_IN_FORCE);
	for (i = 0; i < entries->count; i++) {
		same = entry_find(in_force, &entries->entry[i]);
		if (!same)
			continue;
		entries->entry[i].service.defence = same->service.defence;
		use_mark(uses, same, USE_KEPT);
	}
}

static int defences_assign(int defences, const struct addr_entries *in_force,
			   struct addr_entries *entries)
{
	const struct defence fresh = {0};
	struct uses *uses = calloc(1, sizeof(*uses));
	__u32 next = 0, *index;
	unsigned int i;
	int err = uses ? 0 : -ENOMEM;

	if (!err)
		uses_find(in_force, entries, uses);
	for (i = 0; !err && i < entries->count; i++) {
		index = &entries->entry[i].service.defence;
		if (*index)
			continue;
		*index = defence_take(uses, &next);
		err = *index ? bpf_map_update_elem(defences, index, &fresh, BPF_ANY) : -ENOSPC;
	}
	free(uses);
	return err;
}

static int entries_store(int fd, const struct addr_entries *entries)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < entries->count; i++)
		err = bpf_map_update_elem(fd, &entries->entry[i].key, &entries->entry[i].service,
					  BPF_ANY);
	return err;
}

int addr_map_write(int fd, int defences, __u32 bank, struct addr_entries *entries,
		   struct error *error)
{
	struct addr_entries had = {0}, in_force = {0};
	int err = addr_map_read(fd, bank, &had, error);

	if (!err)
		err = addr_map_read(fd, !bank, &in_force, error);
	if (!err) {
		entries_sort(entries);
		err = stale_delete(fd, &had, entries);
		if (!err)
			err = defences_assign(defences, &in_force, entries);
		if (!err)
			err = entries_store(fd, entries);
		if (err)
			error_set(error, err, "cannot write the services of an address: %s",
				  strerror(-err));
	}
	addr_entries_free(&had);
	addr_entries_free(&in_force);
	return err;
}
