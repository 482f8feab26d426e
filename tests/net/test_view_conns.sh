#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# synguard conns against real connections: who is listed, as what, under which filters, in which
# order, and as which JSON.
#
# shellcheck disable=SC2086,SC2317 # ports are numbers; the functions are called by case_ok

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"

iface=${TB_IF[server]}
pins=/sys/fs/bpf/synguard/$iface
echo_port=80
closes_first=81 # so that TIME_WAIT is the server's
no_listener=7777 # protected, for connections that the server opens
held=5

conns()
{
	synguard conns "$iface" "$@"
}

# hold FAMILY ARG...: connections that stay open; HOLD is their client's pid.
hold()
{
	local family=$1
	shift
	: >"$TB_DIR/hold"
	spawn client "$TB_TOOLS/tcpcli" --dst "$(addr "$family" server)" --port $echo_port \
		--hold 60 "$@" >"$TB_DIR/hold"
	HOLD=$SPAWN_PID
	wait_for 5 grep -q ready "$TB_DIR/hold" || fail "no connection: $(<"$TB_DIR/hold")"
}

# counted_is N ARG...: conns --count ARG... prints N?  (for wait_for)
counted_is()
{
	local want=$1
	shift
	[[ $(conns --count "$@") == "$want" ]]
}

# is JSON FILTER: does jq's FILTER hold for it?
is()
{
	jq -e "$2" >"$TB_DIR/jq" 2>&1 <<<"$1" || fail "not so: $2; in $1"
}

# one FAMILY: a connection opened by a cookie, in each of its fields.
one()
{
	local sport=2000$1 json status=0 slot

	hold "$1" --sport "$sport" --bind "$(addr "$1" client)" || return
	json=$(conns --json --state established --client "$(addr "$1" client)")
	is "$json" 'length == 1' || status=1
	json=$(jq '.[0]' <<<"$json")
	is "$json" ".interface == \"$iface\" and .state == \"ESTABLISHED\" and .kind == \"cookie\" and
		.socket == \"open\" and .opened_here == false and .half_open == false" || status=1
	is "$json" ".client.address == \"$(addr "$1" client)\" and .client.port == $sport and
		.server.address == \"$(addr "$1" server)\" and .server.port == $echo_port" || status=1
	is "$json" '.age_s < 60 and .idle_s < 60 and .expires_s == null and .rtt_ms < 1000' ||
		status=1
	is "$json" '.client.packets >= 1 and .client.bytes >= 52 and .client.mss >= 1220 and
		.client.wscale != null and .server.wscale != null and
		.client.sack and .server.sack and .client.timestamps and .server.timestamps' ||
		status=1
	slot=$(jq .slot <<<"$json")
	bpftool -j map lookup pinned "$pins/conns" key "$(printf '0x%02x' $((slot & 255)))" \
		"$(printf '0x%02x' $((slot >> 8 & 255)))" "$(printf '0x%02x' $((slot >> 16 & 255)))" \
		"$(printf '0x%02x' $((slot >> 24 & 255)))" >"$TB_DIR/slot"
	is "$(<"$TB_DIR/slot")" "(.formatted // .).value.key.remote_port == $sport" || status=1
	spawn_stop "$HOLD"
	return "$status"
}

# opened_here FAMILY: the client is this host, and --client and --port go by the ends, not the sides.
opened_here()
{
	local json status=0 srv cli

	: >"$TB_DIR/hold"
	spawn client "$TB_TOOLS/tcpsrv" --port 9000 --echo >"$TB_DIR/srv"
	srv=$SPAWN_PID
	wait_for 5 grep -q ready "$TB_DIR/srv" || fail "no server" || return
	spawn server "$TB_TOOLS/tcpcli" --dst "$(addr "$1" client)" --port 9000 \
		--sport $no_listener --hold 60 >"$TB_DIR/hold"
	cli=$SPAWN_PID
	wait_for 5 grep -q ready "$TB_DIR/hold" || fail "no connection" || status=1
	json=$(conns --json --port $no_listener --client "$(addr "$1" client)" --state established)
	is "$json" 'length == 1' || status=1
	is "$json" ".[0] | .opened_here and .kind == \"kernel\" and .socket == \"open\" and
		.client.address == \"$(addr "$1" server)\" and .client.port == $no_listener and
		.server.address == \"$(addr "$1" client)\" and .server.port == 9000" || status=1
	conns --port $no_listener | grep -Eq '^ESTABLISHED +out +kernel' || fail "no out" || status=1
	spawn_stop "$cli"
	spawn_stop "$srv"
	return "$status"
}

# The traffic of one connection: what was sent is counted, in both directions.
traffic()
{
	local status=0 first

	hold 4 --sport 20010 --ping-interval-ms 50 || return
	first=$(conns --json --client "${TB_IP4[client]}" --state established |
		jq '.[] | select(.client.port == 20010) | .client.packets')
	more_packets()
	{
		conns --json --state established |
			jq -e ".[] | select(.client.port == 20010) |
				.client.packets >= $first + 10 and .server.packets >= 10 and
				.client.bytes >= 40 * .client.packets" >/dev/null
	}
	wait_for 10 more_packets || fail "$(conns --json)" || status=1
	spawn_stop "$HOLD"
	return "$status"
}

time_wait()
{
	client "$1" --port $closes_first --bind "$(addr "$1" client)" --send ping --expect ping \
		--until-close || return
	wait_for 5 counted_is 1 --port $closes_first --client "$(addr "$1" client)" \
		--state time-wait || fail "$(conns)" || return
	is "$(conns --json --port $closes_first --client "$(addr "$1" client)")" \
		'.[0] | .socket == "time-wait" and .expires_s > 5 and .expires_s <= 130'
}

# A SYN that only the kernel may answer (its MSS is too small), and no ACK: a handshake half done.
half_open()
{
	local json

	segment "$1" --dport $echo_port --sport 33333 --flags S --seq 1 --options 02040064 \
		--wait-ms 200 >/dev/null
	json=$(conns --json --state half-open --client "$(addr "$1" ghost)")
	is "$json" "length == 1 and (.[0] | .half_open and .slot == null and
		.state == \"SYN_RECV\" and .client.port == 33333 and .expires_s <= 65)" || return
	conns --client "$(addr "$1" ghost)" | tail -n 1 | has '1 half-open$' ||
		fail "not in the sum: $(conns)"
}

filters()
{
	local status=0 other4 other6

	other4=${TB_CLIENTS4%%,*} other6=${TB_CLIENTS6%%,*}
	hold 4 --count $held --bind "$other4" || return
	counted_is $held --client "$other4" || fail "--client $other4" || status=1
	counted_is $held --client "${other4%.*}.0/24" --state established || fail "/24" || status=1
	counted_is 0 --client "$other6" || fail "$other6" || status=1
	counted_is 0 --client "$other4" --port $closes_first || fail "other port" || status=1
	counted_is $held --client "$other4" --port $echo_port || fail "--port" || status=1
	counted_is 0 --client "$other4" --state TIME_WAIT,half-open || fail "states" || status=1
	counted_is $held --client "$other4" --state TIME_WAIT,Established || fail "two" || status=1
	is "$(conns --count --json --client "$other4")" ".connections == $held and .half_open == 0 and
		.states.ESTABLISHED == $held and .states.TIME_WAIT == 0" || status=1
	table_shape "$other4" || status=1
	limits "$other4" || status=1
	spawn_stop "$HOLD"
	return "$status"
}

# table_shape CLIENT: a header, one word a column, and the sum.
table_shape()
{
	local text

	text=$(conns --client "$1")
	[[ $(head -n 1 <<<"$text") =~ ^STATE\ +DIR\ +BY\ +SOCKET\ +CLIENT\ -\>\ SERVER\  ]] ||
		fail "header: $text" || return
	[[ $(tail -n 1 <<<"$text") == "$held connections: $held ESTABLISHED" ]] ||
		fail "sum: $text" || return
	[[ $(head -n -1 <<<"$text" | awk '{ print NF, length($0) - length($NF) }' | sort -u |
		wc -l) == 1 ]] || fail "columns: $text" || return
	[[ $text != *$'\033'* ]] || fail "escapes in a pipe"
}

# limits CLIENT: --limit cuts the list and not the sum, --sort puts it in order.
limits()
{
	local text

	text=$(conns --client "$1" --limit 2)
	[[ $(wc -l <<<"$text") == 4 && $text == *" $held ESTABLISHED (2 shown)" ]] ||
		fail "$text" || return
	is "$(conns --json --client "$1" --limit 3)" 'length == 3' || return
	is "$(conns --json --client "$1" --sort client)" \
		"length == $held and ([.[].client.port] | . == sort)" || return
	is "$(conns --json --sort bytes)" \
		'[.[] | .client.bytes + .server.bytes] | . == (sort | reverse)' || return
	is "$(conns --json --sort idle)" '[.[].idle_s] | . == (sort | reverse)'
}

fields()
{
	local status=0 want

	hold 6 || return
	want=interface,slot,half_open,state,kind,socket,opened_here,age_s,idle_s,expires_s,rtt_ms
	want+=,client,server
	is "$(conns --json)" "all(.[]; keys_unsorted | join(\",\") == \"$want\")" || status=1
	want=address,port,packets,bytes,mss,wscale,sack,timestamps,ecn
	is "$(conns --json)" "all(.[] | .client, .server; keys_unsorted | join(\",\") == \"$want\")" ||
		status=1
	is "$(conns --json --client 203.0.113.1)" '. == []' || status=1
	is "$(synguard conns --json)" "length > 0 and all(.[]; .interface)" || status=1
	spawn_stop "$HOLD"
	return "$status"
}

# refused STATUS TEXT ARG...: ends so, and says that.
refused()
{
	local want=$1 text=$2 status=0 said
	shift 2
	said=$(synguard conns "$@" 2>&1 >/dev/null) || status=$?
	[[ $status == "$want" && $said == *"$text"* ]] || fail "$*: status $status, '$said'"
}

refusals()
{
	refused 2 "'foo' is no state; there are syn_sent," "$iface" --state established,foo &&
		refused 2 "is no state" "$iface" --state "" &&
		refused 2 "'10.0.0' is no address" "$iface" --client 10.0.0 &&
		refused 2 "0 to 32 for IPv4" "$iface" --client 10.0.0.0/33 &&
		refused 2 "'0' is no port (1 to 65535)" "$iface" --port 0 &&
		refused 2 "'80,81' is no port" "$iface" --port 80,81 &&
		refused 2 "'size' is no field" "$iface" --sort size &&
		refused 2 "'0' is no number of connections" "$iface" --limit 0 &&
		refused 2 "is no number of seconds" "$iface" --watch=often &&
		refused 2 "--count takes no value" "$iface" --count=5 &&
		refused 1 "there is no such interface" nowhere0
}

watch_ends()
{
	local status=0

	spawn server "$SYNGUARD" conns "$iface" --json --watch=0.1 >"$TB_DIR/watch"
	wait_for 5 grep -q '^{"interface".*}$' "$TB_DIR/watch" || fail "no line" || return
	kill -INT "$SPAWN_PID"
	spawn_stop "$SPAWN_PID" || status=$?
	((status == 0)) || fail "SIGINT: status $status" || return
	is "$(<"$TB_DIR/watch")" ".interface == \"$iface\" and (.connections | type == \"array\")" ||
		return
	spawn server "$SYNGUARD" conns "$iface" --watch=0.1 >"$TB_DIR/watch"
	wait_for 5 grep -q connection "$TB_DIR/watch" || fail "no table" || return
	synguard detach "$iface" --now
	wait "$SPAWN_PID" && status=1
	((status == 0)) || fail "the watch does not end with the attachment" || return
	refused 1 "it is not attached" "$iface"
}

testbed_up || exit 1
server_start --port $echo_port --echo || exit 1
spawn server "$TB_TOOLS/tcpsrv" --port $closes_first --echo --close-first >"$TB_DIR/closes"
wait_for 5 grep -q ready "$TB_DIR/closes" || exit 1
attach_always --port $echo_port,$closes_first,$no_listener >/dev/null || exit 1
case_both "a connection by cookie, in each field and in its slot" one
case_both "a connection that this host opens" opened_here
case_ok "packets and bytes are counted in both directions" traffic
case_both "TIME_WAIT, and the time left" time_wait
case_both "a half-open handshake" half_open
case_ok "filters, order, limit and the table's shape" filters
case_ok "--json: the documented fields" fields
case_ok "what is wrong is refused, with what is right" refusals
case_ok "--watch ends on SIGINT, and with the attachment" watch_ends
cases_done
