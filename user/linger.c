// SPDX-License-Identifier: GPL-2.0
/*
 * The process that removes a hand-off once its cookies have expired.  It holds nothing of the
 * user's: no terminal, no directory, no network namespace.  If it is killed, the next attach or
 * detach does its work.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "detach.h"

#define NS_PER_S 1000000000ULL

enum { LOCK_TRIES = 12 };

static void surroundings_leave(void)
{
	int fd = open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC);

	setsid();
	if (chdir("/"))
		_exit(1);
	if (fd >= 0)
		setns(fd, CLONE_NEWNET);
	fd = open("/dev/null", O_RDWR);
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0);
}

static void sleep_until(__u64 boottime_ns)
{
	struct timespec at = {.tv_sec = (time_t)(boottime_ns / NS_PER_S),
			      .tv_nsec = (long)(boottime_ns % NS_PER_S)};

	while (clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
}

/* Only what this process was started for: a later attach or detach has its own time. */
static void expired_remove(const char *name, __u64 detached_at)
{
	struct instance found;
	struct error ignored;
	int lock = -EBUSY, i;

	for (i = 0; i < LOCK_TRIES && lock == -EBUSY; i++)
		lock = pins_lock(&ignored);
	if (lock < 0)
		return;
	instance_read(name, &found);
	if (found.state != INSTANCE_LIVE && found.config.detached_at == detached_at)
		pins_remove(found.dir);
	instance_read_aside(name, &found);
	if (found.state != INSTANCE_LIVE && found.config.detached_at == detached_at)
		instance_recover(name, &found, &ignored);
	close(lock);
}

int linger_start(const struct instance *instance)
{
	__u64 until = instance->config.detached_at + instance_lifetime_ns(&instance->config);
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (pid > 0)
		return waitpid(pid, &status, 0) == pid && !status ? 0 : -EAGAIN;
	pid = fork();
	if (pid)
		_exit(pid < 0);
	surroundings_leave();
	sleep_until(until);
	expired_remove(instance->name, instance->config.detached_at);
	_exit(0);
}
