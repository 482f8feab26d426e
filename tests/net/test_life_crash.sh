#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# attach and detach killed, or refused by the kernel, at any step: afterwards the state is the old or
# the new one, clients are served in either, and the next attach and detach put everything right.
#
# Each step is one system call, which strace makes fail or fatal.  There are about 200, so one run
# takes every LIFE_STEP-th (LIFE_STEP=1: all of them), from a start that changes from run to run.
#
# It takes a minute, and so there is time to see that a hand-off which lingers removes itself.
#
# shellcheck disable=SC2317 # functions that case_ok calls

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"

step=${LIFE_STEP:-35}
random_kills=${LIFE_KILLS:-3}
dir=/sys/fs/bpf/synguard
iface=${TB_IF[server]}
steps_max=800 # attach makes some 450 bpf() calls
lingerer=sg$$l # another interface of the server, which only waits
linger_s=80

served()
{
	local family

	for family in 4 6; do
		client "$family" --port 80 --send hello --expect hello --timeout-ms 4000 ||
			fail "IPv$family clients are not served" || return
	done
}

has_xdp()
{
	in_ns server ip link show "$iface" | has 'prog/xdp'
}

# Nothing of an attachment is there.
clean()
{
	[[ ! -e $dir/$iface && ! -e $dir/::$iface ]] ||
		fail "left: $(ls -d "$dir"/*"$iface" "$dir"/*"$iface"/*)" || return
	! has_xdp || fail "an XDP program is left"
}

attached()
{
	synguard status "$iface" | has 'attached since' || fail "it is not attached"
}

# The attach that follows a crash: succeeds, or says that the crashed one had done its work.
attach_after()
{
	local said

	said=$(synguard attach "$iface" 2>&1) || [[ $said == *'attached already'* ]] ||
		fail "the next attach: $said" || return
	attached
}

detach_after()
{
	local said

	said=$(detach_synguard 2>&1) || [[ $said == *'is not attached'* ]] ||
		fail "the next detach: $said" || return
	clean
}

# Served as it is; then by attach and detach, or every other time by detach alone, to a clean state.
recovers()
{
	served || return
	if (($1 % 2)); then
		attach_after || return
		served || return
	fi
	detach_after
}

# strace_run CALL ACTION COMMAND...: a command on the server's interface during which the N-th (in
# ACTION) system call CALL does as told.
strace_run()
{
	local call=$1 action=$2
	shift 2
	in_ns server strace -qq -o "$TB_DIR/strace" -e trace="$call" -e inject="$call:$action" \
		"$SYNGUARD" "$@" "$iface"
}

# was_hit N: did the last strace_run come to an N-th call?
was_hit()
{
	(($(grep -c '(' "$TB_DIR/strace") >= $1))
}

first_step()
{
	echo $((1 + RANDOM % $1))
}

# each_step CALL STRIDE FUNCTION: FUNCTION CALL N for every STRIDE-th N up to the last such call.
each_step()
{
	local call=$1 stride=$2 n status=0

	for ((n = $(first_step "$stride"); n < steps_max; n += stride)); do
		"$3" "$call" "$n" || fail "at $call number $n: $(tail -n 1 "$TB_DIR/strace")" || status=1
		was_hit "$n" || break
	done
	echo "$call: $n steps"
	((n < steps_max && status == 0))
}

attach_killed()
{
	strace_run "$1" "signal=KILL:when=$2" attach
	recovers "$2"
}

detach_killed()
{
	attach_after || return
	strace_run "$1" "signal=KILL:when=$2" detach
	recovers "$2"
}

detach_now_killed()
{
	attach_after || return
	strace_run "$1" "signal=KILL:when=$2" detach --now
	recovers "$2"
}

# A call that fails is survived (libbpf and libxdp try what the kernel can), or undoes everything.
attach_refused()
{
	local said

	if said=$(strace_run "$1" "error=ENOMEM:when=$2" attach 2>&1); then
		attached || return
		detach_after
		return
	fi
	[[ $said == 'synguard: cannot attach to '* ]] || fail "no message: $said" || return
	clean || return
	[[ $2 != *0 ]] || served
}

# attach_again_killed: it takes the place of a hand-off that lingers.
attach_again_killed()
{
	attach_after || return
	synguard detach "$iface" || return
	strace_run "$1" "signal=KILL:when=$2" attach
	recovers "$2"
}

# killed_at FUNCTION STRIDE CALL...
killed_at()
{
	local call status=0 stride=$2 function=$1
	shift 2

	for call; do
		each_step "$call" "$stride" "$function" || status=1
	done
	return "$status"
}

# By the clock, too: not every step is a system call that strace can name.
killed_any_time()
{
	local n pid

	for ((n = 0; n < random_kills; n++)); do
		spawn server "$SYNGUARD" attach "$iface"
		pid=$SPAWN_PID
		sleep "0.$((RANDOM % 9))$((RANDOM % 10))"
		kill -KILL "$pid" 2>/dev/null
		spawn_stop "$pid"
		recovers "$n" || fail "kill number $n" || return
	done
}

detach_killed_any_time()
{
	local n pid

	for ((n = 0; n < random_kills; n++)); do
		attach_after || return
		spawn server "$SYNGUARD" detach "$iface"
		pid=$SPAWN_PID
		sleep "0.0$((RANDOM % 4))$((RANDOM % 10))"
		kill -KILL "$pid" 2>/dev/null
		spawn_stop "$pid"
		recovers "$n" || fail "kill number $n" || return
	done
}

linger_start()
{
	in_ns server ip link add "$lingerer" type veth peer name "${lingerer}p" || return
	synguard attach "$lingerer" >/dev/null || return
	synguard detach "$lingerer" >/dev/null || return
	linger_from=$SECONDS
}

lingering_gone()
{
	[[ ! -e $dir/$lingerer ]]
}

linger_over()
{
	local left

	if lingering_gone; then
		((SECONDS - linger_from >= 60)) || fail "gone after $((SECONDS - linger_from)) s only"
		return
	fi
	left=$(synguard status "$lingerer" --json | field handoff_seconds_left)
	((left + SECONDS - linger_from >= 60)) || fail "it would be gone too early" || return
	wait_for $((linger_s - (SECONDS - linger_from))) lingering_gone ||
		fail "still there: $(synguard status "$lingerer")" || return
	! synguard status "$lingerer" || fail "status still knows it"
}

# Interrupted or not, nothing stays attached.
cleanup()
{
	synguard detach "$lingerer" --now >/dev/null 2>&1
	testbed_down
}

testbed_up || exit 1
trap cleanup EXIT
linger_start || exit 1
server_start --port 80 --echo || exit 1
if [[ -z $(command -v strace) ]]; then
	skip_all "strace is not installed: scripts/install-deps"
fi
few=$(((step + 4) / 5)) # of the calls that are few
case_ok "attach killed at a bpf() call" killed_at attach_killed "$step" bpf
case_ok "attach killed at another call" killed_at attach_killed "$few" sendto mkdir
case_ok "attach killed at any time" killed_any_time
case_ok "attach killed in the place of a lingering hand-off" \
	killed_at attach_again_killed $((step * 2)) bpf rename unlinkat rmdir
case_ok "detach killed at a bpf() call" killed_at detach_killed "$few" bpf
case_ok "detach killed at another call" killed_at detach_killed 1 sendto
case_ok "detach --now killed at any call" killed_at detach_now_killed "$few" unlinkat rmdir
case_ok "detach killed at any time" detach_killed_any_time
case_ok "attach refused a bpf() call leaves nothing" killed_at attach_refused "$step" bpf
case_ok "attach refused a netlink message leaves nothing" killed_at attach_refused "$few" sendto
case_ok "a hand-off that lingers removes itself after a cookie's lifetime" linger_over
cases_done
