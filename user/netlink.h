/* SPDX-License-Identifier: GPL-2.0 */
/* One netlink question and its answers; the socket lives for that one question. */
#ifndef SYNGUARD_NETLINK_H
#define SYNGUARD_NETLINK_H

#include <libmnl/libmnl.h>

enum { NETLINK_REQUEST_SIZE = 256 };

/*
 * Sends request to protocol, NETLINK_...; length and flags are the caller's, the sequence number is
 * set here.  Calls answer with each message that comes back.  Returns 0 or -errno as the kernel
 * gave it.
 */
int netlink_ask(int protocol, struct nlmsghdr *request, mnl_cb_t answer, void *context);

#endif
