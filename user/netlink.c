// SPDX-License-Identifier: GPL-2.0
/* A question to the kernel, through libmnl. */
#include <errno.h>
#include <stdlib.h>

#include "netlink.h"

enum { ANSWER_SIZE = 65536, SEQUENCE = 1 };

static int answers_read(struct mnl_socket *socket, mnl_cb_t answer, void *context)
{
	char *buffer = malloc(ANSWER_SIZE);
	unsigned int port = mnl_socket_get_portid(socket);
	ssize_t length;
	int more = 1;

	if (!buffer)
		return -ENOMEM;
	while (more > 0) {
		length = mnl_socket_recvfrom(socket, buffer, ANSWER_SIZE);
		more = length < 0
			   ? -1
			   : mnl_cb_run(buffer, (size_t)length, SEQUENCE, port, answer, context);
	}
	free(buffer);
	return more < 0 ? -errno : 0;
}

int netlink_ask(int protocol, struct nlmsghdr *request, mnl_cb_t answer, void *context)
{
	struct mnl_socket *socket = mnl_socket_open(protocol);
	int err = 0;

	if (!socket)
		return -errno;
	request->nlmsg_seq = SEQUENCE;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		err = -errno;
	if (!err)
		err = answers_read(socket, answer, context);
	mnl_socket_close(socket);
	return err;
}
