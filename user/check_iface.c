// SPDX-License-Identifier: GPL-2.0
/* Checks of one interface: what it is, its driver, its XDP hook, its routes. */
#include <net/if_arp.h>
#include <string.h>

#include "check.h"

/* About a page less headroom and the kernel's trailer; drivers differ by some bytes. */
enum { NATIVE_MTU_MAX = 3490 };

static int attached_native(const struct check *check)
{
	return check->instance->state == INSTANCE_LIVE &&
	       check->instance->config.xdp_mode == XDP_ATTACH_NATIVE;
}

static void link_check(struct check *check)
{
	const struct iface *iface = check->iface;
	int ethernet = iface->type == ARPHRD_ETHER, up = !!(iface->flags & IFF_UP);

	check_add(check, "link_type", ethernet ? CHECK_OK : CHECK_FAIL, "%s",
		  ethernet ? "Ethernet" : "not Ethernet");
	if (!ethernet) {
		check_why(check, "synguard reads Ethernet frames");
		check_remedy(check, "attach to the interface that connections come in on");
	}
	check_add(check, "link_up", up ? CHECK_OK : CHECK_WARN, "%s", up ? "up" : "down");
	if (!up) {
		check_why(check, "no frame comes in");
		check_remedy(check, "ip link set dev %s up", iface->name);
	}
	if (!iface_is_port(iface))
		return;
	check_add(check, "port_of", CHECK_FAIL, "a port of a %s", iface->port_kind);
	check_why(check, "the %s takes its frames over, others' among them", iface->port_kind);
	check_remedy(check, "attach to the %s itself", iface->port_kind);
}

static void driver_check(struct check *check)
{
	__u64 features = 0;
	char driver[40];
	int err = iface_xdp_features(check->iface->index, &features);

	iface_driver(check->iface->name, driver, sizeof(driver));
	if (err)
		check_add(check, "driver", CHECK_OK,
			  "%s; the kernel does not tell its XDP features",
			  *driver ? driver : "unknown");
	else
		check_add(check, "driver", features & IFACE_XDP_BASIC ? CHECK_OK : CHECK_WARN,
			  "%s: native XDP %s", *driver ? driver : "unknown",
			  features & IFACE_XDP_BASIC ? "possible"
						     : "not supported as it is set up");
	if (err || features & IFACE_XDP_BASIC)
		return;
	check_why(check, "generic XDP runs later, after the kernel has made a socket buffer: it"
			 " absorbs less of a flood");
	check_remedy(check, "nothing needs doing; --xdp auto takes generic");
}

static void mtu_check(struct check *check)
{
	const struct iface *iface = check->iface;
	int large = iface->mtu > NATIVE_MTU_MAX;

	check_add(check, "mtu", large ? CHECK_WARN : CHECK_OK, "%u%s", iface->mtu,
		  large ? ", more than a page" : "");
	if (!large)
		return;
	check_why(check,
		  "synguard's program takes frames in one piece (no XDP frags), so drivers"
		  " refuse native XDP above about %d",
		  NATIVE_MTU_MAX);
	check_remedy(check, "ip link set dev %s mtu 1500, or --xdp generic", iface->name);
}

static void veth_check(struct check *check)
{
	enum iface_peer peer = iface_peer_xdp(check->iface);
	int live = check->instance->state == INSTANCE_LIVE;
	char attach[ATTACH_COMMAND_MAX];

	if (peer == IFACE_PEER_NONE)
		return;
	if (peer == IFACE_PEER_XDP) {
		check_add(check, "veth_peer", CHECK_OK, "veth; its peer has a native XDP program");
	} else if (live && !attached_native(check)) {
		check_add(check, "veth_peer", CHECK_OK,
			  "veth; its peer has no native XDP program, which generic mode does not"
			  " need");
	} else {
		check_add(check, "veth_peer", live ? CHECK_FAIL : CHECK_WARN,
			  "veth; its peer has no native XDP program%s",
			  live ? ", but synguard is attached in native mode" : "");
		check_why(check, "native XDP_TX to such a peer is lost; generic mode works");
		report_attach_command(check->report, check->iface->name, NULL, "auto", attach);
		if (live)
			check_remedy(check,
				     "synguard detach %s; %s (or attach any XDP program to the"
				     " peer)",
				     check->instance->name, attach);
		else
			check_remedy(check, "attach any XDP program to the peer, or --xdp generic"
					    " (auto does that)");
	}
	check_add(check, "checksum_offload", CHECK_OK,
		  "veth: local senders leave TCP checksums unfinished; synguard does not rely on"
		  " them, and computes its own");
}

static void offload_check(struct check *check)
{
	const struct iface *iface = check->iface;
	__u32 on = iface_offloads(iface->name);
	int veth = !strcmp(iface->kind, "veth");
	int live = check->instance->state == INSTANCE_LIVE;

	check_add(check, "lro", on & IFACE_OFFLOAD_LRO ? CHECK_WARN : CHECK_OK,
		  "large receive offload %s", on & IFACE_OFFLOAD_LRO ? "on" : "off");
	if (on & IFACE_OFFLOAD_LRO) {
		check_why(check, "drivers refuse native XDP with it");
		check_remedy(check, "ethtool -K %s lro off", iface->name);
	}
	if (!(on & IFACE_OFFLOAD_RXVLAN) || (live && !attached_native(check))) {
		check_add(check, "rxvlan", CHECK_OK,
			  "VLAN tags reach synguard or stay with the frame");
		return;
	}
	check_add(check, "rxvlan", CHECK_WARN, "VLAN tags %s taken off before native XDP",
		  live ? "are" : "will be");
	check_why(check, "a SYN on a VLAN would be answered without its tag");
	check_remedy(
	    check,
	    veth ? "if VLANs are used on %s: ethtool -K PEER txvlan off (PEER: its other end)"
		 : "if VLANs are used: ethtool -K %s rxvlan off",
	    iface->name);
}

static void hook_check(struct check *check)
{
	struct xdp_found found;

	if (check->instance->state == INSTANCE_LIVE) {
		check_add(check, "xdp_hook", CHECK_OK, "synguard's program%s",
			  check->instance->xdp.dispatcher
			      ? " under libxdp's dispatcher, which can be shared"
			      : ", alone: no other XDP program can be attached meanwhile");
		return;
	}
	if (xdp_find(check->iface->index, 0, 0, &found))
		return;
	if (!found.main_id || found.dispatcher) {
		check_add(check, "xdp_hook", CHECK_OK, "%s",
			  found.main_id ? "libxdp's dispatcher, which can be shared" : "free");
		return;
	}
	if (check->instance->state == INSTANCE_UNREADABLE) {
		check_add(check, "xdp_hook", CHECK_WARN, "XDP program %u is on it, unknown whose",
			  found.main_id);
		check_why(check, "synguard's own pins cannot be read: it may be synguard's");
		check_remedy(check, "run as root");
		return;
	}
	check_add(check, "xdp_hook", CHECK_FAIL, "XDP program %u (%s) is on it", found.main_id,
		  *found.main_name ? found.main_name : "no name");
	check_why(check, "it was not loaded through libxdp's dispatcher, so it cannot share the"
			 " interface, and synguard does not replace it");
	check_remedy(check, "detach it with its own tool, or: ip link set dev %s xdp%s off",
		     check->iface->name, found.mode == XDP_ATTACH_GENERIC ? "generic" : "drv");
}

static void mac_check(struct check *check)
{
	const struct config *config = &check->instance->config;
	char attach[ATTACH_COMMAND_MAX];

	if (check->instance->state != INSTANCE_LIVE)
		return;
	if (!memcmp(config->mac, check->iface->mac, sizeof(config->mac))) {
		check_add(check, "mac", CHECK_OK, "the same as at attach");
		return;
	}
	check_add(check, "mac", CHECK_FAIL, "changed since synguard was attached");
	check_why(check, "frames to the new address look like another station's and pass"
			 " unprotected");
	report_attach_command(check->report, check->iface->name, NULL, NULL, attach);
	check_remedy(check, "synguard detach %s; %s", check->instance->name, attach);
}

static void routes_check(struct check *check)
{
	unsigned int count = 0;

	if (iface_count_metric_routes(check->iface->index, &count))
		return;
	check_add(check, "route_metrics", count ? CHECK_WARN : CHECK_OK,
		  "%u routes with advmss, mtu, window or initrwnd of their own", count);
	if (!count)
		return;
	check_why(check, "the SYN-ACK follows the default route's advmss and mtu only");
	check_remedy(check, "nothing, if all clients come by the default route");
}

void check_iface(struct check *check)
{
	link_check(check);
	driver_check(check);
	mtu_check(check);
	veth_check(check);
	offload_check(check);
	hook_check(check);
	mac_check(check);
	routes_check(check);
}
