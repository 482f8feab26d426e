#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Frames that are not plain Ethernet and TCP headers: tags, SYNs with 1400 bytes of data.  And
# tcp_syncookies, whose change after the attachment is followed.
# shellcheck disable=SC2086,SC2317 # ports are numbers; the functions are called by case_ok

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"

PORT=7000
SPORT=20000
LINUX=020405b40402080a000003e80000000001030307

syn()
{
	local family=$1
	shift

	: $((SPORT += 1))
	segment "$family" --dport $PORT --sport $SPORT --count 1 --wait-ms 1000 "$@"
}

# tagged FAMILY TAGS: the answer has them, too.
tagged()
{
	local answer

	answer=$(syn "$1" --options $LINUX --vlan "$2")
	grep -q "\"flags\": \"SA\".*\"vlan\": \[${2/,/, }\].*\"checksum_ok\": true" <<<"$answer" ||
		fail "answered by '$answer'"
}

# Its data is not acknowledged.
long_syn()
{
	local answer before

	before=$(counter syn_cookie_sent)
	answer=$(syn "$1" --options $LINUX --payload "$(printf 'x%.0s' {1..1400})")
	[[ $(field flags <<<"$answer") == SA && $(field ack <<<"$answer") == 1001 ]] ||
		fail "answered by '$answer'" || return
	grep -q '"payload": 0,.*"checksum_ok": true' <<<"$answer" || fail "answered by '$answer'" || return
	counted syn_cookie_sent "$before" || fail "not by synguard"
}

# echoes FAMILY REASON: a connection whose SYN ends in REASON.
echoes()
{
	local before

	before=$(counter "$2")
	client "$1" --port $PORT --send ping --expect ping --timeout-ms 900 || return
	counted "$2" "$before" || fail "its SYN was not $2"
}

# What is known of a listener is kept for a second.  (Handshakes in that second are reset: the kernel
# then takes no cookie any more.)
cookies_sysctl()
{
	in_ns server sysctl -qw net.ipv4.tcp_syncookies="$2"
	wait_for 3 echoes "$1" "$3" || echoes "$1" "$3"
}

testbed_up || exit 1
# Or the outer tag would travel beside the frame, where native XDP does not see it.
in_ns router ethtool -K "${TB_IF[server]}r" txvlan off tx-vlan-stag-hw-insert off >/dev/null
server_start --port $PORT --echo || exit 1
for mode in native generic; do
	case_ok "attach, $mode" attach_always --xdp $mode
	case_both "an 802.1Q tag, $mode" tagged 10
	case_both "QinQ, $mode" tagged 10,20
	case_both "a SYN with 1400 bytes, $mode" long_syn
	case_both "tcp_syncookies 0: SYNs are the kernel's, $mode" cookies_sysctl 0 syn_passed
	case_both "tcp_syncookies 1: cookies again, $mode" cookies_sysctl 1 syn_cookie_sent
	case_ok "detach, $mode" detach_synguard
done
cases_done
