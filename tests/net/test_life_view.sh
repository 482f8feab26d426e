#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What can be seen of an attachment, and by whom: the pins, the JSON that scripts rely on, the
# counters' life, mode monitor, and that nothing is left in the kernel afterwards.
#
# shellcheck disable=SC2317 # functions that case_ok calls

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"

iface=${TB_IF[server]}
pins=/sys/fs/bpf/synguard/$iface
cycles=10

served()
{
	client "$1" --port 80 --send hello --expect hello
}

pins_are_roots()
{
	local file

	[[ $(stat -c '%a %u' "$pins") == '700 0' ]] || fail "$(stat -c '%a %u' "$pins")" || return
	[[ $(stat -c '%a %u' "${pins%/*}") == '700 0' ]] || fail "the directory above" || return
	for file in keys config conns counters runtime; do
		[[ $(stat -c '%a %u' "$pins/$file") == '600 0' ]] ||
			fail "$file: $(stat -c '%a %u' "$pins/$file")" || return
	done
	! setpriv --reuid=65534 --regid=65534 --clear-groups cat "$pins/keys" ||
		fail "nobody can open the keys" || return
	! setpriv --reuid=65534 --regid=65534 --clear-groups ls "$pins" || fail "nobody can list them"
}

# dump MAP PATTERN...: bpftool's dump of it has each.
dump()
{
	local map=$1 text pattern
	shift

	text=$(bpftool map dump pinned "$pins/$map") || return
	for pattern; do
		grep -Eq "$pattern" <<<"$text" || fail "$map has no $pattern: ${text:0:2000}" || return
	done
}

maps_have_names()
{
	local status=0

	spawn client "$TB_TOOLS/tcpcli" --dst "${TB_IP4[server]}" --port 80 --hold 60 >"$TB_DIR/hold"
	wait_for 5 grep -q ready "$TB_DIR/hold" || fail "no connection" || status=1
	dump conns '"state": "ESTABLISHED"' '"kind": "KIND_COOKIE"' '"local_port": 80' || status=1
	dump config '"xdp_mode": "XDP_ATTACH_NATIVE"' '"max_conns": 262144' || status=1
	dump policies '"mode": "MODE_ALWAYS"' '"speaks_first": 1' '"hold_ms": 30000' || status=1
	dump counters '"syn_cookie_sent": ' '"handoff_ok": ' '"packets": [0-9]' || status=1
	spawn_stop "$SPAWN_PID"
	return "$status"
}

# Names of the reasons, in the order of include/reasons.h.
reasons()
{
	sed -n 's/^\tX(\([a-z0-9_]*\), .*/\1/p' "$TB_ROOT/include/reasons.h"
}

# numbers_out: JSON without its spaces, and with N for each number.
numbers_out()
{
	tr -d ' \n' | sed 's/:[0-9.]\+/:N/g'
}

stats_shape()
{
	local expected reason separator=

	expected="{\"interface\":\"$iface\",\"mode\":\"always\",\"counters\":{"
	for reason in $(reasons); do
		expected+="$separator\"$reason\":{\"packets\":N,\"bytes\":N,\"not_enforced\":N}"
		separator=,
	done
	expected+='}}'
	(($(reasons | wc -l) > 30)) || fail "reasons.h is not understood" || return
	[[ $(synguard stats "$iface" --json | numbers_out) == "$expected" ]] ||
		fail "$(synguard stats "$iface" --json)"
}

status_fields()
{
	local text key

	text=$(synguard status "$iface" --json) || return
	for key in interface state xdp_mode mode ports attached_since handoff maps conns_made \
		conns_closed conns_expired table_full under_attack services_under_attack \
		attacks_so_far attacks services limits lists keys timeouts config_file; do
		grep -q "^  \"$key\": " <<<"$text" || fail "no $key: $text" || return
	done
	[[ $(field interface <<<"$text") == "$iface" && $(field state <<<"$text") == attached &&
		$(field xdp_mode <<<"$text") == native && $(field mode <<<"$text" | head -n 1) == always &&
		$(field handoff <<<"$text") == reqsk ]] || fail "$text" || return
	[[ $(field attached_since <<<"$text") =~ ^20[0-9-]+T[0-9:]+Z$ ]] || fail "$text" || return
	numbers_out <<<"$text" | has '"maps":{"conns":{"used":N,"max":N,"fill":N}}' ||
		fail "no fill levels: $text"
}

# Without an interface's name: the whole list, in brackets.
status_list()
{
	local text

	text=$(synguard status --json | tr -d ' \n')
	[[ $text == \[*"\"interface\":\"$iface\""*\] ]] || fail "$text"
}

counters_live()
{
	local before

	before=$(counter handoff_ok)
	served 4 || return
	served 6 || return
	counted handoff_ok "$before" 2 || fail "not counted" || return
	[[ $(counter handoff_ok) == $((before + 2)) ]] || fail "another CLI run changed it" || return
	synguard detach "$iface" || return
	[[ $(counter handoff_ok) == $((before + 2)) ]] || fail "lost while lingering" || return
	attach_always || return
	[[ $(counter handoff_ok) == 0 ]] || fail "a re-attach does not start new ones"
}

watch_ends()
{
	local status=0

	spawn server "$SYNGUARD" stats "$iface" --json --watch=0.1 >"$TB_DIR/watch"
	wait_for 5 grep -c packets_per_second "$TB_DIR/watch" || fail "no rates" || return
	kill -INT "$SPAWN_PID"
	spawn_stop "$SPAWN_PID" || status=$?
	((status == 0)) || fail "SIGINT: status $status" || return
	spawn server "$SYNGUARD" stats "$iface" --watch=0.1 >"$TB_DIR/watch"
	wait_for 5 grep -q 'packets/s' "$TB_DIR/watch" || fail "no table" || return
	synguard detach "$iface" --now
	wait "$SPAWN_PID" && status=1
	attach_always || return
	((status == 0)) || fail "the watch does not end with the attachment"
}

# not_enforced REASON: of its packets, those that passed all the same.
not_enforced()
{
	synguard stats "$iface" --json | sed -n "/\"$1\": {/,/}/s/.*\"not_enforced\": //p"
}

# stranger FAMILY: the answers to an ACK that belongs to nothing.
stranger()
{
	segment "$1" --dport 80 --sport 33333 --flags A --ack 12345 --wait-ms 300
}

# Everything passes, the kernel does the handshake, the counters say what would have happened.
monitor()
{
	local status=0 family

	detach_synguard || return
	attach_synguard --mode monitor || return
	for family in 4 6; do
		served "$family" || status=1
		stranger "$family" | has '"flags": "R"' || fail "the kernel sends no RST" || status=1
	done
	[[ $(synguard status "$iface" --json | field mode | head -n 1) == monitor ]] || fail "status" || status=1
	(($(counter syn_passed) == 2 && $(counter ack_cookie_invalid) == 2 &&
		$(counter syn_cookie_sent) == 0 && $(counter handoff_ok) == 0)) ||
		fail "$(synguard stats "$iface")" || status=1
	(($(not_enforced ack_cookie_invalid) == 2 && $(not_enforced syn_passed) == 0)) ||
		fail "not enforced: $(synguard stats "$iface" --json)" || status=1
	synguard stats "$iface" | has 'mode monitor: everything passes' || fail "header" || status=1
	synguard stats "$iface" | grep -Eq 'ack_cookie_invalid +2 +[0-9]+ +2  DROP' ||
		fail "no column: $(synguard stats "$iface")" || status=1
	detach_synguard
	attach_always || return
	for family in 4 6; do
		[[ -z $(stranger "$family") ]] || fail "mode always answers a stranger" || status=1
	done
	return "$status"
}

# Programs and maps of the attachment, as "prog ID" and "map ID".
kernel_objects()
{
	local tc xdp

	tc=$(bpftool link show pinned "$pins/link_tc" | sed -n 's/.* prog \([0-9]*\).*/\1/p')
	xdp=$(synguard status "$iface" --json | field xdp_prog_id)
	printf 'prog %s\n' "$tc" "$xdp"
	{
		bpftool prog show id "$tc"
		bpftool prog show id "$xdp"
	} | sed -n 's/.*map_ids \([0-9,]*\).*/\1/p' | tr , '\n' | sort -u | sed 's/^/map /'
}

all_gone()
{
	local kind id

	while read -r kind id; do
		! bpftool "$kind" show id "$id" >/dev/null 2>&1 || return 1
	done <"$TB_DIR/objects"
}

no_leak()
{
	local n

	detach_synguard || return
	: >"$TB_DIR/objects"
	for ((n = 0; n < cycles; n++)); do
		attach_always >/dev/null || return
		kernel_objects >>"$TB_DIR/objects"
		((n > 0)) || ! all_gone || fail "cannot see them even while they are there" || return
		detach_synguard >/dev/null || return
		[[ ! -e $pins ]] || fail "pins are left" || return
	done
	(($(wc -l <"$TB_DIR/objects") >= cycles * 10)) || fail "few objects seen" || return
	wait_for 10 all_gone || fail "still there, of: $(tr '\n' ',' <"$TB_DIR/objects")"
}

testbed_up || exit 1
server_start --port 80 --echo || exit 1
attach_always >/dev/null || exit 1
case_ok "pins belong to root, and nobody else reads them" pins_are_roots
case_ok "bpftool shows names" maps_have_names
case_ok "stats --json: every reason, in the documented shape" stats_shape
case_ok "status --json: the documented fields" status_fields
case_ok "status --json of all interfaces is a list" status_list
case_ok "counters outlive the CLI, and a re-attach starts new ones" counters_live
case_ok "stats --watch ends on SIGINT, and with the attachment" watch_ends
case_ok "mode monitor lets everything pass, and counts" monitor
case_ok "$cycles times attach and detach leave nothing in the kernel" no_leak
cases_done
