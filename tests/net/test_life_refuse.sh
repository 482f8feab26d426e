#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the loader must refuse: each with one message that names the cause, exit status 1 (2 where the
# words are wrong), and everything left as it was.
#
# shellcheck disable=SC2317 # functions that case_ok calls

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"

dir=/sys/fs/bpf/synguard
iface=${TB_IF[server]}
races=10

# refuses STATUS PATTERN COMMAND...: ends with STATUS and says PATTERN on standard error, in one line
# unless the status is 2, which brings the usage with it.
refuses()
{
	local expected=$1 pattern=$2 status=0 said
	shift 2

	said=$("$@" 2>&1 >/dev/null) || status=$?
	((status == expected)) || fail "status $status of $*: $said" || return
	# shellcheck disable=SC2053 # it is a pattern
	[[ $said == $pattern ]] || fail "$* says: $said" || return
	[[ $status == 2 || $(wc -l <<<"$said") == 1 ]] || fail "more than a line: $said"
}

xdp_id()
{
	ip -n "$TB_PREFIX-server" link show "$iface" | sed -n 's/.*prog\/xdp id \([0-9]*\).*/\1/p'
}

unattached()
{
	[[ ! -e $dir/$iface ]] || fail "left: $(ls "$dir/$iface")" || return
	[[ -z $(xdp_id) ]] || fail "an XDP program is left"
}

attach_twice()
{
	local id status=0

	attach_synguard || return
	id=$(xdp_id)
	refuses 1 "*cannot attach to $iface: it is attached already*synguard detach $iface*" \
		synguard attach "$iface" || status=1
	refuses 1 "*attached already*" synguard attach "$iface" --port 99 --xdp generic || status=1
	[[ $(xdp_id) == "$id" ]] || fail "the program has changed" || status=1
	synguard status "$iface" || status=1
	detach_synguard || status=1
	return "$status"
}

not_attached()
{
	local command

	refuses 1 "*cannot detach $iface: it is not attached*" synguard detach "$iface" || return
	refuses 1 '*no such interface*' synguard detach sgnone || return
	for command in status stats; do
		refuses 1 "*$iface*not attached*" synguard "$command" "$iface" || return
	done
}

no_interface()
{
	refuses 1 '*cannot attach to sgnone: there is no such interface*' synguard attach sgnone ||
		return
	refuses 1 '*no status of sgnone: there is no such interface*' synguard status sgnone || return
	refuses 1 '*no counters of sgnone: there is no such interface*' synguard stats sgnone || return
	refuses 1 '*cannot check sgnone: there is no such interface*' synguard check sgnone || return
	refuses 1 '*not an Ethernet interface*' synguard attach lo || return
	[[ ! -e $dir/sgnone && ! -e $dir/lo ]] || fail "a directory is left"
}

# Exactly one of two loaders at once wins; the other says why it did not.
race()
{
	local n pids i won said

	for ((n = 0; n < races; n++)); do
		pids=()
		for i in 0 1; do
			spawn server "$SYNGUARD" attach "$iface" >"$TB_DIR/race$i" 2>&1
			pids+=("$SPAWN_PID")
		done
		won=0
		said=
		for i in 0 1; do
			if wait "${pids[i]}"; then
				won=$((won + 1))
			else
				said=$(<"$TB_DIR/race$i")
			fi
		done
		((won == 1)) || fail "$won of two attached: $(cat "$TB_DIR"/race?)" || return
		[[ $said == *'attached already'* || $said == *'another synguard'* ]] ||
			fail "the other said: $said" || return
		synguard status "$iface" >/dev/null || fail "not attached" || return
		detach_synguard || return
		unattached || return
	done
}

# without CAPABILITY COMMAND...: root, but for one capability and those that would stand in for it.
without()
{
	local drop="-$1"
	shift

	[[ $drop == -net_admin ]] || drop+=,-sys_admin
	in_ns server setpriv --bounding-set="$drop" --inh-caps="$drop" "$SYNGUARD" "$@"
}

no_capability()
{
	local name=CAP_${1^^} status=0

	refuses 1 "*cannot attach to $iface: *lacks $name*root*" without "$1" attach "$iface" ||
		return
	unattached || return
	attach_synguard || return
	refuses 1 "*cannot detach $iface: *lacks $name*" without "$1" detach "$iface" || status=1
	synguard status "$iface" || status=1
	detach_synguard || status=1
	return "$status"
}

nobody()
{
	in_ns server setpriv --reuid=65534 --regid=65534 --clear-groups "$SYNGUARD" "$@"
}

# The directory with the build may be out of nobody's reach.
nobody_can_run()
{
	nobody --version >/dev/null 2>&1 || skip "nobody cannot read $SYNGUARD"
}

# In `ip netns exec`, too, whose mounts have no pins: nothing may be concluded from that.
sees_nothing()
{
	local said status enter
	local nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups "$SYNGUARD")

	for enter in "ip netns exec $TB_PREFIX-server" "nsenter --net=/run/netns/$TB_PREFIX-server"; do
		# shellcheck disable=SC2086 # words
		refuses 1 '*cannot read the pins*root*' $enter "${nobody[@]}" status || return
		status=0
		# shellcheck disable=SC2086 # words
		said=$($enter "${nobody[@]}" check "$iface") || status=$?
		((status == 1)) || fail "check exits with $status" || return
		[[ $said == *'attached'*unknown* && $said != *detached* && $said != *'ip link set'* ]] ||
			fail "check: $said" || return
	done
}

not_root()
{
	local command

	nobody_can_run || return
	attach_synguard || return
	for command in "attach $iface" "detach $iface" "status $iface" "stats $iface" "detach --all"; do
		# shellcheck disable=SC2086 # words
		refuses 1 '*root*' nobody $command || return
	done
	sees_nothing || return
	detach_synguard
}

bad_ports()
{
	local list

	for list in 0 65536 80-70 80,,90 x '80,' ',80' 80- -80 1-2-3 ' ' '' 80x 99999999999 80,80 \
		70-90,80; do
		refuses 2 "*port*" synguard attach "$iface" --port "$list" || return
	done
	refuses 2 "*the list is empty*" synguard attach "$iface" --port '' || return
	unattached
}

bad_words()
{
	local words

	for words in "" nonsense "attach" "attach $iface more" "attach $iface --nonsense" \
		"attach $iface --xdp fast" "attach $iface --mode maybe" "attach $iface --port" \
		"attach $iface --max-conns 10" "attach $iface --max-conns many" \
		"attach $iface --max-conns 99999999999999999999" "attach $iface --timeout close" \
		"attach $iface --timeout closing=5" "attach $iface --timeout close=0" \
		"detach" "detach $iface --all" "status a b" "stats --watch=0" "stats --watch=x" \
		"check a b" "attach $iface --json" "--nonsense" "attach --all"; do
		# shellcheck disable=SC2086 # words
		refuses 2 '*?*' synguard $words || return
	done
	unattached
}

help()
{
	local command said

	[[ $(synguard --version) == synguard\ [0-9]*.[0-9]* ]] || fail "--version" || return
	for command in "" attach detach status stats check; do
		# shellcheck disable=SC2086 # none or one
		said=$(synguard $command --help 2>"$TB_DIR/err") || fail "$command --help" || return
		[[ ! -s $TB_DIR/err && $said == *[Uu]sage:*"synguard $command"* ]] ||
			fail "$command --help: $said" || return
	done
}

# foreign XDPMODE OPTION...: somebody else's program is there first, and stays.
foreign()
{
	local mode=$1 id status=0
	shift

	ip -n "$TB_PREFIX-server" link set "$iface" "$mode" obj "$TB_TOOLS/xdp_pass.bpf.o" sec xdp ||
		return
	id=$(xdp_id)
	refuses 1 "*cannot attach to $iface: XDP program $id *does not replace it*" \
		synguard attach "$iface" "$@" || status=1
	[[ $(xdp_id) == "$id" ]] || fail "it was replaced" || status=1
	[[ ! -e $dir/$iface ]] || fail "left: $(ls "$dir/$iface")" || status=1
	ip -n "$TB_PREFIX-server" link set "$iface" "$mode" off
	return "$status"
}

served()
{
	client "$1" --port 80 --send hello --expect hello
}

# behind_back native|generic: our program is taken off, or replaced, by another tool: status and check say
# so, clients are served all the same, and attach repairs what it may.
behind_back()
{
	local mode=xdpgeneric status=0 said

	[[ $1 == generic ]] || mode=xdpdrv
	attach_synguard --xdp "$1" || return
	ip -n "$TB_PREFIX-server" link set "$iface" "$mode" off || return
	! said=$(synguard status "$iface") || fail "status exits with 0" || status=1
	[[ $said == *problem*off* ]] || fail "status: $said" || status=1
	served 4 || status=1
	served 6 || status=1
	said=$(synguard attach "$iface" 2>&1) || fail "attach: $said" || status=1
	synguard status "$iface" || status=1
	served 4 || status=1
	detach_synguard || status=1
	unattached || status=1
	return "$status"
}

replaced()
{
	local status=0 said id

	attach_synguard || return
	ip -n "$TB_PREFIX-server" -force link set "$iface" xdpdrv obj "$TB_TOOLS/xdp_pass.bpf.o" \
		sec xdp || return
	id=$(xdp_id)
	! said=$(synguard status "$iface") || fail "status exits with 0" || status=1
	[[ $said == *problem*"$id"* ]] || fail "status: $said" || status=1
	served 4 || fail "clients are not served" || status=1
	refuses 1 "*XDP program $id *does not replace it*" synguard attach "$iface" || status=1
	detach_synguard || status=1
	[[ $(xdp_id) == "$id" ]] || fail "detach took somebody else's program off" || status=1
	ip -n "$TB_PREFIX-server" link set "$iface" xdpdrv off
	unattached || status=1
	return "$status"
}

testbed_up || exit 1
server_start --port 80 --echo || exit 1
case_ok "attaching twice" attach_twice
case_ok "detach, status and stats of what is not attached" not_attached
case_ok "an interface that is not there, or not Ethernet" no_interface
case_ok "two loaders at once, $races times" race
for capability in bpf perfmon net_admin; do
	case_ok "without CAP_${capability^^}" no_capability $capability
done
case_ok "not root" not_root
case_ok "port lists" bad_ports
case_ok "wrong words end with status 2" bad_words
case_ok "--help and --version" help
case_ok "a foreign native XDP program stays" foreign xdpdrv
case_ok "a foreign generic XDP program stays" foreign xdpgeneric --xdp native
case_ok "native XDP taken off behind our back" behind_back native
case_ok "generic XDP taken off behind our back" behind_back generic
case_ok "XDP replaced behind our back" replaced
cases_done
