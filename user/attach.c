// SPDX-License-Identifier: GPL-2.0
/*
 * The attach transaction.  Everything is built in the interface's directory before the XDP program
 * goes on; up to then no packet is treated differently, and removing the directory undoes it all.
 * A former instance's directory is set aside meanwhile and comes back if this fails.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "adopt.h"
#include "attach.h"
#include "host.h"
#include "kernelside.h"
#include "keys.h"
#include "maps.h"
#include "random.h"
#include "setup_maps.h"
#include "table.h"

static int config_make(const struct attach_request *request, struct config *ret_config)
{
	struct config config = {
	    .abi = SYNGUARD_ABI,
	    .hop_limit = iface_hop_limit(request->iface.name),
	    .ifindex = request->iface.index,
	    .netns_ino = host_netns(),
	    .hz = host_hz(),
	    .attached_at = (__u64)time(NULL),
	    .max_conns = request->setup->max_conns,
	    .slots = table_slots(request->setup->max_conns),
	    .timeouts = request->setup->timeouts,
	};
	long rmem_max;
	int err = 0;

	/* Some kernels show it in the first namespace only; tcp_rmem is mostly the larger. */
	if (!host_sysctl("net/core/rmem_max", &rmem_max) && rmem_max > 0)
		config.rmem_max = (__u32)rmem_max;
	memcpy(config.mac, request->iface.mac, sizeof(config.mac));
	config.epoch_shift = host_epoch_shift(config.hz);
	config.tick_shift = host_tick_shift(config.hz);
	config.tick_ms_q16 = host_tick_ms_q16(config.hz, config.tick_shift);
	while (!err && !config.mark)
		err = random_fill(&config.mark, sizeof(config.mark));
	if (!err)
		err = iface_advmss(config.ifindex, &config.advmss4, &config.advmss6);
	if (!err)
		*ret_config = config;
	return err;
}

static int bank_fill(const char *dir, const struct attach_request *request, int lists,
		     struct error *error)
{
	struct setup setup = *request->setup;
	struct setup_maps maps;
	int err = setup_maps_open(dir, &maps, error);

	if (err)
		return err;
	setup.settings.lists = (__u8)lists;
	err = setup_write(&maps, 0, &setup, request->origin, error);
	setup_maps_close(&maps);
	return err;
}

/* The maps are new: bank 0 is in force. */
static int maps_fill(const struct attach_request *request, const char *dir,
		     const struct config *config, struct error *error)
{
	int bits, err = map_store(dir, "config", config, sizeof(*config));

	if (err)
		return error_set(error, err, "cannot write the configuration to the maps: %s",
				 strerror(-err));
	bits = setup_lists_store(dir, 1, 0, request->lists, error);
	if (bits < 0)
		return bits;
	err = bank_fill(dir, request, bits, error);
	return err ? err : setup_lists_remember(dir, request->lists, error);
}

struct build {
	const struct attach_request *request;
	const struct instance *old;
	char dir[PIN_PATH_MAX];
	char old_dir[PIN_PATH_MAX];
	struct config config;
	struct synguard_kernel *kernel;
};

/* Our program on the hook, right after it was put there (or may have been). */
static int ours_find(const struct build *build, struct xdp_found *ret_found)
{
	__u32 id, size;
	int err, fd = map_open(build->dir, "config");

	if (fd < 0)
		return fd;
	err = map_identify(fd, &id, &size);
	close(fd);
	return err ? err : xdp_find(build->request->iface.index, id, 0, ret_found);
}

/* The old hook runs before the new one and ends the chain, so it must find handshakes by itself. */
static int old_prepare(struct build *build, struct error *error)
{
	int err;

	if (build->old->state == INSTANCE_NONE)
		return 0;
	map_store_runtime(build->old->dir, offsetof(struct runtime, tc_alone), 1);
	if (!rename(build->old->dir, build->old_dir))
		return 0;
	err = -errno;
	return error_set(error, err, "cannot rename %s: %s", build->old->dir, strerror(-err));
}

static int adopt_finish(struct synguard_kernel *kernel, const char *dir,
			const struct config *config, struct error *error)
{
	int err = adopt_run(kernel, dir, error);

	if (err)
		return err;
	/* Last: xdp_prog_id says that nothing is left to do. */
	err = map_store(dir, "config", config, sizeof(*config));
	if (err)
		return error_set(error, err, "cannot write the configuration: %s", strerror(-err));
	return 0;
}

/* From the XDP program on, packets are answered: this is the commit point for recovery. */
static int build_commit(struct build *build, struct attach_result *result, struct error *error)
{
	struct xdp_found found = {0};
	int err = xdp_choose(build->request, build->dir, &build->config, result, error);

	if (err)
		return err;
	err = ours_find(build, &found);
	if (err)
		return error_set(error, err, "cannot read the XDP hook: %s", strerror(-err));
	result->xdp_mode = build->config.xdp_mode;
	result->dispatcher = found.dispatcher;
	build->config.xdp_prog_id = found.our_id ? found.our_id : found.main_id;
	return adopt_finish(build->kernel, build->dir, &build->config, error);
}

static int build_run(struct build *build, struct attach_result *result, struct error *error)
{
	const struct keys_request keys = {
	    .dir = build->dir,
	    .old = build->old,
	    .old_dir = build->old_dir,
	    .key_file = build->request->setup->key_file,
	    .rotate_s = build->request->setup->rotate_s,
	};
	int err = config_make(build->request, &build->config);

	if (err)
		return error_set(error, err, "cannot read its routes or random numbers: %s",
				 strerror(-err));
	err = kernelside_load(build->dir, build->config.slots, &build->kernel, error);
	if (err)
		return err;
	err = keys_prepare(&keys, error);
	if (!err)
		err = maps_fill(build->request, build->dir, &build->config, error);
	if (!err)
		err = kernelside_sweep(build->kernel, error);
	if (!err)
		err = kernelside_link(build->kernel, build->dir, build->config.ifindex, error);
	if (!err)
		err = build_commit(build, result, error);
	kernelside_close(build->kernel);
	return err;
}

static void build_undo(const struct build *build)
{
	struct error ignored;
	struct xdp_found found;

	if (!ours_find(build, &found) && found.our_id)
		xdp_detach(build->request->iface.index, &found, &ignored);
	pins_remove(build->dir);
	if (build->old->state != INSTANCE_NONE)
		rename(build->old_dir, build->dir);
}

int attach_run(const struct attach_request *request, const struct instance *old,
	       struct attach_result *ret_result, struct error *error)
{
	struct build build = {.request = request, .old = old};
	int err;

	pins_dir(request->iface.name, build.dir);
	pins_dir_aside(request->iface.name, build.old_dir);
	ret_result->repaired = old->state == INSTANCE_LOST;
	err = old_prepare(&build, error);
	if (err)
		return err;
	err = pins_make(build.dir, error);
	if (!err)
		err = build_run(&build, ret_result, error);
	if (err)
		build_undo(&build);
	else if (old->state != INSTANCE_NONE)
		pins_remove(build.old_dir);
	return err;
}

int attach_complete(const struct instance *instance, struct error *error)
{
	struct config config = instance->config;
	struct synguard_kernel *kernel;
	int err = kernelside_load(instance->dir, config.slots, &kernel, error);

	if (err)
		return err;
	config.xdp_prog_id = instance->xdp.our_id;
	config.detached_at = 0;
	err = map_store_runtime(instance->dir, offsetof(struct runtime, tc_alone), 0);
	if (err)
		error_set(error, err, "cannot write to the maps: %s", strerror(-err));
	else
		err = adopt_finish(kernel, instance->dir, &config, error);
	kernelside_close(kernel);
	return err;
}
