// SPDX-License-Identifier: GPL-2.0
/* Finding out what state an interface's protection is in, and recovering from interrupted runs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "host.h"
#include "instance.h"
#include "maps.h"

#define NS_PER_S 1000000000ULL

/* The interface that the hand-off link is on: 0 once it is gone, -errno if there is no link. */
static int link_ifindex(const char *dir, __u32 *ret_ifindex)
{
	struct bpf_link_info info = {0};
	__u32 size = sizeof(info);
	int err, fd = map_open(dir, "link_tc");

	if (fd < 0)
		return fd;
	err = bpf_obj_get_info_by_fd(fd, &info, &size);
	close(fd);
	if (!err)
		*ret_ifindex = info.xdp.ifindex; /* the same place as tcx.ifindex */
	return err;
}

/* A pin that is not there was not made yet, or is removed already; other errors tell nothing. */
static enum instance_state state_of_error(int err)
{
	if (err == -EPROTO)
		return INSTANCE_FOREIGN;
	return err == -ENOENT ? INSTANCE_INTERRUPTED : INSTANCE_UNREADABLE;
}

static enum instance_state config_state(struct instance *instance, int fd)
{
	__u32 size = 0;

	if (map_identify(fd, &instance->config_id, &size))
		return INSTANCE_UNREADABLE;
	if (size != sizeof(instance->config))
		return INSTANCE_FOREIGN;
	if (map_read(fd, &instance->config))
		return INSTANCE_UNREADABLE;
	if (!instance->config.abi)
		return INSTANCE_INTERRUPTED;
	return instance->config.abi == SYNGUARD_ABI ? INSTANCE_LIVE : INSTANCE_FOREIGN;
}

static enum instance_state config_read(struct instance *instance)
{
	enum instance_state state;
	int fd = map_open(instance->dir, "config");

	if (fd < 0)
		return state_of_error(fd);
	state = config_state(instance, fd);
	close(fd);
	if (state != INSTANCE_LIVE)
		memset(&instance->config, 0, sizeof(instance->config));
	return state;
}

/* 1 if our program is on the interface, 0 if not, -errno. */
static int xdp_look(struct instance *instance)
{
	int err = xdp_find(instance->ifindex, instance->config_id, instance->config.xdp_prog_id,
			   &instance->xdp);

	instance->netns = host_netns();
	if (!if_indextoname(instance->ifindex, instance->name_now))
		instance->name_now[0] = '\0';
	return err ? err : instance->xdp.our_id != 0;
}

/* Looks in this namespace first: the interface may have been moved here after it was attached. */
static int interface_look(struct instance *instance)
{
	int back, found = xdp_look(instance);

	if (found || instance->config.netns_ino == instance->netns)
		return found;
	back = host_netns_enter(instance->config.netns_ino);
	if (back < -1) { /* what was read is about another interface with the same index */
		memset(&instance->xdp, 0, sizeof(instance->xdp));
		instance->name_now[0] = '\0';
		instance->netns = 0;
		return 0;
	}
	found = xdp_look(instance);
	host_netns_leave(back);
	return found;
}

static enum instance_state state_decide(struct instance *instance)
{
	enum instance_state known = config_read(instance);
	int err;

	if (known == INSTANCE_INTERRUPTED || known == INSTANCE_UNREADABLE)
		return known;
	err = link_ifindex(instance->dir, &instance->ifindex);
	if (err)
		return state_of_error(err);
	if (!instance->ifindex)
		return INSTANCE_GONE;
	if (interface_look(instance) < 0)
		return INSTANCE_UNREADABLE;
	if (known == INSTANCE_FOREIGN)
		return known;
	err = map_load(instance->dir, "runtime", &instance->runtime, sizeof(instance->runtime));
	if (err)
		return state_of_error(err);
	if (instance->xdp.our_id)
		return INSTANCE_LIVE;
	if (instance->config.detached_at)
		return INSTANCE_LINGERING;
	return instance->config.xdp_prog_id ? INSTANCE_LOST : INSTANCE_INTERRUPTED;
}

static void read_from(const char *name, const char *dir, struct instance *ret_instance)
{
	struct instance instance = {.state = INSTANCE_NONE};

	snprintf(instance.name, sizeof(instance.name), "%s", name);
	snprintf(instance.dir, sizeof(instance.dir), "%s", dir);
	if (pins_exist(dir))
		instance.state = state_decide(&instance);
	*ret_instance = instance;
}

void instance_read(const char *name, struct instance *ret_instance)
{
	char dir[PIN_PATH_MAX];

	pins_dir(name, dir);
	read_from(name, dir, ret_instance);
}

void instance_read_aside(const char *name, struct instance *ret_instance)
{
	char dir[PIN_PATH_MAX];

	pins_dir_aside(name, dir);
	read_from(name, dir, ret_instance);
}

__u64 instance_lifetime_ns(const struct config *config)
{
	if (!config->hz || config->epoch_shift > 31)
		return 0;
	return ((__u64)EPOCHS_VALID << config->epoch_shift) * NS_PER_S / config->hz;
}

unsigned int instance_seconds_left(const struct instance *instance)
{
	__u64 end = instance->config.detached_at + instance_lifetime_ns(&instance->config);
	__u64 now = host_boottime_ns();

	return now >= end ? 0 : (unsigned int)((end - now + NS_PER_S - 1) / NS_PER_S);
}

int instance_is_over(const struct instance *instance)
{
	return instance->state == INSTANCE_INTERRUPTED ||
	       (instance->state == INSTANCE_LINGERING && !instance_seconds_left(instance));
}

static int remove_dir(const char *dir, struct error *error)
{
	int err = pins_remove(dir);

	if (err)
		return error_set(error, err, "cannot remove what an earlier run left in %s: %s",
				 dir, strerror(-err));
	return 0;
}

/* A re-attach that was killed: with its XDP program on, the new one stands, else the old one. */
static int recover_aside(const struct instance *instance, const struct instance *aside,
			 struct error *error)
{
	int err;

	if (instance->state != INSTANCE_INTERRUPTED && instance->state != INSTANCE_NONE)
		return remove_dir(aside->dir, error);
	err = remove_dir(instance->dir, error);
	if (err)
		return err;
	if (instance_is_over(aside) || aside->state == INSTANCE_GONE)
		return remove_dir(aside->dir, error);
	if (rename(aside->dir, instance->dir))
		return error_set(error, -errno, "cannot restore %s: %s", instance->dir,
				 strerror(errno));
	return 0;
}

static int unreadable(const struct instance *instance, struct error *error)
{
	if (instance->state != INSTANCE_UNREADABLE)
		return 0;
	return error_set(
	    error, -EIO,
	    "the kernel did not tell what is pinned in %s, so it was left as it is; try"
	    " again",
	    instance->dir);
}

int instance_recover(const char *name, struct instance *ret_instance, struct error *error)
{
	struct instance aside;
	int err;

	instance_read(name, ret_instance);
	instance_read_aside(name, &aside);
	err = unreadable(ret_instance, error);
	if (!err)
		err = unreadable(&aside, error);
	if (!err && aside.state != INSTANCE_NONE) {
		err = recover_aside(ret_instance, &aside, error);
		instance_read(name, ret_instance);
	}
	if (!err && instance_is_over(ret_instance)) {
		err = remove_dir(ret_instance->dir, error);
		instance_read(name, ret_instance);
	}
	return err ? err : unreadable(ret_instance, error);
}
