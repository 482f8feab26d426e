#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A long transfer is not slowed down by tracking it: against a program that passes everything, on the
# same path in turn.  The bound is loose, because machines that run tests are noisy; the numbers are
# printed, and tests/bench/bulk measures them with more patience.
# shellcheck disable=SC2086,SC2317 # numbers; the functions are called by case_ok

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/bench/bulk
ROUNDS=${ROUNDS:-3} . "$(dirname "$0")/../bench/bulk"

LEAST=850 # per mille

# What one measurement finds too slow, a second and longer one must confirm.
not_slowed()
{
	local BULK_ROUNDS=$BULK_ROUNDS try

	for try in 1 2; do
		bulk_compare "$1" "$2" >"$TB_DIR/line" || return
		sed 's/^/# /' "$TB_DIR/line" >>"$TB_DIR/lines"
		((BULK_RATIO < LEAST)) || return 0
		: $((BULK_ROUNDS *= 3))
	done
	fail "try $try: $(<"$TB_DIR/line")"
}

testbed_up || exit 1
: >"$TB_DIR/lines"
bulk_server_start || exit 1
case_both "upload" not_slowed up
case_both "download" not_slowed down
cat "$TB_DIR/lines"
cases_done
