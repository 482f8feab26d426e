// SPDX-License-Identifier: GPL-2.0
/* Arrays are filled through memory: a million entries by system calls would take a second. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "prefixset_build.h"
#include "prefixset_map.h"

int array_map_make(const char *name, const void *entries, __u32 size, __u32 count,
		   const struct bpf_map_create_opts *opts)
{
	const size_t bytes = (size_t)size * count;
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, name, sizeof(__u32), size, count, opts), err;
	void *memory;

	if (fd < 0)
		return fd;
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory != MAP_FAILED) {
		memcpy(memory, entries, bytes);
		munmap(memory, bytes);
		return fd;
	}
	err = -errno;
	close(fd);
	return err;
}

int prefix_set_map(const struct prefix_entry *entries, size_t count)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_INNER_MAP | BPF_F_MMAPABLE);
	struct prefix_set set;
	int fd = prefix_set_build(entries, count, &set);

	if (fd)
		return fd;
	fd = array_map_make("prefix_lines", set.lines, sizeof(*set.lines), set.count, &opts);
	prefix_set_free(&set);
	return fd;
}
