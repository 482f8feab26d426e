/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames out of one virtual interface at a bounded rate, past every queue of this host.  What they
 * are is the caller's affair.
 */
#ifndef TESTS_BLAST_H
#define TESTS_BLAST_H

#include "tool.h"
#include "frame.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/uio.h>

enum { BLAST_BATCH = 64 };

struct blast {
	uint64_t rate;          /* frames per second; 0: all it can */
	uint64_t count;         /* how many; 0: until seconds are over */
	uint64_t seconds;       /* at most */
	uint64_t offered, lost; /* lost: turned away by the next hop's full queue */
	uint64_t bytes;         /* of the frames offered */
	double took_s;
};

/* Writes the next frame to out[FRAME_MAX]; returns its length. */
typedef unsigned int blast_next(void *of, uint8_t *out);

static inline int blast_open(const char *dev)
{
	struct sockaddr_ll addr = {.sll_family = AF_PACKET};
	int one = 1, room = 16 << 20, fd;

	addr.sll_ifindex = iface_virtual(dev);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		die(EXIT_FAILURE, "%s: cannot open for sending: %m", dev);
	if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)) < 0)
		die(EXIT_FAILURE, "%s: cannot bypass the queueing discipline: %m", dev);
	/* Else a busy receiver slows us down, since its queue holds our buffers. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) < 0)
		die(EXIT_FAILURE, "%s: cannot enlarge the send buffer: %m", dev);
	return fd;
}

/* A frame that the next hop's full queue turned away counts as offered, and is not sent again. */
static inline void blast_send(struct blast *blast, int fd, struct mmsghdr *messages, unsigned int n)
{
	int sent;

	for (unsigned int i = 0; i < n && !tool_stop; i += sent) {
		sent = sendmmsg(fd, messages + i, n - i, 0);
		if (sent > 0) {
			blast->offered += sent;
			continue;
		}
		if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
			die(EXIT_FAILURE, "cannot send: %m");
		sent = 1;
		blast->offered++;
		blast->lost++;
	}
}

/* How many frames to send now: a whole batch, or none yet, or what is due. */
static inline unsigned int blast_due(const struct blast *blast, uint64_t start)
{
	uint64_t least = blast->rate > 100000 ? BLAST_BATCH / 4 : 1, n = BLAST_BATCH;

	if (blast->rate)
		n = (now_ns() - start) / 1000 * blast->rate / 1000000 - blast->offered;
	if (n > BLAST_BATCH)
		n = BLAST_BATCH;
	if (blast->count && n > blast->count - blast->offered)
		return blast->count - blast->offered;
	return n < least ? 0 : n;
}

static inline void blast_run(struct blast *blast, int fd, blast_next *next, void *of)
{
	static uint8_t frames[BLAST_BATCH][FRAME_MAX];
	uint64_t start = now_ns(), end = start + blast->seconds * NSEC_PER_SEC;
	struct mmsghdr messages[BLAST_BATCH] = {0};
	struct iovec parts[BLAST_BATCH];

	for (unsigned int i = 0; i < BLAST_BATCH; i++) {
		parts[i].iov_base = frames[i];
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	while (now_ns() < end && !tool_stop && !(blast->count && blast->offered >= blast->count)) {
		unsigned int n = blast_due(blast, start);

		if (n == 0) {
			nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
			continue;
		}
		for (unsigned int i = 0; i < n; i++)
			blast->bytes += parts[i].iov_len = next(of, frames[i]);
		blast_send(blast, fd, messages, n);
	}
	blast->took_s = (now_ns() - start) / 1e9;
}

static inline void blast_report(const struct blast *blast)
{
	printf("{\"offered\": %lu, \"lost_at_next_hop\": %lu, \"frame_bytes\": %.1f, "
	       "\"seconds\": %.3f, \"rate\": %.0f}\n",
	       blast->offered, blast->lost,
	       blast->offered ? (double)blast->bytes / blast->offered : 0, blast->took_s,
	       blast->took_s > 0 ? blast->offered / blast->took_s : 0);
}

#endif
