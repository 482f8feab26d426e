#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A spoofed flood makes the server send no more than it receives, in packets and in bytes, whoever the
# victim is; and a real client beside the victim still gets in.
#
# shellcheck disable=SC2317 # functions that case_ok calls

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/flood.sh
. "$(dirname "$0")/flood.sh"

PORT=7000
RATE=40000
LIMIT=2000 # SYN-ACKs a second to one prefix

# victim FAMILY: one /24, or /56.
victim()
{
	if [[ $1 == 4 ]]; then echo 198.18.7.0/24; else echo 2001:db8:7:700::/56; fi
}

everywhere()
{
	if [[ $1 == 4 ]]; then echo "$TB_SPOOF4"; else echo "$TB_SPOOF6"; fi
}

# reflected FAMILY WHERE OPTIONS SECONDS MOST: of 100 packets and bytes in, at most MOST come out.
reflected()
{
	local in out_before out_after packets bytes bytes_in status=0

	wait_for 2 arrived_all || fail "something else goes on" || status=1
	in=$(packets_in)
	read -ra out_before < <(frames_out)
	flood_for "$1" syn "$RATE" "$4" --src "$("$2" "$1")" --options "$3" || status=1
	wait_for 2 arrived_all || fail "it goes on" || status=1
	in=$(($(packets_in) - in))
	read -ra out_after < <(frames_out)
	packets=$((out_after[0] - out_before[0]))
	bytes=$((out_after[1] - out_before[1]))
	bytes_in=$(awk -v n="$in" -v each="$(field frame_bytes <"$TB_DIR/flood")" \
		'BEGIN { printf "%d", n * each }')
	echo "$1 $2 $3: packets $in in, $packets out; bytes $bytes_in in, $bytes out"
	awk -v p="$packets" -v in_p="$in" -v b="$bytes" -v in_b="$bytes_in" \
		'BEGIN { printf "ratio %.4f in packets, %.4f in bytes\n", p / in_p, b / in_b }'
	((in > RATE * $4 * 8 / 10)) || fail "little of the flood arrived" || status=1
	((packets * 100 <= in * $5)) || fail "too many packets out" || status=1
	((bytes * 100 <= bytes_in * $5)) || fail "too many bytes out" || status=1
	return "$status"
}

# Beyond the limit only what is repeated is answered, and hardly any of it is.
always()
{
	local options status=0

	for options in none linux windows; do
		reflected "$1" everywhere "$options" 1 100 || status=1
	done
	reflected "$1" victim windows 1 20 || status=1
	return "$status"
}

# From peace on: what went to the kernel is answered more than once, and that is made up for.
auto()
{
	local status=0

	reflected "$1" everywhere linux 2 100 || status=1
	reflected "$1" victim none 1 20 || status=1
	return "$status"
}

# The flood spoofs the real clients' own prefix.
neighbour()
{
	local status=0 report prefix=10.83.1.0/24

	[[ $1 == 4 ]] || prefix=fd83::/56
	flood_start "$1" syn "$RATE" --src "$prefix"
	wait_for 5 counted syn_synack_limited "$(counter syn_synack_limited)" 5000 ||
		fail "the limit is not reached" || status=1
	report=$(clients_run "$1" 100 2) || status=1
	flood_stop || status=1
	none_failed "$report" || status=1
	return "$status"
}

testbed_up || exit 1
start_nginx "" || exit 1
PORT=80
for mode in always auto; do
	for family in 4 6; do
		case_ok "attach, mode $mode" protect "$(limit synack_per_prefix $LIMIT)" \
			"$(service "$PORT" $mode syn_rate 2000/s hold 1s)"
		case_ok "IPv$family: mode $mode: no more out than in" $mode $family
		case_ok "IPv$family: mode $mode: clients in a flooded prefix get in" neighbour $family
		case_ok "detach" detach_synguard
	done
done
cases_done
