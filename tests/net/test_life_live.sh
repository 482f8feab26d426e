#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Attaching and detaching cut nothing: not connections that move data, not handshakes at any point
# of their way, whoever made the SYN-ACK and whoever gets the ACK.
#
# shellcheck disable=SC2317 # functions that case_ok calls

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"

conns=50
loops_native=10
loops_generic=6
isn=1000

# Bytes that the server has received on connections that are open now.
received()
{
	in_ns server ss -Htin 'sport = :80' | grep -o 'bytes_received:[0-9]*' |
		awk -F: '{ sum += $2 } END { print sum + 0 }'
}

# A thousand pings more than BEFORE have arrived?
moving()
{
	(($(received) > $1 + 16000))
}

data_moves()
{
	wait_for 10 moving "$(received)" || fail "no data moves $*"
}

# The connections are open before synguard comes, and must outlive each change.
live_run()
{
	attach_always --xdp "$1" || return
	data_moves "after attach" || return
	synguard detach "${TB_IF[server]}" || return
	data_moves "after detach" || return
	attach_always --xdp "$1" || return
	data_moves "after the second attach" || return
	detach_synguard || return
	data_moves "after detach --now"
}

live_conns()
{
	local family=$1 mode=$2 status=0 report=$TB_DIR/live

	server_start --port 80 --echo || return
	: >"$report"
	spawn client "$TB_TOOLS/tcpcli" --dst "$(addr "$family" server)" --port 80 --count "$conns" \
		--hold 60 --ping-interval-ms 20 --timeout-ms 5000 >"$report"
	wait_for 5 grep -q ready "$report" || fail "the client did not connect" || return
	if ! live_run "$mode"; then
		status=1
		detach_synguard
	fi
	spawn_stop "$SPAWN_PID"
	server_stop
	cat "$report"
	((status == 0)) || return 1
	[[ $(field connected <"$report") == "$conns" ]] || fail "not all connected" || return
	[[ $(field broken <"$report") == 0 ]] || fail "connections broke"
}

# attach_loop MODE N: protection comes and goes N times while clients connect.
attach_loop()
{
	local n

	for ((n = 0; n < $2; n++)); do
		attach_always --xdp "$1" >/dev/null || return
		synguard detach "${TB_IF[server]}" >/dev/null || return
	done
}

# Clients of both families at once; the ends of the loops fall anywhere in their handshakes.
under_handshakes()
{
	local mode=$1 loops=$2 family status=0 pids=()

	start_nginx "" || return
	for family in 4 6; do
		spawn client "$TB_TOOLS/connrate" --dst "$(addr "$family" server)" --port 80 \
			--rate 400 --seconds 60 --timeout-ms 5000 >"$TB_DIR/rate$family"
		pids+=("$SPAWN_PID")
	done
	attach_loop "$mode" "$loops" || status=1
	for family in 4 6; do
		spawn_stop "${pids[family / 2 - 2]}"
		cat "$TB_DIR/rate$family"
		(($(field attempted <"$TB_DIR/rate$family") > 500)) || fail "too few" || status=1
		grep -q '"failed": {"total": 0,' "$TB_DIR/rate$family" || fail "failures" || status=1
	done
	detach_synguard
	spawn_stop "$NGINX"
	return "$status"
}

# A handshake in slow motion, from the ghost's address.  syn_send FAMILY PORT TIMESTAMPS(yes|no):
# SYNACK is the answer's sequence number, STAMP the hex of its timestamp.
syn_send()
{
	local answer options='' stamps

	[[ $3 == no ]] || options=020405b40402080a000003e80000000001030307
	answer=$(segment "$1" --dport 80 --sport "$2" --seq "$isn" --options "$options" --count 1)
	SYNACK=$(field seq <<<"$answer")
	[[ $(field flags <<<"$answer") == SA ]] || fail "no SYN-ACK: $answer" || return
	[[ $3 == no ]] && return
	stamps=$(field options <<<"$answer" | grep -o '080a[0-9a-f]\{16\}')
	STAMP=${stamps:4:8}
	[[ -n $STAMP ]] || fail "no timestamp: $answer"
}

# The ACK of what syn_send got, with data: the answers.
ack_send()
{
	local options=''

	[[ $3 == no ]] || options=0101080a000003e9$STAMP
	segment "$1" --dport 80 --sport "$2" --seq $((isn + 1)) --flags A --wait-ms 300 \
		--ack $(((SYNACK + 1) % 4294967296)) --options "$options" --payload hello
}

has_socket()
{
	[[ -n $(in_ns server ss -Htn state established "sport = :80 and dport = :$1") ]]
}

# across FAMILY BEFORE AFTER: two handshakes, with timestamps and without, whose SYNs come after
# BEFORE and whose ACKs after AFTER, functions that change what is attached.
across()
{
	local family=$1 port=$((20000 + RANDOM % 10000)) status=0 stamps answers
	local -A synacks

	server_start --port 80 --echo || return
	"$2" || status=1
	for stamps in yes no; do
		syn_send "$family" $((port + ${#stamps})) "$stamps" || status=1
		synacks[$stamps]=$SYNACK
	done
	"$3" || status=1
	for stamps in yes no; do
		SYNACK=${synacks[$stamps]}
		answers=$(ack_send "$family" $((port + ${#stamps})) "$stamps")
		wait_for 2 has_socket $((port + ${#stamps})) ||
			fail "no socket (timestamps $stamps): $answers" || status=1
	done
	detach_synguard >/dev/null 2>&1
	spawn_stop "$SERVER"
	return "$status"
}

attach_again()
{
	detach_plain && attach_always
}

detach_plain()
{
	synguard detach "${TB_IF[server]}"
}

# The hand-off's program leaves the kernel a moment after its link's pin has gone.
detach_wait()
{
	local id

	id=$(bpftool link show pinned "/sys/fs/bpf/synguard/${TB_IF[server]}/link_tc" |
		sed -n 's/.* prog \([0-9]*\).*/\1/p')
	[[ -n $id ]] || fail "no hand-off program" || return
	detach_synguard || return
	wait_for 5 not bpftool prog show id "$id" || fail "program $id is still there"
}

not()
{
	! "$@"
}

# The opposite: what the lingering hand-off is for.  Without it the client gets a reset.
not_across()
{
	local status=0

	server_start --port 80 --echo || return
	attach_always || status=1
	syn_send "$1" 30000 yes || status=1
	detach_wait || status=1
	ack_send "$1" 30000 yes | has '"flags": "R' || fail "no RST after detach --now" || status=1
	! has_socket 30000 || fail "a socket after detach --now" || status=1
	spawn_stop "$SERVER"
	return "$status"
}

lingers()
{
	local status

	attach_always || return
	detach_plain || return
	status=$(synguard status "${TB_IF[server]}") || fail "status: $status" || return
	[[ $status == *'detached; the hand-off stays'* ]] || fail "status: $status" || return
	[[ $(synguard status "${TB_IF[server]}" --json | field handoff) == lingering ]] ||
		fail "status --json does not say lingering" || return
	detach_plain | has 'was detached already' || fail "second detach" || return
	detach_synguard || return
	not synguard status "${TB_IF[server]}"
}

testbed_up || exit 1
for mode in native generic; do
	case_both "attach and detach cut none of $conns live connections ($mode)" live_conns $mode
done
case_ok "no connect fails while native XDP comes and goes $loops_native times" \
	under_handshakes native "$loops_native"
case_ok "no connect fails while generic XDP comes and goes $loops_generic times" \
	under_handshakes generic "$loops_generic"
case_both "a handshake that the kernel began outlives attach" across true attach_always
case_both "a handshake with a cookie outlives detach" across attach_always detach_plain
case_both "a handshake with a cookie outlives detach and attach" across attach_always attach_again
case_both "without the lingering hand-off it does not" not_across
case_ok "status shows that the hand-off lingers; detach --now ends it" lingers
cases_done
