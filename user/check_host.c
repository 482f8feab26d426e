// SPDX-License-Identifier: GPL-2.0
/* Checks of the host as a whole: the kernel's features, this process's rights, the TCP sysctls. */
#include <string.h>

#include "check.h"
#include "host.h"

static void kernel_check(struct check *check)
{
	static const struct {
		const char *name;
		const char *what;
		const char *why;
	} features[HOST_FEATURES] = {
	    [HOST_FEATURE_BTF] = {"kernel_btf", "type information (BTF)",
				  "BPF programs are fitted to this kernel by it"},
	    [HOST_FEATURE_KFUNC] = {"kernel_kfunc", "bpf_sk_assign_tcp_reqsk",
				    "it hands a finished handshake to the kernel's TCP"},
	    [HOST_FEATURE_TCX] = {"kernel_tcx", "tcx", "the hand-off hook attaches there"},
	    [HOST_FEATURE_TP] = {"kernel_tracepoint", "tracepoint inet_sock_set_state",
				 "the table of connections follows sockets by it"},
	};
	bool present[HOST_FEATURES];
	char release[80];
	int i;

	host_features(present);
	host_kernel(release, sizeof(release));
	for (i = 0; i < HOST_FEATURES; i++) {
		check_add(check, features[i].name, present[i] ? CHECK_OK : CHECK_FAIL,
			  "%s: %s (Linux %s)", features[i].what,
			  present[i] ? "present" : "not in this kernel", release);
		if (present[i])
			continue;
		check_why(check, "%s", features[i].why);
		check_remedy(check, "run Linux 6.9 or later, built with CONFIG_DEBUG_INFO_BTF and"
				    " CONFIG_SYN_COOKIES");
	}
}

static void caps_check(struct check *check)
{
	char missing[64];

	host_missing_caps(missing, sizeof(missing));
	check_add(check, "capabilities", *missing ? CHECK_FAIL : CHECK_OK, "missing: %s",
		  *missing ? missing : "none");
	if (!*missing)
		return;
	check_why(check, "attaching and reading BPF programs and maps needs them");
	check_remedy(check, "run as root, or grant them");
}

static const struct {
	const char *name;
	const char *path;
	enum check_level if_zero;
	const char *why;
} sysctls[] = {
    {"tcp_syncookies", "net/ipv4/tcp_syncookies", CHECK_FAIL,
     "the kernel takes no handshake from a cookie while this is 0, so synguard leaves SYNs to it"},
    {"tcp_timestamps", "net/ipv4/tcp_timestamps", CHECK_WARN,
     "without timestamps a cookie has 24 bits against guessing instead of 50"},
    {"tcp_sack", "net/ipv4/tcp_sack", CHECK_WARN,
     "connections recover from loss slowly without SACK, with and without synguard"},
    {"tcp_window_scaling", "net/ipv4/tcp_window_scaling", CHECK_WARN,
     "windows stay below 64 KiB, with and without synguard"},
};

static void sysctls_check(struct check *check)
{
	size_t i;
	long value;
	int err;

	for (i = 0; i < sizeof(sysctls) / sizeof(sysctls[0]); i++) {
		err = host_sysctl(sysctls[i].path, &value);
		if (err)
			check_add(check, sysctls[i].name, CHECK_WARN, "cannot read it: %s",
				  strerror(-err));
		else
			check_add(check, sysctls[i].name, value ? CHECK_OK : sysctls[i].if_zero,
				  "net.ipv4.%s = %ld", sysctls[i].name, value);
		if (!err && value)
			continue;
		check_why(check, "%s", sysctls[i].why);
		check_remedy(check, "sysctl -w net.ipv4.%s=1", sysctls[i].name);
	}
}

void check_host(struct check *check)
{
	kernel_check(check);
	caps_check(check);
	sysctls_check(check);
}
