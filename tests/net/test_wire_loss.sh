#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Handshakes on a bad network: each packet of them lost, doubled, late or overtaken by its successor.
# With synguard every connection must come about as fast as without it, exactly once, and carry what
# was sent.
# shellcheck disable=SC2317 # the functions are called by case_ok

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"

PORT=7000
SLACK_MS=350 # that a connection may take longer than without synguard, for a busy machine
declare -A WITHOUT_MS

# NAME|CONNECTIONS|RULE RULE...|OPTION OF THE CLIENT...
RULES=(
	"nothing happens|20|"
	"SYN lost|1|dir=a2b,match=syn,do=drop"
	"SYN-ACK lost|1|dir=b2a,match=synack,do=drop"
	"ACK lost|10|dir=a2b,match=ack,do=drop"
	"first data lost|2|dir=a2b,match=data,do=drop"
	"ACK and first data lost|2|dir=a2b,match=ack,do=drop dir=a2b,match=data,do=drop"
	"the answer lost|2|dir=b2a,match=data,do=drop"
	"SYN doubled|10|dir=a2b,match=syn,do=dup"
	"SYN-ACK doubled|10|dir=b2a,match=synack,do=dup"
	"ACK doubled|10|dir=a2b,match=ack,do=dup"
	"first data doubled|10|dir=a2b,match=data,do=dup"
	"everything doubled|10|dir=a2b,nth=*,do=dup dir=b2a,nth=*,do=dup"
	"ACK behind the first data|10|dir=a2b,match=ack,do=swap"
	"ACK and first data in one batch|20|dir=a2b,match=ack,do=delay:10 dir=a2b,match=data,do=delay:10"
	"ACK doubled, behind the first data|10|dir=a2b,match=ack,do=swap dir=a2b,match=data,do=dup"
	"ACK 300 ms late|2|dir=a2b,match=ack,do=delay:300"
	"SYN late, behind its repetition|1|dir=a2b,match=syn,do=delay:1100|--hold 1 --ping-interval-ms 20"
	"SYN-ACK late, behind its repetition|1|dir=b2a,match=synack,do=delay:1100|--hold 1 --ping-interval-ms 20"
	"client's FIN lost|5|dir=a2b,match=fin,do=drop"
	"client's FIN doubled|10|dir=a2b,match=fin,do=dup"
	"server's FIN doubled|10|dir=b2a,match=fin,do=dup"
)

passive_opens()
{
	in_ns server nstat -asz TcpPassiveOpens | awk '/^TcpPassiveOpens/ { print $2 }'
}

# talk FAMILY CONNECTIONS OPTION...: with echo, and with one socket on the server for each.
talk()
{
	local family=$1 count=$2 before
	shift 2

	before=$(passive_opens)
	client "$family" --port "$PORT" --count "$count" --send "hello server" \
		--expect "hello server" --timeout-ms 10000 "$@" || return
	(($(passive_opens) == before + count)) ||
		fail "$count connections became $(($(passive_opens) - before))"
}

# attempt FAMILY CONNECTIONS RULES OPTIONS: the milliseconds that all took go to ATTEMPT_MS.
attempt()
{
	local rule rules=() start status=0

	for rule in $3; do
		rules+=(--rule "$rule")
	done
	testbed_relay "${rules[@]}" || return
	start=${EPOCHREALTIME/./}
	# shellcheck disable=SC2086 # a list of options
	talk "$1" "$2" $4 || status=$?
	ATTEMPT_MS=$(((${EPOCHREALTIME/./} - start) / 1000))
	testbed_relay_stop >"$TB_DIR/relay.report" || return
	! grep '"fired": 0' "$TB_DIR/relay.report" || fail "a rule never fired" || return
	return "$status"
}

# rule_case FAMILY NAME CONNECTIONS RULES OPTIONS
rule_case()
{
	local without=${WITHOUT_MS["$1 $2"]:-0}

	attempt "$1" "$3" "$4" "$5" || return
	((ATTEMPT_MS <= without + SLACK_MS)) ||
		fail "took $ATTEMPT_MS ms, without synguard $without ms"
}

measure_without()
{
	local line family name count rules options

	for line in "${RULES[@]}"; do
		IFS='|' read -r name count rules options <<<"$line"
		for family in 4 6; do
			attempt "$family" "$count" "$rules" "$options" ||
				fail "IPv$family, without synguard: $name" || return
			WITHOUT_MS["$family $name"]=$ATTEMPT_MS
		done
	done
}

# A tenth of all frames lost in both directions.
random_loss()
{
	local status=0

	testbed_relay --seed 83 --rule dir=a2b,nth=*,prob=0.1,do=drop \
		--rule dir=b2a,nth=*,prob=0.1,do=drop || return
	talk "$1" 10 || status=$?
	testbed_relay_stop || return
	return "$status"
}

# Neither did the kernel open one by itself, nor were two hand-offs made for one.
all_handed_off()
{
	local opened

	opened=$(($(passive_opens) - OPENED_BEFORE))
	((opened > 0 && $(counter handoff_ok) == opened)) ||
		fail "$opened connections, $(counter handoff_ok) hand-offs"
}

testbed_up || exit 1
server_start --port $PORT --echo || exit 1
case_ok "the relay does what it should, without synguard" measure_without
case_ok "attach" attach_always --port $PORT
OPENED_BEFORE=$(passive_opens)
for line in "${RULES[@]}"; do
	IFS='|' read -r name count rules options <<<"$line"
	case_both "$name" rule_case "$name" "$count" "$rules" "$options"
done
case_both "a tenth of all frames lost" random_loss
case_ok "each connection was handed off once" all_handed_off
cases_done
