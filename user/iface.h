/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel knows about a network interface, as far as protection depends on it. */
#ifndef SYNGUARD_IFACE_H
#define SYNGUARD_IFACE_H

#include <linux/types.h>
#include <net/if.h>
#include <stdbool.h>

struct iface {
	char name[IFNAMSIZ]; /* the main name, also when it was looked up by another */
	__u32 index;
	__u16 type;         /* ARPHRD_... */
	unsigned int flags; /* IFF_... */
	__u32 mtu;
	__u8 mac[6];
	char kind[16];      /* "veth", "bridge", ...; "" for hardware */
	char port_kind[16]; /* the master's kind if this is a port of one, else "" */
	__u32 master;       /* its index, 0: none */
	__u32 peer;         /* veth: index of the other end, 0: unknown */
	int peer_netns;     /* and the id of its namespace, -1: the same */
	__u8 xdp_attached;  /* XDP_ATTACHED_... */
};

enum iface_peer {
	IFACE_PEER_NONE,   /* no veth, so native XDP_TX needs nothing of a peer */
	IFACE_PEER_XDP,    /* a veth whose peer has a native XDP program: XDP_TX arrives */
	IFACE_PEER_NO_XDP, /* a veth whose peer has none, or cannot be asked: XDP_TX is lost */
};

/* -ENODEV if there is none. */
int iface_read(const char *name, struct iface *ret_iface);
int iface_read_index(__u32 index, struct iface *ret_iface);

/* Calls visit with the index of each VLAN device right on top of this interface.  0 or -errno. */
int iface_each_vlan(__u32 index, int (*visit)(__u32 vlan, void *context), void *context);

enum iface_peer iface_peer_xdp(const struct iface *iface);

/* A port of something that takes the frames over: bridge, bond, team, Open vSwitch. */
bool iface_is_port(const struct iface *iface);

/* TCP MSS limits that the default routes' metrics set for this interface; 0: none. */
int iface_advmss(__u32 index, __u16 *ret_advmss4, __u16 *ret_advmss6);

/* Routes with metrics which a SYN-ACK made in the driver does not follow. */
int iface_count_metric_routes(__u32 index, unsigned int *ret_count);

/* IPv6 hop limit for new packets; 64 if IPv6 is off. */
__u8 iface_hop_limit(const char *name);

/* "virtio_net", "veth", ...; "" if unknown. */
void iface_driver(const char *name, char *ret_driver, size_t size);

enum { IFACE_XDP_BASIC = 1 << 0, IFACE_XDP_FRAGS = 1 << 5 }; /* as the kernel numbers them */

/* What the driver's native XDP can do, Linux 6.3.  0 or -errno. */
int iface_xdp_features(__u32 index, __u64 *ret_features);

enum { IFACE_OFFLOAD_RXVLAN = 1 << 8, IFACE_OFFLOAD_LRO = 1 << 15 };

/* Offloads that are on. */
__u32 iface_offloads(const char *name);

#endif
