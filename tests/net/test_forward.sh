#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A host that forwards: connections through it are not its own, even to a port on which it listens.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"

BEHIND=$TB_PREFIX-behind
declare -A BEHIND_IP=([4]=10.84.0.2 [6]=fd84::2)

forward_down()
{
	testbed_down
	ip netns del "$BEHIND" 2>/dev/null
}

# client ── server (forwards) ── behind, with a listener on port 80 on both of the latter.
forward_up()
{
	testbed_up || exit 1
	trap forward_down EXIT
	ip netns add "$BEHIND"
	ip link add fwd0 netns "$TB_PREFIX-server" type veth peer name fwd1 netns "$BEHIND"
	in_ns server sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	ip -n "$TB_PREFIX-server" address add 10.84.0.1/24 dev fwd0
	ip -n "$TB_PREFIX-server" address add fd84::1/64 dev fwd0 nodad
	ip -n "$TB_PREFIX-server" link set fwd0 up
	ip -n "$BEHIND" address add "${BEHIND_IP[4]}/24" dev fwd1
	ip -n "$BEHIND" address add "${BEHIND_IP[6]}/64" dev fwd1 nodad
	ip -n "$BEHIND" link set fwd1 up
	ip -n "$BEHIND" route add default via 10.84.0.1
	ip -n "$BEHIND" -6 route add default via fd84::1
	ip -n "$TB_PREFIX-client" route add 10.84.0.0/24 via "${TB_IP4[server]}"
	ip -n "$TB_PREFIX-client" -6 route add fd84::/64 via "${TB_IP6[server]}"
	server_start --port 80 --echo
	: >"$TB_DIR/behind.out"
	spawn behind "$TB_TOOLS/tcpsrv" --port 80 --speak-first behind --echo >"$TB_DIR/behind.out"
	wait_for 5 grep -q ready "$TB_DIR/behind.out"
}

through()
{
	in_ns client "$TB_TOOLS/tcpcli" --dst "${BEHIND_IP[$1]}" "${@:2}"
}

through_passes()
{
	local cookies report
	cookies=$(counter syn_cookie_sent)

	report=$(through "$1" --port 80 --expect behind)
	[[ $(field connected <<<"$report") == 1 ]] || fail "$report"
	(($(counter syn_cookie_sent) == cookies)) || fail "a forwarded SYN got a cookie"
}

through_refused()
{
	local report

	report=$(through "$1" --port 81)
	[[ $report == *"Connection refused"* ]] || fail "expected the other host's RST: $report"
}

own_gets_cookie()
{
	local cookies report
	cookies=$(counter syn_cookie_sent)

	report=$(client "$1" --port 80 --send hi --expect hi)
	[[ $(field connected <<<"$report") == 1 ]] || fail "$report"
	(($(counter syn_cookie_sent) == cookies + 1)) || fail "the host's own SYN got no cookie"
}

# A connection through the host from before the attach goes on: neither dropped nor reset.
held_survives()
{
	wait_for 10 grep -q broken "$TB_DIR/held$1"
	[[ $(field broken <"$TB_DIR/held$1") == 0 ]] || fail "$(cat "$TB_DIR/held$1")"
}

# Neighbour discovery in a fresh namespace takes its time.
reachable()
{
	through "$1" --port 80 --expect behind | has '"broken": 0'
}

both_held()
{
	(($(in_ns behind ss -Htn state established | wc -l) >= 2))
}

forward_up
for family in 4 6; do
	wait_for 5 reachable "$family"
	through "$family" --port 80 --expect behind --hold 3 --ping-interval-ms 50 \
		>"$TB_DIR/held$family" &
done
wait_for 5 both_held
attach_always >/dev/null || exit 1
case_both "a connection through the host is not answered by it" through_passes
case_both "a closed port beyond the host is refused from there" through_refused
case_both "the host's own address gets a cookie" own_gets_cookie
case_both "a connection through the host survives attaching" held_survives
cases_done
