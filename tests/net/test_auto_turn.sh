#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Mode auto: in peace clients keep every option, in an attack they get cookies, and afterwards it is
# as before.  The turn comes before the kernel's queue is full, and handshakes that it meets halfway
# come about, whichever way it goes.
#
# shellcheck disable=SC2317 # functions that case_ok calls

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/flood.sh
. "$(dirname "$0")/flood.sh"

PORT=7000
MPTCP_PORT=7001
OTHER_PORT=7002
RATE=30000
BACKLOG=1024
HOLD_MS=1000
TURNS=20

# options FAMILY [OPTION...]: that a new connection gets, sorted and with a blank after each.
options()
{
	local family=$1 report
	shift

	report=$(client "$family" --port "$PORT" --timeout-ms 4000 --send hello --expect hello "$@") ||
		fail "$report" || return
	field options <<<"$report"
}

expect_options()
{
	local want=$1 got
	shift

	got=$(options "$@") || fail "$got" || return
	[[ $got == "$want" ]] || fail "options '$got', not '$want'"
}

# The first connection of a client gets the cookie that the second one uses.
fast_open()
{
	options "$1" --fastopen >/dev/null
	expect_options "ts sack ws syn_data " "$1" --fastopen
}

mptcp()
{
	[[ $(in_ns client sysctl -n net.mptcp.enabled 2>/dev/null) == 1 ]] || skip "no MPTCP here" || return
	PORT=$MPTCP_PORT expect_options "ts sack ws mptcp " "$1" --mptcp
}

fast_open_comes_back()
{
	wait_for "$2" expect_options "ts sack ws syn_data " "$1" --fastopen
}

# peace_attack_peace FAMILY
peace_attack_peace()
{
	local status=0 queue ended took handoffs

	fast_open "$1" || status=1
	mptcp "$1" || [[ $? == "$SKIPPED" ]] || status=1
	handoffs=$(counter handoff_ok)
	queue=$(queue_state)
	flood_start "$1" syn "$RATE"
	wait_for 5 counted syn_cookie_sent 0 "$RATE" || fail "no cookies" || status=1
	expect_options "ts sack ws " "$1" || status=1
	expect_options "ts sack ws " "$1" --fastopen || status=1
	mptcp "$1" || [[ $? == "$SKIPPED" ]] || status=1
	(($(counter handoff_ok) == handoffs + 2)) || fail "the connections were no cookies'" || status=1
	flood_stop || status=1
	ended=${EPOCHREALTIME/./}
	[[ $(queue_state) == "$queue" ]] || fail "the kernel: $queue, $(queue_state)" || status=1
	fast_open_comes_back "$1" 5 || fail "no peace after the attack" || status=1
	took=$(((${EPOCHREALTIME/./} - ended) / 1000))
	((took >= HOLD_MS * 8 / 10 && took <= HOLD_MS + 1500)) || fail "peace after $took ms" || status=1
	mptcp "$1" || [[ $? == "$SKIPPED" ]] || status=1
	return "$status"
}

# turn_time FAMILY: within 100 ms, with less than a backlog of SYNs in the kernel's queue.
turn_time()
{
	local status=0 watch report before

	before=$(defence attacks)
	spawn server "$TB_TOOLS/turnwatch" --map "/sys/fs/bpf/synguard/${TB_IF[server]}/counters" \
		--seconds 20 >"$TB_DIR/turn"
	watch=$SPAWN_PID
	wait_for 5 grep -q ready "$TB_DIR/turn" || fail "turnwatch did not start" || return
	flood_for "$1" syn "$RATE" 1 || status=1
	spawn_stop "$watch" || status=1
	report=$(sed 1d "$TB_DIR/turn")
	echo "$report"
	[[ $(field turned <<<"$report") == 1 ]] || fail "it did not turn" || return
	awk -v ms="$(field turn_ms <<<"$report")" 'BEGIN { exit !(ms < 100) }' ||
		fail "it did not turn in time" || status=1
	(($(field passed <<<"$report") < BACKLOG)) || fail "too many SYNs passed" || status=1
	(($(defence attacks) == before + 1)) || fail "$(defence attacks) attacks" || status=1
	peace_comes || status=1
	return "$status"
}

# hold_back HOOK MATCH: packets of the client's, by nft, until let_go.
hold_back()
{
	in_ns client nft -f - <<-END
		table inet held {
			chain held { type filter hook $1 priority 0; $2 counter drop; }
		}
	END
}

let_go()
{
	in_ns client nft delete table inet held
}

some_held()
{
	in_ns client nft -j list table inet held |
		jq -e '[.. | .counter? | objects | .packets] | add > 0'
}

# halfway FAMILY WHAT: a client (CLIENT) whose handshake stops for the lack of WHAT.
halfway()
{
	case $2 in
	ack) hold_back output "tcp dport $PORT tcp flags & (syn|ack) == ack" ;;
	synack) hold_back input "tcp sport $PORT tcp flags & (syn|ack) == (syn|ack)" ;;
	esac
	spawn client "$TB_TOOLS/tcpcli" --dst "$(addr "$1" server)" --port "$PORT" --timeout-ms 12000 \
		--send hello --expect hello >"$TB_DIR/halfway"
	CLIENT=$SPAWN_PID
	wait_for 3 some_held || fail "the client sends nothing"
}

halfway_done()
{
	let_go
	wait "$CLIENT" || fail "the handshake did not come about: $(<"$TB_DIR/halfway")"
}

# A handshake of the kernel's own is finished in an attack.
turned_on_halfway()
{
	local status=0

	halfway "$1" "$2" || status=1
	flood_start "$1" syn "$RATE"
	attack_comes || status=1
	halfway_done || status=1
	flood_stop || status=1
	peace_comes || status=1
	return "$status"
}

# A handshake that began with a cookie is finished in peace.
turned_off_halfway()
{
	local status=0

	flood_start "$1" syn "$RATE"
	attack_comes || status=1
	halfway "$1" "$2" || status=1
	flood_stop || status=1
	peace_comes || status=1
	halfway_done || status=1
	return "$status"
}

# Attacks come and go while clients of both families come, on two services in turn, so that one passes
# while the other is attacked.  Nobody fails.
on_and_off()
{
	local status=0 turn reports pids=() service=("$PORT" "$OTHER_PORT") begun=("" "") PORT i

	for i in 0 1; do
		PORT=${service[i]}
		begun[i]=$(defence attacks)
		clients_run $((4 + 2 * i)) 100 $((TURNS * 7 / 10)) --request echo >"$TB_DIR/clients$i" &
		pids+=($!)
	done
	for ((turn = 0; turn < TURNS; turn++)); do
		i=$((turn % 2))
		PORT=${service[i]}
		flood_start $((4 + 2 * i)) syn "$RATE"
		wait_for 5 attacks_are $((begun[i] + turn / 2 + 1)) || fail "attack $turn did not begin" ||
			status=1
		flood_stop || status=1
		sleep 0.6 # twice that is longer than the hold; were it not, no other would begin
	done
	wait "${pids[@]}"
	mapfile -t reports < <(cat "$TB_DIR"/clients[01])
	none_failed "${reports[@]}" || status=1
	return "$status"
}

# Few SYNs a second, but none is ever finished: no rate tells, the kernel's queue does.
slowly_filled()
{
	local status=0 queue

	queue=$(queue_state)
	flood_start "$1" syn 500
	wait_for 5 counted syn_cookie_sent "$(counter syn_cookie_sent)" 100 || fail "no attack" || status=1
	echo "$(half_open) half-open of $BACKLOG"
	(($(half_open) < BACKLOG)) || fail "the queue is full" || status=1
	[[ $(queue_state) == "$queue" ]] || fail "the kernel: $queue, $(queue_state)" || status=1
	flood_stop || status=1
	wait_for 10 passes_again || fail "no peace once they have expired" || status=1
	return "$status"
}

# protect_with KEY VALUE...: a client that has been here before is to get a cookie all the same,
# and what the kernel still keeps of an attack is not to make it last.
protect_with()
{
	protect "proven: { for: never }" \
		"$(service "\"$PORT,$OTHER_PORT,$MPTCP_PORT\"" auto hold "${HOLD_MS}ms" "$@")"
}

testbed_up || exit 1
# Half-open connections go after three seconds, not after a minute.
in_ns server sysctl -qw net.ipv4.tcp_fastopen=3 net.ipv4.tcp_synack_retries=1
in_ns client sysctl -qw net.ipv4.tcp_fastopen=1
server_start --port $MPTCP_PORT --echo --mptcp || exit 1
server_start --port $OTHER_PORT --echo || exit 1
server_start --port "$PORT" --echo --fastopen 64 --backlog $BACKLOG || exit 1
case_ok "attach" protect_with syn_rate 2000/s unfinished none
case_both "options before, during and after an attack" peace_attack_peace
case_both "it turns within 100 ms, the kernel's queue not full" turn_time
for what in ack synack; do
	case_both "peace turns to attack before a client's $what arrives" turned_on_halfway $what
	case_both "attack turns to peace before a client's $what arrives" turned_off_halfway $what
done
case_ok "$TURNS attacks come and go, and no client fails" on_and_off
case_ok "detach" detach_synguard
case_ok "attach, unfinished handshakes tell" protect_with syn_rate none unfinished 50%
case_both "a slow flood turns it before the queue is full" slowly_filled
cases_done
