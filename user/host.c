// SPDX-License-Identifier: GPL-2.0
/* Facts about this host, read from /proc, the kernel's BTF and the clocks. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "host.h"

enum { CAP_NET_ADMIN_BIT = 12, CAP_SYS_ADMIN_BIT = 21, CAP_PERFMON_BIT = 38, CAP_BPF_BIT = 39 };
enum { EPOCH_SECONDS_MAX = 33, TICK_MS_MAX = 4 };

#define MS_PER_S 1000ULL
#define NS_PER_S 1000000000ULL

static __u64 caps_effective(void)
{
	unsigned long long caps = 0;
	char line[128];
	FILE *file = fopen("/proc/self/status", "re");

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "CapEff: %llx", &caps) == 1)
			break;
	fclose(file);
	return caps;
}

void host_missing_caps(char *ret_names, size_t size)
{
	static const struct {
		int bit;
		bool admin_covers;
		const char *name;
	} needed[] = {
	    {CAP_BPF_BIT, true, "CAP_BPF"},
	    {CAP_PERFMON_BIT, true, "CAP_PERFMON"},
	    {CAP_NET_ADMIN_BIT, false, "CAP_NET_ADMIN"},
	};
	__u64 caps = caps_effective();
	bool admin = caps >> CAP_SYS_ADMIN_BIT & 1;
	size_t i, used = 0;

	ret_names[0] = '\0';
	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (caps >> needed[i].bit & 1 || (admin && needed[i].admin_covers))
			continue;
		used += (size_t)snprintf(ret_names + used, size - used, "%s%s", used ? ", " : "",
					 needed[i].name);
	}
}

void host_features(bool present[HOST_FEATURES])
{
	static const struct {
		const char *name;
		__u32 kind;
	} types[HOST_FEATURES] = {
	    [HOST_FEATURE_KFUNC] = {"bpf_sk_assign_tcp_reqsk", BTF_KIND_FUNC},
	    [HOST_FEATURE_TCX] = {"tcx_link", BTF_KIND_STRUCT},
	    [HOST_FEATURE_TP] = {"btf_trace_inet_sock_set_state", BTF_KIND_TYPEDEF},
	};
	struct btf *btf = btf__load_vmlinux_btf();
	int i;

	memset(present, 0, HOST_FEATURES * sizeof(present[0]));
	if (libbpf_get_error(btf))
		return;
	present[HOST_FEATURE_BTF] = true;
	for (i = HOST_FEATURE_BTF + 1; i < HOST_FEATURES; i++)
		present[i] = btf__find_by_name_kind(btf, types[i].name, types[i].kind) > 0;
	btf__free(btf);
}

int host_sysctl(const char *path, long *ret_value)
{
	char full[160];
	long value;
	FILE *file;
	int err = 0;

	snprintf(full, sizeof(full), "/proc/sys/%s", path);
	file = fopen(full, "re");
	if (!file)
		return -errno;
	if (fscanf(file, "%ld", &value) != 1)
		err = -EINVAL;
	else
		*ret_value = value;
	fclose(file);
	return err;
}

void host_kernel(char *ret_release, size_t size)
{
	struct utsname name;

	snprintf(ret_release, size, "%s", uname(&name) ? "unknown" : name.release);
}

__u32 host_hz(void)
{
	struct timespec tick;

	if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) || tick.tv_nsec <= 0)
		return 0;
	return (__u32)((NS_PER_S + (__u64)tick.tv_nsec / 2) / (__u64)tick.tv_nsec);
}

__u32 host_epoch_shift(__u32 hz)
{
	__u32 shift = 0;

	while ((2ULL << shift) <= (__u64)hz * EPOCH_SECONDS_MAX)
		shift++;
	return shift;
}

__u32 host_tick_shift(__u32 hz)
{
	__u32 shift = 0;

	while ((2ULL << shift) * MS_PER_S <= (__u64)hz * TICK_MS_MAX)
		shift++;
	return shift;
}

__u32 host_tick_ms_q16(__u32 hz, __u32 shift)
{
	return hz ? (__u32)(((MS_PER_S << shift << 16) + hz / 2) / hz) : 0;
}

__u64 host_boottime_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (__u64)now.tv_sec * NS_PER_S + (__u64)now.tv_nsec;
}
