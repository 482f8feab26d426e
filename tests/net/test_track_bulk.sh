#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A long transfer is not slowed down by tracking it: against a program that passes everything, on the
# same path in turn.  The bound is loose, because machines that run tests are noisy; the numbers are
# printed, and `make bench-peace` measures them with more patience.
# shellcheck disable=SC2034,SC2317 # for the files sourced; the functions are called by case_ok

BENCH=test_track_bulk
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/../bench/lib.sh"
# shellcheck source=tests/bench/turns.sh
. "$(dirname "$0")/../bench/turns.sh"
# shellcheck source=tests/bench/loads.sh
. "$(dirname "$0")/../bench/loads.sh"

LEAST=0.85
TURNS=(pass auto)
TURNS_PATIENCE=10

# What one measurement finds too slow, a second and longer one must confirm.
not_slowed()
{
	local rounds=${ROUNDS:-3} try line

	for try in 1 2; do
		turns_run "$rounds" load_bulk "$1" "$2" || return
		turns_ratio rate auto pass
		line=$(printf 'IPv%s %-4s  auto%s  XDP_PASS%s KiB/s  ratio %s (%s-%s)' "$1" "$2" \
			"${TURN[auto,rate]}" "${TURN[pass,rate]}" "$MEDIAN" "$Q1" "$Q3")
		echo "# $line" >>"$TB_DIR/lines"
		[[ $(calc "$MEDIAN < $LEAST") == 1 ]] || return 0
		: $((rounds *= 3))
	done
	fail "try $try: $line"
}

testbed_up || exit 1
loads_path || exit 1
load_bulk_server || exit 1
turns_prepare
: >"$TB_DIR/lines"
case_both "upload" not_slowed up
case_both "download" not_slowed down
cat "$TB_DIR/lines"
cases_done
