// SPDX-License-Identifier: GPL-2.0
/* The XDP hook: whose program is there, and putting ours on and off. */
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

#include "direct.h"
#include "lists.h"
#include "pins.h"
#include "table.h"
#include "xdp.h"
#include "xdp.skel.h"

enum { MAPS_MAX = 32 };

#define LIBXDP_DIR "/sys/fs/bpf/xdp"

/* 1 if the program uses the map, 0 if not, -errno. */
static int prog_uses_map(int fd, __u32 map_id, char *ret_name, size_t size)
{
	__u32 maps[MAPS_MAX] = {0}, length = sizeof(struct bpf_prog_info), i;
	struct bpf_prog_info info = {.nr_map_ids = MAPS_MAX, .map_ids = (__u64)(unsigned long)maps};
	int err = bpf_obj_get_info_by_fd(fd, &info, &length);

	if (err)
		return err;
	snprintf(ret_name, size, "%s", info.name);
	for (i = 0; i < info.nr_map_ids && i < MAPS_MAX; i++)
		if (map_id && maps[i] == map_id)
			return 1;
	return 0;
}

/* 1, 0 or -errno.  Without the right to open programs by id (CAP_SYS_ADMIN), ids are compared. */
static int prog_is_ours(__u32 id, __u32 map_id, __u32 saved_id, char *ret_name, size_t size)
{
	int ours, fd = bpf_prog_get_fd_by_id(id);

	ret_name[0] = '\0';
	if (fd == -EPERM)
		return saved_id && id == saved_id;
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	ours = prog_uses_map(fd, map_id, ret_name, size);
	close(fd);
	return ours;
}

/* Our program among those that the dispatcher calls. */
static int component_find(struct xdp_multiprog *multi, __u32 map_id, __u32 saved_id, __u32 *ret_id)
{
	struct xdp_program *prog = NULL;
	char name[16];
	int ours;

	while ((prog = xdp_multiprog__next_prog(prog, multi))) {
		ours = prog_is_ours(xdp_program__id(prog), map_id, saved_id, name, sizeof(name));
		if (ours < 0)
			return ours;
		if (ours)
			*ret_id = xdp_program__id(prog);
	}
	return 0;
}

static int dispatcher_look(__u32 ifindex, __u32 map_id, __u32 saved_id, struct xdp_found *found)
{
	struct xdp_multiprog *multi = xdp_multiprog__get_from_ifindex((int)ifindex);
	int err = (int)libxdp_get_error(multi);

	if (err)
		return err == -EPERM || err == -ENOENT ? 0 : err;
	found->dispatcher = !xdp_multiprog__is_legacy(multi);
	if (found->dispatcher)
		err = component_find(multi, map_id, saved_id, &found->our_id);
	xdp_multiprog__close(multi);
	return err;
}

int xdp_find(__u32 ifindex, __u32 map_id, __u32 saved_id, struct xdp_found *ret_found)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	struct xdp_found found = {0};
	int ours, err = bpf_xdp_query((int)ifindex, 0, &query);

	if (err)
		return err;
	found.mode =
	    query.skb_prog_id && !query.drv_prog_id ? XDP_ATTACH_GENERIC : XDP_ATTACH_NATIVE;
	found.main_id = query.drv_prog_id   ? query.drv_prog_id
			: query.skb_prog_id ? query.skb_prog_id
					    : query.hw_prog_id;
	if (found.main_id) {
		ours = prog_is_ours(found.main_id, map_id, saved_id, found.main_name,
				    sizeof(found.main_name));
		err = ours < 0 ? ours : 0;
		if (ours > 0)
			found.our_id = found.main_id;
		else if (!ours)
			err = dispatcher_look(ifindex, map_id, saved_id, &found);
	}
	if (!err)
		*ret_found = found;
	return err;
}

static enum xdp_attach_mode libxdp_mode(enum xdp_mode mode)
{
	return mode == XDP_ATTACH_NATIVE ? XDP_MODE_NATIVE : XDP_MODE_SKB;
}

int xdp_attach(const char *dir, const struct config *config, struct error *error)
{
	const enum xdp_mode mode = config->xdp_mode;
	LIBBPF_OPTS(bpf_object_open_opts, opts, .pin_root_path = dir);
	struct synguard_xdp *skel;
	struct xdp_program *prog;
	int err, libxdp_dir = pins_exist(LIBXDP_DIR);

	direct_enable();
	skel = synguard_xdp__open_opts(&opts);
	if (!skel)
		return error_set(error, -errno, "cannot open the XDP program: %s", strerror(errno));
	bpf_map__set_max_entries(skel->maps.conns, config->slots);
	bpf_map__set_max_entries(skel->maps.presence, presence_words(config->slots));
	lists_fit(dir, skel->obj);
	error_log_clear();
	prog = xdp_program__from_bpf_obj(skel->obj, "xdp");
	err = (int)libxdp_get_error(prog);
	if (!err) {
		err = xdp_program__attach(prog, (int)config->ifindex, libxdp_mode(mode), 0);
		xdp_program__close(prog);
	}
	if (err)
		error_set(error, err, "%s XDP: %s%s%s",
			  mode == XDP_ATTACH_NATIVE ? "native" : "generic", strerror(-err),
			  *error_log_reason() ? ": " : "", error_log_reason());
	synguard_xdp__destroy(skel);
	if (!libxdp_dir)
		rmdir(LIBXDP_DIR); /* libxdp makes it for its lock; in use, it is not empty */
	return err;
}

/* Without a dispatcher: the kernel itself checks that the program is still ours. */
static int single_detach(__u32 ifindex, const struct xdp_found *found)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts);
	__u32 flags = found->mode == XDP_ATTACH_NATIVE ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
	int err;

	opts.old_prog_fd = bpf_prog_get_fd_by_id(found->our_id);
	if (opts.old_prog_fd < 0)
		return bpf_xdp_detach((int)ifindex, flags, NULL);
	err = bpf_xdp_detach((int)ifindex, flags | XDP_FLAGS_REPLACE, &opts);
	close(opts.old_prog_fd);
	return err;
}

static int component_detach(__u32 ifindex, const struct xdp_found *found)
{
	struct xdp_program *prog = xdp_program__from_id(found->our_id);
	int err = (int)libxdp_get_error(prog);

	if (err)
		return err;
	err = xdp_program__detach(prog, (int)ifindex, libxdp_mode(found->mode), 0);
	xdp_program__close(prog);
	return err;
}

int xdp_detach(__u32 ifindex, const struct xdp_found *found, struct error *error)
{
	int err;

	error_log_clear();
	err = found->dispatcher ? component_detach(ifindex, found) : single_detach(ifindex, found);
	if (err)
		return error_set(error, err, "cannot take XDP program %u off: %s%s%s",
				 found->our_id, strerror(-err), *error_log() ? "; " : "",
				 error_log());
	return 0;
}
