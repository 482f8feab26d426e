// SPDX-License-Identifier: GPL-2.0
/* The pinned maps.  Knows their types, not what the values mean. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "maps.h"
#include "pins.h"

int map_open(const char *dir, const char *name)
{
	char path[PIN_PATH_MAX];

	pins_file(dir, name, path);
	return bpf_obj_get(path);
}

int map_identify(int fd, __u32 *ret_id, __u32 *ret_value_size)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);
	int err = bpf_obj_get_info_by_fd(fd, &info, &size);

	if (err)
		return err;
	*ret_id = info.id;
	*ret_value_size = info.value_size;
	return 0;
}

int map_read(int fd, void *ret_value)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(fd, &zero, ret_value);
}

int map_write(int fd, const void *value)
{
	__u32 zero = 0;

	return bpf_map_update_elem(fd, &zero, value, BPF_ANY);
}

static int word_write_copy(int fd, unsigned int offset, __u32 value)
{
	char buffer[sizeof(struct runtime)];
	__u32 id, size;
	int err = map_identify(fd, &id, &size);

	if (err)
		return err;
	if (size > sizeof(buffer) || offset + sizeof(value) > size)
		return -EINVAL;
	err = map_read(fd, buffer);
	if (err)
		return err;
	memcpy(buffer + offset, &value, sizeof(value));
	return map_write(fd, buffer);
}

int map_write_u32(int fd, unsigned int offset, __u32 value)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *memory = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		return word_write_copy(fd, offset, value);
	__atomic_store_n((__u32 *)(void *)(memory + offset), value, __ATOMIC_RELEASE);
	munmap(memory, page);
	return 0;
}

/* Opens a map whose values have this size. */
static int sized_open(const char *dir, const char *name, size_t value_size)
{
	int err, fd = map_open(dir, name);
	__u32 id, size;

	if (fd < 0)
		return fd;
	err = map_identify(fd, &id, &size);
	if (!err && size != value_size)
		err = -EPROTO;
	if (!err)
		return fd;
	close(fd);
	return err;
}

int map_load(const char *dir, const char *name, void *ret_value, size_t value_size)
{
	int err, fd = sized_open(dir, name, value_size);

	if (fd < 0)
		return fd;
	err = map_read(fd, ret_value);
	close(fd);
	return err;
}

int map_store(const char *dir, const char *name, const void *value, size_t value_size)
{
	int err, fd = sized_open(dir, name, value_size);

	if (fd < 0)
		return fd;
	err = map_write(fd, value);
	close(fd);
	return err;
}

int map_store_runtime(const char *dir, unsigned int offset, __u32 value)
{
	int err, fd = sized_open(dir, "runtime", sizeof(struct runtime));

	if (fd < 0)
		return fd;
	err = map_write_u32(fd, offset, value);
	close(fd);
	return err;
}

static void counters_add(struct counters *sum, const struct counters *more)
{
	const struct count *from = (const struct count *)(const void *)more;
	struct count *to = (struct count *)(void *)sum;
	int i;

	for (i = 0; i < REASON_MAX; i++) {
		to[i].packets += from[i].packets;
		to[i].bytes += from[i].bytes;
		to[i].not_enforced += from[i].not_enforced;
	}
}

int map_counters(const char *dir, struct counters *ret_sum)
{
	int cpus = libbpf_num_possible_cpus(), cpu, err;
	struct counters *values;

	if (cpus < 0)
		return cpus;
	values = calloc((size_t)cpus, sizeof(*values));
	if (!values)
		return -ENOMEM;
	err = map_load(dir, "counters", values, sizeof(*values));
	if (!err) {
		memset(ret_sum, 0, sizeof(*ret_sum));
		for (cpu = 0; cpu < cpus; cpu++)
			counters_add(ret_sum, &values[cpu]);
	}
	free(values);
	return err;
}
