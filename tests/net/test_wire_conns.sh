#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the kernel has is the kernel's: port reuse, SYNs on living connections, servers that speak
# first.  And what is forged changes nothing: blind RST, FIN and ACK, wrong cookies, old ACKs.
# shellcheck disable=SC2086,SC2317 # ports are numbers; the functions are called by case_ok

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"

ECHO=7000        # echoes, closes when its client closes
CLOSES_FIRST=7001 # answers once and closes, so that TIME_WAIT is the server's
SPEAKS_FIRST=7002
SPORT=20000
LINUX=020405b40402080a000003e80000000001030307
ACK_TS=0101080a000003e9 # and then TSecr

# raw PORT FLAGS SEQ ACK ARG...: a segment of the raw connection from $SPORT; the answer.
raw()
{
	local port=$1 flags=$2 seq=$3 ack=$4
	shift 4
	segment "$FAMILY" --dport "$port" --sport $SPORT --flags "$flags" --seq "$seq" --ack "$ack" "$@"
}

# raw_open FAMILY PORT: a handshake without the client's kernel; SERVER_ISN is the server's.
raw_open()
{
	local answer

	FAMILY=$1
	answer=$(raw "$2" S 1000 0 --options 020405b4 --count 1 --wait-ms 1000)
	[[ $(field flags <<<"$answer") == SA ]] || fail "no SYN-ACK: '$answer'" || return
	SERVER_ISN=$(field seq <<<"$answer")
	raw "$2" A 1001 $((SERVER_ISN + 1)) --wait-ms 0
}

# next N: the N-th byte after the server's ISN.
next()
{
	echo $(((SERVER_ISN + $1) % 4294967296))
}

# socket_is STATE: the server has the raw connection, and so.
socket_is()
{
	[[ -n $(in_ns server ss -Htn state "$1" "dport = :$SPORT") ]]
}

socket_gone()
{
	[[ -z $(in_ns server ss -Htan "dport = :$SPORT") ]]
}

# lives PORT SEQ OFFSET: data from SEQ is echoed.
lives()
{
	local answer

	answer=$(raw "$1" PA "$2" "$(next "$3")" --payload ping --count 2 --wait-ms 1000)
	grep -q '"payload": 4' <<<"$answer" || fail "no echo: '$answer'"
}

speaks_first()
{
	client "$1" --port $SPEAKS_FIRST --count 20 --expect 220-ready --timeout-ms 900
}

# Each connection comes from one port, right after the last one, whose TIME_WAIT the server has.
reuse_time_wait()
{
	local passed

	passed=$(counter syn_conn_exists)
	in_ns client sysctl -qw net.ipv4.tcp_timestamps="$2"
	client "$1" --port $CLOSES_FIRST --sport 3000"$1" --count 10 --send ping --expect ping \
		--until-close --timeout-ms 900 || return
	in_ns client sysctl -qw net.ipv4.tcp_timestamps=1
	counted syn_conn_exists "$passed" 9 || fail "the kernel did not see these SYNs"
}

# RFC 9293 3.10.7.4: an old SYN in TIME_WAIT gets an ACK, which names what is expected.
old_syn_time_wait()
{
	local answer

	: $((SPORT += 1))
	raw_open "$1" $CLOSES_FIRST || return
	raw $CLOSES_FIRST PA 1001 "$(next 1)" --payload ping --count 3 --wait-ms 200 >/dev/null
	raw $CLOSES_FIRST FA 1005 "$(next 6)" --count 1 --wait-ms 1000 >/dev/null
	wait_for 2 socket_is time-wait || fail "no TIME_WAIT" || return
	answer=$(raw $CLOSES_FIRST S 900 0 --count 1 --wait-ms 1000)
	[[ $(field flags <<<"$answer") == A && $(field ack <<<"$answer") == 1006 ]] ||
		fail "answered by '$answer'"
}

reuse_client_closed()
{
	: $((SPORT += 1))
	raw_open "$1" $ECHO || return
	lives $ECHO 1001 1 || return
	raw $ECHO FA 1005 "$(next 5)" --count 1 --wait-ms 1000 | has '"flags": "FA"' ||
		fail "the server did not close" || return
	raw $ECHO A 1006 "$(next 6)" --wait-ms 0
	wait_for 2 socket_gone || fail "the socket is still there" || return
	raw_open "$1" $ECHO || return
	lives $ECHO 1001 1
}

reuse_client_reset()
{
	: $((SPORT += 1))
	raw_open "$1" $ECHO || return
	lives $ECHO 1001 1 || return
	raw $ECHO R 1005 0 --wait-ms 0
	wait_for 2 socket_gone || fail "the RST was not heard" || return
	raw_open "$1" $ECHO || return
	lives $ECHO 1001 1
}

# RFC 5961 4: a challenge ACK.
syn_on_established()
{
	local answer

	: $((SPORT += 1))
	raw_open "$1" $ECHO || return
	lives $ECHO 1001 1 || return
	answer=$(raw $ECHO S 900000 0 --count 1 --wait-ms 1000)
	[[ $(field flags <<<"$answer") == A && $(field ack <<<"$answer") == 1005 ]] ||
		fail "answered by '$answer'" || return
	lives $ECHO 1005 5
}

second_ack()
{
	local before

	: $((SPORT += 1))
	raw_open "$1" $ECHO || return
	before=$(counter handoff_ok)
	raw $ECHO A 1001 "$(next 1)" --wait-ms 0
	raw $ECHO A 1001 "$(next 1)" --wait-ms 200
	(($(counter handoff_ok) == before)) || fail "handed off again" || return
	lives $ECHO 1001 1
}

# An ACK with the wrong number: no answer, no socket.
ack_invalid()
{
	local answer before

	: $((SPORT += 1))
	before=$(counter ack_cookie_invalid)
	FAMILY=$1
	answer=$(raw $ECHO A 1001 123456789 --wait-ms 200)
	[[ -z $answer ]] || fail "answered by '$answer'" || return
	answer=$(raw $ECHO A 1001 123456789 --options ${ACK_TS}12345678 --wait-ms 200)
	[[ -z $answer ]] || fail "answered by '$answer'" || return
	counted ack_cookie_invalid "$before" 2 || fail "not counted" || return
	socket_gone || fail "there is a socket"
}

# The cookie of one tuple on another.
ack_of_another()
{
	local answer isn before

	: $((SPORT += 1))
	FAMILY=$1
	before=$(counter ack_cookie_invalid)
	isn=$(raw $ECHO S 1000 0 --options 020405b4 --count 1 --wait-ms 1000 | field seq)
	[[ $isn ]] || fail "no SYN-ACK" || return
	: $((SPORT += 1))
	answer=$(raw $ECHO A 1001 $(((isn + 1) % 4294967296)) --wait-ms 200)
	[[ -z $answer ]] || fail "answered by '$answer'" || return
	counted ack_cookie_invalid "$before" || fail "not counted" || return
	socket_gone || fail "there is a socket"
}

# The same SYN gets the same cookie; an epoch may end in between, so one of three pairs will do.
same_cookie()
{
	local first second try

	FAMILY=$1
	for try in 1 2 3; do
		: $((SPORT += 1))
		first=$(raw $ECHO S 1000 0 --options $LINUX --count 1 --wait-ms 1000 | field seq)
		second=$(raw $ECHO S 1000 0 --options $LINUX --count 1 --wait-ms 1000 | field seq)
		[[ $first && $first == "$second" ]] && return
	done
	fail "try $try: '$first', then '$second'"
}

flood()
{
	in_ns attacker "$TB_TOOLS/synflood" --dev "${TB_IF[attacker]}" --src-mac "$TB_GATEWAY_MAC" \
		--dst-mac "${TB_MAC[server]}" --src "$2" --dst "$(addr "$1" server)" --dport $ECHO \
		--rate 20000 --seconds 1 --kind "$3"
}

# 20 connections that move data while 20000 forged segments per second come in.
survives_flood()
{
	local family=$1 spoof=$TB_SPOOF4 pid

	[[ $family == 4 ]] || spoof=$TB_SPOOF6
	: >"$TB_DIR/hold"
	spawn client "$TB_TOOLS/tcpcli" --dst "$(addr "$family" server)" --port $ECHO --count 20 \
		--hold 3 --ping-interval-ms 50 --timeout-ms 1500 >"$TB_DIR/hold"
	pid=$SPAWN_PID
	wait_for 5 grep -q ready "$TB_DIR/hold" || fail "no connections" || return
	flood "$family" "$spoof" "$2" || return
	wait "$pid" || { cat "$TB_DIR/hold"; return 1; }
}

# Blind: within reach of the connection's tuple, but not of its sequence numbers.
survives_blind()
{
	local flags

	: $((SPORT += 1))
	raw_open "$1" $ECHO || return
	lives $ECHO 1001 1 || return
	for flags in R RA FA F A PA; do
		raw $ECHO $flags 3000000000 2000000000 --wait-ms 0
		raw $ECHO $flags 2000 2000000000 --wait-ms 0
	done
	lives $ECHO 1005 5
}

testbed_up || exit 1
for arguments in "$ECHO --echo" "$CLOSES_FIRST --echo --close-first" "$SPEAKS_FIRST --speak-first 220-ready"; do
	# shellcheck disable=SC2086 # a list
	server_start --port $arguments || exit 1
done
case_ok "attach" attach_always
case_both "a server that speaks first" speaks_first
case_both "port reuse in the server's TIME_WAIT, by timestamps" reuse_time_wait 1
case_both "port reuse in the server's TIME_WAIT, by sequence number" reuse_time_wait 0
case_both "an old SYN in TIME_WAIT gets the kernel's ACK" old_syn_time_wait
case_both "port reuse after the client closed" reuse_client_closed
case_both "port reuse after the client's RST" reuse_client_reset
case_both "a SYN on a connection gets the kernel's challenge ACK" syn_on_established
case_both "a second valid ACK changes nothing" second_ack
case_both "an ACK with a wrong cookie is dropped in silence" ack_invalid
case_both "an ACK with another tuple's cookie is dropped in silence" ack_of_another
case_both "the same SYN gets the same cookie" same_cookie
case_both "forged segments of a connection's tuple change nothing" survives_blind
for kind in syn ack rst; do
	case_both "connections survive a flood of $kind" survives_flood $kind
done
cases_done
