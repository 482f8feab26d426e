/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every way a packet can end, once.  This list is the project's only X-macro: it makes the enum,
 * the counter struct that bpftool prints, the JSON names and the sentence that the user reads, so
 * that they cannot drift apart.  A new reason goes to the end of its group; nothing depends on
 * the order.
 *
 * X(name, stage, verdict, sentence)
 *   stage    XDP: the driver hook; every frame is counted there once.  TC: the hand-off hook,
 *            a second look at frames that XDP passed, so these are counted in addition.
 *            OUT: the egress hook, which sees what the kernel sends and changes nothing.
 *   verdict  PASS to the kernel, DROP in silence, TX answered from the driver.  In mode monitor a
 *            DROP or TX reason is counted, as not enforced, and the packet passes all the same.
 */
#ifndef SYNGUARD_REASONS_H
#define SYNGUARD_REASONS_H

#define SYNGUARD_REASONS(X)                                                                        \
	/* not ours */                                                                             \
	X(not_ip, XDP, PASS, "neither IPv4 nor IPv6 (ARP, LLDP, ...)")                             \
	X(not_tcp, XDP, PASS, "IP, but not TCP (UDP, ICMP, neighbour discovery, ...)")             \
	X(other_host, XDP, PASS, "sent to another station's MAC address (bridged or macvlan)")     \
	X(not_protected, XDP, PASS, "TCP to a port that is not protected or has no listener here") \
	X(frag_passed, XDP, PASS, "IP fragment that cannot hold the start of a SYN")               \
	X(ext_passed, XDP, PASS, "IPv6 extension headers that are not parsed (ESP, AH, ...)")      \
	X(deny_listed, XDP, DROP, "source is on the denylist")                                     \
	/* SYN */                                                                                  \
	X(syn_cookie_sent, XDP, TX, "SYN answered with a SYN-ACK that carries a cookie")           \
	X(syn_passed, XDP, PASS, "SYN given to the kernel: no attack, or tcp_syncookies is 0")     \
	X(syn_allowed, XDP, PASS, "SYN given to the kernel: its source is on the allowlist")       \
	X(syn_proven, XDP, PASS, "SYN given to the kernel in an attack: its client is proven")     \
	X(syn_accept_full, XDP, DROP, "the application's accept queue is full: SYN dropped")       \
	X(syn_synack_limited, XDP, DROP,                                                           \
	  "SYN dropped once: its prefix's limit of SYN-ACKs, or the kernel's repetitions")         \
	X(syn_new_limited, XDP, DROP, "SYN from a prefix with too many new connections")           \
	X(synack_repeated, XDP, TX, "SYN that gave its frame to a SYN-ACK sent again to another")  \
	X(syn_conn_exists, XDP, PASS, "SYN for a connection that the kernel already has")          \
	X(syn_conn_limited, XDP, DROP,                                                             \
	  "SYN for a live connection or handshake, less than 250 ms after another one")            \
	X(syn_live_limited, XDP, DROP,                                                             \
	  "SYN for a live connection, from a prefix that sends too many of them")                  \
	X(syn_mptcp, XDP, PASS, "SYN to an MPTCP listener, which cannot take a cookie's socket")   \
	X(syn_mss_small, XDP, PASS, "SYN or listener with an MSS below 536 (IPv4) or 1220 (IPv6)") \
	X(syn_small_limited, XDP, DROP,                                                            \
	  "SYN with such an MSS in an attack, with three quarters of the backlog in use")          \
	X(syn_md5_ao, XDP, PASS, "SYN signed with TCP-MD5 or TCP-AO")                              \
	X(synack_passed, XDP, PASS, "SYN-ACK: the answer to a connection that this host opens")    \
	X(synack_unknown, XDP, DROP, "SYN-ACK for a connection that this host does not open")      \
	X(syn_reply_failed, XDP, DROP, "SYN whose answer the driver had no room for")              \
	/* ACK, data, FIN, RST */                                                                  \
	X(conn_packet, XDP, PASS, "belongs to a connection that the kernel has")                   \
	X(conn_rst_inexact, XDP, PASS,                                                             \
	  "RST in the window of a connection, but not at its next sequence number")                \
	X(conn_rst_outside, XDP, DROP,                                                             \
	  "RST outside the window of its connection: forged or stale")                             \
	X(conn_fin_outside, XDP, DROP,                                                             \
	  "FIN outside the window of its connection: forged or stale")                             \
	X(conn_data_outside, XDP, DROP, "data or ACK far outside the window of its connection")    \
	X(ack_cookie_valid, XDP, PASS, "ACK with a valid cookie, marked for hand-off")             \
	X(ack_cookie_invalid, XDP, DROP,                                                           \
	  "ACK of no connection, and no valid cookie in its number")                               \
	X(ack_cookie_expired, XDP, DROP, "the cookie was ours, but is over a minute old")          \
	X(ack_limited, XDP, DROP,                                                                  \
	  "ACK of no connection from a prefix with many such: looked at if it comes again")        \
	X(ack_kernel, XDP, PASS,                                                                   \
	  "not ours to judge: the kernel answers this listener's SYNs lately")                     \
	X(data_unknown, XDP, DROP, "data of no connection, and no valid cookie in its ACK number") \
	X(fin_unknown, XDP, DROP, "FIN of no connection, and no valid cookie in its ACK number")   \
	X(rst_unknown, XDP, DROP, "RST for a connection that the kernel does not have")            \
	/* malformed or forged */                                                                  \
	X(eth_truncated, XDP, DROP, "frame ends inside its Ethernet or VLAN header")               \
	X(ip_truncated, XDP, DROP, "frame ends inside the IP header or its extension headers")     \
	X(ip_bad_header, XDP, DROP, "IP version or header length (IHL below 5) is impossible")     \
	X(ip_bad_length, XDP, DROP, "IP length field contradicts the frame or the headers")        \
	X(ip_bad_checksum, XDP, DROP, "IPv4 header checksum is wrong")                             \
	X(ext_too_many, XDP, DROP, "more than six IPv6 extension headers")                         \
	X(tcp_truncated, XDP, DROP, "packet ends inside the TCP header")                           \
	X(tcp_bad_doff, XDP, DROP, "TCP data offset below 5 or beyond the packet")                 \
	X(tcp_bad_flags, XDP, DROP, "impossible TCP flags (none, all, SYN+FIN, SYN+RST, ...)")     \
	X(src_land, XDP, DROP, "source and destination are the same (land attack)")                \
	X(src_loopback, XDP, DROP, "source is a loopback address")                                 \
	X(src_not_unicast, XDP, DROP, "source is multicast, broadcast, reserved or unspecified")   \
	X(dst_not_unicast, XDP, DROP, "to a multicast or broadcast address")                       \
	X(frag_syn, XDP, DROP, "fragment that holds the start of a SYN")                           \
	X(frag_tiny, XDP, DROP, "fragment cut so that it could hide TCP flags (RFC 1858)")         \
	/* hand-off to the kernel's TCP */                                                         \
	X(handoff_ok, TC, PASS, "handshake handed to the kernel's TCP as a request socket")        \
	X(handoff_failed, TC, DROP, "the kernel refused the handshake (see status, check)")        \
	X(handoff_backlog, TC, DROP, "the application's accept queue is full; the client repeats") \
	X(handoff_pending, TC, DROP, "segment overtook a hand-off not done yet; it is repeated")   \
	X(handoff_stale, TC, PASS,                                                                 \
	  "a request of the kernel's own gave way to the proven handshake")                        \
	X(handoff_closed, TC, PASS, "the listener closed in mid-handshake; the kernel sends RST")  \
	/* what this host sends */                                                                 \
	X(out_conn, OUT, PASS, "sent on a connection in the table, or on a half-open one")         \
	X(out_unknown, OUT, PASS, "TCP sent from a protected port, of no connection in the table")

enum reason {
#define X(name, stage, verdict, text) REASON_##name,
	SYNGUARD_REASONS(X)
#undef X
	    REASON_MAX,
};

#endif
