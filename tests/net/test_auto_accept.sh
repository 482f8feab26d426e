#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# An application that does not accept is not under attack: its SYNs are dropped by a name of their own
# while its accept queue is full, and clients are served once it goes on.
#
# shellcheck disable=SC2317 # functions that case_ok calls

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/flood.sh
. "$(dirname "$0")/flood.sh"

PORT=7000

accept_queue()
{
	in_ns server ss -Hltn "sport = :$PORT" | awk '{ print $2 }'
}

queue_is_full()
{
	(($(accept_queue) > 4))
}

# one_more FAMILY COUNT_BEFORE: it is dropped, once the driver hook knows of the queue.
one_more()
{
	client "$1" --port "$PORT" --timeout-ms 100
	counted syn_accept_full "$2"
}

# overflow FAMILY MODE
overflow()
{
	local status=0 clients

	server_start --port "$PORT" --echo --no-accept --backlog 4 || return
	protect "$(service "$PORT" "$2")" || status=1
	spawn client "$TB_TOOLS/tcpcli" --dst "$(addr "$1" server)" --port "$PORT" --count 20 --hold 60 \
		--timeout-ms 100 >"$TB_DIR/clients"
	clients=$SPAWN_PID
	wait_for 5 queue_is_full || fail "the accept queue has $(accept_queue)" || status=1
	wait_for 3 one_more "$1" "$(counter syn_accept_full)" || fail "not counted" || status=1
	spawn_stop "$clients"
	detach_synguard
	server_stop
	return "$status"
}

testbed_up || exit 1
case_both "a full accept queue shows, mode auto" overflow auto
case_both "a full accept queue shows, mode always" overflow always
cases_done
