// SPDX-License-Identifier: GPL-2.0
/* The detach transaction.  XDP going off is the commit point; all before it can be repeated. */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "detach.h"
#include "host.h"
#include "maps.h"

static int tc_alone_set(const char *dir, __u32 value)
{
	int err, fd = map_open(dir, "runtime");

	if (fd < 0)
		return fd;
	err = map_write_u32(fd, offsetof(struct runtime, tc_alone), value);
	close(fd);
	return err;
}

static int detached_mark(struct instance *instance)
{
	instance->config.detached_at = host_boottime_ns();
	return map_store(instance->dir, "config", &instance->config, sizeof(instance->config));
}

/* The hand-off loses its marks with XDP, so it must find handshakes by itself from here on. */
static int linger_prepare(struct instance *instance, struct error *error)
{
	int err;

	if (instance->state == INSTANCE_FOREIGN)
		return 0;
	err = tc_alone_set(instance->dir, 1);
	if (!err)
		err = detached_mark(instance);
	if (err)
		return error_set(error, err, "cannot write to its maps: %s", strerror(-err));
	return 0;
}

/* XDP could not be taken off: protection goes on as before. */
static void linger_cancel(struct instance *instance)
{
	if (instance->state == INSTANCE_FOREIGN)
		return;
	instance->config.detached_at = 0;
	map_store(instance->dir, "config", &instance->config, sizeof(instance->config));
	tc_alone_set(instance->dir, instance->runtime.tc_alone);
}

static int xdp_take_off(const struct instance *instance, struct error *error)
{
	int back, err;

	if (!instance->xdp.our_id)
		return 0;
	back = host_netns_enter(instance->netns);
	if (back < -1)
		return error_set(error, back, "its network namespace cannot be entered");
	err = xdp_detach(instance->ifindex, &instance->xdp, error);
	host_netns_leave(back);
	return err;
}

static int all_remove(const struct instance *instance, enum detach_outcome *ret_outcome,
		      struct error *error)
{
	int err = pins_remove(instance->dir);

	if (err)
		return error_set(error, err, "cannot remove %s: %s", instance->dir, strerror(-err));
	*ret_outcome = DETACH_REMOVED;
	return 0;
}

/* Without a process to wait, the hand-off stays until the next attach or detach. */
static int linger_begin(struct instance *instance, enum detach_outcome *ret_outcome,
			struct error *error)
{
	__u64 marked_before = instance->config.detached_at;
	int err;

	if (detached_mark(instance))
		instance->config.detached_at = marked_before;
	err = linger_start(instance);
	if (err)
		return error_set(
		    error, err,
		    "XDP is off, but no process could be started to remove the hand-off"
		    " later (%s); remove it by: synguard detach %s --now",
		    strerror(-err), instance->name);
	*ret_outcome = DETACH_LINGERS;
	return 0;
}

/* An interface that was moved to another network namespace has its XDP program there. */
static int elsewhere_check(const struct instance *instance, enum detach_when when,
			   struct error *error)
{
	if (instance->state != INSTANCE_LOST || *instance->name_now || when == DETACH_NOW)
		return 0;
	return error_set(
	    error, -ENODEV,
	    "its interface is in another network namespace now; run this command there,"
	    " or remove only the hand-off: synguard detach %s --now",
	    instance->name);
}

int detach_run(const char *name, enum detach_when when, enum detach_outcome *ret_outcome,
	       struct instance *ret_instance, struct error *error)
{
	struct instance *instance = ret_instance;
	int err = instance_recover(name, instance, error);

	if (err)
		return err;
	if (instance->state == INSTANCE_NONE) {
		*ret_outcome = DETACH_NOT_THERE;
		return 0;
	}
	if (instance->state == INSTANCE_GONE)
		return all_remove(instance, ret_outcome, error);
	if (instance->state == INSTANCE_LINGERING && when == DETACH_LINGER) {
		*ret_outcome = DETACH_WAITING;
		return 0;
	}
	err = elsewhere_check(instance, when, error);
	if (err)
		return err;
	err = linger_prepare(instance, error);
	if (!err)
		err = xdp_take_off(instance, error);
	if (err) {
		linger_cancel(instance);
		return err;
	}
	if (when == DETACH_NOW || instance->state == INSTANCE_FOREIGN)
		return all_remove(instance, ret_outcome, error);
	return linger_begin(instance, ret_outcome, error);
}
