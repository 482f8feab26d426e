#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A plain veth pair, as any container has one, without a single setting of the testbed's: `synguard
# attach` on the server's end protects nginx with no other step.  And what `check` finds on it, with
# a reason and a remedy each.
#
# shellcheck disable=SC2317 # functions that case_ok calls

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"

dir=/sys/fs/bpf/synguard
iface=sg$$v
ns=$TB_PREFIX-server
client_ns=$TB_PREFIX-client
declare -A server_at=([4]=10.84.0.1 [6]=fd84::1)

# The whole set-up: two namespaces, a veth pair, addresses.  Removed as the testbed's would be.
veth_up()
{
	trap veth_down EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	TB_STATE=up
	TB_DIR=$(mktemp -d)
	ip netns add "$ns" || return
	ip netns add "$client_ns" || return
	ip link add "$iface" netns "$ns" type veth peer name "${iface}p" netns "$client_ns" || return
	ip -n "$ns" address add 10.84.0.1/24 dev "$iface"
	ip -n "$ns" address add fd84::1/64 dev "$iface" nodad
	ip -n "$client_ns" address add 10.84.0.2/24 dev "${iface}p"
	ip -n "$client_ns" address add fd84::2/64 dev "${iface}p" nodad
	ip -n "$ns" link set lo up
	ip -n "$ns" link set "$iface" up
	ip -n "$client_ns" link set "${iface}p" up
}

veth_down()
{
	synguard detach "$iface" --now >/dev/null 2>&1
	testbed_down
}

# What the end on the server is attached with, so that the counters are about it.
TB_IF[server]=$iface

page()
{
	local at=${server_at[$1]}

	[[ $1 == 4 ]] || at="[$at]"
	in_ns client curl -sS --max-time 5 "http://$at/${2:-}"
}

plain_attach()
{
	local said

	said=$(synguard attach "$iface" --mode always) || fail "attach: $said" || return
	echo "$said"
	[[ $said == *'XDP generic (its veth peer has no native XDP program'* ]] ||
		fail "it does not say that it is generic, and why"
}

plain_serves()
{
	local before

	before=$(counter handoff_ok)
	[[ $(page "$1") == "the server's page" ]] || fail "no page" || return
	page "$1" big | cmp - "$TB_DIR/www/big" || fail "a large page is damaged" || return
	(($(counter handoff_ok) == before + 2)) || fail "not handed off: $(synguard stats "$iface")"
}

native_refused()
{
	local said

	! said=$(synguard attach "$iface" --xdp native 2>&1) || fail "attached: $said" || return
	[[ $said == *'veth whose peer has no native XDP'*'--xdp generic'* ]] || fail "$said" || return
	[[ ! -e $dir/$iface ]] || fail "its directory is left"
}

# finding NAME: level of that finding of `check --json`.
finding()
{
	synguard check "$iface" --json | sed -n "/\"name\": \"$1\"/{n;s/.*\"level\": \"\(.*\)\".*/\1/p;}"
}

# expect NAME LEVEL: `check` says so, with a reason and a remedy unless it is fine.
expect()
{
	local text

	[[ $(finding "$1") == "$2" ]] || fail "$1 is '$(finding "$1")', expected '$2'" || return
	[[ $2 != ok ]] || return 0
	text=$(synguard check "$iface" | grep -A 2 "^$2 *$1 ")
	[[ $text == *why:\ ?*do:\ \ ?* ]] || fail "no reason and remedy: $text"
}

# The exit status says whether anything failed.
check_exits()
{
	local status=0

	synguard check "$iface" >/dev/null || status=$?
	((status == $1)) || fail "check exits with $status, expected $1"
}

peer_finding()
{
	expect veth_peer warn || return
	check_exits 0 || return
	ip -n "$client_ns" link set "${iface}p" xdpdrv obj "$TB_TOOLS/xdp_pass.bpf.o" sec xdp || return
	expect veth_peer ok
	ip -n "$client_ns" link set "${iface}p" xdpdrv off
}

# sysctl_finding NAME LEVEL: with that sysctl of net.ipv4 at 0.
sysctl_finding()
{
	local status=0 before

	before=$(in_ns server sysctl -n "net.ipv4.$1")
	expect "$1" ok || return
	in_ns server sysctl -qw "net.ipv4.$1=0"
	expect "$1" "$2" || status=1
	check_exits "$3" || status=1
	in_ns server sysctl -qw "net.ipv4.$1=$before"
	return "$status"
}

attach_without_cookies()
{
	local said status=0

	in_ns server sysctl -qw net.ipv4.tcp_syncookies=0
	said=$(synguard attach "$iface" 2>&1) && status=1
	in_ns server sysctl -qw net.ipv4.tcp_syncookies=1
	[[ $said == *'tcp_syncookies is 0'*'sysctl -w'* ]] || fail "$said" || return
	return "$status"
}

# with_nft RULE: a ruleset while a finding is looked at.
with_nft()
{
	in_ns server nft -f - <<-END
		table inet sgtest {
			chain in {
				type filter hook input priority 0;
				$1
			}
		}
	END
}

# nft_finding NAME LEVEL RULE
nft_finding()
{
	local status=0

	expect firewall_rules ok || return
	with_nft "$3" || return
	expect "$1" "$2" || status=1
	in_ns server nft delete table inet sgtest
	return "$status"
}

conntrack_finding()
{
	local status=0 loose=/proc/sys/net/netfilter/nf_conntrack_tcp_loose

	with_nft 'ct state invalid drop' || return
	if ! in_ns server test -e "$loose"; then
		in_ns server nft delete table inet sgtest
		skip "this kernel has no nf_conntrack_tcp_loose"
		return
	fi
	expect conntrack ok || status=1
	in_ns server sh -c "echo 0 >$loose"
	expect conntrack warn || status=1
	in_ns server sh -c "echo 1 >$loose"
	in_ns server nft delete table inet sgtest
	return "$status"
}

# The finding is right: what it warns of does happen, and its remedy does help.
conntrack_is_true()
{
	local status=0 loose=/proc/sys/net/netfilter/nf_conntrack_tcp_loose

	in_ns server test -e "$loose" || skip "this kernel has no nf_conntrack_tcp_loose" || return
	synguard attach "$iface" --mode always || return
	with_nft 'ct state invalid drop'
	page 4 || fail "no page with tcp_loose=1" || status=1
	in_ns server sh -c "echo 0 >$loose"
	! page 4 || fail "a page in spite of tcp_loose=0" || status=1
	in_ns server sh -c "echo 1 >$loose"
	in_ns server nft delete table inet sgtest
	synguard detach "$iface" --now
	return "$status"
}

foreign_finding()
{
	local status=0

	expect xdp_hook ok || return
	ip -n "$ns" link set "$iface" xdpgeneric obj "$TB_TOOLS/xdp_pass.bpf.o" sec xdp || return
	expect xdp_hook fail || status=1
	ip -n "$ns" link set "$iface" xdpgeneric off
	return "$status"
}

# status_problem PATTERN: status exits with 1 and says so.
status_problem()
{
	local said status=0

	said=$(synguard status "$iface") || status=$?
	((status == 1)) || fail "status exits with $status" || return
	# shellcheck disable=SC2053 # it is a pattern
	[[ $said == *problem*$1* ]] || fail "$said"
}

# Attached, but of no use: status tells, and the remedy keeps the settings.
of_no_use()
{
	local status=0 table="--max-conns 5000 --timeout close=5" again
	again="attach $iface --port 80 --mode always --xdp auto $table"

	synguard attach "$iface" --port 80 --mode always || return
	expect veth_peer ok || status=1
	synguard status "$iface" || fail "status, with all well" || status=1
	in_ns server sysctl -qw net.ipv4.tcp_syncookies=0
	status_problem tcp_syncookies || status=1
	in_ns server sysctl -qw net.ipv4.tcp_syncookies=1
	synguard detach "$iface" --now || return
	ip -n "$client_ns" link set "${iface}p" xdpdrv obj "$TB_TOOLS/xdp_pass.bpf.o" sec xdp || return
	# shellcheck disable=SC2086 # words
	synguard attach "$iface" --port 80 --mode always --xdp native $table || status=1
	synguard status "$iface" || fail "status, with an XDP program on the peer" || status=1
	ip -n "$client_ns" link set "${iface}p" xdpdrv off
	status_problem "peer*detach $iface; synguard $again" || status=1
	expect veth_peer fail || status=1
	ip -n "$ns" link set "$iface" xdpdrv off
	status_problem "put it back: synguard $again" || status=1
	synguard detach "$iface" --now || status=1
	return "$status"
}

check_parses()
{
	synguard check "$iface" --json >"$TB_DIR/check" || return
	grep -q "\"interface\": \"$iface\"" "$TB_DIR/check" || fail "no interface" || return
	(($(grep -c '"remedy"' "$TB_DIR/check") > 15)) || fail "few findings" || return
	synguard check | tail -n 1 | grep -Eq '^[0-9]+ ok, [0-9]+ to consider, 0 failed$' ||
		fail "check without an interface"
}

[[ $(id -u) == 0 ]] || testbed_error "needs root" || exit 1
veth_up || exit 1
mkdir -p "$TB_DIR/www"
head -c 3000000 /dev/urandom >"$TB_DIR/www/big"
start_nginx "" || exit 1
case_ok "on a plain veth pair, attach chooses generic XDP and says why" plain_attach
case_both "on a plain veth pair, nginx is protected and serves" plain_serves
case_ok "detach from a plain veth pair" synguard detach "$iface" --now
case_ok "native XDP is refused where its answers would be lost" native_refused
case_ok "check --json, and check without an interface" check_parses
case_ok "check: a veth peer without XDP" peer_finding
case_ok "check: tcp_syncookies=0 fails" sysctl_finding tcp_syncookies fail 1
case_ok "attach: tcp_syncookies=0 is refused" attach_without_cookies
for name in tcp_timestamps tcp_sack tcp_window_scaling; do
	case_ok "check: $name=0 is worth a warning" sysctl_finding $name warn 0
done
case_ok "check: a rule that accepts SYNs" \
	nft_finding firewall_syn warn 'tcp flags & (syn|ack) == syn tcp dport 80 accept'
case_ok "check: a rule that drops what begins without a SYN" \
	nft_finding firewall_not_syn fail 'ct state new tcp flags & (syn|ack) != syn drop'
case_ok "check: conntrack with tcp_loose=0" conntrack_finding
case_ok "conntrack with tcp_loose=0 does drop cookie clients" conntrack_is_true
case_ok "check: a foreign XDP program" foreign_finding
case_ok "status: attached, but of no use" of_no_use
cases_done
