#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Honest traffic between the testbed's client and server, and what it costs.  Source it after lib.sh.
#
#   loads_path                 a cable between the two, in the place of the bridge
#   loads_servers              start what they talk to, all on the server's CPU
#   load_connects FAMILY       connect, ask nginx for a page, close, and again; 64 at a time
#   load_bare FAMILY           the same with a server that only echoes: hardly more than the kernel's TCP
#   load_rr FAMILY CONNS       an echo after the other on each of so many connections
#   load_bulk FAMILY up|down   one long transfer
#
# Each runs for about LOAD_SECONDS and sets RATE (units a second), and NS and CLIENT_NS: what one unit
# takes of the server's and of the client's CPU, with all that the kernel does there for it. In a closed
# loop the rate is that of the slower of the two; the nanoseconds are steadier, and say what
# there is to say about whichever is not.  The unit is a connection, a transaction or 1024 bytes.
# shellcheck disable=SC2034 # (used by those who source this)

LOAD_SECONDS=1
LOAD_CLIENT_CPU=0
LOAD_CONCURRENCY=64
LOAD_PORT_BARE=7
LOAD_PORT_BULK=5201

# No deferred interrupts: each would be a timer of the hypervisor's, which costs more than the packets.
loads_plain_interrupts()
{
	local pair

	for pair in "client ${TB_IF[client]}" "server ${TB_IF[server]}" \
		"router ${TB_IF[client]}r" "router ${TB_IF[server]}r"; do
		ip netns exec "$TB_PREFIX-${pair% *}" sh -ec "
			echo 0 >/sys/class/net/${pair#* }/napi_defer_hard_irqs
			echo 0 >/sys/class/net/${pair#* }/gro_flush_timeout" || return
	done
}

# A frame comes out of the cable as it comes from a NIC (tests/tools/xdp_wire.bpf.c), and each end's work
# is done on its own CPU.  GRO makes a veth receive like that without a program, too.
loads_path()
{
	local end

	loads_plain_interrupts || return
	for end in client server; do
		in_ns $end ethtool -K "${TB_IF[$end]}" gro on || return
		ip -n "$TB_PREFIX-router" link set "${TB_IF[$end]}r" nomaster || return
	done
	ip -n "$TB_PREFIX-router" link set "${TB_IF[server]}r" xdpdrv off || return
	# Thousands of a client's TIME_WAITs a second would slow down its search for a port.
	in_ns client sysctl -qw net.ipv4.tcp_max_tw_buckets=1000
	in_ns server sysctl -qw net.core.somaxconn=4096
	spawn router "$TB_TOOLS/wire" --obj "$TB_TOOLS/xdp_wire.bpf.o" \
		--dev-a "${TB_IF[client]}r" --cpu-a $LOAD_CLIENT_CPU \
		--dev-b "${TB_IF[server]}r" --cpu-b "$TB_CPU_SERVER" >"$TB_DIR/wire.out"
	wait_for 5 grep -q ready "$TB_DIR/wire.out" || fail "the cable is not there"
}

load_bulk_server()
{
	spawn server taskset -c "$TB_CPU_SERVER" iperf3 --server --port $LOAD_PORT_BULK \
		>"$TB_DIR/iperf3.out" 2>&1
	wait_for 5 listening $LOAD_PORT_BULK ||
		fail "iperf3 did not start: $(<"$TB_DIR/iperf3.out")"
}

loads_servers()
{
	local pid

	NGINX_BACKLOG=4096 start_nginx || return
	for pid in "$NGINX" $(pgrep -P "$NGINX"); do
		taskset -cp "$TB_CPU_SERVER" "$pid" >"$TB_DIR/taskset.out" || return
	done
	server_start --port $LOAD_PORT_BARE --echo || return
	taskset -cp "$TB_CPU_SERVER" "$SERVER" >"$TB_DIR/taskset.out" || return
	load_bulk_server
}

# Busy time of the server's and of the client's CPU so far, in ms, and the time.
load_clock()
{
	awk -v now="$EPOCHREALTIME" -v server="cpu$TB_CPU_SERVER" -v client="cpu$LOAD_CLIENT_CPU" '
		{ idle[$1] = 10 * ($5 + $6 + $9) }
		END { printf "%.3f %d %d\n", now * 1000, idle[server], idle[client] }' /proc/stat
}

# load_cost UNITS: since load_clock told BEFORE.
load_cost()
{
	((${1%.*} > 0)) || fail "nothing came through" || return
	read -r NS CLIENT_NS < <(echo "$1 $BEFORE $(load_clock)" | awk '{
		wall = $5 - $2
		printf "%.1f %.1f\n", 1e6 * (wall - ($6 - $3)) / $1, 1e6 * (wall - ($7 - $4)) / $1 }')
}

load_client()
{
	in_ns client taskset -c $LOAD_CLIENT_CPU "$@"
}

# load_closed_loop FAMILY PORT REQUEST
load_closed_loop()
{
	local units sources=$TB_CLIENTS4

	[[ $1 == 4 ]] || sources=$TB_CLIENTS6
	BEFORE=$(load_clock)
	load_client "$TB_TOOLS/connrate" --dst "$(addr "$1" server)" --port "$2" --request "$3" \
		--rate 0 --concurrency $LOAD_CONCURRENCY --seconds $LOAD_SECONDS \
		--timeout-ms 5000 --src-list "$sources" >"$TB_DIR/load" || return
	units=$(field completed <"$TB_DIR/load")
	load_cost "$units" || return
	[[ $(field total <"$TB_DIR/load") == 0 ]] || fail "clients failed: $(<"$TB_DIR/load")" || return
	RATE=$((units / LOAD_SECONDS))
}

load_connects()
{
	load_closed_loop "$1" 80 keep
}

load_bare()
{
	load_closed_loop "$1" $LOAD_PORT_BARE echo
}

load_rr()
{
	local units

	BEFORE=$(load_clock)
	load_client "$TB_TOOLS/tcprr" --dst "$(addr "$1" server)" --port $LOAD_PORT_BARE \
		--count "$2" --seconds $LOAD_SECONDS >"$TB_DIR/load" || fail "$(<"$TB_DIR/load")" || return
	units=$(field responses <"$TB_DIR/load")
	load_cost "$units" || return
	[[ $(field broken <"$TB_DIR/load") == 0 ]] || fail "$(<"$TB_DIR/load")" || return
	RATE=$((units / LOAD_SECONDS))
}

load_bulk()
{
	local reverse='' units

	[[ $2 == up ]] || reverse=--reverse
	BEFORE=$(load_clock)
	load_client iperf3 --client "$(addr "$1" server)" --port $LOAD_PORT_BULK --json $reverse \
		--time $LOAD_SECONDS >"$TB_DIR/load" 2>&1 || fail "iperf3: $(<"$TB_DIR/load")" || return
	units=$(jq '.end.sum_received.bytes / 1024 | floor' "$TB_DIR/load") || return
	load_cost "$units" || return
	RATE=$(jq '.end.sum_received | .bytes / 1024 / .seconds | floor' "$TB_DIR/load")
}
