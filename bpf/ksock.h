/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The few fields of the kernel's sockets that synguard reads, relocated to the running kernel's
 * layout at load (CO-RE).  Nothing else of the kernel's internals is known here.
 */
#ifndef SYNGUARD_KSOCK_H
#define SYNGUARD_KSOCK_H

#include <linux/types.h>
#include <stdbool.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
};

struct ns_common {
	unsigned int inum;
};

struct netns_ipv4 {
	int sysctl_tcp_rmem[3];
	__u8 sysctl_tcp_ecn;
	__u8 sysctl_ip_default_ttl;
	__u8 sysctl_tcp_syncookies;
	__u8 sysctl_tcp_sack;
	__u8 sysctl_tcp_window_scaling;
	__u8 sysctl_tcp_timestamps;
	__u8 sysctl_tcp_workaround_signed_windows;
	__u8 sysctl_tcp_reflect_tos;
};

struct net {
	struct ns_common ns;
	struct netns_ipv4 ipv4;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sock_reuseport {
	unsigned int synq_overflow_ts;
};

struct sock {
	struct sock_common __sk_common;
	struct sock_reuseport *sk_reuseport_cb;
	int sk_rcvbuf;
	__u8 sk_userlocks;
	__u16 sk_protocol;
	__u32 sk_ack_backlog;
	__u32 sk_max_ack_backlog;
};

struct ipv6_pinfo {
	__s16 hop_limit;
	__u8 tclass;
};

struct inet_sock {
	struct sock sk;
	struct ipv6_pinfo *pinet6;
	__s16 uc_ttl;
	__be16 inet_sport;
	__u8 tos;
};

typedef struct {
	int counter;
} atomic_t;

struct request_sock_queue {
	atomic_t qlen;
};

struct inet_connection_sock {
	struct inet_sock icsk_inet;
	struct request_sock_queue icsk_accept_queue;
};

struct tcp_options_received {
	int ts_recent_stamp;
	__u16 tstamp_ok : 1, sack_ok : 3, wscale_ok : 1, snd_wscale : 4, rcv_wscale : 4;
	__u16 user_mss;
	__u16 mss_clamp;
};

struct tcp_md5sig_info;
struct tcp_ao_info;

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	__u8 scaling_ratio;
	__u32 window_clamp;
	struct tcp_options_received rx_opt;
	bool is_mptcp;
	__u8 ecn_flags;
	__u16 advmss;
	__u32 rcv_nxt;
	__u32 rcv_wnd;
	__u32 snd_nxt;
	__u32 snd_una;
	__u32 snd_wnd;
	struct tcp_md5sig_info *md5sig_info;
	struct tcp_ao_info *ao_info;
};

#pragma clang attribute pop

/* Values of the kernel's own interfaces (include/net/tcp_states.h, uapi in.h). */
enum ksock_values {
	K_TCP_ESTABLISHED = 1,
	K_TCP_SYN_SENT = 2,
	K_TCP_FIN_WAIT1 = 4,
	K_TCP_FIN_WAIT2 = 5,
	K_TCP_TIME_WAIT = 6,
	K_TCP_CLOSE = 7,
	K_TCP_LAST_ACK = 9,
	K_TCP_LISTEN = 10,
	K_TCP_CLOSING = 11,
	K_TCP_NEW_SYN_RECV = 12,
	K_TCP_ECN_OK = 1,
	K_AF_INET = 2,
	K_AF_INET6 = 10,
	K_IPPROTO_TCP = 6,
	K_SOCK_RCVBUF_LOCK = 2,
};

#endif
