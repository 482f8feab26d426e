#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A million forged segments at a live transfer, from somebody who knows its addresses and ports but
# not its sequence numbers: 250,000 each of RST, FIN, SYN and data, seq and ack random.  The tracker
# turns away all that is not in a window by chance, the kernel's challenge ACKs (RFC 5961) take the
# rest, and the transfer goes on: every byte as sent, the state as it was, the rate the same.
#
# Whether the segments disturb the connection is one question, whether this machine has a CPU to spare
# for sending and receiving them another, and only the first is asked.  So the transfer is paced to
# RATE, far below what the path carries: what is missing in the rate was not sent, because the
# connection waited, or was lost.  And each round has a control: the same rate of forged data to
# the port next to it, which costs the machine the same and means nothing to the connection.  Quiet,
# attack and control take turns, and medians are compared.
#
# The windows are small (WINDOW), so that chance lets no forged data in: with both numbers in the window
# one of (2^32 / 2 / 2^18)^2 = 67 million would be, here one test in 270.  Each RST hits the next
# sequence number with 2^-32.
#
#   FORGER_RATE=PPS  of the forged segments (100000)
# shellcheck disable=SC2086,SC2317 # numbers and lists; the functions are called by case_ok

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"

PORT=7100
SPORT=5555
RATE=10000000 # bytes per second
WINDOW=131072
FORGER_RATE=${FORGER_RATE:-100000}
ROUNDS=5
EACH=50000 # segments of each kind in each round
EVERY_MS=20
declare -A REASONS=(
	[rst]="conn_rst_outside conn_rst_inexact"
	[fin]="conn_fin_outside"
	[syn]="syn_conn_exists syn_conn_limited"
	[data]="conn_data_outside"
)

# forge FAMILY PORT KIND COUNT: forged segments of the connection from PORT; the tool's report.
forge()
{
	in_ns attacker "$TB_TOOLS/forger" --dev "${TB_IF[attacker]}" --src "$(addr "$1" client)" \
		--dst "$(addr "$1" server)" --sport "$2" --dport $PORT --src-mac "${TB_MAC[client]}" \
		--dst-mac "${TB_MAC[server]}" --kind "$3" --count "$4" --rate "$FORGER_RATE"
}

# transfer_start FAMILY up|down: the receiver's progress goes to $TB_DIR/receiver.
transfer_start()
{
	local -A args=([sender]="--send --rate $RATE" [receiver]="--every-ms $EVERY_MS")
	local -A at=([client]=sender [server]=receiver)

	[[ $2 == up ]] || at=([client]=receiver [server]=sender)
	: >"$TB_DIR/sender"
	: >"$TB_DIR/receiver"
	spawn server "$TB_TOOLS/bulk" --listen "$(addr "$1" server)" --port $PORT --window $WINDOW \
		${args[${at[server]}]} >"$TB_DIR/${at[server]}"
	BULK[${at[server]}]=$SPAWN_PID
	wait_for 5 listening $PORT || fail "bulk does not listen" || return
	spawn client "$TB_TOOLS/bulk" --dst "$(addr "$1" server)" --port $PORT --sport $SPORT \
		--bind "$(addr "$1" client)" \
		--window $WINDOW ${args[${at[client]}]} >"$TB_DIR/${at[client]}"
	BULK[${at[client]}]=$SPAWN_PID
	wait_for 5 transfer_steady || fail "the transfer does not start"
}

# Half a second after its start.
transfer_steady()
{
	(($(wc -l <"$TB_DIR/receiver") * EVERY_MS > 500))
}

# transfer_end: by the sender's close; says what is wrong with what arrived.
transfer_end()
{
	local status=0 sent got

	spawn_stop "${BULK[sender]}" || status=1
	wait "${BULK[receiver]}" || status=1
	sent=$(tail -n 1 "$TB_DIR/sender")
	got=$(tail -n 1 "$TB_DIR/receiver")
	echo "# $DIRECTION: sent $sent" >>"$TB_DIR/rates"
	[[ $status == 0 && $(field bytes <<<"$sent") == "$(field bytes <<<"$got")" ]] ||
		fail "sent $sent, received $got"
}

# phase NAME CMD...: the rate meanwhile, in bytes per second, is added to RATES[NAME].
phase()
{
	local name=$1 first

	shift
	first=$(wc -l <"$TB_DIR/receiver")
	"$@" >"$TB_DIR/phase" || return
	RATES[$name]+=" $(tail -n "+$first" "$TB_DIR/receiver" | awk '
		NF == 2 && !at { at = $1; bytes = $2 }
		NF == 2 { last = $1; end = $2 }
		END { printf "%d", (last > at) ? (end - bytes) * 1000 / (last - at) : 0 }')"
}

# attack FAMILY KIND: counts what was offered and what was surely turned away before the server.
attack()
{
	local report

	phase "$2" forge "$1" $SPORT "$2" $EACH || return
	report=$(<"$TB_DIR/phase")
	: $((OFFERED[$2] += $(field offered <<<"$report")))
	: $((LOST[$2] += $(field lost_at_next_hop <<<"$report")))
}

median()
{
	tr ' ' '\n' <<<"$*" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# Frames that queues between attacker and server were too full for.
path_drops()
{
	local backlog=0 dropped rest

	while read -r _ dropped rest; do
		: $((backlog += 0x$dropped))
	done </proc/net/softnet_stat
	dropped=$(ip netns exec "$TB_PREFIX-router" \
		cat "/sys/class/net/${TB_IF[server]}r/statistics/tx_dropped")
	echo $((backlog + dropped))
}

# conn_seen FAMILY: state of the connection, and what its entry says besides.
conn_seen()
{
	synguard conns "${TB_IF[server]}" --client "$(addr "$1" client)" --port $PORT --json |
		sed -n 's/.*"state": *"\([A-Z_]*\)".*"kind": *"\([a-z]*\)".*/\1 \2/p'
}

# reasons_sum REASON...
reasons_sum()
{
	local reason sum=0

	for reason; do
		: $((sum += $(counter "$reason")))
	done
	echo $sum
}

# counters_moved KIND BEFORE DROPS: by what was sent, but for losses and what was in a window.
counters_moved()
{
	local moved slack=1000 arrived=$((OFFERED[$1] - LOST[$1]))

	moved=$(($(reasons_sum ${REASONS[$1]}) - $2))
	((moved <= arrived && moved >= arrived - arrived / slack - $3)) ||
		fail "$1: ${REASONS[$1]} moved by $moved, sent $arrived, $3 drops on the way"
}

# rates_compare KIND: attack against quiet and control; one line for the log, "# " in front.
rates_compare()
{
	local quiet control under
	quiet=$(median ${RATES[quiet]}) control=$(median ${RATES[control]}) under=$(median ${RATES[$1]})

	echo "# $DIRECTION $1: $under B/s, control $control B/s, quiet $quiet B/s," \
		"$((OFFERED[$1] - LOST[$1])) segments" >>"$TB_DIR/rates"
	((under * 10 >= quiet * 9)) || ((under * 10 >= control * 9 && control * 10 < quiet * 9)) ||
		fail "$1: $under B/s, without $quiet B/s, with the control $control B/s"
}

rounds()
{
	local kind round

	for ((round = 0; round < ROUNDS; round++)); do
		phase control forge "$1" $((SPORT + 1)) data $EACH || return
		for kind in rst fin syn data; do
			phase quiet sleep 0.5 || return
			attack "$1" $kind || return
		done
	done
}

survives_forged()
{
	local status=0

	million_forged "$@" || status=$?
	spawn_stop_all
	return $status
}

million_forged()
{
	local before after kind drops status=0
	local -A BULK=() RATES=() OFFERED=() LOST=() moved=()

	DIRECTION="IPv$1 $2"
	transfer_start "$1" "$2" || return
	before=$(conn_seen "$1")
	[[ $before == "ESTABLISHED cookie" ]] || fail "before it is '$before'" || return
	drops=$(path_drops)
	for kind in rst fin syn data; do
		moved[$kind]=$(reasons_sum ${REASONS[$kind]})
	done
	rounds "$1" || return
	drops=$(($(path_drops) - drops))
	after=$(conn_seen "$1")
	[[ $after == "$before" ]] || fail "'$before', after the attack '$after'" || status=1
	transfer_end || status=1
	for kind in rst fin syn data; do
		counters_moved $kind "${moved[$kind]}" $drops || status=1
		rates_compare $kind || status=1
	done
	return $status
}

testbed_up || exit 1
: >"$TB_DIR/rates"
case_ok "attach" attach_always --port $PORT
case_both "a million forged segments at an upload disturb nothing" survives_forged up
case_both "a million forged segments at a download disturb nothing" survives_forged down
cat "$TB_DIR/rates"
cases_done
