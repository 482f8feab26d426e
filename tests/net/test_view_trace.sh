#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# synguard trace: what it shows of a connection and of what is dropped, in each of its three forms, that
# its filters hold, and that it leaves nothing switched on however it ends.
#
# shellcheck disable=SC2317 # functions that case_ok calls

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"

iface=${TB_IF[server]}
pins=/sys/fs/bpf/synguard/$iface

# trace_start OPTION...: in the background, TRACE is its pid; returns once it sees packets.
trace_start()
{
	: >"$out"
	: >"$err"
	spawn server env LC_ALL=C "$SYNGUARD" trace "$iface" "$@" >"$out" 2>"$err"
	TRACE=$SPAWN_PID
	wait_for 5 grep -q '^synguard: tracing' "$err" || fail "trace $* does not start: $(cat "$err")"
}

trace_stop()
{
	spawn_stop "$TRACE" || fail "SIGTERM: status $?, $(cat "$err")"
}

served()
{
	client "$1" --bind "$(addr "$1" client)" --port 80 --send hello --expect hello
}

# stranger FAMILY [PORT]: an ACK from the ghost address that belongs to nothing.
stranger()
{
	segment "$1" --dport "${2:-80}" --sport 33333 --flags A --ack 12345 --wait-ms 0
}

# shows PATTERN...: the output has each, an extended regular expression.
shows()
{
	local pattern

	for pattern; do
		grep -Eq -- "$pattern" "$out" || fail "no /$pattern/ in: $(cat "$out")" || return
	done
}

# Labels of the arrows, in the order in which they were drawn.
labels()
{
	sed -nE 's/^#[0-9]+ +[0-9.-]+ [<x-]*-* ([A-Z-]+) -*[>x-].*/\1/p' "$out" | tr '\n' ' '
}

runtime_word()
{
	bpftool map dump pinned "$pins/runtime" | sed -n "s/.*\"$1\": \([0-9]*\).*/\1/p"
}

is_off()
{
	(($(runtime_word trace_until) <= $(sed -n 's/^jiffies: //p' /proc/timer_list | head -n 1)))
}

ladder()
{
	local mss=1460 status=0

	[[ $1 == 4 ]] || mss=1440
	trace_start || return
	served "$1" || status=1
	wait_for 5 shows ' TIME_WAIT ' || fail "no TIME_WAIT: $(cat "$out" "$err")" || status=1
	trace_stop || status=1
	shows '^CONN +TIME ms CLIENT +SERVER +SEQ +ACK +WINDOW +LEN +STATE ' \
		"^#1 .*$(addr "$1" client).* > .*$(addr "$1" server).*:80 at [0-9:.]+$" \
		"^#1 +0\.000 -+ SYN -+> +[0-9]+ +[0-9]+ +0 NONE +syn_cookie_sent +mss $mss sack ts ws [0-9]+$" \
		"^#1 +[0-9.]+ <-+ SYN-ACK -+ +[0-9]+ +[0-9]+ +[0-9]+ +0 NONE +synguard +mss $mss sack ts ws [0-9]+$" \
		'^#1 +[0-9.]+ -+ ACK -+> +1 +1 +[0-9]+ +0 [A-Z_]+ +ack_cookie_valid ts$' \
		'^#1 +[0-9.]+ +handoff_ok => +ESTABLISHED kernel$' \
		'^#1 .*-+ FIN-(PSH-)?ACK -+> .* FIN_WAIT ' \
		'^#1 .*<-+ FIN-(PSH-)?ACK -+ .* LAST_ACK +kernel' || status=1
	[[ $(labels) == "SYN SYN-ACK ACK "*FIN*FIN*"ACK " ]] || fail "in the order $(labels)" || status=1
	! shows '\?' 2>/dev/null || fail "a window that is not known" || status=1
	return "$status"
}

drops_say_why()
{
	trace_start || return
	stranger "$1" || return
	wait_for 5 shows ' ACK -+x .* dropped$' 'dropped: ack_cookie_invalid: ACK of no connection' ||
		fail "$(cat "$out")" || return
	trace_stop
}

by_client()
{
	local length=32 status=0

	[[ $1 == 4 ]] || length=128
	trace_start --client "$(addr "$1" ghost)/$length" || return
	served "$1" || status=1
	stranger "$1" || status=1
	wait_for 5 shows 'ack_cookie_invalid' || fail "the ghost is missing" || status=1
	trace_stop || status=1
	[[ $(labels) == "ACK " ]] || fail "more than the ghost: $(cat "$out")" || status=1
	return "$status"
}

by_port()
{
	local status=0 server81

	spawn server "$TB_TOOLS/tcpsrv" --port 81 >"$TB_DIR/server81.out"
	server81=$SPAWN_PID
	wait_for 5 listening 81 || return
	trace_start --port 81 || return
	stranger "$1" 80 || status=1
	stranger "$1" 81 || status=1
	wait_for 5 shows 'ack_cookie_invalid' || fail "port 81 is missing" || status=1
	trace_stop || status=1
	[[ $(labels) == "ACK " ]] && shows ':81 at ' || fail "more than port 81: $(cat "$out")" || status=1
	spawn_stop "$server81"
	return "$status"
}

counts()
{
	trace_start --json --count 3 || return
	served 4 || return
	wait "$TRACE" || fail "status $?" || return
	(($(wc -l <"$out") == 3)) || fail "$(cat "$out")"
}

# The SYN whole, of the others what may change with the kernel is left out.
json_lines()
{
	local peer server status=0

	peer=$(addr "$1" client)
	server=$(addr "$1" server)
	trace_start --json || return
	served "$1" || status=1
	wait_for 5 shows '"state":"TIME_WAIT"' || fail "no TIME_WAIT: $(cat "$out" "$err")" || status=1
	trace_stop || status=1
	! grep -v '^{"time":"20[0-9T:.-]*Z","connection":1,.*"state":"[A-Z_]*"}$' "$out" ||
		fail "these are no such objects" || status=1
	shows "\"point\":\"in\",\"verdict\":\"tx\",\"reason\":\"syn_cookie_sent\",\"client\":\{\"address\":\"$peer\",\"port\":[0-9]+\},\"server\":\{\"address\":\"$server\",\"port\":80\},\"to_server\":true,\"flags\":\[\"SYN\"\],\"seq\":[0-9]+,\"ack\":null,\"seq_relative\":0,\"ack_relative\":null,\"window\":[0-9]+,\"window_scaled\":[0-9]+,\"len\":0,\"options\":\{\"mss\":14[46]0,\"wscale\":[0-9]+,\"sack_permitted\":true,\"tsval\":[0-9]+,\"tsecr\":0\},\"frame_len\":[79]4,\"state\":\"NONE\"\}" \
		'"point":"answer","verdict":null,"reason":"syn_cookie_sent",.*"to_server":false,"flags":\["SYN","ACK"\]' \
		'"point":"in","verdict":"pass","reason":"ack_cookie_valid",.*"seq_relative":1,"ack_relative":1' \
		'"point":"handoff","verdict":"pass","reason":"handoff_ok",.*"state":"ESTABLISHED"' \
		'"point":"out",.*"flags":\["FIN",("PSH",)?"ACK"\]' || status=1
	return "$status"
}

pcap_reads_back()
{
	local file=$TB_DIR/trace.pcapng now status=0

	now=$(date +%s)
	rm -f "$file"
	trace_start --pcap "$file" || return
	served "$1" || status=1
	stranger "$1" || status=1
	sleep 0.3 # nothing tells that the last segment of a teardown was written
	trace_stop || status=1
	[[ $(stat -c %a "$file") == 600 ]] || fail "others may read it" || status=1
	"$TB_TOOLS/pcapngread" <"$file" >"$out" || fail "it breaks the format" || return
	shows "\"block\": \"interface\", \"linktype\": 1, \"snaplen\": 160, \"tsresol\": 9, \"name\": \"$iface\"" \
		'"direction": "in", "comment": "syn_cookie_sent: SYN answered with .*; state NONE"' \
		'"direction": "out", "comment": "sent by synguard: the SYN-ACK with the cookie; state NONE"' \
		'"direction": "in", "comment": "ack_cookie_valid: .*; state [A-Z_]+"' \
		'"direction": "out", "comment": "sent by the kernel; state LAST_ACK"' \
		'"direction": "in", "comment": "ack_cookie_invalid: .*; dropped; state NONE"' \
		'"direction": "in".*68656c6c6f"' '"direction": "out".*68656c6c6f"' || status=1
	[[ $(grep -c '"block": "packet"' "$out") == "$(sed -n 's/^synguard: \([0-9]*\) packets written$/\1/p' "$err")" ]] ||
		fail "not as many as it said: $(cat "$err")" || status=1
	((now - $(field seconds <<<"$(grep -m1 packet "$out")") <= 2)) || fail "the time is wrong" || status=1
	! command -v tshark >/dev/null || tshark -r "$file" >/dev/null 2>&1 || fail "tshark cannot read it" ||
		status=1
	return "$status"
}

# More than is captured: both lengths are told.
pcap_is_cut()
{
	trace_start --pcap - --port 80 || return
	client 4 --port 80 --send "$(printf '%0500d' 7)" || return
	sleep 0.3
	trace_stop || return
	"$TB_TOOLS/pcapngread" <"$out" | grep '"captured": 160, "length": 56[0-9]' ||
		fail "no frame of 566 bytes"
}

one_at_a_time()
{
	local status=0

	trace_start || return
	synguard trace "$iface" --count 1 >"$TB_DIR/second" 2>&1 || status=$?
	((status == 1)) && grep -q 'another synguard trace' "$TB_DIR/second" ||
		fail "the second: status $status, $(cat "$TB_DIR/second")" || return
	stranger 4 || return
	wait_for 5 shows ack_cookie_invalid || fail "the first no longer works" || return
	trace_stop || return
	trace_start || fail "not even when the first has ended" || return
	trace_stop
}

# However it ends: the programs stop reporting, at once or within two seconds.
interrupted()
{
	trace_start || return
	! is_off || fail "it is not on while tracing" || return
	kill -INT "$TRACE"
	wait "$TRACE" || fail "SIGINT: status $?" || return
	is_off || fail "on after SIGINT"
}

killed()
{
	trace_start || return
	kill -KILL "$TRACE"
	wait "$TRACE" 2>/dev/null
	trace_start || fail "a new one cannot start at once" || return
	kill -KILL "$TRACE"
	wait "$TRACE" 2>/dev/null
	wait_for 2 is_off || fail "on three seconds after it was killed"
}

# With nothing to write it notices all the same.
stdout_closed()
{
	timeout 5 nsenter --net="/run/netns/$TB_PREFIX-server" "$SYNGUARD" trace "$iface" 2>"$err" | true
	((PIPESTATUS[0] == 0)) || fail "status ${PIPESTATUS[0]}, $(cat "$err")" || return
	is_off || fail "on"
}

disk_full()
{
	local status=0

	timeout 5 nsenter --net="/run/netns/$TB_PREFIX-server" "$SYNGUARD" trace "$iface" \
		--pcap /dev/full 2>"$err" || status=$?
	((status == 1)) || fail "status $status" || return
	grep -q 'No space left' "$err" || fail "$(cat "$err")"
}

wrong_words()
{
	local words status

	while read -r words; do
		status=0
		# shellcheck disable=SC2086 # options and their values
		synguard trace "$iface" $words >/dev/null 2>"$err" || status=$?
		((status == 2)) && grep -q '^synguard: trace: .*--help)$' "$err" ||
			fail "$words: status $status, $(cat "$err")" || return
	done <<-END
		--port 0
		--port 80,81
		--client 10.0.0.0/33
		--client nowhere
		--count 0
		--json --pcap -
	END
	status=0
	synguard trace nowhere0 2>"$err" || status=$?
	((status == 1)) || fail "status $status" || return
	grep -q 'no such interface' "$err" || fail "$(cat "$err")"
}

# Other tests may have theirs attached at the same time.
without_name()
{
	local pid

	synguard trace --count 1 --json >"$out" 2>"$err" &
	pid=$!
	wait_for 5 grep -Eq "tracing $iface|Attached are .*$iface" "$err" || fail "$(cat "$err")" || return
	if grep -q 'Attached are' "$err"; then
		wait "$pid"
		(($? == 2))
		return
	fi
	stranger 4 || return
	wait "$pid"
}

monitored()
{
	detach_synguard || return
	attach_synguard --mode monitor || return
	trace_start || return
	stranger "$1" || return
	wait_for 5 shows ' ACK -+> ' 'passed in mode monitor, else dropped: ack_cookie_invalid: ' ||
		fail "$(cat "$out")" || return
	trace_stop || return
	detach_synguard
	attach_always
}

detached()
{
	trace_start || return
	detach_synguard || return
	wait "$TRACE" && fail "status 0"
	grep -q "$iface was detached; the trace ends" "$err" || fail "$(cat "$err")" || return
	attach_always
}

testbed_up || exit 1
out=$TB_DIR/trace.out
err=$TB_DIR/trace.err
server_start --port 80 --echo || exit 1
attach_always >/dev/null || exit 1
case_both "a connection from SYN to TIME_WAIT" ladder
case_both "what is dropped, and why" drops_say_why
case_both "only one client" by_client
case_both "only one port" by_port
case_ok "--count ends it" counts
case_both "--json: the documented fields" json_lines
case_both "--pcap: comments, directions, times" pcap_reads_back
case_ok "--pcap: captured and original length" pcap_is_cut
case_ok "one trace at a time" one_at_a_time
case_ok "SIGINT switches it off" interrupted
case_ok "kill -9 switches it off within two seconds" killed
case_ok "a closed stdout ends it" stdout_closed
case_ok "a full disk ends it" disk_full
case_ok "wrong usage" wrong_words
case_ok "without a name, the one attached interface" without_name
case_both "mode monitor" monitored
case_ok "it ends with the attachment" detached
cases_done
