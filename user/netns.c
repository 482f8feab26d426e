// SPDX-License-Identifier: GPL-2.0
/*
 * Network namespaces by inode number, which is all that a pinned configuration remembers of one.  A
 * namespace is found by its name in /run/netns, or through any process that is in it.
 */
#define _GNU_SOURCE 1
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host.h"

static __u32 inode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : (__u32)st.st_ino;
}

__u32 host_netns(void)
{
	return inode_of("/proc/self/ns/net");
}

/* Looks at format with each entry of a directory in it; an open descriptor, or -ENOENT. */
static int netns_find(const char *directory, const char *suffix, __u32 inode)
{
	struct dirent *entry;
	DIR *stream = opendir(directory);
	char path[320];
	int fd = -ENOENT;

	if (!stream)
		return -ENOENT;
	while (fd < 0 && (entry = readdir(stream))) {
		snprintf(path, sizeof(path), "%s/%.255s%s", directory, entry->d_name, suffix);
		if (entry->d_name[0] != '.' && inode_of(path) == inode)
			fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	closedir(stream);
	return fd < 0 ? -ENOENT : fd;
}

int host_netns_enter(__u32 inode)
{
	int back, fd, err = 0;

	if (host_netns() == inode)
		return -1;
	fd = netns_find("/run/netns", "", inode);
	if (fd < 0)
		fd = netns_find("/proc", "/ns/net", inode);
	if (fd < 0)
		return fd;
	back = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (back < 0 || setns(fd, CLONE_NEWNET))
		err = -ENOENT;
	close(fd);
	if (err && back >= 0)
		close(back);
	return err ? err : back;
}

void host_netns_leave(int back_fd)
{
	if (back_fd < 0)
		return;
	if (setns(back_fd, CLONE_NEWNET))
		perror("synguard: cannot return to the network namespace it was started in");
	close(back_fd);
}
