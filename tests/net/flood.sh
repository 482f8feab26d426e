#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Floods beside real clients, and what to read off them: for the tests that source it after lib.sh.

# One skb per frame, which arrives at any rate that a test needs; or xdpflood, for millions a second.
FLOOD_TOOL=synflood

# flood_start FAMILY KIND RATE [OPTION...]: in the background, for a minute at most, from random sources
# of the whole spoofed prefix unless OPTION says otherwise.
flood_start()
{
	local family=$1 kind=$2 rate=$3 spoof=$TB_SPOOF4
	shift 3
	[[ $family == 4 ]] || spoof=$TB_SPOOF6
	spawn attacker "$TB_TOOLS/$FLOOD_TOOL" --dev "${TB_IF[attacker]}" --kind "$kind" \
		--src-mac "$TB_GATEWAY_MAC" --dst-mac "${TB_MAC[server]}" --src "$spoof" \
		--dst "$(addr "$family" server)" --dport "$PORT" --rate "$rate" --seconds 60 --cpu 0 \
		"$@" >"$TB_DIR/flood"
	FLOOD=$SPAWN_PID
}

# flood_stop: its report is in $TB_DIR/flood.
flood_stop()
{
	spawn_stop "$FLOOD" || fail "the flood failed"
}

# flood_for FAMILY KIND RATE SECONDS [OPTION...]
flood_for()
{
	local family=$1 kind=$2 rate=$3 seconds=$4
	shift 4
	flood_start "$family" "$kind" "$rate" "$@" --seconds "$seconds"
	wait "$FLOOD" || fail "the flood failed"
}

# flooded: frames that left the flood's sender, by its report.
flooded()
{
	echo $(($(field offered <"$TB_DIR/flood") - $(field lost_at_next_hop <"$TB_DIR/flood")))
}

# client_list FAMILY: the client's 16 addresses, with commas.
client_list()
{
	if [[ $1 == 4 ]]; then echo "$TB_CLIENTS4"; else echo "$TB_CLIENTS6"; fi
}

# clients_run FAMILY RATE SECONDS [OPTION...]: the report of clients that come at this rate.
clients_run()
{
	local family=$1 rate=$2 seconds=$3
	shift 3
	in_ns client "$TB_TOOLS/connrate" --dst "$(addr "$family" server)" --port "$PORT" --rate "$rate" \
		--seconds "$seconds" --timeout-ms 8000 --src-list "$(client_list "$family")" "$@"
}

# none_failed REPORT...
none_failed()
{
	local report

	for report; do
		echo "$report"
		(($(field attempted <<<"$report") > 0 && $(field total <<<"$report") == 0)) ||
			fail "not every client was served" || return
	done
}

# kernel_counter NAME [ROLE]: of the server's TCP, as nstat names it.
kernel_counter()
{
	in_ns "${2:-server}" nstat -asz "$1" | awk -v name="$1" '$1 == name { print $2 }'
}

# queue_state: what grows when SYNs are too many for the kernel.
queue_state()
{
	local name

	for name in TcpExtSyncookiesSent TcpExtTCPReqQFullDrop TcpExtTCPReqQFullDoCookies \
		TcpExtListenDrops TcpExtListenOverflows; do
		kernel_counter $name
	done | paste -sd' '
}

half_open()
{
	in_ns server ss -Htn state syn-recv "sport = :$PORT" | wc -l
}

# defence FIELD: of the service on PORT.
defence()
{
	bpftool -j map lookup pinned "/sys/fs/bpf/synguard/${TB_IF[server]}/defences" \
		key "$((PORT & 255))" "$((PORT >> 8))" 0 0 | jq ".formatted.value.$1"
}

# attacks_are N: since it was attached.
attacks_are()
{
	(($(defence attacks) >= $1))
}

# Somebody else's new connection goes to the kernel.
passes_again()
{
	local before

	before=$(counter syn_passed)
	in_ns attacker "$TB_TOOLS/tcpcli" --dst "${TB_IP4[server]}" --port "$PORT" &&
		(($(counter syn_passed) > before))
}

peace_comes()
{
	wait_for 5 passes_again || fail "no peace"
}

attack_comes()
{
	wait_for 5 counted syn_cookie_sent "$(counter syn_cookie_sent)" 1000 || fail "no attack"
}

# packets_in: received by the server so far.
packets_in()
{
	ip -n "$TB_PREFIX-server" -s -j link show dev "${TB_IF[server]}" | jq '.[0].stats64.rx.packets'
}

arrived_all()
{
	local before

	before=$(packets_in)
	sleep 0.1
	(($(packets_in) == before))
}

# frames_out: sent to where the spoofed sources would be: "PACKETS BYTES", as Ethernet frames.
frames_out()
{
	local id map

	id=$(ip -n "$TB_PREFIX-router" -j link show dev "${TB_IF[server]}r" | jq '.[0].xdp.prog.id')
	map=$(bpftool -j prog show id "$id" | jq '.map_ids[0]')
	bpftool -j map dump id "$map" |
		jq -r '[.[0].formatted.values[].value] | "\(map(.packets) | add) \(map(.bytes) | add)"'
}

# service PORTS MODE [syn_rate ON|none] [unfinished ON|none] [hold TIME] [speaks_first yes]: of a
# configuration.
service()
{
	local attack="" more=""

	printf '  - ports: %s\n    mode: %s\n' "$1" "$2"
	shift 2
	while (($#)); do
		case $1 in
		syn_rate | unfinished) attack+="      $1: { on: $2 }"$'\n' ;;
		hold) attack+="      hold: $2"$'\n' ;;
		*) more+="    $1: $2"$'\n' ;;
		esac
		shift 2
	done
	[[ -z $attack ]] || printf '    attack:\n%s' "$attack"
	printf '%s' "$more"
}

# limit NAME RATE: of a prefix, with a burst of the same size.
limit()
{
	printf 'limits:\n  %s: { rate: %s/s, burst: %s }\n' "$1" "$2" "$2"
}

# config SECTION|SERVICE...: a configuration file; a SERVICE is from service().
config()
{
	local part services=""

	for part; do
		if [[ $part == "  - "* ]]; then
			services+=$part$'\n'
		else
			echo "$part"
		fi
	done
	printf 'services:\n%s' "$services"
}

# protect SECTION|SERVICE...: attach with this configuration.
protect()
{
	config "$@" >"$TB_DIR/synguard.yaml"
	attach_synguard --config "$TB_DIR/synguard.yaml" || fail "$(<"$TB_DIR/synguard.yaml")"
}

