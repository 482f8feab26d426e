// SPDX-License-Identifier: GPL-2.0
/* Two tun interfaces, a forwarding rule that needs conntrack, and ctnetlink; see ctworld.h. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_tun.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ctworld.h"
#include "world.h"

enum { SERVER_PORT = 80, ETH = 14, QUERY_ROOM = 4096 };

#define CT_SYSCTL "netfilter/nf_conntrack_"

static const __u8 addr4[2][4] = {{10, 51, 0, 2}, {10, 52, 0, 2}};
static const __u8 addr6[2][16] = {{0xfd, [7] = 0x51, [15] = 2}, {0xfd, [7] = 0x52, [15] = 2}};

/* Documentation/networking/nf_conntrack-sysctl.rst. */
const struct timeouts ctworld_timeouts = {
    .syn_sent = 120,
    .syn_recv = 60,
    .established = 432000,
    .fin_wait = 120,
    .close_wait = 60,
    .last_ack = 30,
    .time_wait = 120,
    .close = 10,
    .unacknowledged = 300,
};

static const struct {
	const char *path;
	long value;
} settings[] = {
    {"ipv4/ip_forward", 1},
    {"ipv6/conf/all/forwarding", 1},
    {"ipv4/conf/all/rp_filter", 0},
    {CT_SYSCTL "checksum", 1},
    {CT_SYSCTL "tcp_loose", 1},
    {CT_SYSCTL "tcp_be_liberal", 0},
    {CT_SYSCTL "tcp_ignore_invalid_rst", 0},
    {CT_SYSCTL "tcp_max_retrans", 3},
    {CT_SYSCTL "tcp_timeout_max_retrans", 300},
    {CT_SYSCTL "tcp_timeout_syn_sent", 120},
    {CT_SYSCTL "tcp_timeout_syn_recv", 60},
    {CT_SYSCTL "tcp_timeout_established", 432000},
    {CT_SYSCTL "tcp_timeout_fin_wait", 120},
    {CT_SYSCTL "tcp_timeout_close_wait", 60},
    {CT_SYSCTL "tcp_timeout_last_ack", 30},
    {CT_SYSCTL "tcp_timeout_time_wait", 120},
    {CT_SYSCTL "tcp_timeout_close", 10},
    {CT_SYSCTL "tcp_timeout_unacknowledged", 300},
};

static int tun_make(const char *name)
{
	struct ifreq req = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	must(tun >= 0, "open /dev/net/tun");
	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	must(!ioctl(tun, TUNSETIFF, &req), "make a tun interface");
	return tun;
}

static void netlink_open(struct ctworld *w)
{
	w->netlink = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	must(w->netlink != NULL, "open a netlink socket");
	must(!mnl_socket_bind(w->netlink, 0, MNL_SOCKET_AUTOPID), "bind a netlink socket");
}

void ctworld_make(struct ctworld *w)
{
	memset(w, 0, sizeof(*w));
	must(!unshare(CLONE_NEWNET), "make a network namespace (root is needed)");
	w->tun[CT_CLIENT] = tun_make("sgclient");
	w->tun[CT_SERVER] = tun_make("sgserver");
	sh("ip link set lo up");
	sh("ip link set sgclient mtu 9000 up");
	sh("ip link set sgserver mtu 9000 up");
	/* With a queue, another CPU may be the one that sends, and later than the write returns. */
	sh("tc qdisc replace dev sgclient root noqueue");
	sh("tc qdisc replace dev sgserver root noqueue");
	sh("ip addr add 10.51.0.1/24 dev sgclient");
	sh("ip addr add 10.52.0.1/24 dev sgserver");
	sh("ip addr add fd00:0:0:51::1/64 dev sgclient nodad");
	sh("ip addr add fd00:0:0:52::1/64 dev sgserver nodad");
	sh("nft 'add table inet synguard;"
	   " add chain inet synguard forward { type filter hook forward priority 0; };"
	   " add rule inet synguard forward ct state invalid drop'");
	for (unsigned int i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		sysctl_swap(settings[i].path, settings[i].value);
	netlink_open(w);
}

void ctworld_end(struct ctworld *w)
{
	mnl_socket_close(w->netlink);
	close(w->tun[CT_CLIENT]);
	close(w->tun[CT_SERVER]);
}

struct pkt ctworld_pkt(int v6, enum ctside from, __u16 client_port, __u8 flags)
{
	struct pkt p = from == CT_CLIENT ? pkt_new(v6, client_port, SERVER_PORT, flags)
					 : pkt_new(v6, SERVER_PORT, client_port, flags);

	memcpy(p.src, v6 ? addr6[from] : addr4[from], v6 ? 16 : 4);
	memcpy(p.dst, v6 ? addr6[!from] : addr4[!from], v6 ? 16 : 4);
	return p;
}

/* The router sends neighbour and multicast messages of its own, too. */
static int is_tcp(const __u8 *ip, long len)
{
	if (len < 40)
		return 0;
	return ip[0] >> 4 == 4 ? ip[9] == 6 : ip[6] == 6;
}

static int tun_drain(int tun)
{
	__u8 out[PKT_ROOM];
	int segments = 0;
	long len;

	while ((len = read(tun, out, sizeof(out))) > 0)
		segments += is_tcp(out, len);
	return segments;
}

int ctworld_route(struct ctworld *w, enum ctside from, const __u8 *frame, unsigned int len)
{
	const long ip_len = len - ETH;

	must(write(w->tun[from], frame + ETH, (size_t)ip_len) == ip_len, "write into the tun");
	must(tun_drain(w->tun[from]) == 0, "keep the router from answering");
	return tun_drain(w->tun[!from]);
}

static void tuple_put(struct nlmsghdr *request, int v6, __u16 client_port)
{
	struct nlattr *tuple = mnl_attr_nest_start(request, CTA_TUPLE_ORIG);
	struct nlattr *ip = mnl_attr_nest_start(request, CTA_TUPLE_IP);
	struct nlattr *proto;

	if (v6) {
		mnl_attr_put(request, CTA_IP_V6_SRC, 16, addr6[CT_CLIENT]);
		mnl_attr_put(request, CTA_IP_V6_DST, 16, addr6[CT_SERVER]);
	} else {
		mnl_attr_put(request, CTA_IP_V4_SRC, 4, addr4[CT_CLIENT]);
		mnl_attr_put(request, CTA_IP_V4_DST, 4, addr4[CT_SERVER]);
	}
	mnl_attr_nest_end(request, ip);
	proto = mnl_attr_nest_start(request, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(request, CTA_PROTO_NUM, IPPROTO_TCP);
	mnl_attr_put_u16(request, CTA_PROTO_SRC_PORT, htons(client_port));
	mnl_attr_put_u16(request, CTA_PROTO_DST_PORT, htons(SERVER_PORT));
	mnl_attr_nest_end(request, proto);
	mnl_attr_nest_end(request, tuple);
}

/* Send one request about the tuple; its replies go to read. */
static void query(struct ctworld *w, __u16 type, __u16 flags, int v6, __u16 client_port,
		  mnl_cb_t read_entry, struct ctentry *entry)
{
	const __u32 port = mnl_socket_get_portid(w->netlink);
	char buffer[QUERY_ROOM];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *header;
	long len;
	int status;

	request->nlmsg_type = (__u16)(NFNL_SUBSYS_CTNETLINK << 8 | type);
	request->nlmsg_flags = (__u16)(NLM_F_REQUEST | flags);
	request->nlmsg_seq = ++w->queries;
	header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->nfgen_family = v6 ? AF_INET6 : AF_INET;
	header->version = NFNETLINK_V0;
	tuple_put(request, v6, client_port);
	must(mnl_socket_sendto(w->netlink, request, request->nlmsg_len) >= 0, "ask conntrack");
	len = mnl_socket_recvfrom(w->netlink, buffer, sizeof(buffer));
	must(len > 0, "hear from conntrack");
	status = mnl_cb_run(buffer, (size_t)len, w->queries, port, read_entry, entry);
	must(status >= 0 || errno == ENOENT, "understand conntrack");
}

/* The attribute of that type inside a nested one. */
static const struct nlattr *attr_find(const struct nlattr *nest, __u16 type)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) if (mnl_attr_get_type(attr) == type) return attr;
	must(0, "find an attribute in conntrack's answer");
	return NULL;
}

static int entry_attr(const struct nlattr *attr, void *context)
{
	struct ctentry *entry = context;
	const struct nlattr *part;

	switch (mnl_attr_get_type(attr)) {
	case CTA_TUPLE_ORIG:
		part = attr_find(attr_find(attr, CTA_TUPLE_PROTO), CTA_PROTO_SRC_PORT);
		entry->opener =
		    ntohs(mnl_attr_get_u16(part)) == SERVER_PORT ? CT_SERVER : CT_CLIENT;
		break;
	case CTA_PROTOINFO:
		part = attr_find(attr_find(attr, CTA_PROTOINFO_TCP), CTA_PROTOINFO_TCP_STATE);
		entry->state = (enum conn_state)mnl_attr_get_u8(part);
		break;
	case CTA_TIMEOUT:
		entry->timeout_s = ntohl(mnl_attr_get_u32(attr));
		break;
	case CTA_STATUS:
		entry->status = ntohl(mnl_attr_get_u32(attr));
		break;
	}
	return MNL_CB_OK;
}

_Static_assert(SYN_SENT == (int)TCP_CONNTRACK_SYN_SENT && SYN_RECV == (int)TCP_CONNTRACK_SYN_RECV &&
		   ESTABLISHED == (int)TCP_CONNTRACK_ESTABLISHED &&
		   FIN_WAIT == (int)TCP_CONNTRACK_FIN_WAIT &&
		   CLOSE_WAIT == (int)TCP_CONNTRACK_CLOSE_WAIT &&
		   LAST_ACK == (int)TCP_CONNTRACK_LAST_ACK &&
		   TIME_WAIT == (int)TCP_CONNTRACK_TIME_WAIT && CLOSE == (int)TCP_CONNTRACK_CLOSE &&
		   SYN_SENT2 == (int)TCP_CONNTRACK_SYN_SENT2,
	       "the states have the kernel's numbers");

static int entry_read(const struct nlmsghdr *message, void *context)
{
	struct ctentry *entry = context;

	entry->there = 1;
	return mnl_attr_parse(message, sizeof(struct nfgenmsg), entry_attr, entry);
}

void ctworld_entry(struct ctworld *w, int v6, __u16 client_port, struct ctentry *ret_entry)
{
	memset(ret_entry, 0, sizeof(*ret_entry));
	query(w, IPCTNL_MSG_CT_GET, 0, v6, client_port, entry_read, ret_entry);
}

void ctworld_forget(struct ctworld *w, int v6, __u16 client_port)
{
	query(w, IPCTNL_MSG_CT_DELETE, NLM_F_ACK, v6, client_port, NULL, NULL);
}
