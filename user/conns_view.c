// SPDX-License-Identifier: GPL-2.0
/* Names, times, and which end is which. */
#include "conns_view.h"
#include "lifetime.h"

/* A packet may be later than the reading of the clock, by so much. */
enum { CLOCK_MARGIN_SECONDS = 600 };

#define NAME_OF(table, i) ((i) < sizeof(table) / sizeof((table)[0]) ? (table)[i] : "UNKNOWN")

const char *conn_state_name(enum conn_state state)
{
	static const char *const names[] = {
	    [NONE] = "NONE",         [SYN_SENT] = "SYN_SENT",
	    [SYN_RECV] = "SYN_RECV", [ESTABLISHED] = "ESTABLISHED",
	    [FIN_WAIT] = "FIN_WAIT", [CLOSE_WAIT] = "CLOSE_WAIT",
	    [LAST_ACK] = "LAST_ACK", [TIME_WAIT] = "TIME_WAIT",
	    [CLOSE] = "CLOSE",       [SYN_SENT2] = "SYN_SENT2",
	};

	_Static_assert(sizeof(names) / sizeof(names[0]) == STATE_MAX, "each state has a name");
	return NAME_OF(names, state);
}

const char *conn_kind_name(enum conn_kind kind)
{
	static const char *const names[] = {
	    [KIND_NONE] = "none",
	    [KIND_COOKIE] = "cookie",
	    [KIND_KERNEL] = "kernel",
	    [KIND_ADOPTED] = "adopted",
	};

	return NAME_OF(names, kind);
}

const char *conn_socket_name(enum conn_socket socket)
{
	static const char *const names[] = {
	    [SOCKET_NONE] = "none",           [SOCKET_PENDING] = "pending",
	    [SOCKET_HALF_OPEN] = "half-open", [SOCKET_OPEN] = "open",
	    [SOCKET_TIME_WAIT] = "time-wait", [SOCKET_GONE] = "gone",
	};

	return NAME_OF(names, socket);
}

__u32 conn_age_s(const struct conn *conn, const struct conn_clock *clock)
{
	return conn->started_s < clock->boottime_s ? clock->boottime_s - conn->started_s : 0;
}

__u32 conn_idle_s(const struct conn *conn, const struct conn_clock *clock)
{
	__u32 passed = clock->jiffies - conn->seen;

	return -passed < CLOCK_MARGIN_SECONDS * clock->hz ? 0 : passed / clock->hz;
}

bool conn_expires_s(const struct conn *conn, const struct conn_clock *clock, __u32 *ret_seconds)
{
	__u32 lifetime = conn_lifetime(conn, &conn->head, &clock->timeouts);
	__u32 idle = conn_idle_s(conn, clock);

	if (lifetime == LIFETIME_ENDLESS)
		return false;
	*ret_seconds = idle < lifetime ? lifetime - idle : 0;
	return true;
}

bool conn_opened_here(const struct conn *conn)
{
	return conn->head.flags.opened_here;
}

const __u8 *conn_client_addr(const struct conn *conn)
{
	return conn_opened_here(conn) ? conn->key.local : conn->key.remote;
}

__u16 conn_client_port(const struct conn *conn)
{
	return conn_opened_here(conn) ? conn->key.local_port : conn->key.remote_port;
}

const __u8 *conn_server_addr(const struct conn *conn)
{
	return conn_opened_here(conn) ? conn->key.remote : conn->key.local;
}

__u16 conn_server_port(const struct conn *conn)
{
	return conn_opened_here(conn) ? conn->key.remote_port : conn->key.local_port;
}

__u64 conn_packets(const struct conn *conn)
{
	return (__u64)conn->client.packets + conn->server.packets;
}

__u64 conn_bytes(const struct conn *conn)
{
	return (__u64)conn->client.bytes + conn->server.bytes;
}
