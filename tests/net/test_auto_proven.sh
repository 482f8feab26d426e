#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Clients that connected lately keep their options in an attack, and who spoofs them gains nothing:
# the kernel's queue takes no more of them than it holds.
#
# shellcheck disable=SC2317 # functions that case_ok calls

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/flood.sh
. "$(dirname "$0")/flood.sh"

PORT=7000
RATE=30000
BACKLOG=1024

# prove_all FAMILY: each of the client's addresses makes a connection.
prove_all()
{
	none_failed "$(clients_run "$1" 200 1 --count 32 --request echo)"
}

# talk FAMILY: a connection with Fast Open; prints its options.
talk()
{
	client "$1" --port "$PORT" --bind "$(addr "$1" client)" --timeout-ms 4000 --fastopen \
		--send hello --expect hello | field options
}

# Each connection is a new proof, so this can go on.
proven_keep_options()
{
	local status=0 n got before

	peace_comes || status=1
	talk "$1" >/dev/null
	before=$(counter syn_proven)
	flood_start "$1" syn "$RATE"
	attack_comes || status=1
	for ((n = 0; n < 12; n++)); do
		got=$(talk "$1")
		[[ $got == "ts sack ws syn_data " ]] || fail "connection $n has '$got'" || status=1
	done
	(($(counter syn_proven) == before + 12)) || fail "$(($(counter syn_proven) - before)) proven" ||
		status=1
	flood_stop || status=1
	return "$status"
}

# The client's kernel would answer with RST, and so clear the server's queue for it.
mute_client()
{
	in_ns client nft -f - <<-END
		table inet mute {
			chain out { type filter hook output priority 0; tcp flags & rst == rst drop; }
		}
	END
}

# spoofed_proven FAMILY: a flood in the name of 16 proven clients, on top of another one.
spoofed_proven()
{
	local status=0 queue before most=0 n now

	prove_all "$1" || status=1
	mute_client
	queue=$(queue_state)
	before=$(counter syn_proven)
	flood_start "$1" syn "$RATE" --src-list "$(client_list "$1")"
	for ((n = 0; n < 20; n++)); do
		now=$(half_open)
		((now <= most)) || most=$now
		sleep 0.1
	done
	flood_stop || status=1
	in_ns client nft delete table inet mute
	echo "at most $most half-open, $(($(counter syn_proven) - before)) passed as proven"
	((most < BACKLOG)) || fail "the kernel's queue was full" || status=1
	[[ $(queue_state) == "$queue" ]] || fail "the kernel: $queue, $(queue_state)" || status=1
	(($(counter syn_proven) > before)) || fail "no proven client was spoofed" || status=1
	none_failed "$(clients_run "$1" 100 1 --request echo)" || status=1
	return "$status"
}

testbed_up || exit 1
# Half-open connections go after three seconds, not after a minute.
in_ns server sysctl -qw net.ipv4.tcp_fastopen=3 net.ipv4.tcp_synack_retries=1
in_ns client sysctl -qw net.ipv4.tcp_fastopen=1
server_start --port "$PORT" --echo --fastopen 64 --backlog $BACKLOG || exit 1
case_ok "attach" protect "$(service "$PORT" auto syn_rate 2000/s hold 1s)"
case_both "proven clients keep their options in an attack" proven_keep_options
case_both "a flood that spoofs proven clients does not fill the queue" spoofed_proven
cases_done
