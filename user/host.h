/* SPDX-License-Identifier: GPL-2.0 */
/* What this host and this process can do: privileges, kernel features, sysctls, namespaces, time.
 */
#ifndef SYNGUARD_HOST_H
#define SYNGUARD_HOST_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/* Names of the missing capabilities, separated by ", "; "" if none is missing. */
void host_missing_caps(char *ret_names, size_t size);

enum host_feature {
	HOST_FEATURE_BTF,   /* /sys/kernel/btf/vmlinux */
	HOST_FEATURE_KFUNC, /* bpf_sk_assign_tcp_reqsk, Linux 6.9 */
	HOST_FEATURE_TCX,   /* Linux 6.6 */
	HOST_FEATURE_TP,    /* the tracepoint inet_sock_set_state with BTF */
	HOST_FEATURES,
};

/* Sets present[feature] for each; all false if the kernel has no BTF. */
void host_features(bool present[HOST_FEATURES]);

/* Reads an integer sysctl, given as the path below /proc/sys.  0 or -errno. */
int host_sysctl(const char *path, long *ret_value);

void host_kernel(char *ret_release, size_t size);

/* Jiffies per second. */
__u32 host_hz(void);

/* An epoch is 1 << shift jiffies, the greatest power of two in 33 seconds. */
__u32 host_epoch_shift(__u32 hz);

/* A tick is 1 << shift jiffies, the greatest power of two in 4 ms, or one jiffy. */
__u32 host_tick_shift(__u32 hz);

/* The length of 1 << shift jiffies in 1/65536 ms. */
__u32 host_tick_ms_q16(__u32 hz, __u32 shift);

__u64 host_boottime_ns(void);

/* Inode of this process's network namespace; 0 if unknown. */
__u32 host_netns(void);

/*
 * Enters the network namespace with this inode, found by name or by a process in it.  Returns a
 * descriptor for host_netns_leave, -1 if this process is in it already, or -ENOENT (not -1).
 */
int host_netns_enter(__u32 inode);
void host_netns_leave(int back_fd);

#endif
