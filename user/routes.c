// SPDX-License-Identifier: GPL-2.0
/*
 * Metrics of the routes that leave through an interface.  A SYN-ACK made in the driver follows
 * those of the default route only; others are counted, so that check can say so.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "iface.h"
#include "netlink.h"

enum { HEADERS_V4 = 40, HEADERS_V6 = 60 };

struct route {
	__u32 oif;
	__u32 metrics[RTAX_MAX + 1];
};

struct survey {
	__u32 index;
	__u16 advmss4;
	__u16 advmss6;
	unsigned int metric_routes;
};

static int metric_read(const struct nlattr *attr, void *context)
{
	struct route *route = context;
	int type = mnl_attr_get_type(attr);

	if (type <= RTAX_MAX && mnl_attr_get_payload_len(attr) == sizeof(__u32))
		route->metrics[type] = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

static int attr_read(const struct nlattr *attr, void *context)
{
	struct route *route = context;

	if (mnl_attr_get_type(attr) == RTA_OIF)
		route->oif = mnl_attr_get_u32(attr);
	if (mnl_attr_get_type(attr) == RTA_METRICS)
		return mnl_attr_parse_nested(attr, metric_read, route);
	return MNL_CB_OK;
}

static __u16 mss_of(const struct route *route, unsigned int headers)
{
	__u32 mss = route->metrics[RTAX_ADVMSS];

	if (!mss && route->metrics[RTAX_MTU] > headers)
		mss = route->metrics[RTAX_MTU] - headers;
	return (__u16)(mss > 65535 ? 65535 : mss);
}

static int route_read(const struct nlmsghdr *message, void *context)
{
	const struct rtmsg *info = mnl_nlmsg_get_payload(message);
	struct survey *survey = context;
	struct route route = {0};
	__u16 *advmss;

	if (mnl_attr_parse(message, sizeof(*info), attr_read, &route) < 0)
		return MNL_CB_ERROR;
	if (route.oif != survey->index || info->rtm_type != RTN_UNICAST)
		return MNL_CB_OK;
	if (route.metrics[RTAX_INITRWND] || route.metrics[RTAX_WINDOW] ||
	    (info->rtm_dst_len && (route.metrics[RTAX_ADVMSS] || route.metrics[RTAX_MTU])))
		survey->metric_routes++;
	if (info->rtm_dst_len || info->rtm_table != RT_TABLE_MAIN)
		return MNL_CB_OK;
	advmss = info->rtm_family == AF_INET ? &survey->advmss4 : &survey->advmss6;
	if (!*advmss)
		*advmss = mss_of(&route, info->rtm_family == AF_INET ? HEADERS_V4 : HEADERS_V6);
	return MNL_CB_OK;
}

static int routes_survey(__u8 family, struct survey *survey)
{
	char buffer[NETLINK_REQUEST_SIZE];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct rtmsg *info;
	int err;

	request->nlmsg_type = RTM_GETROUTE;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	info = mnl_nlmsg_put_extra_header(request, sizeof(*info));
	info->rtm_family = family;
	err = netlink_ask(NETLINK_ROUTE, request, route_read, survey);
	return err == -EAFNOSUPPORT || err == -EOPNOTSUPP ? 0 : err;
}

static int both_survey(__u32 index, struct survey *survey)
{
	int err;

	*survey = (struct survey){.index = index};
	err = routes_survey(AF_INET, survey);
	return err ? err : routes_survey(AF_INET6, survey);
}

int iface_advmss(__u32 index, __u16 *ret_advmss4, __u16 *ret_advmss6)
{
	struct survey survey;
	int err = both_survey(index, &survey);

	if (err)
		return err;
	*ret_advmss4 = survey.advmss4;
	*ret_advmss6 = survey.advmss6;
	return 0;
}

int iface_count_metric_routes(__u32 index, unsigned int *ret_count)
{
	struct survey survey;
	int err = both_survey(index, &survey);

	if (!err)
		*ret_count = survey.metric_routes;
	return err;
}
