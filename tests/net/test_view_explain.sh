#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# synguard explain on an interface that is attached: what it says of a packet is what then happens to
# one, and asking changes nothing.
#
# shellcheck disable=SC2317 # functions that case_ok calls

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"

iface=${TB_IF[server]}
PORTS=80,81,90
sport=20000

# at FAMILY ROLE PORT
at()
{
	if (($1 == 6)); then
		echo "[$(addr 6 "$2")]:$3"
	else
		echo "$(addr 4 "$2"):$3"
	fi
}

# explain FAMILY SPORT DPORT [OPTION...]: as JSON, from the ghost unless FROM says otherwise.
explain()
{
	local family=$1 from=$2 to=$3
	shift 3
	synguard explain "$iface" "$(at "$family" "${FROM:-ghost}" "$from")" \
		"$(at "$family" server "$to")" --json "$@" >"$TB_DIR/explain" ||
		fail "status $? of: explain $family $from $to $*"
}

# said KEY=VALUE...: in what explain said last.
said()
{
	local pair value

	for pair; do
		value=$(field "${pair%%=*}" <"$TB_DIR/explain" | head -n 1)
		[[ $value == "${pair#*=}" ]] ||
			fail "${pair%%=*} is '$value', not '${pair#*=}': $(cat "$TB_DIR/explain")" || return
	done
}

# All counts, and what is in the table.
state()
{
	synguard stats "$iface" --json
	synguard status "$iface" --json | grep -E 'conns_|table_'
}

# The SYN-ACK that is foretold is the one that comes.
syn_answered()
{
	local real key

	: $((sport += 1))
	explain "$1" "$sport" 80 || return
	said verdict=TX reason=syn_cookie_sent port_protected=true connection=null half_open=null \
		table_complete=true kernel_has=null tcp_syncookies=true mptcp=false sack=true || return
	real=$(segment "$1" --dport 80 --sport "$sport" --flags S --count 1 \
		--options "0204$(printf %04x $(($1 == 6 ? 1440 : 1460)))0402080a00000001000000000103""0307")
	key=$(field options <<<"$real")
	said wscale=$((16#${key: -2})) || return
	for key in mss window ttl; do
		[[ -n $(field "$key" <<<"$real") ]] || fail "no $key in $real" || return
		said "$key=$(field "$key" <<<"$real")" || return
	done
}

syn_closed()
{
	explain "$1" 4000 81 || return
	said verdict=PASS reason=not_protected port_protected=true listener=null || return
	grep -q '"advice": "nothing listens on port 81 .*ss -ltn' "$TB_DIR/explain" || fail "no advice"
}

syn_unprotected()
{
	explain "$1" 4000 82 || return
	said verdict=PASS reason=not_protected port_protected=false || return
	grep -q '"advice": "no service has port 82 .*synguard service add' "$TB_DIR/explain" || fail "no advice"
}

syn_mptcp()
{
	explain "$1" 4000 90 || return
	said verdict=PASS reason=syn_mptcp mptcp=true
}

# A handshake that the kernel does itself; nobody sends its ACK.
half_open()
{
	local family=$1

	: $((sport += 1))
	segment "$family" --dport 90 --sport "$sport" --flags S --count 1 >/dev/null || return
	explain "$family" "$sport" 90 --flags ACK || return
	said verdict=PASS reason=conn_packet numbers=half-open state=SYN_RECV connection=null
}

strangers()
{
	explain "$1" 4000 80 --flags ACK || return
	said verdict=DROP reason=ack_cookie_invalid numbers=random connection=null || return
	explain "$1" 4000 80 --flags rst || return
	said verdict=DROP reason=rst_unknown || return
	explain "$1" 4000 80 --flags "SYN|FIN" || return
	said verdict=DROP reason=tcp_bad_flags || return
	explain "$1" 4000 80 --flags "SYN,ACK" || return
	said verdict=DROP reason=synack_unknown || return
	explain "$1" 4000 80 --flags "PSH|ACK" || return
	said verdict=DROP reason=data_unknown || return
	explain "$1" 4000 80 --flags FIN || return
	said verdict=DROP reason=fin_unknown
}

connected()
{
	synguard explain "$iface" "$(at "$1" client "$2")" "$(at "$1" server 80)" --flags ACK --json |
		grep -q '"socket": "open"'
}

# Nothing that is asked about it harms it: it still echoes afterwards.
on_connection()
{
	local family=$1 flags FROM=client status=0 pid

	: $((sport += 1))
	spawn client "$TB_TOOLS/tcpcli" --dst "$(addr "$family" server)" --port 80 --sport "$sport" \
		--bind "$(addr "$family" client)" --send hello --expect hello --hold 60 \
		--ping-interval-ms 100 >"$TB_DIR/client.$family"
	pid=$SPAWN_PID
	wait_for 5 connected "$family" "$sport" || fail "no connection" || status=1
	for flags in ACK FIN RST "PSH|ACK" "RST|ACK"; do
		explain "$family" "$sport" 80 --flags "$flags" || status=1
		# The numbers are those of a moment ago, and the connection is in use.
		said verdict=PASS numbers=connection state=ESTABLISHED kind=cookie expires_s=null ||
			status=1
	done
	wait_for 5 syn_exists "$family" "$sport" || fail "a SYN: $(cat "$TB_DIR/explain")" || status=1
	spawn_stop "$pid"
	((status)) || grep -q ready "$TB_DIR/client.$family" || fail "the client says nothing"
	return "$status"
}

# At most four SYNs a second reach a connection, so not at once after the hand-off.
syn_exists()
{
	FROM=client explain "$1" "$2" 80 --flags SYN && said verdict=PASS reason=syn_conn_exists
}

# Its RST passes under the same reason as is foretold of it.
idle_connection()
{
	local family=$1 flags FROM=client status=0 pid

	: $((sport += 1))
	spawn client "$TB_TOOLS/tcpcli" --dst "$(addr "$family" server)" --port 80 --sport "$sport" \
		--bind "$(addr "$family" client)" --send hello --expect hello --hold 60 >/dev/null
	pid=$SPAWN_PID
	wait_for 5 connected "$family" "$sport" || fail "no connection" || status=1
	wait_for 5 quiet || fail "it is not quiet" || status=1
	for flags in ACK FIN RST; do
		explain "$family" "$sport" 80 --flags "$flags" || status=1
		said verdict=PASS reason=conn_packet || status=1
	done
	spawn_stop "$pid"
	return "$status"
}

quiet()
{
	local before

	before=$(state)
	sleep 0.2
	[[ $(state) == "$before" ]]
}

nothing_changes()
{
	local before after family flags

	wait_for 10 quiet || fail "it is not quiet" || return
	before=$(state)
	for family in 4 6; do
		for flags in SYN ACK RST FIN "PSH|ACK" "SYN|ACK"; do
			explain "$family" 4001 80 --flags "$flags" || return
			explain "$family" 4001 90 --flags "$flags" || return
		done
	done
	after=$(state)
	[[ $after == "$before" ]] || fail "$(diff <(echo "$before") <(echo "$after"))" || return
	explain 4 4001 90 --flags ACK || return
	said half_open=null connection=null
}

text()
{
	local said line

	said=$(synguard explain "$iface" "$(at "$1" ghost 4000)" "$(at "$1" server 80)") || return
	for line in "^$iface: SYN from .* (nothing was sent)" "verdict  *answered by the driver" \
		"reason  *syn_cookie_sent: SYN answered" "service  *port 80: always" "listener  *yes, at" \
		"attack  *none now" "queues  *accept queue has room" "connection  *none" "half-open  *none" "table  *complete" \
		"kernel  *not asked" "tcp_syncookies  *on" "socket options  *MPTCP no" \
		"SYN-ACK  *MSS 14[46]0, SACK, timestamps, window scale"; do
		grep -q "$line" <<<"$said" || fail "no '$line' in: $said" || return
	done
}

no_cookies()
{
	in_ns server sysctl -qw net.ipv4.tcp_syncookies=0
	explain "$1" 4000 80
	in_ns server sysctl -qw net.ipv4.tcp_syncookies=1
	said verdict=PASS reason=syn_passed tcp_syncookies=false \
		advice="sysctl -w net.ipv4.tcp_syncookies=1"
}

from_elsewhere()
{
	"$SYNGUARD" explain "$iface" "$(at "$1" ghost 4000)" "$(at "$1" server 80)" --json \
		>"$TB_DIR/explain" || fail "status $?" || return
	said verdict=TX reason=syn_cookie_sent
}

# Tests beside this one attach interfaces, too; then it has to name them.
without_iface()
{
	if synguard explain "$(at 4 ghost 4000)" "$(at 4 server 80)" >"$TB_DIR/out" 2>&1; then
		grep -q "^$iface: SYN from" "$TB_DIR/out" || fail "$(cat "$TB_DIR/out")"
	else
		grep -q "which interface? Attached are .*$iface" "$TB_DIR/out" || fail "$(cat "$TB_DIR/out")"
	fi
}

# wrong STATUS PATTERN ARG...
wrong()
{
	local expected=$1 pattern=$2 status=0
	shift 2

	synguard explain "$@" >"$TB_DIR/out" 2>&1 || status=$?
	((status == expected)) || fail "status $status of: explain $*: $(cat "$TB_DIR/out")" || return
	grep -q "$pattern" "$TB_DIR/out" || fail "explain $*: $(cat "$TB_DIR/out")"
}

errors()
{
	local client server endpoint

	client=$(at 4 ghost 4000)
	server=$(at 4 server 80)
	wrong 2 'CLIENT:PORT is missing' || return
	wrong 2 'CLIENT:PORT is missing' "$iface" || return
	wrong 2 'SERVER:PORT is missing' "$iface" "$client" || return
	wrong 2 "unexpected word 'x'" "$iface" "$client" "$server" x || return
	for endpoint in 10.83.0.1 10.83.0.1: 10.83.0.1:0 10.83.0.1:65536 10.83.0.1:8x 10.83.0:80 \
		fd83::1:80 '[fd83::1]' '[fd83::1]80' '[fd83::1:80' '[]:80' '[10.83.0.1]:80' \
		'[::ffff:10.83.0.1]:80' :80 eth0; do
		wrong 2 'is no address with a port' "$iface" "$client" "$endpoint" || return
	done
	wrong 2 'one address is IPv4' "$iface" "$client" "$(at 6 server 80)" || return
	for endpoint in '' SYM 'SYN|' 'SYN ACK' 0x2; do
		wrong 2 'is not one or more of SYN' "$iface" "$client" "$server" "--flags=$endpoint" || return
	done
	wrong 1 'there is no such interface' nosuch0 "$client" "$server" || return
	wrong 1 'it is not attached' lo "$client" "$server" || return
	in_ns server setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$SYNGUARD" explain "$iface" "$client" "$server" >"$TB_DIR/out" 2>&1 &&
		fail "nobody may ask" && return 1
	grep -q 'run as root' "$TB_DIR/out" || fail "$(cat "$TB_DIR/out")"
}

monitor()
{
	explain "$1" 4000 80 || return
	said mode=monitor verdict=PASS reason=syn_passed enforced=true || return
	explain "$1" 4000 80 --flags ACK || return
	said mode=monitor verdict=PASS reason=ack_cookie_invalid reason_verdict=DROP enforced=false ||
		return
	synguard explain "$iface" "$(at "$1" ghost 4000)" "$(at "$1" server 80)" --flags ACK |
		grep -q 'but for monitor  *it would be dropped' || fail "the text"
}

lingering()
{
	synguard detach "$iface" >/dev/null || return
	wrong 1 'it is not protected now' "$iface" "$(at 4 ghost 4000)" "$(at 4 server 80)"
}

testbed_up || exit 1
server_start --port 80 --echo || exit 1
spawn server "$TB_TOOLS/tcpsrv" --port 90 --mptcp >/dev/null
wait_for 5 listening 90 || exit 1
attach_always --port "$PORTS" >/dev/null || exit 1
case_both "a SYN is answered, with the SYN-ACK that then comes" syn_answered
case_both "a SYN to a port where nobody listens" syn_closed
case_both "a SYN to a port that is not protected" syn_unprotected
case_both "a SYN to an MPTCP listener" syn_mptcp
case_both "an ACK, a RST, a SYN-ACK, impossible flags of a stranger" strangers
case_both "the next packets of a connection, and a SYN on it" on_connection
case_both "a connection that is idle: the very reasons" idle_connection
case_ok "asking changes nothing" nothing_changes
case_both "a half-open handshake of the kernel's" half_open
case_both "the text has the facts" text
case_both "tcp_syncookies is 0" no_cookies
case_both "from another network namespace" from_elsewhere
case_ok "without IFACE" without_iface
case_ok "errors" errors
detach_synguard >/dev/null
attach_synguard --port "$PORTS" --mode monitor >/dev/null || exit 1
case_both "mode monitor: what would be done" monitor
case_ok "detached, with its hand-off waiting" lingering
detach_synguard >/dev/null
cases_done
