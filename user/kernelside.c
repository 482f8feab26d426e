// SPDX-License-Identifier: GPL-2.0
/* Loading and linking the programs of the kernel object. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "direct.h"
#include "iface.h"
#include "kernelside.h"
#include "lists.h"
#include "pins.h"
#include "table.h"
#include "kernel.skel.h"

/* BPF_TCX_INGRESS and _EGRESS, Linux 6.6; libbpf 1.1 has no names for them. */
enum { TCX_INGRESS = 46, TCX_EGRESS = 47 };

int kernelside_load(const char *dir, __u32 slots, struct synguard_kernel **ret_kernel,
		    struct error *error)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .pin_root_path = dir);
	struct synguard_kernel *kernel;
	int err;

	direct_enable();
	kernel = synguard_kernel__open_opts(&opts);
	if (!kernel)
		return error_set(error, -errno, "cannot open the BPF programs: %s",
				 strerror(errno));
	bpf_program__set_expected_attach_type(kernel->progs.synguard_tc,
					      (enum bpf_attach_type)TCX_INGRESS);
	bpf_program__set_expected_attach_type(kernel->progs.synguard_egress,
					      (enum bpf_attach_type)TCX_EGRESS);
	bpf_map__set_max_entries(kernel->maps.conns, slots);
	bpf_map__set_max_entries(kernel->maps.presence, presence_words(slots));
	lists_fit(dir, kernel->obj);
	error_log_clear();
	err = synguard_kernel__load(kernel);
	if (err) {
		error_set(error, err, "the kernel refuses the BPF programs or maps (%s): %s",
			  strerror(-err), error_log());
		synguard_kernel__destroy(kernel);
		return err;
	}
	*ret_kernel = kernel;
	return 0;
}

static int link_pin(int link_fd, const char *dir, const char *name)
{
	char path[PIN_PATH_MAX];
	int err;

	if (link_fd < 0)
		return link_fd;
	pins_file(dir, name, path);
	err = bpf_obj_pin(link_fd, path);
	close(link_fd);
	return err;
}

static int tc_link(struct synguard_kernel *kernel, __u32 ifindex)
{
	return bpf_link_create(bpf_program__fd(kernel->progs.synguard_tc), (int)ifindex,
			       (enum bpf_attach_type)TCX_INGRESS, NULL);
}

struct vlan_link {
	struct synguard_kernel *kernel;
	const char *dir;
};

static int vlan_link(__u32 vlan, void *context)
{
	const struct vlan_link *link = context;
	char name[32];

	snprintf(name, sizeof(name), "link_tc_%u", vlan);
	return link_pin(tc_link(link->kernel, vlan), link->dir, name);
}

/* A frame tagged twice is a bare IP packet only where its outer VLAN device receives it. */
static int tc_link_all(struct synguard_kernel *kernel, const char *dir, __u32 ifindex)
{
	struct vlan_link link = {kernel, dir};
	int err = link_pin(tc_link(kernel, ifindex), dir, "link_tc");

	return err ? err : iface_each_vlan(ifindex, vlan_link, &link);
}

static int egress_link(struct synguard_kernel *kernel, const char *dir, __u32 ifindex)
{
	int fd = bpf_link_create(bpf_program__fd(kernel->progs.synguard_egress), (int)ifindex,
				 (enum bpf_attach_type)TCX_EGRESS, NULL);

	return link_pin(fd, dir, "link_egress");
}

static int watch_link(const struct bpf_program *program, const char *dir, const char *name,
		      struct error *error)
{
	struct bpf_link *watch = bpf_program__attach(program);
	char path[PIN_PATH_MAX];
	int err;

	if (!watch)
		return error_set(error, -errno,
				 "cannot attach to the tracepoint inet_sock_set_state: %s",
				 strerror(errno));
	pins_file(dir, name, path);
	err = bpf_link__pin(watch, path);
	bpf_link__destroy(watch);
	if (err)
		return error_set(error, err, "cannot pin %s: %s", path, strerror(-err));
	return 0;
}

/* The connection table as a file to cat. */
static int list_link(struct synguard_kernel *kernel, const char *dir, struct error *error)
{
	union bpf_iter_link_info info = {.map.map_fd = (__u32)bpf_map__fd(kernel->maps.conns)};
	LIBBPF_OPTS(bpf_link_create_opts, opts, .iter_info = &info, .iter_info_len = sizeof(info));
	int fd =
	    bpf_link_create(bpf_program__fd(kernel->progs.synguard_list), 0, BPF_TRACE_ITER, &opts);
	int err = link_pin(fd, dir, "connections");

	if (err)
		return error_set(error, err, "cannot make %s/connections: %s", dir, strerror(-err));
	return 0;
}

int kernelside_link(struct synguard_kernel *kernel, const char *dir, __u32 ifindex,
		    struct error *error)
{
	int err = tc_link_all(kernel, dir, ifindex);

	if (err)
		return error_set(error, err, "cannot attach the hand-off at tcx ingress: %s",
				 strerror(-err));
	err = egress_link(kernel, dir, ifindex);
	if (err)
		return error_set(error, err, "cannot attach to outgoing packets at tcx egress: %s",
				 strerror(-err));
	err = watch_link(kernel->progs.synguard_sock, dir, "link_sock", error);
	if (!err)
		err = watch_link(kernel->progs.synguard_sock2, dir, "link_sock2", error);
	return err ? err : list_link(kernel, dir, error);
}

int kernelside_sweep(struct synguard_kernel *kernel, struct error *error)
{
	__u32 request = 0; /* struct sweep_request: start */
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &request, .ctx_size_in = sizeof(request));
	int err = bpf_prog_test_run_opts(bpf_program__fd(kernel->progs.synguard_sweep), &opts);

	if (!err)
		err = (int)opts.retval;
	if (err)
		return error_set(error, err, "cannot start the timer of the connection table: %s",
				 strerror(-err));
	return 0;
}

static int iter_drain(int fd)
{
	char buffer[4096];
	ssize_t length;

	do {
		length = read(fd, buffer, sizeof(buffer));
	} while (length > 0 || (length < 0 && (errno == EAGAIN || errno == EINTR)));
	return length < 0 ? -errno : 0;
}

int kernelside_adopt(struct synguard_kernel *kernel, struct error *error)
{
	struct bpf_link *link = bpf_program__attach_iter(kernel->progs.synguard_adopt, NULL);
	int err, fd;

	if (!link)
		return error_set(error, -errno, "cannot read the kernel's TCP sockets: %s",
				 strerror(errno));
	fd = bpf_iter_create(bpf_link__fd(link));
	err = fd < 0 ? fd : iter_drain(fd);
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	if (err)
		return error_set(error, err, "cannot read the kernel's TCP sockets: %s",
				 strerror(-err));
	return 0;
}

void kernelside_close(struct synguard_kernel *kernel)
{
	synguard_kernel__destroy(kernel);
}
