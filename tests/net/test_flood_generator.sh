#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The flood that the benchmark believes in: does xdpflood send what it says, at the
# rate that it is asked for, and does it say how much that was?
#
# shellcheck disable=SC2317 # functions that case_ok calls

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/flood.sh
. "$(dirname "$0")/flood.sh"

FLOOD_TOOL=xdpflood
PORT=9 # nobody listens there
RATE=20000
LINUX=020405b40402080a000000000000000001030307
WINDOWS=020405b40103030801010402
MACOS=020405b4010303060101080a000000000000000004020000
STAMP=0101080a0000000000000000

# seen FAMILY KIND [OPTION...]: a second of such a flood, as it arrives, in $TB_DIR/seen.
seen()
{
	local family=$1 kind=$2 spoof=$TB_SPOOF4 check
	shift 2
	[[ $family == 4 ]] || spoof=$TB_SPOOF6
	: >"$TB_DIR/seen.out"
	spawn server "$TB_TOOLS/floodcheck" --dev "${TB_IF[server]}" --port "$PORT" --src "$spoof" \
		>"$TB_DIR/seen.out"
	check=$SPAWN_PID
	wait_for 5 grep -q ready "$TB_DIR/seen.out" || fail "cannot listen" || return
	flood_for "$family" "$kind" "$RATE" 1 "$@" || return
	wait_for 5 arrived_all
	spawn_stop "$check" || fail "cannot check the frames" || return
	sed 1d "$TB_DIR/seen.out" >"$TB_DIR/seen"
	cat "$TB_DIR/flood" "$TB_DIR/seen"
}

# holds JQ: is that true of what was seen?
holds()
{
	jq -e "$1" "$TB_DIR/seen" >/dev/null || fail "not so: $1"
}

# whole: everything that was sent arrived, right; sources, ports and numbers are random.
whole()
{
	holds ".frames == $(flooded) and .bad_checksum == 0 and .outside == 0" &&
		holds '.source.different > .frames * 0.9 and .port.different > .frames * 0.6' &&
		holds '.seq.n == .frames and .seq.different > .frames * 0.999'
}

# shares KEY NAME...: of .KEY, these and no other, each as often as any other.
shares()
{
	local key=$1 names
	shift

	names=$(printf '"%s",' "$@")
	holds "(.$key | keys) == ([${names%,}] | sort)" &&
		holds ".frames as \$n | .$key | all(. * $# > \$n * 0.9 and . * $# < \$n * 1.1)"
}

syns()
{
	seen "$1" syn --options linux,windows,macos,none && whole &&
		holds '.flags == {"02": .frames} and .ack.n == 0 and .tsecr.n == 0' &&
		holds '.tsval.different > .tsval.n * 0.999' &&
		shares options "$LINUX" "$WINDOWS" "$MACOS" ""
}

acks()
{
	seen "$1" ack && whole &&
		holds '.flags == {"10": .frames} and .ack.n == .frames and .tsecr.n == .frames' &&
		holds '.ack.different > .frames * 0.999 and .tsecr.different > .frames * 0.999' &&
		shares options "$STAMP"
}

mixture()
{
	seen "$1" syn,ack,rst --options none && whole &&
		shares flags 02 04 10 && shares options ""
}

payload()
{
	seen "$1" data && whole && holds '.flags == {"18": .frames}'
}

listed()
{
	local list first second

	list=$(client_list "$1")
	first=${list%%,*}
	list=${list#*,}
	second=${list%%,*}
	seen "$1" syn --src-list "$first,$second" --sport 5000
	holds '.frames > 0 and .bad_checksum == 0 and .outside == .frames' &&
		holds '.source.different == 2 and .port.different == 1'
}

# rate FAMILY RATE: within a tenth, as reported and as arrived.
rate()
{
	local before arrived reported

	before=$(packets_in)
	flood_for "$1" rst "$2" 2 || return
	wait_for 5 arrived_all
	arrived=$(($(packets_in) - before))
	reported=$(field rate <"$TB_DIR/flood")
	cat "$TB_DIR/flood"
	echo "$arrived arrived"
	((reported * 10 > $2 * 9 && reported * 10 < $2 * 11)) || fail "not the rate" || return
	((arrived * 1000 >= $(flooded) * 999 && arrived <= $(flooded) + 100)) ||
		fail "not as many as reported"
}

# Where nothing may arrive: an interface that is no veth.
refused()
{
	! in_ns attacker "$TB_TOOLS/xdpflood" --dev lo --dst 127.0.0.1 --dport 9 \
		--dst-mac 00:00:00:00:00:00 --rate 1 --seconds 1 2>&1 | has offered ||
		fail "it floods lo"
}

testbed_up || exit 1
# A veth without a program of its own takes no frames that are redirected.
ip -n "$TB_PREFIX-router" link set "${TB_IF[attacker]}r" \
	xdpdrv obj "$TB_TOOLS/xdp_pass.bpf.o" sec xdp || exit 1
case_both "SYNs of four stacks" syns
case_both "ACKs" acks
case_both "a mixture" mixture
case_both "data" payload
case_both "sources of a list, from one port" listed
case_both "100 a second" rate 100
case_both "30000 a second" rate 30000
case_ok "an interface that is no veth is refused" refused
cases_done
