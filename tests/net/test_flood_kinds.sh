#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Floods of every kind beside real clients.  Clients are served as in peace, connections go on, and
# each segment of the flood is dropped for its reason.
#
# The rate: a fifth of what the server takes in at the most, behind synguard, from a generator at full
# speed; less if the machine cannot carry that beside its clients even with an XDP program in the place
# of synguard that does nothing but drop the flood, because then it is the testbed that loses their
# packets.  Whatever else the machine does makes connecting slower, too, so a run that took long is
# repeated.
#
# P99_TIMES and P99_SLACK_US say how much longer than in peace connecting may take.
#
# shellcheck disable=SC2317 # functions that case_ok calls

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/flood.sh
. "$(dirname "$0")/flood.sh"

PORT=80
HOLD_PORT=7000
CLIENTS=500
SECONDS_EACH=2
P99_TIMES=${P99_TIMES:-2}
P99_SLACK_US=${P99_SLACK_US:-4000} # a slice of the scheduler: with two CPUs, flood and server have both
TRIES=5
AGAIN=99
# SYNs of before the attack was noticed leave handshakes with the kernel, and what else comes from the
# same address and port is answered by it, rightly: so nothing else does.
declare -A SYNS_FROM=([4]=198.18.0.0/16 [6]=2001:db8::/33)
declare -A OTHERS_FROM=([4]=198.19.0.0/16 [6]=2001:db8:8000::/33)
declare -A PEACE_P99 FLOOD_RATE

# p99_us REPORT
p99_us()
{
	field p99 <<<"$1" | awk '{ printf "%d", 1000 * $1 }'
}

# served REPORT: 99.9 % of the clients.
served()
{
	(($(field completed <<<"$1") * 1000 >= $(field attempted <<<"$1") * 999)) ||
		fail "too few clients were served"
}

# as_in_peace FAMILY REPORT
as_in_peace()
{
	echo "# p99 $(p99_us "$2") us, in peace ${PEACE_P99[$1]}" >&3
	(($(p99_us "$2") <= PEACE_P99[$1] * P99_TIMES + P99_SLACK_US)) || fail "connecting took long"
}

peace()
{
	local report

	report=$(clients_run "$1" "$CLIENTS" "$SECONDS_EACH") || return
	echo "$report"
	served "$report" || return
	PEACE_P99[$1]=$(p99_us "$report")
}

# most FAMILY: packets a second that arrive at the most, in the best of some short windows.
most()
{
	local before after best=0 n

	flood_start "$1" syn 0
	for ((n = 0; n < 5; n++)); do
		before=$(packets_in)
		sleep 0.2
		after=$(packets_in)
		((after - before <= best)) || best=$((after - before))
	done
	flood_stop || return
	echo $((best * 5))
}

# without_synguard FAMILY RATE: can the machine carry it?
without_synguard()
{
	local report

	flood_start "$1" rst "$2"
	report=$(clients_run "$1" "$CLIENTS" 1)
	flood_stop || return
	served "$report" && as_in_peace "$1" "$report"
}

calibrate()
{
	local arrives rate

	protect "$(service "$PORT" always)" || return
	arrives=$(most "$1")
	detach_synguard
	ip -n "$TB_PREFIX-server" link set "${TB_IF[server]}" \
		xdpdrv obj "$TB_TOOLS/xdp_floor.bpf.o" sec xdp
	for ((rate = arrives / 5; rate > arrives / 12; rate = rate * 7 / 10)); do
		! without_synguard "$1" "$rate" || break
	done
	ip -n "$TB_PREFIX-server" link set "${TB_IF[server]}" xdpdrv off
	FLOOD_RATE[$1]=$rate
	echo "# IPv$1: $arrives packets/s arrive at the most; the floods have $rate" >&3
	((rate > 10000)) || fail "next to nothing of the flood arrives"
}

# hold_start FAMILY: connections that say something every 20 ms.
hold_start()
{
	: >"$TB_DIR/hold"
	spawn client "$TB_TOOLS/tcpcli" --dst "$(addr "$1" server)" --port "$HOLD_PORT" --count 20 \
		--hold 60 --ping-interval-ms 20 --timeout-ms 4000 >"$TB_DIR/hold"
	HOLD=$SPAWN_PID
	wait_for 5 grep -q ready "$TB_DIR/hold" || fail "cannot connect"
}

hold_stop()
{
	spawn_stop "$HOLD" || fail "connections broke: $(sed 1d "$TB_DIR/hold")" || return
	sed 1d "$TB_DIR/hold"
}

# live FAMILY: "ADDRESS PORT" of the client's end of a connection that is held.
live()
{
	in_ns client ss "-$1Htn" state established "dport = :$HOLD_PORT" |
		sed -n '1s/^[0-9]* *[0-9]* *\[\{0,1\}\([^] ]*[^]: ]\)\]\{0,1\}:\([0-9]*\) .*/\1 \2/p'
}

# beside FAMILY KIND REASON [OPTION...]
beside()
{
	local family=$1 kind=$2 reason=$3 status=0 before report counts resets
	local from=${OTHERS_FROM[$1]}
	shift 3

	[[ $kind != syn ]] || from=${SYNS_FROM[$family]}
	if [[ $kind == oow ]]; then
		# shellcheck disable=SC2046 # two words
		set -- $(live "$family")
		set -- --src "$1" --sport "$2" --dport "$HOLD_PORT"
	fi
	before=$(counter "$reason")
	resets=$(kernel_counter TcpOutRsts)
	flood_start "$family" "$kind" "${FLOOD_RATE[$family]}" --src "$from" "$@"
	report=$(clients_run "$family" "$CLIENTS" "$SECONDS_EACH") || status=1
	flood_stop || status=1
	counts=$(($(counter "$reason") - before))
	echo "$report"
	echo "$(flooded) sent, $counts $reason"
	served "$report" || status=1
	((counts * 1000 >= $(flooded) * 999)) || fail "not all were dropped as $reason" || status=1
	(($(kernel_counter TcpOutRsts) == resets)) || fail "the kernel sent resets" || status=1
	((status == 0)) || return
	as_in_peace "$family" "$report" || return "$AGAIN"
}

# flood FAMILY KIND...: beside() up to TRIES times, with connections that are held all the while.
flood()
{
	local try status=$AGAIN

	hold_start "$1" || return
	for ((try = 0; try < TRIES && status == AGAIN; try++)); do
		status=0
		beside "$@" || status=$?
	done
	hold_stop || return
	return "$status"
}

testbed_up || exit 1
start_nginx "" || exit 1
server_start --port $HOLD_PORT --echo || exit 1
exec 3>&1
case_both "peace" peace
case_both "how much the machine carries" calibrate
case_ok "attach" protect "$(service "$PORT" auto syn_rate 2000/s hold 1s)" "$(service $HOLD_PORT auto)"
case_both "SYN flood" flood syn syn_cookie_sent
case_both "SYN flood without options" flood syn syn_cookie_sent --options none
case_both "ACK flood" flood ack ack_cookie_invalid
case_both "SYN-ACK flood" flood synack synack_unknown
case_both "RST flood" flood rst rst_unknown
case_both "FIN flood" flood fin fin_unknown
case_both "data flood" flood data data_unknown
case_both "flood of a connection with data outside its window" flood oow conn_data_outside
case_both "flood of odd flags" flood flags tcp_bad_flags
case_both "flood of tiny fragments" flood frag frag_tiny
cases_done
