// SPDX-License-Identifier: GPL-2.0
/* The driver below an interface: its name and offloads by ethtool, its XDP features by netlink. */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "iface.h"
#include "netlink.h"

/* From linux/netdev.h, which headers older than 6.3 do not have. */
enum { NETDEV_DEV_GET = 1, NETDEV_ATTR_IFINDEX = 1, NETDEV_ATTR_XDP_FEATURES = 3 };

static int ethtool_ask(const char *name, void *command)
{
	struct ifreq request = {0};
	int err = 0, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	request.ifr_data = command;
	if (ioctl(fd, SIOCETHTOOL, &request))
		err = -errno;
	close(fd);
	return err;
}

void iface_driver(const char *name, char *ret_driver, size_t size)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};

	snprintf(ret_driver, size, "%s", ethtool_ask(name, &info) ? "" : info.driver);
}

__u32 iface_offloads(const char *name)
{
	struct ethtool_value value = {.cmd = ETHTOOL_GFLAGS};

	return ethtool_ask(name, &value) ? 0 : value.data;
}

static int family_attr_read(const struct nlattr *attr, void *context)
{
	if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
		*(__u16 *)context = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

static int family_read(const struct nlmsghdr *message, void *context)
{
	return mnl_attr_parse(message, sizeof(struct genlmsghdr), family_attr_read, context);
}

static int features_attr_read(const struct nlattr *attr, void *context)
{
	if (mnl_attr_get_type(attr) == NETDEV_ATTR_XDP_FEATURES)
		*(__u64 *)context = mnl_attr_get_u64(attr);
	return MNL_CB_OK;
}

static int features_read(const struct nlmsghdr *message, void *context)
{
	return mnl_attr_parse(message, sizeof(struct genlmsghdr), features_attr_read, context);
}

static struct nlmsghdr *generic_put(char *buffer, __u16 family, __u8 command)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *header;

	request->nlmsg_type = family;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->cmd = command;
	header->version = 1;
	return request;
}

int iface_xdp_features(__u32 index, __u64 *ret_features)
{
	char buffer[NETLINK_REQUEST_SIZE];
	struct nlmsghdr *request = generic_put(buffer, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	__u16 family = 0;
	int err;

	mnl_attr_put_strz(request, CTRL_ATTR_FAMILY_NAME, "netdev");
	err = netlink_ask(NETLINK_GENERIC, request, family_read, &family);
	if (err || !family)
		return err ? err : -ENOENT;
	request = generic_put(buffer, family, NETDEV_DEV_GET);
	mnl_attr_put_u32(request, NETDEV_ATTR_IFINDEX, index);
	return netlink_ask(NETLINK_GENERIC, request, features_read, ret_features);
}
