/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whole Ethernet frames in and out of one virtual interface.  The kernel takes the outer VLAN tag
 * off a frame before a packet socket sees it; here it is put back, so that what is read is what was
 * sent.
 */
#ifndef TESTS_RAWSOCK_H
#define TESTS_RAWSOCK_H

#include "tool.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

/* A frame whose sender left the checksum to the device (ethtool -K IFACE tx off prevents it). */
struct raw_info {
	bool checksum_partial;
};

static inline int rawsock_open(const char *dev)
{
	struct sockaddr_ll addr = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	struct packet_mreq promisc = {.mr_type = PACKET_MR_PROMISC};
	int one = 1, room = 8 << 20, fd;

	addr.sll_ifindex = iface_virtual(dev);
	promisc.mr_ifindex = addr.sll_ifindex;
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promisc, sizeof(promisc)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0 ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		die(EXIT_FAILURE, "%s: cannot open a packet socket (root?): %m", dev);
	return fd;
}

static inline const struct tpacket_auxdata *auxdata_find(struct msghdr *message)
{
	struct cmsghdr *control = CMSG_FIRSTHDR(message);

	for (; control; control = CMSG_NXTHDR(message, control))
		if (control->cmsg_level == SOL_PACKET && control->cmsg_type == PACKET_AUXDATA)
			return (const void *)CMSG_DATA(control);
	return NULL;
}

/* Reads one frame into data[room]; returns its length, 0 if none is waiting. */
static inline unsigned int rawsock_read(int fd, uint8_t *data, size_t room, struct raw_info *ret)
{
	union {
		struct cmsghdr align;
		uint8_t bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} control;
	/* Room for a tag in front: the addresses move there if one has to go in after them. */
	struct iovec part = {.iov_base = data + 4, .iov_len = room - 4};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	const struct tpacket_auxdata *aux;
	ssize_t len;

	message.msg_control = &control;
	message.msg_controllen = sizeof(control);
	len = recvmsg(fd, &message, 0);
	if (len < 14)
		return 0;
	aux = auxdata_find(&message);
	ret->checksum_partial = aux && aux->tp_status & TP_STATUS_CSUMNOTREADY;
	if (!aux || !(aux->tp_status & TP_STATUS_VLAN_VALID)) {
		memmove(data, data + 4, len);
		return len;
	}
	memmove(data, data + 4, 12);
	data[12] = aux->tp_status & TP_STATUS_VLAN_TPID_VALID ? aux->tp_vlan_tpid >> 8 : 0x81;
	data[13] = aux->tp_status & TP_STATUS_VLAN_TPID_VALID ? aux->tp_vlan_tpid : 0;
	data[14] = aux->tp_vlan_tci >> 8;
	data[15] = aux->tp_vlan_tci;
	return len + 4;
}

#endif
