#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What it is all for: legitimate clients during a SYN flood, with and without synguard; and floods of
# other segments beside live connections.  The rates are what any machine can carry: whether clients
# are served is asked here, how many a benchmark may tell.
#
# shellcheck disable=SC2317 # functions that case_ok calls

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"

flood_rate=30000
client_rate=200
client_seconds=4
conns=20

# flood_start FAMILY KIND: in the background for long enough; its pid is FLOOD.
flood_start()
{
	local spoof=$TB_SPOOF4

	[[ $1 == 4 ]] || spoof=$TB_SPOOF6
	spawn attacker "$TB_TOOLS/synflood" --dev "${TB_IF[attacker]}" --kind "$2" \
		--src-mac "$TB_GATEWAY_MAC" --dst-mac "${TB_MAC[server]}" --src "$spoof" \
		--dst "$(addr "$1" server)" --dport 80 --rate "$flood_rate" --seconds 60 >"$TB_DIR/flood"
	FLOOD=$SPAWN_PID
}

flood_stop()
{
	spawn_stop "$FLOOD"
	cat "$TB_DIR/flood"
}

# clients_run FAMILY TIMEOUT_MS: the report of legitimate clients, from 16 addresses.
clients_run()
{
	local list=$TB_CLIENTS4

	[[ $1 == 4 ]] || list=$TB_CLIENTS6
	in_ns client "$TB_TOOLS/connrate" --dst "$(addr "$1" server)" --port 80 --timeout-ms "$2" \
		--rate "$client_rate" --seconds "$client_seconds" --src-list "$list"
}

# percent REPORT: of the connections that were served.
percent()
{
	echo $((100 * $(field completed <<<"$1") / $(field attempted <<<"$1")))
}

half_open()
{
	in_ns server ss -Htn state syn-recv | wc -l
}

queue_is_empty()
{
	(($(half_open) == 0))
}

queue_is_full()
{
	(($(half_open) > 200))
}

# kernel_counter NAME: of the server's TCP, as nstat names it.
kernel_counter()
{
	in_ns server nstat -asz "$1" | awk -v name="$1" '$1 == name { print $2 }'
}

# Without this the next case would prove nothing.
unprotected()
{
	local report status=0

	in_ns server sysctl -qw net.ipv4.tcp_syncookies=0
	flood_start "$1" syn
	wait_for 10 queue_is_full || fail "the flood does not fill the SYN queue" || status=1
	report=$(clients_run "$1" 1000)
	echo "$report"
	(($(percent "$report") < 50)) || fail "the flood harms nobody" || status=1
	flood_stop
	in_ns server sysctl -qw net.ipv4.tcp_syncookies=1
	return "$status"
}

# Attached in the middle of the flood, with the kernel's queue full.
protected()
{
	local report status=0 drops cookies

	flood_start "$1" syn
	wait_for 10 queue_is_full || fail "the flood does not fill the SYN queue" || status=1
	attach_always "${@:2}" || status=1
	wait_for 10 queue_is_empty || fail "$(half_open) half-open connections" || status=1
	drops=$(kernel_counter TcpExtTCPReqQFullDrop)
	cookies=$(kernel_counter TcpExtSyncookiesSent)
	report=$(clients_run "$1" 8000)
	echo "$report"
	queue_is_empty || fail "$(half_open) half-open connections during the flood" || status=1
	flood_stop
	(($(percent "$report") == 100)) || fail "clients were not served" || status=1
	(($(kernel_counter TcpExtTCPReqQFullDrop) == drops &&
		$(kernel_counter TcpExtSyncookiesSent) == cookies)) ||
		fail "SYNs of the flood reached the kernel's TCP" || status=1
	(($(counter syn_cookie_sent) > client_seconds * flood_rate / 4)) ||
		fail "few SYNs were answered" || status=1
	(($(counter handoff_ok) > client_rate * client_seconds * 9 / 10)) ||
		fail "few handshakes were handed off" || status=1
	synguard stats "${TB_IF[server]}"
	detach_synguard
	return "$status"
}

established()
{
	in_ns server ss -Htn state established 'sport = :80' | wc -l
}

# beside FAMILY KIND REASON: a flood of KIND is dropped for REASON; connections live on, none is
# made, and nobody at all gets an answer (the kernel alone would reset every ACK).
beside()
{
	local status=0 resets

	server_start --port 80 --echo || return
	attach_always || status=1
	: >"$TB_DIR/live"
	spawn client "$TB_TOOLS/tcpcli" --dst "$(addr "$1" server)" --port 80 --count "$conns" \
		--hold 60 --ping-interval-ms 20 --timeout-ms 4000 >"$TB_DIR/live"
	wait_for 5 grep -q ready "$TB_DIR/live" || fail "the client did not connect" || status=1
	resets=$(kernel_counter TcpOutRsts)
	flood_start "$1" "$2"
	wait_for 10 counted "$3" 0 $((flood_rate * 2)) || fail "few were dropped" || status=1
	(($(established) == conns)) || fail "$(established) connections" || status=1
	flood_stop
	(($(kernel_counter TcpOutRsts) == resets)) || fail "the server sent resets" || status=1
	spawn_stop "$SPAWN_PID" || fail "connections broke" || status=1
	cat "$TB_DIR/live"
	synguard stats "${TB_IF[server]}"
	detach_synguard
	server_stop
	return "$status"
}

testbed_up || exit 1
# Half-open connections go after a second or three, not after a minute.
in_ns server sysctl -qw net.ipv4.tcp_synack_retries=1
start_nginx "" || exit 1
case_both "a SYN flood shuts clients out" unprotected
case_both "with synguard (native) all are served, and the SYN queue stays empty" \
	protected --xdp native
case_both "with synguard (generic) all are served, and the SYN queue stays empty" \
	protected --xdp generic
spawn_stop "$NGINX"
case_both "an ACK flood disturbs no connection and gets no answer" beside ack ack_cookie_invalid
case_both "a RST flood disturbs no connection" beside rst rst_unknown
cases_done
