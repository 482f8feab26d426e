#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Listeners of every kind, and ports without one: who cannot take a cookie's socket is left to the
# kernel, who comes or goes after the attachment is followed, and the rest is as without synguard.
# shellcheck disable=SC2086,SC2317 # ports are numbers; the functions are called by case_ok

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"

PORT=7000
SPORT=20000

# with_server FUNCTION FAMILY SERVER_ARGUMENTS ARG...: run FUNCTION FAMILY ARG... while it listens.
with_server()
{
	local function=$1 family=$2 arguments=$3 status=0
	shift 3

	server_start --port $PORT $arguments || return
	"$function" "$family" "$@" || status=$?
	server_stop
	return $status
}

# echoes FAMILY REASON ARG...: ten connections with echo, whose SYNs end in REASON.
echoes()
{
	local family=$1 reason=$2 before
	shift 2

	before=$(counter "$reason")
	client "$family" --port $PORT --count 10 --send ping --expect ping --timeout-ms 900 "$@" || return
	counted "$reason" "$before" 10 || fail "$(($(counter "$reason") - before)) SYNs were $reason"
}

# listener_case FAMILY SERVER_ARGUMENTS REASON CLIENT_ARGUMENT...
listener_case()
{
	with_server echoes "$1" "--echo $2" "${@:3}"
}

# Keys belong to one family's addresses, so the listener is at this one.
signed()
{
	listener_case "$1" "--md5 secret --addr $(addr "$1" server)" syn_md5_ao --md5 secret
}

small_mss()
{
	local to status=0

	to=$(addr "$1" server)
	in_ns client ip route replace "$to" dev "${TB_IF[client]}" advmss 500 || return
	listener_case "$1" "" syn_mss_small || status=$?
	in_ns client ip route del "$to" dev "${TB_IF[client]}" advmss 500
	return $status
}

closed_port()
{
	local answer

	: $((SPORT += 1))
	answer=$(segment "$1" --dport $2 --sport $SPORT --count 1 --wait-ms 1000)
	[[ $(field flags <<<"$answer") == RA ]] || fail "answered by '$answer'"
}

# The listener appears after the attachment, and goes: cookies at once, then RSTs.
follows()
{
	with_server echoes "$1" --echo syn_cookie_sent || return
	wait_for 2 closed_port "$1" $PORT || closed_port "$1" $PORT || return
	with_server echoes "$1" --echo syn_cookie_sent
}

# The handshake begins with one listener; when its ACK comes there is none, or another.
closed_in_between()
{
	local isn answer

	: $((SPORT += 1))
	server_start --port $PORT --echo || return
	isn=$(segment "$1" --dport $PORT --sport $SPORT --options 020405b4 --count 1 --wait-ms 1000 |
		field seq)
	server_stop
	[[ $isn ]] || fail "no SYN-ACK" || return
	[[ $2 == closed ]] || server_start --port $PORT --echo || return
	answer=$(segment "$1" --dport $PORT --sport $SPORT --flags A --seq 1001 \
		--ack $(((isn + 1) % 4294967296)) --count 1 --wait-ms 300)
	if [[ $2 == closed ]]; then
		[[ $(field flags <<<"$answer") == R ]] || fail "answered by '$answer'"
		return
	fi
	server_stop >"$TB_DIR/report" # (not into a pipe: a subshell cannot wait for it)
	grep -q '"accepted": 1' "$TB_DIR/report" || fail "not accepted, answer '$answer'"
}

# 20 clients with requests for a queue of one: they wait, none is refused.
full_queue()
{
	server_start --port $PORT --echo --backlog 1 || return
	kill -STOP "$SERVER"
	in_ns client "$TB_TOOLS/connrate" --dst "$(addr "$1" server)" --port $PORT --seconds 1 \
		--rate 20 --timeout-ms 1500 >"$TB_DIR/full"
	kill -CONT "$SERVER"
	grep -q '"refused": 0, "reset": 0,' "$TB_DIR/full" || { cat "$TB_DIR/full"; return 1; }
	client "$1" --port $PORT --send ping --expect ping --timeout-ms 5000 || return
	server_stop
}

# A client that comes while the queue is full, and is served when it is not.
queue_resumes()
{
	local pid

	server_start --port $PORT --echo --backlog 1 || return
	kill -STOP "$SERVER"
	: >"$TB_DIR/resumes"
	spawn client "$TB_TOOLS/tcpcli" --dst "$(addr "$1" server)" --port $PORT --count 6 --hold 6 \
		--send ping --expect ping --timeout-ms 8000 >"$TB_DIR/resumes"
	pid=$SPAWN_PID
	wait_for 2 queue_has_some || fail "nobody came" || return
	kill -CONT "$SERVER"
	wait "$pid" || { cat "$TB_DIR/resumes"; return 1; }
	server_stop
}

queue_has_some()
{
	(($(in_ns server ss -Hltn "sport = :$PORT" | awk '{ print $2 }') > 0))
}

# TCP Fast Open: synguard answers without it, and the client repeats its data.
fast_open_option()
{
	local answer before

	: $((SPORT += 1))
	before=$(counter syn_cookie_sent)
	answer=$(segment "$1" --dport 80 --sport $SPORT --options 020405b422020101 --payload hello \
		--count 1 --wait-ms 1000)
	[[ $(field flags <<<"$answer") == SA && $(field ack <<<"$answer") == 1001 ]] ||
		fail "answered by '$answer'" || return
	[[ $(field options <<<"$answer") == 020405* && $(field options <<<"$answer") != *22* ]] ||
		fail "answered by '$answer'" || return
	counted syn_cookie_sent "$before" || fail "not by synguard"
}

# With a cookie of the kernel's from before the attachment, so that the SYNs carry data.
real_fast_open()
{
	local n

	for n in 1 2 3; do
		in_ns client curl --tcp-fastopen -sSf --max-time 3 "$(url "$1")" >"$TB_DIR/page" || return
		cmp "$TB_DIR/page" "$TB_DIR/www/index.html" || fail "request $n" || return
	done
}

url()
{
	[[ $1 == 4 ]] && echo "http://${TB_IP4[server]}/" || echo "http://[${TB_IP6[server]}]/"
}

syns_had_data()
{
	(($(in_ns client nstat -asz TcpExtTCPFastOpenActive TcpExtTCPFastOpenActiveFail |
		awk '/FastOpen/ { n += $2 } END { print n }') > 0))
}

# With --port LIST, a port outside it is the kernel's alone.
not_protected()
{
	with_server echoes "$1" --echo not_protected || return
	closed_port "$1" 7999
}

testbed_up || exit 1
in_ns server sysctl -qw net.ipv4.tcp_fastopen=1027 # for every listener
in_ns client sysctl -qw net.ipv4.tcp_fastopen=1 net.ipv6.route.min_adv_mss=1
start_nginx "" || exit 1
case_both "TCP Fast Open works without synguard" real_fast_open
case_ok "attach" attach_always
case_both "a listener that comes and goes is followed" follows
case_both "a closed port gets the kernel's RST" closed_port 7999
case_both "the listener closes in mid-handshake: RST" closed_in_between closed
case_both "the listener closes and comes back in mid-handshake" closed_in_between reopened
case_both "an MPTCP listener is left to the kernel" listener_case --mptcp syn_mptcp
case_both "a listener with MD5 keys is left to the kernel" signed
case_both "a small MSS is left to the kernel" small_mss
case_both "a group of SO_REUSEPORT listeners" listener_case "--reuseport 4" syn_cookie_sent
case_both "a listener with TCP_MAXSEG" listener_case "--maxseg 1300" syn_cookie_sent
case_both "a listener whose TCP_MAXSEG no hand-off takes" listener_case "--maxseg 500" syn_mss_small
case_both "a listener with a tiny SO_RCVBUF" listener_case "--rcvbuf 1" syn_cookie_sent
case_ok "an IPv4 listener" listener_case 4 "--addr ${TB_IP4[server]}" syn_cookie_sent
case_both "a SYN with Fast Open is answered without" fast_open_option
case_both "a client with Fast Open" real_fast_open
case_ok "its SYNs did have data" syns_had_data
case_both "an accept queue that is full: nobody is refused" full_queue
case_both "an accept queue that was full: all are served" queue_resumes
case_ok "detach" detach_synguard
case_ok "attach for one port" attach_always --port 80
case_both "another port is as without synguard" not_protected
cases_done
