// SPDX-License-Identifier: GPL-2.0
/* The pinned maps trace, trace_filter and runtime, as one source of events. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "host.h"
#include "jiffies.h"
#include "maps.h"
#include "trace_decode.h"
#include "trace_source.h"

#define NS_PER_MS 1000000ULL

/* On the interface's directory: another process's lock is gone as soon as that process is. */
static int lock_take(const struct instance *instance, struct trace_source *source,
		     struct error *error)
{
	source->lock_fd = open(instance->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (source->lock_fd < 0)
		return error_set(error, -errno, "cannot open %s: %s", instance->dir,
				 strerror(errno));
	if (!flock(source->lock_fd, LOCK_EX | LOCK_NB))
		return 0;
	if (errno != EWOULDBLOCK)
		return error_set(error, -errno, "cannot lock %s: %s", instance->dir,
				 strerror(errno));
	return error_set(error, -EBUSY,
			 "another synguard trace is at work on it, and there is one at a time; end"
			 " that one, or find it: pgrep -a synguard");
}

static int maps_open(const struct instance *instance, struct trace_source *source,
		     struct error *error)
{
	void *memory;

	source->ring_fd = map_open(instance->dir, "trace");
	if (source->ring_fd < 0)
		return error_set(error, source->ring_fd, "cannot open %s/trace: %s", instance->dir,
				 strerror(-source->ring_fd));
	source->runtime_fd = map_open(instance->dir, "runtime");
	if (source->runtime_fd < 0)
		return error_set(error, source->runtime_fd, "cannot open %s/runtime: %s",
				 instance->dir, strerror(-source->runtime_fd));
	memory = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE, MAP_SHARED,
		      source->runtime_fd, 0);
	if (memory == MAP_FAILED)
		return error_set(error, -errno, "cannot map %s/runtime: %s", instance->dir,
				 strerror(errno));
	source->runtime = memory;
	return 0;
}

static void until_set(struct trace_source *source, __u64 until)
{
	__atomic_store_n(&source->runtime->trace_until, until, __ATOMIC_RELEASE);
}

static int renew(struct trace_source *source)
{
	__u64 now;
	int err = jiffies_read(&now);

	if (err)
		return err;
	if (source->until && now > source->until)
		source->paused_ms += (now - source->until) * 1000 / source->hz;
	source->until = now + (__u64)TRACE_LEASE_MS * source->hz / 1000;
	until_set(source, source->until);
	source->renewed_at = host_boottime_ns();
	return 0;
}

static int event_visit(void *context, void *data, size_t size)
{
	struct trace_source *source = context;
	const struct trace_event *event = data;
	int err = 0;

	if (trace_event_valid(data, size) && event->at >= source->started_at)
		err = source->visit(event, source->context);
	if (!err && !--source->turn)
		err = -EAGAIN; /* libbpf would go on for as long as packets come */
	return err;
}

/* Off while the filter changes, so that no program sees half of it. */
static int switch_on(const struct instance *instance, const struct trace_filter *filter,
		     struct trace_source *source, struct error *error)
{
	int err;

	until_set(source, 0);
	err = map_store(instance->dir, "trace_filter", filter, sizeof(*filter));
	if (err)
		return error_set(error, err, "cannot write %s/trace_filter: %s", instance->dir,
				 strerror(-err));
	source->ring = ring_buffer__new(source->ring_fd, event_visit, source, NULL);
	if (!source->ring)
		return error_set(error, -errno, "cannot read %s/trace: %s", instance->dir,
				 strerror(errno));
	source->lost_before = __atomic_load_n(&source->runtime->trace_lost, __ATOMIC_RELAXED);
	source->started_at = host_boottime_ns();
	err = renew(source);
	if (err)
		return error_set(error, err, "cannot read the kernel's jiffies: %s",
				 strerror(-err));
	return 0;
}

int trace_source_open(const struct instance *instance, const struct trace_filter *filter,
		      struct trace_source *source, struct error *error)
{
	int err;

	source->lock_fd = source->ring_fd = source->runtime_fd = -1;
	source->runtime = NULL;
	source->ring = NULL;
	source->hz = instance->config.hz;
	source->until = source->paused_ms = 0;
	err = lock_take(instance, source, error);
	if (!err)
		err = maps_open(instance, source, error);
	if (!err)
		err = switch_on(instance, filter, source, error);
	if (err)
		trace_source_close(source);
	return err;
}

int trace_source_wait(struct trace_source *source)
{
	int err;

	source->turn = TRACE_TURN;
	err = ring_buffer__poll(source->ring, TRACE_RENEW_MS / 2);
	if (err < 0 && err != -EAGAIN)
		return err;
	if (host_boottime_ns() - source->renewed_at < TRACE_RENEW_MS * NS_PER_MS)
		return 0;
	return renew(source);
}

__u64 trace_source_lost(const struct trace_source *source)
{
	return __atomic_load_n(&source->runtime->trace_lost, __ATOMIC_RELAXED) -
	       source->lost_before;
}

static void fd_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

void trace_source_stop(struct trace_source *source, bool drain)
{
	until_set(source, 0);
	source->turn = UINT_MAX;
	if (drain)
		ring_buffer__consume(source->ring);
}

void trace_source_close(struct trace_source *source)
{
	if (source->runtime) {
		until_set(source, 0);
		munmap(source->runtime, (size_t)sysconf(_SC_PAGESIZE));
	}
	ring_buffer__free(source->ring);
	fd_close(source->runtime_fd);
	fd_close(source->ring_fd);
	fd_close(source->lock_fd);
}
