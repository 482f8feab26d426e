#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Allowlist and denylist on a live interface: what they do to clients, expiry, a million prefixes,
# replacement under traffic, and files with errors.
#
# shellcheck disable=SC2317 # functions that case_ok calls

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"

iface=${TB_IF[server]}
pins=/sys/fs/bpf/synguard/$iface
many=1000000

list()
{
	synguard "$1" "$2" "$iface" "${@:3}"
}

count()
{
	list "$1" list --json | field count
}

served()
{
	client "$1" --bind "$(addr "$1" client)" --port 80 --send hello --expect hello \
		--timeout-ms "${2:-4000}"
}

# empty: both lists, whatever became of the case before.
empty()
{
	list deny load /dev/null && list allow load /dev/null
}

# A prefix that holds the client and not the server: /29 and /124 of .10 and ::10.
prefix_of_client()
{
	[[ $1 == 4 ]] && echo 10.83.0.8/29 || echo fd83::10/124
}

denied()
{
	local family=$1 status=0 before

	before=$(counter deny_listed)
	list deny add "$(prefix_of_client "$family")" || return
	! served "$family" 500 || fail "served all the same" || status=1
	(($(counter deny_listed) > before)) || fail "deny_listed stays $before" || status=1
	list deny del "$(prefix_of_client "$family")" || status=1
	served "$family" || status=1
	(($(count deny) == 0)) || fail "$(list deny list)" || status=1
	return "$status"
}

denied_midway()
{
	local family=$1 status=0 before

	spawn client "$TB_TOOLS/tcpcli" --dst "$(addr "$family" server)" --port 80 --hold 60 --bind "$(addr "$family" client)" \
		--ping-interval-ms 100 --timeout-ms 30000 >"$TB_DIR/hold"
	wait_for 5 grep -q ready "$TB_DIR/hold" || fail "no connection" || status=1
	before=$(counter deny_listed)
	list deny add "$(addr "$family" client)" || status=1
	wait_for 5 counted deny_listed "$before" || fail "its packets still pass" || status=1
	list deny load /dev/null || status=1
	before=$(counter conn_packet)
	wait_for 5 counted conn_packet "$before" || fail "they do not pass again" || status=1
	spawn_stop "$SPAWN_PID"
	return "$status"
}

allowed()
{
	local family=$1 status=0 before cookies

	before=$(counter syn_allowed)
	cookies=$(counter syn_cookie_sent)
	list allow add "$(prefix_of_client "$family")" || return
	served "$family" || status=1
	(($(counter syn_allowed) == before + 1 && $(counter syn_cookie_sent) == cookies)) ||
		fail "$(synguard stats "$iface")" || status=1
	list allow del "$(prefix_of_client "$family")" || status=1
	served "$family" || status=1
	(($(counter syn_cookie_sent) == cookies + 1)) || fail "no cookie after" || status=1
	return "$status"
}

deny_beats_allow()
{
	local family=$1 status=0

	list allow add "$(addr "$family" client)" && list deny add "$(addr "$family" client)" || return
	! served "$family" 500 || fail "served" || status=1
	empty || status=1
	return "$status"
}

expires()
{
	local family=$1 status=0

	list deny add "$(addr "$family" client)" --for 2s || return
	list deny list | grep -Eq "^$(addr "$family" client) for [12]s$" ||
		fail "$(list deny list)" || status=1
	! served "$family" 500 || fail "served before" || status=1
	wait_for 6 served "$family" 500 || fail "not served after" || status=1
	(($(count deny) == 0)) || fail "still listed: $(list deny list)" || status=1
	return "$status"
}

# A list as `list` prints it is one that `load` reads.
listed_is_loaded()
{
	printf '%s\n' '# none of them' '' '192.0.2.1' '198.51.100.0/24 ; a net' \
		'2001:db8::/48 for 1h' '203.0.113.77/24' >"$TB_DIR/list"
	list allow load "$TB_DIR/list" >"$TB_DIR/report" || return
	grep -q 'has 4 prefixes' "$TB_DIR/report" || fail "$(cat "$TB_DIR/report")" || return
	grep -q ' 1 had bits set' "$TB_DIR/report" || fail "$(cat "$TB_DIR/report")" || return
	list allow list >"$TB_DIR/printed" || return
	grep -q '^203.0.113.0/24$' "$TB_DIR/printed" || fail "$(cat "$TB_DIR/printed")" || return
	list allow load - <"$TB_DIR/printed" || return
	diff <(list allow list | sed 's/ for.*//') <(sed 's/ for.*//' "$TB_DIR/printed") || return
	bpftool map dump pinned "$pins/allow_entries" | has '"expires": [1-9]' ||
		fail "bpftool does not show the list" || return
	empty
}

bad_files_change_nothing()
{
	local status=0 text

	list deny add 192.0.2.1 || return
	while read -r text; do
		printf '198.51.100.1\n%s\n' "$text" >"$TB_DIR/bad"
		! list deny load "$TB_DIR/bad" 2>"$TB_DIR/stderr" || fail "$text is taken" || status=1
		grep -q "bad:2: " "$TB_DIR/stderr" || fail "$(cat "$TB_DIR/stderr")" || status=1
	done <<-END
		192.0.2.0/33
		2001:db8::/129
		192.0.2.256
		example.org
		192.0.2.2 until tomorrow
		192.0.2.2 for ever
	END
	! list deny load "$TB_DIR/missing" || fail "a missing file is taken" || status=1
	! list deny del 192.0.2.1,192.0.2.9 || fail "what is not there is removed" || status=1
	list deny add 192.0.2.0/33
	(($? == 2)) || fail "no usage error" || status=1
	[[ $(list deny list | sed 1d) == 192.0.2.1 ]] || fail "$(list deny list)" || status=1
	empty || status=1
	return "$status"
}

# Who loads from a pipe keeps nobody waiting, and what never ends is not read for ever.
loads_from_a_pipe()
{
	local status=0 loading

	mkfifo "$TB_DIR/pipe"
	list deny load "$TB_DIR/pipe" >/dev/null &
	loading=$!
	exec {pipe}>"$TB_DIR/pipe"
	list deny add 192.0.2.1 || fail "it waits" || status=1
	printf '%s\n' 198.51.100.1 198.51.100.2 >&"$pipe"
	exec {pipe}>&-
	wait "$loading" || fail "not loaded" || status=1
	(($(count deny) == 2)) || fail "$(list deny list)" || status=1
	! list deny load /dev/zero 2>"$TB_DIR/stderr" || fail "zeros are taken" || status=1
	grep -q "too large" "$TB_DIR/stderr" || fail "$(cat "$TB_DIR/stderr")" || status=1
	empty || status=1
	return "$status"
}

# many_make NAME SEED: a file with that many prefixes, of both families, none of them the testbed's;
# and then the ghosts.
many_make()
{
	awk -v n="$many" -v seed="$2" 'BEGIN {
		srand(seed)
		for (i = 0; i < n / 2; i++) {
			printf "%d.%d.%d.%d\n", 20 + rand() * 200, rand() * 256, rand() * 256, rand() * 256
			printf "2001:%x:%x:%x::/64\n", rand() * 65536, rand() * 65536, rand() * 65536
		}
	}' | head -n $((many - 2)) >"$TB_DIR/$1"
	printf '%s\n' "$TB_GHOST4" "$TB_GHOST6" >>"$TB_DIR/$1"
}

a_million()
{
	local status=0 start ms

	many_make many 1
	start=$(date +%s%N)
	list deny load "$TB_DIR/many" >"$TB_DIR/report" || return
	ms=$((($(date +%s%N) - start) / 1000000))
	echo "$ms ms: $(cat "$TB_DIR/report")"
	((ms < 3000)) || fail "it took $ms ms" || status=1
	(($(count deny) > many * 99 / 100)) || fail "$(count deny) of $many" || status=1
	! segment 4 --dport 80 --sport 4000 --flags S --wait-ms 300 | has flags ||
		fail "the ghost is answered" || status=1
	served 4 && served 6 || status=1
	empty || status=1
	return "$status"
}

loads()
{
	local i

	for ((i = 0; i < 10; i++)); do
		list deny load "$TB_DIR/a" >/dev/null && list deny load "$TB_DIR/b" >/dev/null || return
	done
	echo loaded
}

# Lists of different sizes follow each other; the ghosts are on each of them, the client on none.
no_gap_in_a_replacement()
{
	local status=0 before family rounds=0 loading

	many=50000 many_make a 2
	many=200 many_make b 3
	list deny load "$TB_DIR/a" || return
	before=$(counter deny_listed)
	loads >"$TB_DIR/loads" &
	loading=$!
	while kill -0 "$loading" 2>/dev/null && ((rounds < 500)); do
		for family in 4 6; do
			segment "$family" --dport 80 --sport $((5000 + rounds)) --flags S --wait-ms 20 |
				grep -q flags && status=1
			served "$family" >/dev/null || fail "a client is not served" || status=1
		done
		: $((rounds += 1))
	done
	wait "$loading"
	grep -q loaded "$TB_DIR/loads" || fail "a load failed" || status=1
	(($(counter deny_listed) == before + 2 * rounds)) ||
		fail "$(($(counter deny_listed) - before)) of $((2 * rounds)) denied" || status=1
	((rounds > 3)) || fail "only $rounds rounds" || status=1
	empty || status=1
	return "$status"
}

testbed_up || exit 1
attach_always >/dev/null || exit 1
server_start --port 80 --echo || exit 1

case_both "a denied client's SYNs are dropped, and no longer once it is removed" denied
case_both "so are an established connection's packets, which goes on afterwards" denied_midway
case_both "an allowed client gets no cookie" allowed
case_both "who is on both lists is denied" deny_beats_allow
case_both "an entry ends after its time" expires
case_ok "what list prints, load reads" listed_is_loaded
case_ok "a file with an error changes nothing" bad_files_change_nothing
case_ok "loading from a pipe" loads_from_a_pipe
case_ok "a million prefixes are loaded within 3 s" a_million
case_ok "a list is replaced without a gap" no_gap_in_a_replacement
cases_done
