#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What is on the server's interface takes turns, and the same load runs against each: so that what else
# the machine does meets all of them.  Source it after lib.sh.
#
#   none     no program
#   pass     one that passes every frame (tests/tools/xdp_pass.bpf.c)
#   auto     synguard in mode auto, which stays in peace
#   always   synguard with a cookie for each SYN
#
#   turns_prepare              write the configurations
#   turns_run ROUNDS CMD...    CMD sets RATE, and NS and CLIENT_NS of each CPU for one unit of the load;
#                              TURNS are those who take part
#   turns_ratio FIELD A B      quartiles of A's share in B, of the two in each round
#   turns_of FIELD A           the same of A's own figures
#   turns_show                 print what the last of these two found
#   turns_disturbed            say how many of all measurements other processes have disturbed
#
# A round has each once, one right after the other, in another order than the round before.  A ratio
# is that of two neighbours in time; what counts is the ratios' median and how far they scatter.
# shellcheck disable=SC2086 # lists of numbers

TURNS=(none pass auto)
TURNS_FILL=0 # connections that are over and still in synguard's table, as on a busy host
TURNS_PATIENCE=$(bench_pick 120 20) # half seconds
TURNS_DISTURBED=0
TURNS_ROUNDS=0
TURNS_SHOW_MIN=3 # fewer rounds have no quartiles worth the name
declare -A TURN

# Thresholds and limits out of reach: a closed loop on one machine is what they are there to notice.
turns_prepare()
{
	cat >"$TB_DIR/turns.yaml" <<-END
		max_connections: ${TURNS_MAX_CONNS:-262144}
		attack:
		  syn_rate: { on: 2M/s, off: 1M/s }
		limits:
		  synack_per_prefix: { rate: 2M/s, burst: 2M }
		  new_connections: { rate: 2M/s, burst: 2M }
		services:
		  - ports: all
	END
}

turns_fill()
{
	local n

	((TURNS_FILL)) || return 0
	n=$(in_ns server "$TB_ROOT/build/bench/fill" --iface "${TB_IF[server]}" \
		--server "${TB_IP4[server]}" --conns $TURNS_FILL --closed) || return
	((n > TURNS_FILL * 99 / 100)) || fail "only $n of $TURNS_FILL connections found a place"
}

turn_on()
{
	case $1 in
	none) ;;
	pass)
		ip -n "$TB_PREFIX-server" link set "${TB_IF[server]}" \
			xdpdrv obj "$TB_TOOLS/xdp_pass.bpf.o" sec xdp
		;;
	*)
		attach_synguard --config "$TB_DIR/turns.yaml" --mode "$1" >"$TB_DIR/turn.log" 2>&1 &&
			turns_fill
		;;
	esac
}

turn_off()
{
	case $1 in
	none) ;;
	pass) ip -n "$TB_PREFIX-server" link set "${TB_IF[server]}" xdpdrv off ;;
	*) turn_checked "$1" && detach_synguard >"$TB_DIR/turn.log" 2>&1 ;;
	esac
}

# Has synguard done what its mode says, and nothing else?
turn_checked()
{
	local cookies dropped

	synguard stats "${TB_IF[server]}" --json >"$TB_DIR/turn.json" || return
	cookies=$(jq '.counters.syn_cookie_sent.packets' "$TB_DIR/turn.json")
	dropped=$(jq '[.counters | to_entries[] | select(.key | test("_(unknown|outside|invalid|expired|full|backlog|failed|limited)$"))
		| .value.packets] | add' "$TB_DIR/turn.json")
	[[ $1 == always ]] || ((cookies == 0)) || fail "$cookies cookies sent in peace" || return
	((dropped * 1000 <= $(jq '[.counters[].packets] | add' "$TB_DIR/turn.json"))) ||
		fail "$dropped packets dropped: $(<"$TB_DIR/turn.json")"
}

# Is a process running that is none of ours, which are all waiting at this moment?
others_run()
{
	local running

	for _ in 1 2 3; do
		sleep 0.02
		read -r _ _ _ running _ </proc/loadavg
		((${running%/*} > 1)) || return 1
	done
}

# patient CMD...: CMD once others are quiet, and again if they are not any more; as long as TURNS_PATIENCE
# lasts, which counts for the whole benchmark.
patient()
{
	local start

	while others_run && ((TURNS_PATIENCE > 0)); do
		sleep 0.5
		: $((TURNS_PATIENCE -= 1))
	done
	start=$SECONDS
	"$@" || return
	others_run || return 0
	if ((TURNS_PATIENCE <= 0)); then
		: $((TURNS_DISTURBED += 1))
		return 0
	fi
	: $((TURNS_PATIENCE -= 2 * (SECONDS - start) + 1))
	patient "$@"
}

turns_disturbed()
{
	((TURNS_DISTURBED == 0)) ||
		echo "($TURNS_DISTURBED measurements were disturbed by other processes; run it again when they are quiet)"
}

# turn WHO CMD...: one measurement; sets what CMD sets.
turn()
{
	local who=$1

	shift
	turn_on "$who" || fail "$who: cannot attach: $(<"$TB_DIR/turn.log")" || return
	patient "$@" || fail "$who: $* failed" || return
	turn_off "$who" || fail "$who: cannot detach: $(<"$TB_DIR/turn.log")" || return
	TURN[$who,rate]+=" $RATE"
	TURN[$who,ns]+=" $NS"
	TURN[$who,client_ns]+=" $CLIENT_NS"
}

turns_run()
{
	local rounds=$1 round who order=("${TURNS[@]}")

	shift
	TURN=()
	TURNS_ROUNDS=$rounds
	for ((round = 0; round < rounds; round++)); do
		for who in "${order[@]}"; do
			turn "$who" "$@" || return
		done
		turns_reorder
	done
}

# Every second round backwards, and each starts with another one.
turns_reorder()
{
	local i reversed=()

	for ((i = ${#order[@]} - 1; i >= 0; i--)); do
		reversed+=("${order[i]}")
	done
	((round % 2)) && reversed=("${reversed[@]:1}" "${reversed[0]}")
	order=("${reversed[@]}")
}

turns_of()
{
	quartiles ${TURN[$2,$1]}
}

turns_ratio()
{
	local ratios

	ratios=$(paste -d' ' <(printf '%s\n' ${TURN[$2,$1]}) <(printf '%s\n' ${TURN[$3,$1]}) |
		awk '{ printf "%.6f ", $1 / $2 }')
	quartiles $ratios
}

turns_show()
{
	if ((TURNS_ROUNDS < TURNS_SHOW_MIN)); then
		printf '%5.3f' "$MEDIAN"
	else
		printf '%5.3f (%5.3f-%5.3f)' "$MEDIAN" "$Q1" "$Q3"
	fi
}
