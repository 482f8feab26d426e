#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Mode monitor: everything passes, whatever comes, and the counters tell what would not have.
#
# shellcheck disable=SC2317 # functions that case_ok calls

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/flood.sh
. "$(dirname "$0")/flood.sh"

PORT=7000
RATE=30000

# not_enforced REASON
not_enforced()
{
	synguard stats "${TB_IF[server]}" --json | jq ".. | .$1? | objects | .not_enforced"
}

# watched FAMILY KIND REASON: a second of a flood; all of it reaches the kernel and is counted.
watched()
{
	local status=0 before sent

	before=$(not_enforced "$3")
	flood_for "$1" "$2" "$RATE" 1 || status=1
	sent=$(($(not_enforced "$3") - before))
	((sent > RATE * 8 / 10)) || fail "$sent of $(flooded) are counted as $3, not enforced" || status=1
	return "$status"
}

# The kernel's own answers to a flood that was not held back.
kernel_answers()
{
	local status=0 before queue

	before=$(kernel_counter TcpOutRsts)
	watched "$1" rst rst_unknown || status=1
	watched "$1" ack ack_cookie_invalid || status=1
	(($(kernel_counter TcpOutRsts) > before + RATE / 2)) || fail "the ACKs did not reach TCP" || status=1
	queue=$(kernel_counter TcpExtSyncookiesSent)
	watched "$1" syn syn_cookie_sent || status=1
	(($(kernel_counter TcpExtSyncookiesSent) > queue + RATE / 2)) ||
		fail "the SYNs did not reach TCP" || status=1
	(($(counter handoff_ok) == 0)) || fail "hand-offs" || status=1
	return "$status"
}

clients_served()
{
	local status=0

	flood_start "$1" syn "$RATE"
	none_failed "$(clients_run "$1" 100 2)" || status=1
	flood_stop || status=1
	return "$status"
}

testbed_up || exit 1
start_nginx "" || exit 1
PORT=80
case_ok "attach" protect "mode: monitor" "$(service 80 monitor syn_rate 2000/s hold 1s)"
case_both "all passes, and is counted" kernel_answers
case_both "clients are served by the kernel's own cookies" clients_served
cases_done
