// SPDX-License-Identifier: GPL-2.0
/* Running a program and reading its output. */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"

enum { OUTPUT_MAX = 16 * 1024 * 1024, OUTPUT_STEP = 65536 };

static int output_collect(int fd, char **ret_text)
{
	size_t used = 0, size = 0;
	char *text = NULL, *more;
	ssize_t got;

	for (;;) {
		if (size - used < 2) {
			size += size ? size : OUTPUT_STEP;
			more = size > OUTPUT_MAX ? NULL : realloc(text, size);
			if (!more)
				break;
			text = more;
		}
		got = read(fd, text + used, size - used - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			text[used] = '\0';
			*ret_text = text;
			return 0;
		}
		used += (size_t)got;
	}
	free(text);
	return -EFBIG;
}

static int spawn(char *const argv[], int out_fd, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	int err = posix_spawn_file_actions_init(&actions);

	if (err)
		return -err;
	posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	err = posix_spawnp(ret_pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

int run_read(char *const argv[], char **ret_text)
{
	char *text = NULL;
	int err, status = 0, fds[2];
	pid_t pid = -1;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	err = spawn(argv, fds[1], &pid);
	close(fds[1]);
	if (!err) {
		err = output_collect(fds[0], &text);
		close(fds[0]);
		fds[0] = -1;
		waitpid(pid, &status, 0);
		if (!err && status)
			err = -EIO;
	}
	if (fds[0] >= 0)
		close(fds[0]);
	if (err)
		free(text);
	else
		*ret_text = text;
	return err;
}
