#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Up to ten reloads a second, each with another mode, thresholds and limits, while clients connect and a
# flood runs: not one connection fails.  RELOAD_SECONDS says for how long (60 for the full proof).
#
# shellcheck disable=SC2317 # functions that case_ok calls

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/flood.sh
. "$(dirname "$0")/flood.sh"

PORT=80
RATE=20000
CLIENTS=200
RELOAD_SECONDS=${RELOAD_SECONDS:-10}

# The files that take turns.
configs_write()
{
	config "$(service "$PORT" auto syn_rate 2000/s hold 1s)" >"$TB_DIR/0.yaml"
	config "$(limit synack_per_prefix 100000)" "$(service "$PORT" always)" >"$TB_DIR/1.yaml"
	config "proven: { for: never }" "$(service "$PORT" auto syn_rate 50000/s hold 2s)" \
		>"$TB_DIR/2.yaml"
	config "$(limit new_connections 10000)" "$(service "$PORT" monitor syn_rate 5000/s hold 1s)" \
		>"$TB_DIR/3.yaml"
}

# reload_until TIME: each is begun a tenth of a second after the last one, or later on a busy machine.
# Each file must have had its turn twice.
reload_until()
{
	local done=0 failed=0 next=${EPOCHREALTIME/./} wait_us

	while ((${EPOCHREALTIME/./} < $1)); do
		cp "$TB_DIR/$((done % 4)).yaml" "$TB_DIR/next.yaml"
		mv "$TB_DIR/next.yaml" "$TB_DIR/synguard.yaml"
		synguard reload "${TB_IF[server]}" >"$TB_DIR/reload" 2>&1 || {
			: $((failed += 1))
			cat "$TB_DIR/reload" >&2
		}
		: $((done += 1))
		wait_us=$(((next += 100000) - ${EPOCHREALTIME/./}))
		((wait_us <= 0)) || sleep "0.$(printf %06d "$wait_us")"
	done
	echo "# $done reloads in $RELOAD_SECONDS s, $failed failed" >&3
	((failed == 0 && done >= 8))
}

reloads()
{
	local status=0 family pids=() flood reports

	flood_start 4 syn "$RATE"
	flood=$FLOOD
	flood_start 6 syn "$RATE"
	for family in 4 6; do
		clients_run "$family" "$CLIENTS" "$RELOAD_SECONDS" >"$TB_DIR/clients$family" &
		pids+=($!)
	done
	reload_until $((${EPOCHREALTIME/./} + RELOAD_SECONDS * 1000000)) ||
		fail "reloads failed, or hung" || status=1
	wait "${pids[@]}"
	flood_stop || status=1
	spawn_stop "$flood" || status=1
	mapfile -t reports < <(cat "$TB_DIR"/clients[46])
	none_failed "${reports[@]}" || status=1
	synguard stats "${TB_IF[server]}"
	return "$status"
}

testbed_up || exit 1
start_nginx "" || exit 1
exec 3>&1
configs_write
cp "$TB_DIR/0.yaml" "$TB_DIR/synguard.yaml"
case_ok "attach" attach_synguard --config "$TB_DIR/synguard.yaml"
case_ok "$RELOAD_SECONDS s of reloads in a flood, and no client fails" reloads
cases_done
