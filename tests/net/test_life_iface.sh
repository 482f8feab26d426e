#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What happens to the interface while synguard is on it: down and up, another MTU, another MAC
# address, another name, gone, made anew; names with a dot, two interfaces at once, and loaders that
# see other mounts.
#
# shellcheck disable=SC2317 # functions that case_ok calls

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"

pins=/sys/fs/bpf/synguard
server_ns=$TB_PREFIX-server
client_ns=$TB_PREFIX-client
net=sg$$n

# pair_up NAME SUBNET: a veth pair beside the testbed's, its server end called NAME.
pair_up()
{
	ip -n "$server_ns" link add "$1" type veth peer name "$1p" netns "$client_ns" || return
	ip netns exec "$server_ns" sysctl -qw "net/ipv6/conf/$1/keep_addr_on_down=1" || return
	ip -n "$server_ns" address add "10.$2.0.1/24" dev "$1"
	ip -n "$server_ns" address add "fd$2::1/64" dev "$1" nodad
	ip -n "$client_ns" address add "10.$2.0.2/24" dev "$1p"
	ip -n "$client_ns" address add "fd$2::2/64" dev "$1p" nodad
	ip -n "$server_ns" link set "$1" up
	ip -n "$client_ns" link set "$1p" up
}

pair_down()
{
	ip -n "$server_ns" link del "$1" 2>/dev/null
	synguard detach "$1" --now >/dev/null 2>&1
	[[ ! -e $pins/$1 ]] || fail "left: $(ls "$pins/$1")"
}

mac_of()
{
	ip -n "$1" link show "$2" | sed -n 's/.*link\/ether \([0-9a-f:]*\) .*/\1/p'
}

attach()
{
	synguard attach "$@" --mode always >/dev/null
}

# served SUBNET: on IPv4 and IPv6.
served()
{
	local at

	for at in "10.$1.0.1" "fd$1::1"; do
		in_ns client "$TB_TOOLS/tcpcli" --dst "$at" --port 80 --send hello --expect hello ||
			fail "not served at $at" || return
	done
}

# handed_off NAME SUBNET: served, and by cookies.
handed_off()
{
	local before

	before=$(counter_of "$1")
	served "$2" || return
	(($(counter_of "$1") == before + 2)) || fail "not by synguard: $(synguard stats "$1")"
}

counter_of()
{
	synguard stats "$1" --json | sed -n '/"handoff_ok": {/{n;s/[^0-9]//gp;}'
}

is_attached()
{
	synguard status "$1" | has "$1: attached since" || fail "$(synguard status "$1")"
}

# with_pair FUNCTION [ARG...]: on a pair of its own, attached.
with_pair()
{
	local status=0

	pair_up "$net" 85 || return
	attach "$net" --xdp generic || status=1
	((status)) || "$@" || status=1
	pair_down "$net" || status=1
	return "$status"
}

# Native XDP needs a program on the peer.
native()
{
	ip -n "$client_ns" link set "${net}p" xdpdrv obj "$TB_TOOLS/xdp_pass.bpf.o" sec xdp || return
	synguard detach "$net" --now || return
	attach "$net" --xdp native || return
	"$@"
}

down_up()
{
	handed_off "$net" 85 || return
	ip -n "$server_ns" link set "$net" down
	is_attached "$net" || return
	ip -n "$server_ns" link set "$net" up
	is_attached "$net" || return
	wait_for 5 served 85 || fail "not served after up" || return
	handed_off "$net" 85
}

attach_while_down()
{
	local said

	synguard detach "$net" --now || return
	ip -n "$server_ns" link set "$net" down
	said=$(synguard attach "$net" --mode always) || return
	[[ $said == *'is down'* ]] || fail "attach does not say that it is down: $said" || return
	ip -n "$server_ns" link set "$net" up
	wait_for 5 served 85 || fail "not served after up" || return
	handed_off "$net" 85
}

# The MSS of the SYN-ACK that NAME's peer gets over IPv4.
mss_is()
{
	local mss

	mss=$(in_ns client "$TB_TOOLS/rawtcp" --dev "${net}p" --src 10.85.0.2 --dst 10.85.0.1 \
		--src-mac "$(mac_of "$client_ns" "${net}p")" --dst-mac "$(mac_of "$server_ns" "$net")" \
		--dport 80 --sport $((1024 + RANDOM)) --options 020405b4 --count 1 | field mss)
	[[ $mss == "$1" ]] || fail "MSS is $mss, expected $1"
}

mtu_change()
{
	mss_is 1460 || return
	ip -n "$server_ns" link set "$net" mtu 1300 || return
	wait_for 5 mss_is 1260 || mss_is 1260 || return
	is_attached "$net" || return
	handed_off "$net" 85
}

# Frames to the new address are another station's to XDP: served, unprotected, and check says so.
mac_change()
{
	ip -n "$server_ns" link set "$net" address 02:00:00:00:00:77 || return
	ip -n "$client_ns" neighbour flush dev "${net}p"
	served 85 || return
	! synguard check "$net" >"$TB_DIR/check" || fail "check finds nothing" || return
	grep -A 2 '^fail *mac ' "$TB_DIR/check" | has do: || fail "$(<"$TB_DIR/check")" || return
	synguard detach "$net" --now || return
	attach "$net" --xdp generic || return
	handed_off "$net" 85
}

# detach and attach are told its name when it was attached.
renamed()
{
	local status=0 said new=sg$$r

	ip -n "$server_ns" link set "$net" name "$new" || return
	served 85 || status=1
	! said=$(synguard status "$net") || fail "status finds nothing" || status=1
	[[ $said == *"now $new; still protected"* ]] || fail "status: $said" || status=1
	said=$(synguard attach "$new" 2>&1) && fail "attached twice" && status=1
	[[ $said == *"attached already under its earlier name $net"* ]] || fail "$said" || status=1
	synguard detach "$net" --now || status=1
	! ip -n "$server_ns" link show "$new" | grep prog/xdp || fail "XDP is left" || status=1
	ip -n "$server_ns" link del "$new"
	return "$status"
}

# gone_and COMMAND: the interface is deleted; status says so; COMMAND cleans up.
gone()
{
	local said

	ip -n "$server_ns" link del "$net" || return
	! said=$(synguard status "$net") || fail "status exits with 0: $said" || return
	[[ $said == *'is gone'* ]] || fail "status: $said" || return
	said=$(synguard detach "$net") || fail "detach" || return
	[[ $said == *'no longer exists'* ]] || fail "detach: $said" || return
	[[ ! -e $pins/$net ]] || fail "left: $(ls "$pins/$net")"
}

made_anew()
{
	ip -n "$server_ns" link del "$net" || return
	pair_up "$net" 85 || return
	! synguard status "$net" || fail "status takes it for the old one" || return
	attach "$net" --xdp generic || return
	is_attached "$net" || return
	handed_off "$net" 85
}

dotted()
{
	local status=0 name=sg$$.7

	pair_up "$name" 86 || return
	attach "$name" || status=1
	handed_off "$name" 86 || status=1
	[[ $(synguard status "$name" --json | field interface) == "$name" ]] || fail "status" || status=1
	[[ $(synguard status) == *"$name: attached"* ]] || fail "not in the list" || status=1
	synguard detach "$name" --now || status=1
	pair_down "$name" || status=1
	return "$status"
}

# Alone in a mount namespace with a BPF file system of its own, so that `--all` means these two.
# shellcheck disable=SC2016 # sh's
two_detach_all='
	mount -t bpf bpf /sys/fs/bpf && "$1" attach "$2" && "$1" attach "$3" &&
	"$1" detach --all --now && "$1" detach --all && "$1" status'

two_at_once()
{
	local status=0 other=sg$$o

	pair_up "$other" 87 || return
	attach "$other" --port 80 || status=1
	handed_off "$other" 87 || status=1
	handed_off "$net" 85 || status=1
	synguard detach "$net" --now || status=1
	served 85 || status=1
	is_attached "$other" || status=1
	handed_off "$other" 87 || status=1
	synguard detach "$other" --now || status=1
	in_ns server unshare -m sh -ec "$two_detach_all" sh "$SYNGUARD" "$net" "$other" ||
		fail "detach --all" || status=1
	! ip -n "$server_ns" link | grep prog/xdp || fail "XDP is left" || status=1
	pair_down "$other" || status=1
	return "$status"
}

# `ip netns exec` gives a mount namespace that ends with the command: the pins must not end with it.
netns_exec()
{
	synguard detach "$net" --now || return
	ip netns exec "$server_ns" "$SYNGUARD" attach "$net" --xdp generic --mode always || return
	is_attached "$net" || return
	handed_off "$net" 85 || return
	ip netns exec "$server_ns" "$SYNGUARD" status "$net" || return
	ip netns exec "$server_ns" "$SYNGUARD" detach "$net" --now
}

# A host (a PID namespace with its own init) where nobody has mounted the BPF file system.
bpffs_is_mounted()
{
	synguard detach "$net" --now || return
	# shellcheck disable=SC2016 # sh's
	in_ns server unshare -m -p -f --mount-proc sh -ec '
		umount -a -t bpf
		"$1" attach "$2"
		"$1" status "$2"
		grep " /sys/fs/bpf bpf " /proc/mounts
		"$1" detach "$2" --now' sh "$SYNGUARD" "$net" || return
	! ip -n "$server_ns" link show "$net" | grep prog/xdp || fail "XDP is left"
}

# Interrupted or not, nothing stays attached.
cleanup()
{
	local name

	for name in "$net" "sg$$.7" "sg$$o"; do
		synguard detach "$name" --now >/dev/null 2>&1
	done
	testbed_down
}

testbed_up || exit 1
trap cleanup EXIT
server_start --port 80 --echo || exit 1
case_ok "down and up (generic)" with_pair down_up
case_ok "down and up (native)" with_pair native down_up
case_ok "attach to an interface that is down" with_pair attach_while_down
case_ok "another MTU shows in the SYN-ACK" with_pair mtu_change
case_ok "another MAC address" with_pair mac_change
case_ok "another name" with_pair renamed
case_ok "an interface that is deleted" with_pair gone
case_ok "an interface that is made anew with its name" with_pair made_anew
case_ok "a name with a dot" dotted
case_ok "two interfaces at once, and detach --all" with_pair two_at_once
case_ok "a loader started by ip netns exec" with_pair netns_exec
case_ok "a host without the BPF file system mounted" with_pair bpffs_is_mounted
cases_done
