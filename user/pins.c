// SPDX-License-Identifier: GPL-2.0
/* The BPF file system below /sys/fs/bpf/synguard: mounting, naming, locking, removing. */
#define _GNU_SOURCE 1
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "pins.h"

#define BPFFS "/sys/fs/bpf"

enum { LOCK_WAIT_MS = 5000, LOCK_STEP_MS = 20 };

static int reach_error; /* why the mounts that hold the pins were not entered; 0: they were */

static void name_copy(const char *from, char swap, char by, char *to, size_t size)
{
	size_t i;

	for (i = 0; from[i] && i + 1 < size; i++)
		to[i] = from[i] == swap ? by : from[i];
	to[i] = '\0';
}

void pins_dir(const char *iface, char ret_dir[PIN_PATH_MAX])
{
	char name[IFNAMSIZ];

	name_copy(iface, '.', ':', name, sizeof(name));
	snprintf(ret_dir, PIN_PATH_MAX, "%s/%s", PIN_ROOT, name);
}

void pins_dir_aside(const char *iface, char ret_dir[PIN_PATH_MAX])
{
	char name[IFNAMSIZ];

	name_copy(iface, '.', ':', name, sizeof(name));
	snprintf(ret_dir, PIN_PATH_MAX, "%s/::%s", PIN_ROOT, name);
}

void pins_file(const char *dir, const char *name, char ret_path[PIN_PATH_MAX])
{
	snprintf(ret_path, PIN_PATH_MAX, "%.80s/%.40s", dir, name);
}

static int bpffs_is_mounted(void)
{
	struct statfs fs;

	return !statfs(BPFFS, &fs) && fs.f_type == BPF_FS_MAGIC;
}

static pid_t parent_of(pid_t pid)
{
	char path[32], line[512], *end;
	int parent = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	/* The name before it may hold anything, parentheses too. */
	end = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
	if (end && sscanf(end, ") %*c %d", &parent) != 1)
		parent = 0;
	fclose(file);
	return parent;
}

/*
 * The mount namespace of the nearest ancestor that is in another one: -ENOENT if all are in ours,
 * another error if that may not be known, as without privileges.
 */
static int home_open(void)
{
	struct stat own, home;
	char path[32];
	int fd, err = -ENOENT;
	pid_t pid;

	if (stat("/proc/self/ns/mnt", &own))
		return -errno;
	for (pid = getppid(); pid > 0; pid = parent_of(pid)) {
		snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
		if (stat(path, &home)) {
			err = errno == ENOENT ? err : -errno;
			continue;
		}
		if (home.st_ino == own.st_ino)
			continue;
		fd = open(path, O_RDONLY | O_CLOEXEC);
		return fd < 0 ? -errno : fd;
	}
	return err;
}

/*
 * `ip netns exec` gives a command a mount namespace with a /sys of its own.  Pins made there would
 * end with the command, and the XDP program go on without its hand-off: every client would be
 * reset.
 */
void pins_reach(void)
{
	int fd = bpffs_is_mounted() ? -ENOENT : home_open(), cwd;

	if (fd < 0) {
		reach_error = fd == -ENOENT ? 0 : fd;
		return;
	}
	cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	reach_error = setns(fd, CLONE_NEWNS) ? -errno : 0;
	close(fd);
	if (cwd < 0)
		return;
	/* setns went to the root; files that the user names are meant to be where they were. */
	if (!reach_error && fchdir(cwd))
		reach_error = -errno;
	close(cwd);
}

int pins_reached(void)
{
	return reach_error;
}

static int bpffs_mount(struct error *error)
{
	int home;

	if (bpffs_is_mounted())
		return 0;
	home = home_open();
	if (home != -ENOENT && home != -EACCES) {
		if (home >= 0)
			close(home);
		return error_set(error, -ENOENT,
				 "there is no BPF file system at %s in this mount namespace (of `ip"
				 " netns exec`?), and one mounted here could end with this command;"
				 " use: nsenter --net=/run/netns/NAME synguard ...",
				 BPFFS);
	}
	if (!mount("bpf", BPFFS, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700"))
		return 0;
	return error_set(
	    error, -errno,
	    "the BPF file system is not mounted at %s and cannot be mounted (%s); mount"
	    " it: mount -t bpf bpf %s",
	    BPFFS, strerror(errno), BPFFS);
}

int pins_prepare(struct error *error)
{
	int err = bpffs_mount(error);
	struct stat st;

	if (err)
		return err;
	if (mkdir(PIN_ROOT, 0700) && errno != EEXIST)
		return error_set(error, -errno, "cannot make %s: %s", PIN_ROOT, strerror(errno));
	/* Where everybody may write to the BPF file system, somebody else may have been first. */
	if (lstat(PIN_ROOT, &st) || !S_ISDIR(st.st_mode) || st.st_uid != 0)
		return error_set(error, -EPERM,
				 "%s is not a directory of root's; see whose it is, and remove it",
				 PIN_ROOT);
	return 0;
}

int pins_exist(const char *dir)
{
	struct stat st;

	return !stat(dir, &st) && S_ISDIR(st.st_mode);
}

int pins_make(const char *dir, struct error *error)
{
	if (!mkdir(dir, 0700))
		return 0;
	return error_set(error, -errno, "cannot make %s: %s", dir, strerror(errno));
}

static int starts_with(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

enum remove_step { REMOVE_LINKS, REMOVE_MAPS, REMOVE_CONFIG, REMOVE_STEPS };

static enum remove_step remove_step_of(const char *name)
{
	if (starts_with(name, "link_"))
		return REMOVE_LINKS;
	return strcmp(name, "config") ? REMOVE_MAPS : REMOVE_CONFIG;
}

/* At once, and not when the kernel gets round to freeing what no longer has a pin. */
static void link_end(const char *dir, const char *name)
{
	char path[PIN_PATH_MAX];
	int fd;

	pins_file(dir, name, path);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return;
	bpf_link_detach(fd); /* not every kind of link can; then removing the pin must do */
	close(fd);
}

static int remove_file(const char *dir, int dir_fd, const char *name)
{
	if (remove_step_of(name) == REMOVE_LINKS)
		link_end(dir, name);
	return unlinkat(dir_fd, name, 0) ? -errno : 0;
}

static int remove_files(const char *dir, enum remove_step step)
{
	struct dirent *entry;
	DIR *stream = opendir(dir);
	int err = 0, failed;

	if (!stream)
		return -errno;
	while ((entry = readdir(stream))) {
		if (entry->d_name[0] == '.' || remove_step_of(entry->d_name) != step)
			continue;
		failed = remove_file(dir, dirfd(stream), entry->d_name);
		if (failed)
			err = failed;
	}
	closedir(stream);
	return err;
}

int pins_remove(const char *dir)
{
	int step, err;

	for (step = REMOVE_LINKS; step < REMOVE_STEPS; step++) {
		err = remove_files(dir, step);
		if (err)
			return err == -ENOENT ? 0 : err;
	}
	return rmdir(dir) && errno != ENOENT ? -errno : 0;
}

int pins_lock(struct error *error)
{
	const struct timespec step = {.tv_nsec = LOCK_STEP_MS * 1000000L};
	int waited_ms, fd = open(PIN_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return error_set(error, -ENOENT, "synguard is not attached to any interface");
	if (fd < 0)
		return error_set(error, -errno, "cannot open %s (%s); synguard must run as root",
				 PIN_ROOT, strerror(errno));
	for (waited_ms = 0; waited_ms < LOCK_WAIT_MS; waited_ms += LOCK_STEP_MS) {
		if (!flock(fd, LOCK_EX | LOCK_NB))
			return fd;
		if (errno != EWOULDBLOCK && errno != EINTR)
			break;
		nanosleep(&step, NULL);
	}
	close(fd);
	return error_set(
	    error, -EBUSY,
	    "another synguard has been attaching or detaching for %d s (it holds the lock"
	    " on %s); wait for it to end, or find it with: pgrep -a synguard",
	    LOCK_WAIT_MS / 1000, PIN_ROOT);
}

int pins_each(void (*visit)(const char *iface, void *context), void *context)
{
	char iface[IFNAMSIZ], dir[PIN_PATH_MAX];
	struct dirent *entry;
	DIR *stream = opendir(PIN_ROOT);
	int count = 0, aside;

	if (!stream)
		return 0;
	while ((entry = readdir(stream))) {
		if (entry->d_name[0] == '.')
			continue;
		aside = starts_with(entry->d_name, "::");
		name_copy(entry->d_name + (aside ? 2 : 0), ':', '.', iface, sizeof(iface));
		pins_dir(iface, dir);
		if (aside && pins_exist(dir))
			continue;
		visit(iface, context);
		count++;
	}
	closedir(stream);
	return count;
}
