/* SPDX-License-Identifier: GPL-2.0 */
/* One rtnetlink question and its answers; the socket lives for that one question. */
#ifndef SYNGUARD_NETLINK_H
#define SYNGUARD_NETLINK_H

#include <libmnl/libmnl.h>

enum { NETLINK_REQUEST_SIZE = 256 };

/*
 * Sends request (length set, flags set by the caller, sequence number set here) and calls answer with
 * each message that comes back.  Returns 0 or -errno as the kernel gave it.
 */
int netlink_ask(struct nlmsghdr *request, mnl_cb_t answer, void *context);

#endif
