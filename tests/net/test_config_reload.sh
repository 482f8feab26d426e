#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Settings from a file, and changing them while attached: attach --config, reload, config show,
# service.  Whatever goes wrong, and wherever a command is killed, the old settings or the new ones
# are in force, never a mixture; and no client notices.
#
# Every command names its interface: what is attached is the whole host's.
#
# shellcheck disable=SC2317 # functions that case_ok calls

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"

iface=${TB_IF[server]}
dir=/sys/fs/bpf/synguard
step=${LIFE_STEP:-9} # every such system call is one at which a reload is killed

# write TEXT: the configuration file.
write()
{
	printf '%s\n' "$1" >"$config"
}

two_services='
mode: auto
services:
  - ports: 80,443
  - ports: 443
    address: 10.83.0.1
    mode: always
    attack:
      hold: 5s
limits:
  bad_acks:
    rate: 500/s'

# says PATTERN ARG...: synguard succeeds, and its output has that.
says()
{
	local pattern=$1 said
	shift
	said=$(synguard "$@" 2>&1) || fail "$*: $said" || return
	# shellcheck disable=SC2053 # a pattern
	[[ $said == $pattern ]] || fail "$*: $said"
}

# refuses STATUS PATTERN ARG...: synguard fails so, and says that on the standard error.
refuses()
{
	local status=$1 pattern=$2 got=0
	shift 2
	synguard "$@" >"$TB_DIR/out" 2>"$TB_DIR/err" || got=$?
	((got == status)) || fail "$*: status $got: $(cat "$TB_DIR/out" "$TB_DIR/err")" || return
	# shellcheck disable=SC2053 # a pattern
	[[ $(<"$TB_DIR/err") == $pattern ]] || fail "$*: $(cat "$TB_DIR/err")"
}

served()
{
	client "$1" --port 80 --send hello --expect hello --timeout-ms 4000 || fail "not served"
}

# The next connection is answered with a cookie (or, with 0, is not).
cookie_answers()
{
	local before after

	before=$(counter syn_cookie_sent)
	served "$1" || return
	after=$(counter syn_cookie_sent)
	((after - before == $2)) || fail "$((after - before)) cookies"
}

running()
{
	synguard config show "$iface"
}

attach_file()
{
	write "$two_services"
	says "*protecting the services of $config*" attach "$iface" --config "$config" || return
	served 4 || return
	served 6
}

shows()
{
	running >"$TB_DIR/shown.yaml" || fail "config show" || return
	synguard reload "$iface" --dry-run --config "$TB_DIR/shown.yaml" >"$TB_DIR/out" || return
	[[ $(<"$TB_DIR/out") == "$iface: no change" ]] || fail "it reads as: $(cat "$TB_DIR/out")" ||
		return
	grep -q 'rate: 500/s' "$TB_DIR/shown.yaml" || fail "$(cat "$TB_DIR/shown.yaml")"
}

unchanged_file()
{
	says "$iface: no change" reload "$iface" || return
	served 4
}

reload_applies()
{
	cookie_answers "$1" 0 || return
	write 'mode: always
services:
  - ports: 80'
	says "*~ service 80: mode auto -> always*nothing was applied*" reload "$iface" --dry-run ||
		return
	cookie_answers "$1" 0 || return
	says "*- service 10.83.0.1:443*~ service 80: mode auto -> always*- service 443*\
~ limits.bad_acks.rate: 500/s -> 1k/s*applied" reload "$iface" || return
	cookie_answers "$1" 1 || return
	write "$two_services"
	says "*~ service 80: mode always -> auto*" reload "$iface" || return
	cookie_answers "$1" 0
}

# wrong PATTERN TEXT: this file is refused with that, and changes nothing.
wrong()
{
	local before

	before=$(running)
	write "$2"
	refuses 1 "synguard: cannot reload $iface: $1" reload "$iface" || return
	refuses 1 "synguard: cannot reload $iface: $1" reload "$iface" --dry-run || return
	[[ $(running) == "$before" ]] || fail "it changed something"
}

wrong_file()
{
	wrong "*$config:2:*modus*" $'mode: always\nmodus: 3' || return
	wrong "*$config:3:*ports*" $'mode: always\nservices:\n  - ports: 80,80' || return
	wrong '*max_connections cannot change*nothing was changed*detach*' 'max_connections: 2000' ||
		return
	wrong '*xdp cannot change*' 'xdp: generic' || return
	wrong '*nosuch*' "deny:
  file: $TB_DIR/nosuch" || return
	wrong '*nosuch*' "keys:
  file: $TB_DIR/nosuch" || return
	synguard key new "$TB_DIR/key" || return
	wrong '*keys of its own*detach*' "keys:
  file: $TB_DIR/key" || return
	mkfifo "$TB_DIR/pipe"
	wrong '*is a pipe*' "allow:
  file: $TB_DIR/pipe" || return
	refuses 1 '*is a pipe*' reload "$iface" --config "$TB_DIR/pipe" || return
	rm "$config"
	refuses 1 '*cannot read the configuration file*No such file*' reload "$iface" || return
	write "$two_services"
	says "$iface: no change" reload "$iface"
}

# What attach's command line said counts at every reload.
overridden()
{
	local status=0

	detach_synguard >/dev/null
	refuses 2 '*--port and --config exclude each other*' attach "$iface" --config "$config" \
		--port 80 || return
	write 'mode: [always'
	refuses 1 "synguard: cannot attach to $iface: *$config:*" attach "$iface" --config "$config" ||
		return
	[[ ! -e $dir/$iface ]] || fail "left: $(ls "$dir/$iface")" || return
	write "$two_services"
	says '*watching*mode monitor*' attach "$iface" --config "$config" --mode monitor --max-conns 5000 \
		--timeout close=7 || return
	says "*config *$config; but --mode monitor, which attach was given*" status "$iface" || status=1
	says "$iface: no change" reload "$iface" || status=1
	write "$two_services
max_connections: 9999"
	says "$iface: no change" reload "$iface" || status=1
	running | has 'close: 7s' || fail "$(running)" || status=1
	detach_synguard >/dev/null
	write "$two_services"
	attach_synguard --config "$config" >/dev/null || return
	return "$status"
}

without_file()
{
	local status=0

	detach_synguard >/dev/null
	attach_synguard --port 80 >/dev/null || return
	refuses 1 '*attached without a configuration file*--config FILE*' reload "$iface" || status=1
	says '*+ service 443 mode auto*applied' reload "$iface" --config "$config" || status=1
	says "$iface: no change" reload "$iface" || status=1
	return "$status"
}

services()
{
	refuses 1 '*80*overlap*' service add "$iface" 80 || return
	refuses 1 '*no such service*' service set "$iface" 81 --mode always || return
	refuses 1 '*no such service*' service del "$iface" 81 || return
	refuses 2 '*port*' service del "$iface" 0 || return
	refuses 2 '*what shall change*' service set "$iface" 80 || return
	refuses 2 '*--syn-rate*rate*' service set "$iface" 80 --syn-rate 5 || return
	refuses 2 '*--unfinished*' service set "$iface" 80 --unfinished 10%,50% || return
	says '*~ service 80: mode auto -> always, attack.hold 30s -> 2m*until reload*config show*' \
		service set "$iface" 80 --mode always --hold 2m || return
	cookie_answers 4 1 || return
	says '*+ service [[]fd83::1]:80 mode monitor*' service add "$iface" '[fd83::1]:80' \
		--mode monitor || return
	cookie_answers 6 0 || return
	cookie_answers 4 1 || return
	says '*SERVICE*[[]fd83::1]:80*monitor*80 *always*2m*peace*' service list "$iface" || return
	[[ $(synguard service list "$iface" --json | field mode | head -n 1) == always ]] ||
		fail "$(synguard service list "$iface" --json)" || return
	says '*- service [[]fd83::1]:80*' service del "$iface" '[fd83::1]:80' || return
	cookie_answers 6 1 || return
	says '*~ service 80: mode always -> auto*applied' reload "$iface" || return
	cookie_answers 6 0
}

# Connections to a port that becomes protected go on, also one without a packet since; a stranger's
# segments are dropped then.
becomes_protected()
{
	local pid before idle

	spawn client "$TB_TOOLS/tcpcli" --dst "$(addr "$1" server)" --port 90 --hold 30 >/dev/null
	idle=$SPAWN_PID
	spawn client "$TB_TOOLS/tcpcli" --dst "$(addr "$1" server)" --port 90 --hold 2 \
		--ping-interval-ms 20 --timeout-ms 4000 >"$TB_DIR/hold"
	pid=$SPAWN_PID
	wait_for 5 connected 90 2 || fail "no connections" || return
	says '*+ service 90 mode always*' service add "$iface" 90 --mode always || return
	before=$(counter ack_cookie_invalid)
	says 2 conns "$iface" --port 90 --state established --count || return
	says '*(complete)*' status "$iface" || return
	segment "$1" --sport 4000 --dport 90 --flags A --seq 1 --ack 2 >/dev/null
	wait_for 5 counted ack_cookie_invalid "$before" || fail "the stranger got through" || return
	wait "$pid" || fail "the connection: $(cat "$TB_DIR/hold")" || return
	spawn_stop "$idle"
	[[ $(field broken <"$TB_DIR/hold") == 0 ]] || fail "$(cat "$TB_DIR/hold")" || return
	says '*- service 90*' service del "$iface" 90
}

# connected PORT N: so many connections are there.
connected()
{
	(($(in_ns server ss -Htn state established "sport = :$1" | wc -l) == $2))
}

# The lists are in force from the first packet.
attach_listed()
{
	printf '%s\n' "${TB_IP4[client]}" 198.51.100.0/24 2001:db8::/32 >"$TB_DIR/deny"
	printf '%s\n' 192.0.2.1 192.0.2.2 192.0.2.3 >"$TB_DIR/allow"
	write "$two_services
deny:
  file: $TB_DIR/deny
allow:
  file: $TB_DIR/allow"
	detach_synguard >/dev/null
	says "*protecting the services of $config*" attach "$iface" --config "$config" || return
	! client 4 --port 80 --timeout-ms 300 || fail "it is not denied" || return
	served 6 || return
	write "$two_services"
	says '*allowlist: 3 -> 0 prefixes*denylist: 3 -> 0 prefixes*' reload "$iface" || return
	served 4
}

# The list of the file holds while other things change, and goes with the file's line.
denied()
{
	printf '%s\n' "${TB_IP4[client]}" >"$TB_DIR/deny"
	write "$two_services
deny:
  file: $TB_DIR/deny"
	says '*~ deny.file: none -> *~ denylist: 0 -> 1 prefixes*' reload "$iface" || return
	! client 4 --port 80 --timeout-ms 300 || fail "it is not denied" || return
	says '*applied*' service set "$iface" 80 --hold 9s || return
	! client 4 --port 80 --timeout-ms 300 || fail "not any more" || return
	served 6 || return
	write "$two_services"
	says '*denylist: 1 -> 0 prefixes*' reload "$iface" || return
	served 4
}

# A reload from one file to another one, killed at its N-th call of bpf().  What is written to was
# before left by a third one, so that neither looks like it.
killed_at()
{
	local n=$1 before after now

	write $'mode: monitor\nservices:\n  - ports: 80,7000-7100'
	synguard reload "$iface" >/dev/null || return
	write "$two_services"
	synguard reload "$iface" >/dev/null || return
	before=$(running)
	write "$other_services"
	in_ns server strace -qq -o "$TB_DIR/strace" -e trace=bpf -e "inject=bpf:signal=KILL:when=$n" \
		"$SYNGUARD" reload "$iface" >/dev/null 2>&1
	now=$(running) || fail "config show" || return
	served 4 || return
	synguard reload "$iface" >"$TB_DIR/out" || fail "the next reload: $(cat "$TB_DIR/out")" || return
	after=$(running)
	[[ $after != "$before" ]] || fail "the next reload did nothing" || return
	[[ $now == "$before" || $now == "$after" ]] ||
		fail "a mixture: $(diff <(echo "$before") <(echo "$now"))" || return
	if [[ $now == "$before" ]]; then : $((olds += 1)); else : $((news += 1)); fi
}

other_services='
mode: always
services:
  - ports: 80,90,1000-2000
  - ports: 80
    address: fd83::1
limits:
  bad_acks:
    rate: 7/s
    burst: 70'

killed()
{
	local n status=0

	[[ -n $(command -v strace) ]] || skip "strace is not installed: scripts/install-deps" || return
	olds=0 news=0
	for ((n = 1 + RANDOM % step; n < 2000; n += step)); do
		killed_at "$n" || fail "at bpf() number $n" || status=1
		(($(grep -c '(' "$TB_DIR/strace") >= n)) || break
	done
	write "$two_services"
	synguard reload "$iface" >/dev/null
	echo "killed at $((n / step)) calls: the old settings $olds times, the new ones $news times"
	((status == 0 && olds > 0 && news > 0))
}

# reloads COUNT: alternating between two files, ten a second.
reloads()
{
	local n

	for ((n = 0; n < $1; n++)); do
		if ((n % 2)); then write "$two_services"; else write "$other_services"; fi
		synguard reload "$iface" >"$TB_DIR/reload" 2>&1 || fail "$(cat "$TB_DIR/reload")" || return
		sleep 0.05
	done
}

# Clients that connect all the time meanwhile.
reloads_under_load()
{
	local report=$TB_DIR/rate pid

	spawn client "$TB_TOOLS/connrate" --dst "$(addr "$1" server)" --port 80 --seconds 5 \
		--rate 200 --request none --timeout-ms 4000 >"$report"
	pid=$SPAWN_PID
	reloads 30 || return
	wait "$pid" || fail "connrate: $(cat "$report")" || return
	cat "$report"
	(($(field attempted <"$report") > 500)) || fail "too few" || return
	grep -q '"failed": {"total": 0,' "$report" || fail "failures"
}

testbed_up || exit 1
config=$TB_DIR/synguard.yaml
server_start --port 80 --echo || exit 1
spawn server "$TB_TOOLS/tcpsrv" --port 90 --echo >/dev/null
wait_for 5 listening 90 || exit 1
case_ok "attach --config" attach_file
case_ok "config show reads as what is in force" shows
case_ok "reload of the same file" unchanged_file
case_both "reload shows the difference and applies it" reload_applies
case_ok "a wrong file changes nothing" wrong_file
case_ok "attach's command line counts more than the file" overridden
case_ok "service add, set, del, list" services
case_both "a connection to a port that becomes protected" becomes_protected
case_ok "the denylist's file" denied
case_ok "attach with lists of several prefixes" attach_listed
case_ok "reload killed at a bpf() call" killed
case_both "reloads while clients connect" reloads_under_load
case_ok "attached without a file" without_file
detach_synguard >/dev/null
cases_done
