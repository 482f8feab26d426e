#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the operator sees of an attack: status, stats and explain, before, during and after one, of a
# port and of one address, in mode auto and in mode monitor.
#
# shellcheck disable=SC2317 # functions that case_ok calls

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"

iface=${TB_IF[server]}
flood_rate=4000
thresholds=(--syn-rate "500/s,250/s" --hold 2s)

# flood_start FAMILY: SYNs from everywhere to port 80.
flood_start()
{
	local spoof=$TB_SPOOF4

	[[ $1 == 4 ]] || spoof=$TB_SPOOF6
	spawn attacker "$TB_TOOLS/synflood" --dev "${TB_IF[attacker]}" --kind syn \
		--src-mac "$TB_GATEWAY_MAC" --dst-mac "${TB_MAC[server]}" --src "$spoof" \
		--dst "$(addr "$1" server)" --dport 80 --rate "$flood_rate" --seconds 60 >"$TB_DIR/flood"
	FLOOD=$SPAWN_PID
}

# under_attack true|false: does status --json say so?  (for wait_for)
under_attack()
{
	synguard status "$iface" --json | has "\"under_attack\": $1,"
}

# shows PATTERN: a line of status.
shows()
{
	local said

	said=$(synguard status "$iface") || fail "status $?: $said" || return
	grep -Eq "$1" <<<"$said" || fail "no '$1' in: $said"
}

# foretold FAMILY PATTERN: explain says so of a SYN from a stranger to port 80.
foretold()
{
	local at to said

	at=$(addr "$1" ghost)
	to=$(addr "$1" server)
	[[ $1 == 4 ]] || at="[$at]" to="[$to]"
	said=$(synguard explain "$iface" "$at:4000" "$to:80") || fail "explain $?: $said" || return
	grep -Eq "$2" <<<"$said" || fail "no '$2' in: $said"
}

# The line that matters stands second, and its rate is that of the flood, as far as a tenth of a
# second tells.
attack_line()
{
	local line rate

	line=$(synguard status "$iface" | sed -n 2p)
	[[ $line =~ ^'  UNDER ATTACK  '$1' for '[0-9]+s,' '([0-9.]+)(k?)' SYN/s'${2:-}$ ]] ||
		fail "the second line is: $line" || return
	rate=${BASH_REMATCH[1]%.*}
	[[ ${BASH_REMATCH[2]} != k ]] || rate=$((rate * 1000))
	((rate >= flood_rate / 4 && rate <= flood_rate * 4)) || fail "$rate SYN/s of $flood_rate"
}

peace()
{
	shows '^  attacks       none now$' || return
	foretold "$1" 'reason  *syn_passed' || return
	foretold "$1" 'attack  *none now; 0 so far'
}

attack()
{
	local status=0

	flood_start "$1"
	wait_for 5 under_attack true || fail "no attack: $(synguard status "$iface")" || status=1
	wait_for 5 attack_line "$2" || attack_line "$2" || status=1
	foretold "$1" 'reason  *syn_cookie_sent' || status=1
	foretold "$1" 'attack  *yes, for [0-9]+ s; 1 so far' || status=1
	spawn_stop "$FLOOD"
	wait_for 10 under_attack false || fail "it does not end" || status=1
	shows "^  attacks       none now; the last one: $2, it began [0-9]+s ago; 1 so far$" || status=1
	foretold "$1" 'reason  *syn_passed' || status=1
	return "$status"
}

# with_attachment FAMILY FUNCTION: one of its own, so that attacks are counted from none.
with_attachment()
{
	local status=0

	attach_synguard --port 80 >/dev/null || return
	synguard service set "$iface" 80 "${thresholds[@]}" >/dev/null || status=1
	((status)) || "$2" "$1" || status=1
	detach_synguard >/dev/null
	return "$status"
}

of_a_port()
{
	peace "$1" && attack "$1" "port 80"
}

of_one_address()
{
	local at

	at=$(addr "$1" server)
	[[ $1 == 4 ]] || at="[$at]"
	synguard service add "$iface" "$at:80" "${thresholds[@]}" || return
	shows "^ +(services +)?${at//[\[\]]/.}:80: auto, attack above 500 SYN/s, over below 250" || return
	foretold "$1" 'service  *port 80 of this address: auto' || return
	attack "$1" "${at//[\[\]]/.}:80"
}

# All of it passes, and is counted as what it would have been.
monitored()
{
	local status=0 said

	synguard service set "$iface" 80 --mode monitor || return
	flood_start "$1"
	wait_for 5 under_attack true || fail "no attack" || status=1
	wait_for 5 attack_line "port 80" ' \(mode monitor: all of it passes\)' ||
		attack_line "port 80" ' \(mode monitor: all of it passes\)' || status=1
	foretold "$1" 'reason  *syn_cookie_sent' || status=1
	foretold "$1" 'verdict  *passes to the kernel' || status=1
	foretold "$1" 'but for monitor  *it would be answered' || status=1
	spawn_stop "$FLOOD"
	said=$(synguard stats "$iface")
	[[ $said =~ syn_cookie_sent\ +([0-9]+)\ +[0-9]+\ +([0-9]+)\ \ TX &&
		${BASH_REMATCH[1]} -gt 1000 && ${BASH_REMATCH[1]} == "${BASH_REMATCH[2]}" ]] ||
		fail "not enforced: $said" || status=1
	synguard check "$iface" | grep -A 2 '^warn  monitor ' | has 'do:.*--mode auto' ||
		fail "check: $(synguard check "$iface")" || status=1
	return "$status"
}

testbed_up || exit 1
server_start --port 80 --echo || exit 1
case_both "an attack on a port" with_attachment of_a_port
case_both "an attack on one address" with_attachment of_one_address
case_both "mode monitor: what would be done is seen, and nothing is" with_attachment monitored
cases_done
