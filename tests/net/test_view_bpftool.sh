#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The README's section on bpftool, word by word: each of its commands succeeds against a live instance
# and prints every field name that the README shows for it.  And what the README does not show: that
# each map reads by name, and that the file of connections is whole, says what `synguard conns` says,
# and ends with the attachment.
#
# shellcheck disable=SC2317 # functions that case_ok calls

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"

iface=${TB_IF[server]}
pins=/sys/fs/bpf/synguard/$iface
big_table=4000000 # connections; a million slots in a row without one is what the kernel gives up on

# The code blocks of the section, without their indentation.
examples()
{
	sed -n '/^## Inspecting state with bpftool/,/^## [^I]/s/^    //p' "$TB_ROOT/README.md"
}

# What a command of the README's is given to run it.
sudo()
{
	in_ns server "$@"
}

# names: the field names in some output of bpftool's or of the file's: "quoted":, and bare words.
names()
{
	sed -E 's/: "[^"]*"//; s/[^ "]*\.\.\.//' | grep -oE '"[a-z_0-9]+":|(^|[[:space:]])[a-z_]{2,}:?($|[[:space:]])' |
		tr -d ' \t' | sort -u
}

# The names of what FILE holds; of the file of connections, those of its header.
shown_names()
{
	if [[ $1 == *'sudo cat '* ]]; then
		head -n 1 | names
	else
		names
	fi
}

live_slot()
{
	awk '$2 == "ESTABLISHED" { print $1; exit }' "$pins/connections"
}

# example_holds COMMAND EXPECTED: the command works, and prints each name of the file EXPECTED.
example_holds()
{
	local command=$1 slot missing
	# shellcheck disable=SC2034 # for the command
	slot=$(live_slot)
	eval "${command//eth0/$iface}" >"$TB_DIR/actual" || fail "it fails" || return
	missing=$(comm -23 <(shown_names "$command" <"$2") <(shown_names "$command" <"$TB_DIR/actual"))
	[[ -n $(shown_names "$command" <"$2") ]] || fail "the README shows no field" || return
	[[ -z $missing ]] || fail "not there any more: $missing; but: $(head -c 2000 "$TB_DIR/actual")"
}

# One case for each command; what follows it up to the next one is what it should print.
each_example()
{
	local line command='' expected=$TB_DIR/expected commands=0

	while IFS= read -r line; do
		if [[ $line != '$ '* ]]; then
			echo "$line" >>"$expected"
			continue
		fi
		[[ $command != 'sudo '* ]] || case_ok "README: $command" example_holds "$command" "$expected"
		[[ $line != '$ sudo '* ]] || : $((commands += 1))
		command=${line#\$ }
		: >"$expected"
	done < <(examples; echo '$ end')
	case_ok "the README has such a section" test "$commands" -ge 8
}

# Looks at one entry, since some maps have many; the keys are not printed.
maps_have_names()
{
	local map key text

	for map in config runtime counters rules policies settings defences notes allow_entries \
		deny_entries listeners budgets presence sweeper trace_filter conns keys; do
		key=0
		[[ $map != rules && $map != defences ]] || key=80
		text=$(bpftool map lookup pinned "$pins/$map" key "$key" 0 0 0) || fail "$map" || return
		grep -qE "^ *\"values?\": " <<<"$text" || fail "$map is a dump of bytes" || return
		grep -qE '^ +"[a-z_0-9]+": ' <<<"$text" || fail "$map has no field names" || return
	done
	text=$(bpftool map lookup pinned "$pins/rules" key 80 0 0 0)
	[[ $text == *'"key": 80'*'"policy": '[1-9]* ]] || fail "$text" || return
	key=$(sed -n 's/.*"policy": \([0-9]*\).*/\1/p' <<<"$text")
	text=$(bpftool map lookup pinned "$pins/policies" key "$key" 0 0 0)
	[[ $text == *'"mode": "MODE_ALWAYS"'* ]] || fail "$text"
}

# Slot, state, client and server of each connection, as the two tell them.
by_file()
{
	awk '$1 != "slot" { print $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 }' "$pins/connections" | sort
}

by_conns()
{
	synguard conns "$iface" --json | jq -r '.[] | select(.half_open | not) |
		def at: if .address | contains(":") then "[\(.address)]:\(.port)"
			else "\(.address):\(.port)" end;
		"\(.slot) \(.state) \(.socket) \(.kind) \(.client | at) \(.server | at) " +
		"\(.client.packets) \(.client.bytes) \(.server.packets) \(.server.bytes)"' | sort
}

same_as_conns()
{
	[[ -n $(command -v jq) ]] || skip "jq is not installed: scripts/install-deps" || return
	by_conns >"$TB_DIR/by_conns"
	by_file >"$TB_DIR/by_file"
	(($(wc -l <"$TB_DIR/by_file") >= 44)) || fail "$(cat "$TB_DIR/by_file")" || return
	diff "$TB_DIR/by_conns" "$TB_DIR/by_file"
}

# More than the 32 KiB that the kernel prepares at once, read in small pieces.
whole_in_pieces()
{
	local lines

	client 4 --port 80 --count 300 --send x --expect x >/dev/null || return
	lines=$(dd if="$pins/connections" bs=100 status=none | sort -u | wc -l)
	((lines >= 345)) || fail "$lines lines of 345" || return
	[[ $lines == "$(wc -l <"$pins/connections")" ]] || fail "$lines lines in pieces"
}

opened_here()
{
	local status=0 slot

	spawn client "$TB_TOOLS/tcpsrv" --port 8080
	wait_for 5 in_ns client "$TB_TOOLS/tcpcli" --dst "${TB_IP4[client]}" --port 8080 ||
		fail "no server at the client" || return
	spawn server "$TB_TOOLS/tcpcli" --dst "${TB_IP4[client]}" --port 8080 --hold 60 >"$TB_DIR/out"
	wait_for 5 grep -q ready "$TB_DIR/out" || fail "no connection" || return
	slot=$(grep -E "ESTABLISHED +open +kernel +${TB_IP4[server]}:[0-9]+ +${TB_IP4[client]}:8080 " \
		"$pins/connections") || fail "$(cat "$pins/connections")" || status=1
	spawn_stop "$SPAWN_PID"
	[[ -n $slot ]] || status=1
	return "$status"
}

roots_alone()
{
	[[ $(stat -c '%a %u' "$pins/connections") == '600 0' ]] ||
		fail "$(stat -c '%a %u' "$pins/connections")" || return
	! setpriv --reuid=65534 --regid=65534 --clear-groups cat "$pins/connections"
}

# A reader may hold it open; the file goes, and what is attached next has its own.
ends_with_attachment()
{
	exec 3<"$pins/connections"
	detach_synguard >/dev/null || return
	[[ ! -e $pins ]] || fail "left: $(ls "$pins")" || return
	cat <&3 >/dev/null || fail "a reader cannot finish" || return
	exec 3<&-
	attach_always --max-conns "$big_table" >/dev/null || return
	cat "$pins/connections" >"$TB_DIR/big" || fail "a table of $big_table cannot be read" || return
	(($(grep -vc slot "$TB_DIR/big") >= 44)) || fail "$(head "$TB_DIR/big")"
}

testbed_up || exit 1
server_start --port 80 --echo || exit 1
attach_always >/dev/null || exit 1
# IPv4 and IPv6, by cookies; and one that the kernel does itself, for its tiny MSS, and that stays half-open.
for family in 4 6; do
	spawn client "$TB_TOOLS/tcpcli" --dst "$(addr $family server)" --port 80 --hold 120 --count 22 \
		>"$TB_DIR/hold$family"
	wait_for 5 grep -q ready "$TB_DIR/hold$family" || exit 1
	segment $family --dport 80 --sport 4444 --flags S --options 02040190 --wait-ms 100 >/dev/null
done
each_example
case_ok "bpftool shows the names of every map" maps_have_names
case_ok "the file says what synguard conns says" same_as_conns
case_ok "it is whole, however it is read" whole_in_pieces
case_ok "of a connection that this host opened, the client is this host" opened_here
case_ok "nobody but root reads it" roots_alone
case_ok "it ends with the attachment, and may be large" ends_with_attachment
cases_done
