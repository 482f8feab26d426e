// SPDX-License-Identifier: GPL-2.0
/*
 * Interfaces through rtnetlink.  sysfs is not asked: its mount may show another network namespace's
 * interfaces than the one this process is in.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "iface.h"
#include "netlink.h"

enum { HOP_LIMIT_DEFAULT = 64 };

static void text_copy(char *to, size_t size, const struct nlattr *attr)
{
	snprintf(to, size, "%.*s", (int)mnl_attr_get_payload_len(attr), mnl_attr_get_str(attr));
}

static int linkinfo_read(const struct nlattr *attr, void *context)
{
	struct iface *iface = context;

	if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
		text_copy(iface->kind, sizeof(iface->kind), attr);
	if (mnl_attr_get_type(attr) == IFLA_INFO_SLAVE_KIND)
		text_copy(iface->port_kind, sizeof(iface->port_kind), attr);
	return MNL_CB_OK;
}

static int xdp_read(const struct nlattr *attr, void *context)
{
	struct iface *iface = context;

	if (mnl_attr_get_type(attr) == IFLA_XDP_ATTACHED)
		iface->xdp_attached = mnl_attr_get_u8(attr);
	return MNL_CB_OK;
}

static int attr_read(const struct nlattr *attr, void *context)
{
	struct iface *iface = context;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		text_copy(iface->name, sizeof(iface->name), attr);
		break;
	case IFLA_MTU:
		iface->mtu = mnl_attr_get_u32(attr);
		break;
	case IFLA_ADDRESS:
		if (mnl_attr_get_payload_len(attr) == sizeof(iface->mac))
			memcpy(iface->mac, mnl_attr_get_payload(attr), sizeof(iface->mac));
		break;
	case IFLA_MASTER:
		iface->master = mnl_attr_get_u32(attr);
		break;
	case IFLA_LINK:
		iface->peer = mnl_attr_get_u32(attr);
		break;
	case IFLA_LINK_NETNSID:
		iface->peer_netns = (int)mnl_attr_get_u32(attr);
		break;
	case IFLA_LINKINFO:
		return mnl_attr_parse_nested(attr, linkinfo_read, iface);
	case IFLA_XDP:
		return mnl_attr_parse_nested(attr, xdp_read, iface);
	}
	return MNL_CB_OK;
}

static int link_read(const struct nlmsghdr *message, void *context)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	struct iface *iface = context;

	iface->index = (__u32)info->ifi_index;
	iface->type = info->ifi_type;
	iface->flags = info->ifi_flags;
	return mnl_attr_parse(message, sizeof(*info), attr_read, iface);
}

static int iface_ask(__u32 index, int netns, struct iface *ret_iface)
{
	char buffer[NETLINK_REQUEST_SIZE];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct iface iface = {.peer_netns = -1};
	struct ifinfomsg *info;
	int err;

	request->nlmsg_type = RTM_GETLINK;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	info = mnl_nlmsg_put_extra_header(request, sizeof(*info));
	info->ifi_index = (int)index;
	if (netns >= 0)
		mnl_attr_put_u32(request, IFLA_TARGET_NETNSID, (__u32)netns);
	err = netlink_ask(NETLINK_ROUTE, request, link_read, &iface);
	if (!err)
		*ret_iface = iface;
	return err;
}

int iface_read_index(__u32 index, struct iface *ret_iface)
{
	return iface_ask(index, -1, ret_iface);
}

int iface_read(const char *name, struct iface *ret_iface)
{
	unsigned int index = if_nametoindex(name);

	if (!index)
		return -ENODEV;
	return iface_ask(index, -1, ret_iface);
}

struct vlan_walk {
	__u32 below;
	int (*visit)(__u32 vlan, void *context);
	void *context;
	int err;
};

static int vlan_read(const struct nlmsghdr *message, void *context)
{
	struct vlan_walk *walk = context;
	struct iface iface = {.peer_netns = -1};

	if (link_read(message, &iface) != MNL_CB_OK)
		return MNL_CB_OK;
	/* IFLA_LINK, which is a veth's peer, is what a VLAN device is on. */
	if (!walk->err && !strcmp(iface.kind, "vlan") && iface.peer == walk->below &&
	    iface.peer_netns < 0)
		walk->err = walk->visit(iface.index, walk->context);
	return MNL_CB_OK;
}

int iface_each_vlan(__u32 index, int (*visit)(__u32 vlan, void *context), void *context)
{
	struct vlan_walk walk = {.below = index, .visit = visit, .context = context};
	char buffer[NETLINK_REQUEST_SIZE];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	int err;

	request->nlmsg_type = RTM_GETLINK;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));
	err = netlink_ask(NETLINK_ROUTE, request, vlan_read, &walk);
	return err ? err : walk.err;
}

enum iface_peer iface_peer_xdp(const struct iface *iface)
{
	struct iface peer;

	if (strcmp(iface->kind, "veth") != 0)
		return IFACE_PEER_NONE;
	if (!iface->peer || iface_ask(iface->peer, iface->peer_netns, &peer))
		return IFACE_PEER_NO_XDP;
	if (peer.xdp_attached == XDP_ATTACHED_DRV || peer.xdp_attached == XDP_ATTACHED_MULTI)
		return IFACE_PEER_XDP;
	return IFACE_PEER_NO_XDP;
}

bool iface_is_port(const struct iface *iface)
{
	static const char *const kinds[] = {"bridge", "bond", "team", "openvswitch"};
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(iface->port_kind, kinds[i]))
			return true;
	return false;
}

__u8 iface_hop_limit(const char *name)
{
	char path[96];
	unsigned int limit = HOP_LIMIT_DEFAULT;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/hop_limit", name);
	file = fopen(path, "re");
	if (!file)
		return HOP_LIMIT_DEFAULT;
	if (fscanf(file, "%u", &limit) != 1 || limit > 255)
		limit = HOP_LIMIT_DEFAULT;
	fclose(file);
	return (__u8)limit;
}
