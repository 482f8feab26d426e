// SPDX-License-Identifier: GPL-2.0
/* What must be true before anything is changed: privileges, kernel, sysctls, interface, hook. */
#include <errno.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>

#include "attach.h"
#include "host.h"

static int privilege_check(struct error *error)
{
	char missing[64];

	host_missing_caps(missing, sizeof(missing));
	if (!*missing)
		return 0;
	return error_set(
	    error, -EPERM,
	    "this process lacks %s, which loading and attaching BPF programs needs; run"
	    " as root, or grant it",
	    missing);
}

static int kernel_check(struct error *error)
{
	bool present[HOST_FEATURES];
	char release[80];

	host_features(present);
	host_kernel(release, sizeof(release));
	if (!present[HOST_FEATURE_BTF])
		return error_set(
		    error, -ENOTSUP,
		    "the kernel (%s) shows no type information in"
		    " /sys/kernel/btf/vmlinux; use one built with CONFIG_DEBUG_INFO_BTF"
		    " (Linux 6.9 or later)",
		    release);
	if (present[HOST_FEATURE_KFUNC] && present[HOST_FEATURE_TCX] && present[HOST_FEATURE_TP])
		return 0;
	return error_set(error, -ENOTSUP,
			 "the kernel (%s) lacks %s, which hands handshakes to its TCP; Linux 6.9 or"
			 " later is needed, built with CONFIG_SYN_COOKIES",
			 release,
			 !present[HOST_FEATURE_KFUNC] ? "bpf_sk_assign_tcp_reqsk"
			 : !present[HOST_FEATURE_TCX] ? "tcx"
						      : "the tracepoint inet_sock_set_state");
}

static int sysctl_check(struct error *error)
{
	long value;
	int err = host_sysctl("net/ipv4/tcp_syncookies", &value);

	if (err)
		return error_set(error, err,
				 "cannot read net.ipv4.tcp_syncookies: %s; the kernel needs"
				 " CONFIG_SYN_COOKIES",
				 strerror(-err));
	if (value)
		return 0;
	return error_set(error, -EINVAL,
			 "net.ipv4.tcp_syncookies is 0, so the kernel would refuse every handshake;"
			 " set it: sysctl -w net.ipv4.tcp_syncookies=1");
}

static int port_refuse(const struct iface *iface, struct error *error)
{
	struct iface master = {0};

	iface_read_index(iface->master, &master);
	return error_set(error, -EINVAL,
			 "it is a port of the %s %s, which takes its frames over, others' among"
			 " them; attach there: synguard attach %s%s",
			 iface->port_kind, master.name, master.name,
			 strcmp(iface->port_kind, "bridge") ? "" : " --xdp generic");
}

static int iface_check(const struct attach_request *request, struct error *error)
{
	const struct iface *iface = &request->iface;

	if (iface->type != ARPHRD_ETHER)
		return error_set(error, -EINVAL,
				 "it is not an Ethernet interface (%s); synguard reads Ethernet"
				 " frames, so attach to the one that connections come in on",
				 iface->flags & IFF_LOOPBACK ? "loopback" : "raw IP or a tunnel");
	if (iface_is_port(iface))
		return port_refuse(iface, error);
	if (request->setup->xdp == XDP_CHOICE_NATIVE && iface_peer_xdp(iface) == IFACE_PEER_NO_XDP)
		return error_set(error, -EINVAL,
				 "it is a veth whose peer has no native XDP program, so the kernel"
				 " would drop every SYN-ACK sent from native XDP; attach any XDP"
				 " program to the peer, or use --xdp generic");
	return 0;
}

static int hook_check(const struct iface *iface, struct error *error)
{
	struct xdp_found found;
	int err = xdp_find(iface->index, 0, 0, &found);

	if (err)
		return error_set(error, err, "cannot read its XDP hook: %s", strerror(-err));
	if (!found.main_id || found.dispatcher)
		return 0;
	return error_set(error, -EBUSY,
			 "XDP program %u (%s) is on it, was not loaded through libxdp's dispatcher"
			 " and so cannot share it; synguard does not replace it. Detach it with its"
			 " own tool, or: ip link set dev %s xdp%s off",
			 found.main_id, *found.main_name ? found.main_name : "no name", iface->name,
			 found.mode == XDP_ATTACH_GENERIC ? "generic" : "drv");
}

int attach_check(const struct attach_request *request, struct error *error)
{
	int err = privilege_check(error);

	if (!err)
		err = kernel_check(error);
	if (!err)
		err = sysctl_check(error);
	if (!err)
		err = iface_check(request, error);
	if (!err)
		err = hook_check(&request->iface, error);
	return err;
}
