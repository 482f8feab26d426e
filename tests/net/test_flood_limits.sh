#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Limits per prefix of the source: they hold, and a spoofed flood that fills them does not shut out
# honest clients of the prefix that it claims to come from.
#
# shellcheck disable=SC2317 # functions that case_ok calls

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/flood.sh
. "$(dirname "$0")/flood.sh"

PORT=7000
SPORT=5000
RATE=20000

# prefix FAMILY: of the client's addresses.
prefix()
{
	if [[ $1 == 4 ]]; then echo 10.83.1.0/24; else echo fd83::/56; fi
}

# served FAMILY: new clients of the prefix, all of them.
served()
{
	none_failed "$(clients_run "$1" 100 1 --request echo)"
}

# hold_start FAMILY: a live connection of each of the client's addresses, from one port; HELD has the
# pids.
hold_start()
{
	local address

	HELD=()
	for address in $(client_list "$1" | tr , ' '); do
		: >"$TB_DIR/live$address"
		spawn client "$TB_TOOLS/tcpcli" --dst "$(addr "$1" server)" --port "$PORT" --bind "$address" \
			--sport "$SPORT" --hold 60 --ping-interval-ms 50 --abort >"$TB_DIR/live$address"
		HELD+=("$SPAWN_PID")
	done
	for address in $(client_list "$1" | tr , ' '); do
		wait_for 5 grep -q ready "$TB_DIR/live$address" || fail "$address cannot connect" || return
	done
}

hold_stop()
{
	local pid status=0

	for pid in "${HELD[@]}"; do
		spawn_stop "$pid" || fail "a live connection broke" || status=1
	done
	return "$status"
}

# SYNs for live connections of one prefix, in its clients' names.
live_syn()
{
	local status=0

	hold_start "$1" || status=1
	flood_start "$1" syn "$RATE" --src-list "$(client_list "$1")" --sport "$SPORT"
	wait_for 5 counted syn_live_limited "$(counter syn_live_limited)" 10 || fail "no limit" || status=1
	served "$1" || status=1
	flood_stop || status=1
	hold_stop || status=1
	return "$status"
}

# The first of the held connections is gone from the client, and the server not told.
lose_first()
{
	in_ns client nft -f - <<-END
		table inet mute {
			chain out { type filter hook output priority 0; tcp flags & (fin|rst) != 0 drop; }
		}
	END
	spawn_stop "${HELD[0]}"
	in_ns client nft delete table inet mute
	HELD=("${HELD[@]:1}")
}

# A host of the flooded prefix that has lost its connection asks for it anew, from the same port.
live_syn_honest()
{
	local status=0 list first

	list=$(client_list "$1")
	first=${list%%,*}
	hold_start "$1" || status=1
	lose_first
	flood_start "$1" syn "$RATE" --src-list "${list#*,}" --sport "$SPORT"
	wait_for 5 counted syn_live_limited "$(counter syn_live_limited)" 1000 || fail "no limit" || status=1
	client "$1" --port "$PORT" --bind "$first" --sport "$SPORT" --timeout-ms 8000 --abort \
		--send hello --expect hello ||
		fail "its own connection is lost to it" || status=1
	flood_stop || status=1
	hold_stop || status=1
	return "$status"
}

# A prefix that opens very many connections is slowed down, and only real handshakes count.
new_conn()
{
	local status=0 report

	flood_for "$1" syn "$RATE" 1 --src "$(prefix "$1")" || status=1
	flood_for "$1" ack "$RATE" 1 --src "$(prefix "$1")" || status=1
	(($(counter syn_new_limited) == NEW_BEFORE)) || fail "a spoofed flood counts" || status=1
	served "$1" || status=1
	report=$(clients_run "$1" 1000 2 --request echo --timeout-ms 500)
	echo "$report"
	(($(counter syn_new_limited) > NEW_BEFORE)) || fail "not limited" || status=1
	(($(field completed <<<"$report") < 1200)) || fail "the limit does not hold" || status=1
	NEW_BEFORE=$(counter syn_new_limited)
	return "$status"
}
NEW_BEFORE=0

# ACKs that are no cookies, without timestamps, from the clients' prefix.
bad_ack()
{
	local status=0

	flood_start "$1" ack "$RATE" --options none --src "$(prefix "$1")"
	wait_for 5 counted ack_limited "$(counter ack_limited)" "$RATE" || fail "no limit" || status=1
	served "$1" || status=1
	in_ns client sysctl -qw net.ipv4.tcp_timestamps=0
	served "$1" || status=1
	in_ns client sysctl -qw net.ipv4.tcp_timestamps=1
	flood_stop || status=1
	return "$status"
}

# limited LIMIT VALUE
limited()
{
	detach_synguard >/dev/null 2>&1
	protect "$(limit "$@")" "$(service "$PORT" always)"
}

testbed_up || exit 1
server_start --port "$PORT" --echo || exit 1
case_ok "attach, few SYNs for live connections" limited syn_to_live 10
case_both "SYNs for live connections are limited by prefix" live_syn
case_both "who lost a connection may open it again" live_syn_honest
case_ok "attach, few new connections" limited new_connections 200
case_both "new connections are limited by prefix, and only they" new_conn
case_ok "attach, few bad ACKs" limited bad_acks 100
case_both "bad ACKs are limited by prefix, and harm no neighbour" bad_ack
cases_done
