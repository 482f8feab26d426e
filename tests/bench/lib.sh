#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the benchmarks that are scripts share: how they fail, statistics, and where results go.  Source
# it after tests/net/lib.sh, with the benchmark's name in BENCH.
#
#   BENCH_QUICK=1   a short run, to see that all of it works
#   BENCH_DIR=DIR   where NAME.json goes (build/bench/results)
#
#   bench_die TEXT             end with a message
#   bench_misuse TEXT          the same for a mistake of the user's
#   bench_begin ARG...         the command line, and BENCH_ONLY, before anything runs; calls `usage`,
#                              which prints it, and wants all names there are in BENCH_NAMES
#   bench_wanted NAME          does BENCH_ONLY ask for it?
#   bench_counted N WORD       "1 WORD" or "N WORDs"
#   bench_pick FULL QUICK      what BENCH_QUICK says
#   bench_row KEY=VALUE...     a row of the result; numbers become numbers
#   bench_write KEY=VALUE...   write the rows to BENCH_DIR; the words say what is pinned where
#   quartiles NUMBER...        sets Q1, MEDIAN and Q3
#   calc EXPRESSION [FORMAT]   a number, by awk; ten digits hold the bytes of a large table
# shellcheck disable=SC2034 # (used by those who source this)

BENCH_DIR=${BENCH_DIR:-$TB_ROOT/build/bench/results}
BENCH_DIR=$(realpath -m "$BENCH_DIR")
BENCH_ROWS=

bench_die()
{
	echo "$BENCH: $*" >&2
	exit 1
}

bench_misuse()
{
	echo "$BENCH: $*" >&2
	exit 2
}

bench_wanted()
{
	[[ $1 =~ ${BENCH_ONLY:-.} ]]
}

# What the user mistyped must not cost minutes, nor replace the results of another run by nothing.
bench_begin()
{
	local name names

	case "$*" in
	"") ;;
	--help) usage; exit ;;
	*) usage >&2; exit 2 ;;
	esac
	[[ ${ROUNDS:-1} =~ ^[1-9][0-9]*$ ]] || bench_misuse "ROUNDS=$ROUNDS: not a number of rounds"
	for name in "${BENCH_NAMES[@]}"; do
		! bench_wanted "$name" || return 0
	done
	printf -v names ', %s' "${BENCH_NAMES[@]}"
	bench_misuse "nothing matches BENCH_ONLY='$BENCH_ONLY'; there are: ${names:2}"
}

bench_counted()
{
	echo "$1 $2$( (($1 == 1)) || echo s)"
}

bench_pick()
{
	if [[ ${BENCH_QUICK:-0} == 1 ]]; then echo "$2"; else echo "$1"; fi
}

# What jq makes an object of.
bench_args()
{
	local word number='^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$'

	JQ_ARGS=()
	for word; do
		if [[ ${word#*=} =~ $number ]]; then
			JQ_ARGS+=(--argjson "${word%%=*}" "${word#*=}")
		else
			JQ_ARGS+=(--arg "${word%%=*}" "${word#*=}")
		fi
	done
}

bench_row()
{
	bench_args "$@"
	BENCH_ROWS+=$(jq -nc '$ARGS.named' "${JQ_ARGS[@]}")$'\n'
}

bench_write()
{
	local cpu pinning file=$BENCH_DIR/$BENCH.json

	bench_args "$@"
	pinning=$(jq -nc '$ARGS.named' "${JQ_ARGS[@]}")
	cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
	mkdir -p "$BENCH_DIR"
	jq -s --arg bench "$BENCH" --arg kernel "$(uname -r)" --arg cpu "${cpu:-$(uname -m)}" \
		--arg date "$(date -u +%Y-%m-%dT%H:%M:%SZ)" --argjson pinning "$pinning" \
		'{$bench, $kernel, $cpu, $date, $pinning, rows: .}' <<<"$BENCH_ROWS" >"$file" ||
		bench_die "cannot write $file"
	echo "(in $file, too)"
}

quartiles()
{
	read -r Q1 MEDIAN Q3 < <(printf '%s\n' "$@" | sort -g | awk '
		{ v[NR] = $1 }
		function at(share, place, below) {
			place = 1 + share * (NR - 1)
			below = int(place)
			return below == NR ? v[NR] : v[below] + (place - below) * (v[below + 1] - v[below])
		}
		END { printf "%.10g %.10g %.10g\n", at(0.25), at(0.5), at(0.75) }')
}

calc()
{
	awk "BEGIN { printf \"${2:-%.10g}\", $1 }"
}
