// SPDX-License-Identifier: GPL-2.0
/* The program of dry runs, and digests of the maps; see dry.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "dry.h"
#include "dry.skel.h"
#include "xdp.skel.h"

static void must(int ok, const char *what)
{
	if (ok)
		return;
	printf("# cannot %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

/* What each program has to itself. */
static int is_private(const char *map)
{
	return !strcmp(map, "rooms") || !strcmp(map, "trace_scratch") ||
	       !strcmp(map, "dry_rooms") || strstr(map, "rodata");
}

void dry_open(struct dry *d, struct shield *s)
{
	struct bpf_map *map, *theirs;

	d->shield = s;
	d->xdp = synguard_dry__open();
	must(d->xdp != NULL, "open dry.bpf.o");
	bpf_object__for_each_map (map, d->xdp->obj) {
		bpf_map__set_pin_path(map, NULL);
		if (is_private(bpf_map__name(map)))
			continue;
		theirs = bpf_object__find_map_by_name(s->xdp->obj, bpf_map__name(map));
		must(theirs && !bpf_map__reuse_fd(map, bpf_map__fd(theirs)), "share a map");
	}
	must(!synguard_dry__load(d->xdp), "load dry.bpf.o");
}

void dry_close(struct dry *d)
{
	synguard_dry__destroy(d->xdp);
}

static __u64 hash_add(__u64 hash, const void *bytes, size_t len)
{
	const __u8 *p = bytes;
	__u64 word;

	for (; len >= sizeof(word); p += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		hash = (hash ^ word) * 0x9e3779b97f4a7c15;
		hash ^= hash >> 29;
	}
	for (; len; p++, len--)
		hash = (hash ^ *p) * 0x9e3779b97f4a7c15;
	return hash;
}

/* Entries in the kernel's order, which stays while nothing is added or removed. */
static __u64 entries_hash(const struct bpf_map *map)
{
	const size_t key_size = bpf_map__key_size(map), cpus = (size_t)libbpf_num_possible_cpus();
	const size_t size = ((bpf_map__value_size(map) + 7UL) & ~7UL) *
			    (bpf_map__type(map) == BPF_MAP_TYPE_PERCPU_ARRAY ? cpus : 1);
	__u32 count = bpf_map__max_entries(map);
	__u8 *keys = calloc(count, key_size), *values = calloc(count, size), batch[64];
	const int err = keys && values ? bpf_map_lookup_batch(bpf_map__fd(map), NULL, batch, keys,
							      values, &count, NULL)
				       : -ENOMEM;
	__u64 hash;

	must(!err || err == -ENOENT, "read a map");
	hash = hash_add(hash_add(count, keys, count * key_size), values, count * size);
	free(keys);
	free(values);
	return hash;
}

/* The ring's second page begins with the producer's position. */
static __u64 ring_position(const struct bpf_map *map)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const __u64 *at = mmap(NULL, page, PROT_READ, MAP_SHARED, bpf_map__fd(map), (off_t)page);
	__u64 position;

	must(at != MAP_FAILED, "map the ring buffer");
	position = *at;
	munmap((void *)at, page);
	return position;
}

static __u64 map_hash(const struct shield *s, const struct bpf_map *map)
{
	if (bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF)
		return ring_position(map);
	if (bpf_map__fd(map) == s->conns_map)
		return hash_add(1, s->slots, s->config.slots * sizeof(*s->slots));
	return entries_hash(map);
}

void dry_digests(struct dry *d, struct digests *ret)
{
	struct bpf_map *map;

	memset(ret, 0, sizeof(*ret));
	bpf_object__for_each_map (map, d->shield->xdp->obj) {
		if (is_private(bpf_map__name(map)))
			continue;
		must(ret->count < DIGESTS_MAX, "keep so many digests");
		ret->of[ret->count].map = bpf_map__name(map);
		ret->of[ret->count++].hash = map_hash(d->shield, map);
	}
}

static void room_swap(struct dry *d, int clear, struct dry_room *ret)
{
	const int fd = bpf_map__fd(d->xdp->maps.dry_rooms), cpu = sched_getcpu();
	struct dry_room *rooms = calloc((size_t)libbpf_num_possible_cpus(), sizeof(*rooms));
	const __u32 zero = 0;

	must(rooms && cpu >= 0, "find the CPU");
	if (clear)
		must(!bpf_map_update_elem(fd, &zero, rooms, BPF_ANY), "clear dry_rooms");
	else
		must(!bpf_map_lookup_elem(fd, &zero, rooms), "read dry_rooms");
	*ret = rooms[cpu];
	free(rooms);
}

static void stay_here(cpu_set_t *ret_before)
{
	cpu_set_t one;

	must(!sched_getaffinity(0, sizeof(*ret_before), ret_before), "read the CPU affinity");
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	must(!sched_setaffinity(0, sizeof(one), &one), "stay on one CPU");
}

void dry_frame(struct dry *d, const struct pkt *p, struct outcome *ret, struct dry_room *ret_room)
{
	__u8 frame[PKT_ROOM];
	const unsigned int len = pkt_build(p, frame, NULL);
	struct xdp_md in = {.data_end = len, .ingress_ifindex = d->shield->config.ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len,
		    .data_out = ret->frame, .data_size_out = sizeof(ret->frame), .ctx_in = &in,
		    .ctx_size_in = sizeof(in));
	cpu_set_t before;

	stay_here(&before);
	room_swap(d, 1, ret_room);
	must(!bpf_prog_test_run_opts(bpf_program__fd(d->xdp->progs.synguard_xdp), &opts),
	     "run a frame");
	room_swap(d, 0, ret_room);
	must(!sched_setaffinity(0, sizeof(before), &before), "run anywhere again");
	ret->verdict = (int)opts.retval;
	ret->reason = (enum reason)ret_room->reason;
	ret->len = opts.data_size_out;
}
