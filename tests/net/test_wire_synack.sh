#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The SYN-ACK is the kernel's own in every field but sequence number and TSval, whatever the SYN offers,
# however the listener was set up, and whatever the host's settings are.
# shellcheck disable=SC2317 # the functions are called by case_ok

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"

SPORT=20000

# NAME|OPTIONS|ARGUMENT OF rawtcp...
SYNS=(
	"Linux|020405b40402080a000003e80000000001030307|"
	"Windows|020405b40103030801010402|"
	"no options|00|"
	"Linux, ECN|020405b40402080a000003e80000000001030307|--flags SEC --tos 0"
)
MORE_SYNS=(
	"MSS only|020405b4|"
	"SACK only|04020101|"
	"window scale only|01030307|"
	"timestamps only|0101080a000003e800000000|"
	"TSval 0|020405b40101080a0000000000000000|"
	"TSecr set|020405b40101080a0000000100000001|"
	"MSS 0|02040000|"
	"MSS 500|020401f4|"
	"MSS 1000|020403e8|"
	"MSS 9000|02042328|"
	"MSS 65535|0204ffff|"
	"MSS twice|020405b4020403e8|"
	"MSS of length 3|0203050404020101|"
	"window scale 0|020405b401030300|"
	"window scale 15|020405b40103030f|"
	"window scale 255|020405b4010303ff|"
	"window scale twice|020405b40103030201030305|"
	"window scale of length 4|020405b403040700|"
	"option of length 0|020405b40800010104020101|"
	"option of length 1|020405b40801010104020101|"
	"option beyond the end|020405b40402010113120101|"
	"end of options, then more|020405b40000000004020101|"
	"only no-ops|01010101010101010101|"
	"no-ops first|01010101020405b401030307|"
	"unknown options|fd040000020405b4fe06000000000402|"
	"Linux, other order|01030307080a000003e8000000000402020405b4|"
	"ECN, but a codepoint in the IP header|020405b4|--flags SEC --tos 2"
	"ECE without CWR|020405b4|--flags SE"
	"CWR without ECE|020405b4|--flags SC"
	"PSH|020405b4|--flags SP"
	"URG|020405b4|--flags SU"
	"DSCP|020405b4|--tos 184"
	"data|020405b4|--payload hello"
	"MPTCP|020405b41e040181|"
	"window 0|020405b40103030e|--window 0"
	"TTL 1|020405b4|--ttl 1"
	"sequence number at its end|020405b4|--seq 4294967295"
)

# NAME|PORT|ARGUMENT OF tcpsrv...
LISTENERS=(
	"default|7000|"
	"TCP_MAXSEG 1000|7001|--maxseg 1000"
	"SO_RCVBUF 20000|7002|--rcvbuf 20000"
)
MORE_LISTENERS=(
	"SO_RCVBUF 1|7003|--rcvbuf 1"
	"SO_RCVBUF 200000|7004|--rcvbuf 200000"
	"TTL 33|7005|--ttl 33"
	"SO_REUSEPORT|7006|--reuseport 4"
)

# Answers without what no two handshakes share; without DF, the IP ID is random.
normalise()
{
	sed -E 's/"seq": [0-9]+/"seq": X/; s/(080a)[0-9a-f]{8}/\1XXXXXXXX/
		/"df": false/s/"ip_id": [0-9]+/"ip_id": X/'
}

# Answers without their MSS, which stands first.
mss_omit()
{
	sed -E 's/"mss": [0-9]+, "options": "0204..../"mss": 0, "options": "/'
}

# probe FAMILY PORT SYN: a line with the answer.  To a SYN without an MSS, or with 0, the kernel says one,
# synguard does not, so that nothing leaves longer than it came.
probe()
{
	local name options arguments filter=cat

	IFS='|' read -r name options arguments <<<"$3"
	[[ $options == *0204* && $options != *02040000* ]] || filter=mss_omit
	while ((${#options} % 8)); do
		options+=00
	done
	# shellcheck disable=SC2086 # a list of arguments
	echo "$name: $(segment "$1" --dport "$2" --sport $SPORT --options "$options" \
		--wait-ms 1000 --count 1 $arguments | normalise | $filter)"
}

# Sockets of their own for the families, since a TTL belongs to one.
listeners_start()
{
	local line name port arguments address

	for line; do
		IFS='|' read -r name port arguments <<<"$line"
		for address in "${TB_IP4[server]}" "${TB_IP6[server]}"; do
			# shellcheck disable=SC2086 # a list of arguments
			spawn server "$TB_TOOLS/tcpsrv" --port "$port" --addr "$address" $arguments \
				>/dev/null
			wait_for 5 listening_at "$address" "$port" ||
				fail "no listener on port $port" || return
		done
	done
}

listening_at()
{
	[[ -n $(in_ns server ss -Hltn "src [$1] and sport = :$2") ]]
}

# answers DIRECTORY: those of all $listeners to all $syns, asked at once, each from a port of its own.
answers()
{
	local line name port arguments syn family pids=()

	rm -rf "$1"
	mkdir "$1"
	for line in "${listeners[@]}"; do
		IFS='|' read -r name port arguments <<<"$line"
		for family in 4 6; do
			for syn in "${syns[@]}"; do
				: $((SPORT += 1))
				probe $family "$port" "$syn" >"$1/$family.$port.$SPORT" &
				pids+=($!)
			done
		done
	done
	wait "${pids[@]}"
}

# same FAMILY PORT
same()
{
	grep -q SA "$TB_DIR/without/$1.$2".* || fail "there was no answer" || return
	diff <(cat "$TB_DIR/without/$1.$2".*) <(cat "$TB_DIR/with/$1.$2".*)
}

# compare SITUATION [OPTION...]: a case for each listener and family, synguard being attached then.
compare()
{
	local situation=$1 line name port arguments family
	shift

	case_ok "listeners start, $situation" listeners_start "${listeners[@]}"
	answers "$TB_DIR/without"
	case_ok "attach, $situation" attach_always "$@"
	answers "$TB_DIR/with"
	for line in "${listeners[@]}"; do
		IFS='|' read -r name port arguments <<<"$line"
		for family in 4 6; do
			case_ok "IPv$family: the kernel's SYN-ACK, $situation, listener: $name" \
				same $family "$port"
		done
	done
	case_ok "detach, $situation" detach_synguard
	spawn_stop_all
}

server_sysctl()
{
	in_ns server sysctl -qw "$@"
}

# compare_with SITUATION SETTING...: with these sysctls, which are set back afterwards.
compare_with()
{
	local situation=$1 setting before=()
	shift

	for setting; do
		before+=("${setting%%=*}=$(in_ns server sysctl -n "${setting%%=*}")")
	done
	server_sysctl "$@"
	compare "$situation"
	server_sysctl "${before[@]}"
}

mtu_set()
{
	ip -n "$TB_PREFIX-server" link set "${TB_IF[server]}" mtu "$1"
	ip -n "$TB_PREFIX-router" link set "${TB_IF[server]}r" mtu "$1"
}

# compare_later SITUATION SET VALUE VALUE_BEFORE: SET VALUE happens when synguard is attached already.
compare_later()
{
	case_ok "listeners start, $1 later" listeners_start "${listeners[@]}"
	"$2" "$3"
	answers "$TB_DIR/without"
	"$2" "$4"
	case_ok "attach, then $1" attach_always
	answers "$TB_DIR/with" # so that synguard knows the listener as it was
	"$2" "$3"
	case_both "the kernel's SYN-ACK, $1 after attach" same_soon
	"$2" "$4"
	case_ok "detach, $1 later" detach_synguard
	spawn_stop_all
}

# What is learned about a listener is kept for a second.
same_soon()
{
	wait_for 3 same_now "$1" || same "$1" 7000
}

same_now()
{
	answers "$TB_DIR/with"
	same "$1" 7000
}

testbed_up || exit 1
listeners=("${LISTENERS[@]}" "${MORE_LISTENERS[@]}")
syns=("${SYNS[@]}")
compare "default settings"
listeners=("${LISTENERS[@]:0:1}")
syns=("${MORE_SYNS[@]}")
compare "odd SYNs"
listeners=("${LISTENERS[@]}")
syns=("${SYNS[@]}")
compare_with "small tcp_rmem" net.ipv4.tcp_rmem="4096 50000 60000"
compare_with "large tcp_rmem" net.ipv4.tcp_rmem="4096 300000 300000000"
compare_with "no PMTU discovery, TTL 99" net.ipv4.ip_no_pmtu_disc=1 net.ipv4.ip_default_ttl=99
compare_with "tcp_ecn 0" net.ipv4.tcp_ecn=0
compare_with "no timestamps, SACK, window scaling" net.ipv4.tcp_timestamps=0 net.ipv4.tcp_sack=0 \
	net.ipv4.tcp_window_scaling=0
compare_with "signed windows" net.ipv4.tcp_workaround_signed_windows=1
for mtu in 1400 3000; do
	mtu_set $mtu
	compare "MTU $mtu"
done
ip -n "$TB_PREFIX-router" link set "${TB_IF[server]}r" xdpdrv off # which bounds the MTU
mtu_set 9000
compare "MTU 9000" --xdp generic
mtu_set 1500
ip -n "$TB_PREFIX-router" link set "${TB_IF[server]}r" xdpdrv obj "$TB_TOOLS/xdp_pass.bpf.o" sec xdp
listeners=("${LISTENERS[@]:0:1}")
compare_later "MTU 1400" mtu_set 1400 1500
compare_later "no timestamps" server_sysctl net.ipv4.tcp_timestamps=0 net.ipv4.tcp_timestamps=1
compare_later "no SACK" server_sysctl net.ipv4.tcp_sack=0 net.ipv4.tcp_sack=1
compare_later "no window scaling" server_sysctl net.ipv4.tcp_window_scaling=0 \
	net.ipv4.tcp_window_scaling=1
compare_later "tcp_rmem" server_sysctl net.ipv4.tcp_rmem="4096 131072 60000000" \
	net.ipv4.tcp_rmem="4096 131072 33554432"
syns=("DSCP|020405b4|--tos 184" "DSCP and ECN|020405b4|--flags SEC --tos 40")
compare_with "tcp_reflect_tos" net.ipv4.tcp_reflect_tos=1
cases_done
