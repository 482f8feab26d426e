// SPDX-License-Identifier: GPL-2.0
/* Sets and lists of prefixes, in and out of the maps. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "lists.h"
#include "maps.h"
#include "pins.h"
#include "prefixset_map.h"

static const struct {
	const char *name;
	const char *map;
	const char *map_new; /* until it takes the place of the one before */
} lists[LISTS] = {
    [LIST_ALLOW] = {"allow", "allow_entries", "allow_new"},
    [LIST_DENY] = {"deny", "deny_entries", "deny_new"},
};

const char *list_name(enum list_kind kind)
{
	return lists[kind].name;
}

static int fail(struct error *error, int err, const char *what, enum list_kind kind)
{
	return error_set(error, err, "cannot %s the %slist: %s", what, lists[kind].name,
			 strerror(-err));
}

/* set: a descriptor; or -ENOENT, to empty the slot.  The bit of settings.lists, or -errno. */
static int slot_write(int sets, __u32 bank, enum list_kind kind, int set)
{
	const __u32 slot = bank * LISTS + kind;
	int err;

	if (set >= 0)
		return bpf_map_update_elem(sets, &slot, &set, BPF_ANY) ? -errno : 1 << kind;
	err = bpf_map_delete_elem(sets, &slot);
	return err && err != -ENOENT ? err : 0;
}

int lists_store(const char *dir, __u32 bank, enum list_kind kind, const struct prefix_list *list,
		struct error *error)
{
	int sets = map_open(dir, "prefix_sets"), set = -ENOENT, bit;

	if (sets < 0)
		return fail(error, sets, "open", kind);
	if (list->count)
		set = prefix_set_map(list->entries, list->count);
	bit = set < 0 && list->count ? set : slot_write(sets, bank, kind, set);
	if (set >= 0)
		close(set);
	close(sets);
	return bit < 0 ? fail(error, bit, "store", kind) : bit;
}

/* The set in a slot: a descriptor, -ENOENT if there is none, another -errno. */
static int slot_open(int sets, __u32 bank, enum list_kind kind)
{
	const __u32 slot = bank * LISTS + kind;
	__u32 id;
	int err = bpf_map_lookup_elem(sets, &slot, &id);

	return err ? err : bpf_map_get_fd_by_id(id);
}

int lists_copy(const char *dir, __u32 from, __u32 to, enum list_kind kind, struct error *error)
{
	int sets = map_open(dir, "prefix_sets"), set, bit;

	if (sets < 0)
		return fail(error, sets, "open", kind);
	set = slot_open(sets, from, kind);
	bit = set < 0 && set != -ENOENT ? set : slot_write(sets, to, kind, set);
	if (set >= 0)
		close(set);
	close(sets);
	return bit < 0 ? fail(error, bit, "copy", kind) : bit;
}

/* The type of the values, so that bpftool prints their names. */
static int entries_make(int old, const struct prefix_list *list)
{
	static const struct prefix_entry none;
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	int btf = -ENOENT, fd = bpf_obj_get_info_by_fd(old, &info, &size);

	if (fd)
		return fd;
	if (info.btf_id)
		btf = bpf_btf_get_fd_by_id(info.btf_id);
	if (btf >= 0) {
		opts.btf_fd = (__u32)btf;
		opts.btf_key_type_id = info.btf_key_type_id;
		opts.btf_value_type_id = info.btf_value_type_id;
	}
	fd = array_map_make(info.name, list->count ? list->entries : &none, sizeof(none),
			    list->count ? (__u32)list->count : 1, &opts);
	if (btf >= 0)
		close(btf);
	return fd;
}

void lists_fit(const char *dir, struct bpf_object *obj)
{
	struct bpf_map_info info;
	__u32 size;
	int kind, fd;

	for (kind = 0; kind < LISTS; kind++) {
		size = sizeof(info);
		fd = map_open(dir, lists[kind].map);
		if (fd < 0)
			continue;
		memset(&info, 0, sizeof(info));
		if (!bpf_obj_get_info_by_fd(fd, &info, &size))
			bpf_map__set_max_entries(bpf_object__find_map_by_name(obj, lists[kind].map),
						 info.max_entries);
		close(fd);
	}
}

static int pin_replace(const char *dir, enum list_kind kind, int fd)
{
	char path[PIN_PATH_MAX], path_new[PIN_PATH_MAX];
	int err;

	pins_file(dir, lists[kind].map, path);
	pins_file(dir, lists[kind].map_new, path_new);
	unlink(path_new); /* of a run that was cut short */
	err = bpf_obj_pin(fd, path_new);
	if (!err && rename(path_new, path))
		err = -errno;
	return err;
}

int lists_remember(const char *dir, enum list_kind kind, const struct prefix_list *list,
		   struct error *error)
{
	int old = map_open(dir, lists[kind].map), fd, err;

	if (old < 0)
		return fail(error, old, "open", kind);
	fd = entries_make(old, list);
	err = fd < 0 ? fd : pin_replace(dir, kind, fd);
	if (fd >= 0)
		close(fd);
	close(old);
	return err ? fail(error, err, "keep", kind) : 0;
}

static int entries_read(int fd, struct prefix_list *list)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);
	const struct prefix_entry *entries;
	int err = bpf_obj_get_info_by_fd(fd, &info, &size);

	if (!err && info.value_size != sizeof(*entries))
		err = -EPROTO;
	if (err)
		return err;
	entries =
	    mmap(NULL, (size_t)info.max_entries * sizeof(*entries), PROT_READ, MAP_SHARED, fd, 0);
	if (entries == MAP_FAILED)
		return -errno;
	for (__u32 i = 0; i < info.max_entries && !err; i++)
		err = entries[i].used ? prefix_list_add(list, &entries[i]) : 0;
	munmap((void *)entries, (size_t)info.max_entries * sizeof(*entries));
	return err;
}

int lists_load(const char *dir, enum list_kind kind, struct prefix_list *ret_list,
	       struct error *error)
{
	struct prefix_list list = {0};
	int fd = map_open(dir, lists[kind].map), err;

	err = fd < 0 ? fd : entries_read(fd, &list);
	if (fd >= 0)
		close(fd);
	if (!err)
		*ret_list = list;
	else
		prefix_list_free(&list);
	return err ? fail(error, err, "read", kind) : 0;
}

static int settings_bit(const char *dir, __u32 bank, enum list_kind kind, int bit)
{
	struct settings settings;
	int fd = map_open(dir, "settings"), err;

	err = fd < 0 ? fd : bpf_map_lookup_elem(fd, &bank, &settings);
	if (!err) {
		settings.lists = (__u8)((settings.lists & ~(1 << kind)) | bit);
		err = bpf_map_update_elem(fd, &bank, &settings, BPF_ANY);
	}
	if (fd >= 0)
		close(fd);
	return err;
}

static size_t set_bytes(const char *dir, __u32 bank, enum list_kind kind)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);
	int sets = map_open(dir, "prefix_sets"), set;

	if (sets < 0)
		return 0;
	set = slot_open(sets, bank, kind);
	close(sets);
	if (set < 0)
		return 0;
	bpf_obj_get_info_by_fd(set, &info, &size);
	close(set);
	return (size_t)info.value_size * info.max_entries;
}

int lists_replace(const char *dir, enum list_kind kind, const struct prefix_list *list,
		  size_t *ret_bytes, struct error *error)
{
	struct runtime runtime;
	int err = map_load(dir, "runtime", &runtime, sizeof(runtime)), bit;
	const __u32 bank = runtime.bank & (BANKS - 1);

	/* Programs look into a slot only while its bit is set. */
	if (!err && !list->count)
		err = settings_bit(dir, bank, kind, 0);
	if (err)
		return fail(error, err, "change", kind);
	bit = lists_store(dir, bank, kind, list, error);
	if (bit < 0)
		return bit;
	err = settings_bit(dir, bank, kind, bit);
	if (err)
		return fail(error, err, "change", kind);
	*ret_bytes = set_bytes(dir, bank, kind) + list->count * sizeof(*list->entries);
	return lists_remember(dir, kind, list, error);
}
