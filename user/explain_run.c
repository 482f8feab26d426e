// SPDX-License-Identifier: GPL-2.0
/*
 * The XDP program once more, as a dry run on the maps of an interface, and the frames that it is
 * given.  Nothing is pinned or attached.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "explain.h"
#include "host.h"
#include "maps.h"
#include "dry.skel.h"

struct trial {
	const struct instance *instance;
	struct synguard_dry *xdp;
	int cpu;
	struct dry_room room; /* of the last run */
	int verdict;
	__u8 out[EXPLAIN_FRAME_MAX];
	__u32 out_len;
};

/* Never by pin path: libbpf would make and pin what it does not find. */
static int map_share(struct bpf_map *map, const char *dir)
{
	int err, fd;

	if (!bpf_map__pin_path(map))
		return 0;
	bpf_map__set_pin_path(map, NULL);
	fd = map_open(dir, bpf_map__name(map));
	if (fd < 0)
		return fd;
	err = bpf_map__reuse_fd(map, fd);
	close(fd);
	return err;
}

static int maps_share(struct synguard_dry *xdp, const char *dir)
{
	struct bpf_map *map;
	int err;

	bpf_object__for_each_map (map, xdp->obj) {
		err = map_share(map, dir);
		if (err)
			return err;
	}
	return 0;
}

static int trial_load(struct trial *t, struct error *error)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .pin_root_path = t->instance->dir);
	int err;

	t->xdp = synguard_dry__open_opts(&opts);
	if (!t->xdp)
		return error_set(error, -errno, "cannot open the XDP program: %s", strerror(errno));
	err = maps_share(t->xdp, t->instance->dir);
	if (err)
		return error_set(error, err, "cannot open the maps pinned in %s: %s",
				 t->instance->dir, strerror(-err));
	error_log_clear();
	err = synguard_dry__load(t->xdp);
	if (err)
		return error_set(error, err, "the kernel refuses the XDP program (%s): %s",
				 strerror(-err), error_log());
	return 0;
}

/* The room of each CPU; only the one that this process stays on is used. */
static int room_clear(const struct trial *t, struct dry_room *rooms, size_t size)
{
	memset(rooms, 0, size);
	return map_write(bpf_map__fd(t->xdp->maps.dry_rooms), rooms);
}

static int trial_run(struct trial *t, const struct explain_frame *frame)
{
	const size_t size = sizeof(struct dry_room) * (size_t)libbpf_num_possible_cpus();
	struct xdp_md in = {.data_end = frame->len, .ingress_ifindex = t->instance->ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame->bytes, .data_size_in = frame->len,
		    .data_out = t->out, .data_size_out = sizeof(t->out), .ctx_in = &in,
		    .ctx_size_in = sizeof(in));
	struct dry_room *rooms = malloc(size);
	int err = rooms ? room_clear(t, rooms, size) : -ENOMEM;

	if (!err)
		err = bpf_prog_test_run_opts(bpf_program__fd(t->xdp->progs.synguard_xdp), &opts);
	if (!err)
		err = map_read(bpf_map__fd(t->xdp->maps.dry_rooms), rooms);
	if (!err) {
		t->room = rooms[t->cpu];
		t->verdict = (int)opts.retval;
		t->out_len = opts.data_size_out;
	}
	free(rooms);
	return err;
}

static __u32 random_u32(void)
{
	__u32 value = 0;

	if (getrandom(&value, sizeof(value), 0) != sizeof(value))
		return 0x5eed5eed;
	return value;
}

static int flags_run(struct trial *t, const struct explain_request *like, __u8 flags)
{
	struct explain_request request = *like;
	const struct explain_packet packet = {&request, random_u32(),
					      flags & TCP_ACK ? random_u32() : 0};
	struct explain_frame frame;

	request.flags = flags;
	explain_frame_make(&packet, t->instance->config.mac, random_u32(), &frame);
	return trial_run(t, &frame);
}

/* An ACK shows the connection's entry, and a SYN who listens, whatever the packet is. */
static int facts_read(struct trial *t, struct explanation *e)
{
	int err = flags_run(t, &e->request, TCP_ACK);

	if (err)
		return err;
	e->conn = t->room.conn;
	e->has_conn = e->conn.head.state != NONE;
	err = flags_run(t, &e->request, TCP_SYN);
	if (err)
		return err;
	e->listener = t->room.listener;
	e->has_listener = e->listener.port != 0;
	e->has_half =
	    !bpf_map_lookup_elem(bpf_map__fd(t->xdp->maps.halfopen), &e->request.key, &e->half);
	err = explain_service_read(t->instance, &e->request.key, &e->service);
	return err ? err : map_read(bpf_map__fd(t->xdp->maps.runtime), &e->runtime);
}

/* The numbers that the peer's next packet has, as far as its entry tells. */
static enum explain_numbers numbers_choose(const struct explanation *e,
					   struct explain_packet *packet)
{
	const struct conn *c = e->has_conn ? &e->conn : &e->half;
	const struct conn_side *peer = c->head.flags.opened_here ? &c->server : &c->client;
	const struct conn_side *here = c->head.flags.opened_here ? &c->client : &c->server;
	const __u8 flags = e->request.flags;

	packet->seq = random_u32();
	packet->ack = flags & TCP_ACK ? random_u32() : 0;
	if ((!e->has_conn && !e->has_half) || !here->max_win ||
	    (flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		return NUMBERS_RANDOM;
	if (!(flags & TCP_SYN))
		packet->seq = peer->end;
	if (flags & TCP_ACK)
		packet->ack = here->end;
	return e->has_conn ? NUMBERS_CONN : NUMBERS_HALF;
}

static int decision_read(struct trial *t, struct explanation *e)
{
	struct explain_packet packet = {.request = &e->request};
	struct explain_frame frame;
	int err;

	e->numbers = numbers_choose(e, &packet);
	explain_frame_make(&packet, t->instance->config.mac, random_u32(), &frame);
	err = trial_run(t, &frame);
	if (err)
		return err;
	e->verdict = t->verdict;
	e->reason = (enum reason)t->room.reason;
	e->kernel_asked = t->room.kernel_asked;
	e->now = t->room.now;
	e->facts = t->room.facts;
	if (t->verdict == XDP_TX)
		explain_answer_read(t->out, t->out_len, &e->answer);
	return 0;
}

static int trial_ask(struct trial *t, struct explanation *e)
{
	cpu_set_t before, here;
	int err;

	if (sched_getaffinity(0, sizeof(before), &before))
		return -errno;
	t->cpu = sched_getcpu();
	if (t->cpu < 0 || t->cpu >= CPU_SETSIZE || t->cpu >= libbpf_num_possible_cpus())
		return -ERANGE;
	CPU_ZERO(&here);
	CPU_SET((size_t)t->cpu, &here);
	if (sched_setaffinity(0, sizeof(here), &here))
		return -errno;
	err = facts_read(t, e);
	if (!err)
		err = decision_read(t, e);
	sched_setaffinity(0, sizeof(before), &before);
	return err;
}

int explain_run(const struct instance *instance, const struct explain_request *request,
		struct explanation *ret_explanation, struct error *error)
{
	struct explanation e = {.request = *request, .config = instance->config};
	struct trial t = {.instance = instance};
	int back, err = trial_load(&t, error);

	if (!err) {
		back = host_netns_enter(instance->netns);
		err = back < -1 ? error_set(error, back,
					    "it is in another network namespace, which cannot be"
					    " entered; run this command there")
				: trial_ask(&t, &e);
		if (err && back >= -1)
			error_set(error, err, "the kernel does not run the program: %s",
				  strerror(-err));
		host_netns_leave(back);
	}
	synguard_dry__destroy(t.xdp);
	if (!err)
		*ret_explanation = e;
	return err;
}
