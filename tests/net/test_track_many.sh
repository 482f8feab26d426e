#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# 100,000 connections that open, exchange and close, over IPv4 and IPv6 at once: none is lost from the
# books and none stays.  While they run, and until the table is empty again, what was made must be what
# was closed, what expired and what is there.  Once with the client closing first and once with
# the server, where TIME_WAIT is the server's and keeps its entries a minute.
#
# The counters come from one read; what is there is counted in the table itself, between two such
# reads.  It can be no more than what was there at the first and was made until the second, and no less
# than what was there at the first and is not gone at the second; when nothing changes, both are
# exact.
# shellcheck disable=SC2086,SC2317 # numbers and lists; the functions are called by case_ok

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"

CONNECTIONS=100000
RATE=3000 # per second, of both families
SWEEP_S=20
TIMEOUT_S=2    # of the states after the end, as set below
TIME_WAIT_S=65 # of a connection that this host closed first: the kernel's, and a margin

# totals: connections made, closed and expired so far.
totals()
{
	local report

	report=$(synguard status "${TB_IF[server]}" --json) || return
	for key in made closed expired; do
		sed -n "s/.*\"conns_$key\": *\([0-9]*\).*/\1/p" <<<"$report" | head -n 1
	done | xargs
}

# live: connections in the table, counted one by one.
live()
{
	synguard conns "${TB_IF[server]}" --count --json | sed -n 's/.*"connections": *\([0-9]*\).*/\1/p'
}

# books_balance: samples once; sets MADE, GONE and LIVE.
books_balance()
{
	local made closed expired live made2 closed2 expired2 most least

	read -r made closed expired < <(totals) || fail "no status" || return
	live=$(live)
	read -r made2 closed2 expired2 < <(totals) || fail "no status" || return
	: $((SAMPLES += 1))
	MADE=$made2 GONE=$((closed2 + expired2)) LIVE=$live
	most=$((made2 - closed - expired)) least=$((made - closed2 - expired2))
	((live >= least && live <= most)) ||
		fail "sample $SAMPLES: made $made to $made2, closed $closed to $closed2, expired" \
			"$expired to $expired2: $least to $most should be there, and $live are"
}

# load_start FAMILY COUNT: in the background, its report in $TB_DIR/load4 or 6.
load_start()
{
	local sources=$TB_CLIENTS4

	[[ $1 == 4 ]] || sources=$TB_CLIENTS6
	spawn client "$TB_TOOLS/connrate" --dst "$(addr "$1" server)" --port 80 --src-list $sources \
		--rate $((RATE / 2)) --count "$2" --seconds 60 --timeout-ms 20000 --request "$REQUEST" \
		>"$TB_DIR/load$1"
	LOADS+=("$SPAWN_PID")
}

loads_run()
{
	local pid

	for pid in "${LOADS[@]}"; do
		kill -0 "$pid" 2>/dev/null && return
	done
	return 1
}

# samples_while SECONDS CMD...: the books balance every 0.2 s while CMD succeeds; fails once SECONDS
# have passed.
samples_while()
{
	local deadline=$((SECONDS + $1))

	shift
	while "$@"; do
		books_balance || return
		((SECONDS < deadline)) || fail "still so: $*; $LIVE connections" || return
		sleep 0.2
	done
}

not_empty()
{
	((LIVE > 0))
}

# One in a thousand may have to wait for the longest of the times: the kernel does not tell its tracing
# programs of each socket's end, and then the packets must.
many_left()
{
	((LIVE > CONNECTIONS / 1000))
}

# many keep|http EMPTY_AFTER_SECONDS
many()
{
	local LOADS=() REQUEST=$1 SAMPLES=0 MADE GONE LIVE family made peak done=0

	books_balance || return
	[[ $LIVE == 0 ]] || fail "$LIVE connections before the first" || return
	made=$MADE
	load_start 4 $((CONNECTIONS / 2))
	load_start 6 $((CONNECTIONS / 2))
	samples_while 90 loads_run || return
	for family in 4 6; do
		: $((done += $(field completed <"$TB_DIR/load$family")))
	done
	# On a machine that is busy with other things a few may run into their deadline.
	((done >= CONNECTIONS * 999 / 1000)) || fail "$(cat "$TB_DIR"/load[46])" || return
	books_balance || return
	# The client uses some ports again; where the end of the one and the start of the other reached
	# no tracing program, both are one.
	((MADE - made >= done * 999 / 1000 && MADE - made <= CONNECTIONS)) ||
		fail "$((MADE - made)) connections made, of $CONNECTIONS begun and $done completed" ||
		return
	peak=$LIVE
	samples_while $2 many_left || return
	samples_while $((TIME_WAIT_S + SWEEP_S + 5)) not_empty || return
	((MADE == GONE)) || fail "made $MADE, gone $GONE, none there" || return
	echo "# --request $1: $done completed, $SAMPLES samples, $peak connections in the table at the end of the load," \
		"empty within $2 s; made, closed, expired: $(totals)" >>"$TB_DIR/numbers"
}

testbed_up || exit 1
: >"$TB_DIR/numbers"
NGINX_BACKLOG=4096 # nginx need not keep up with every burst
start_nginx "keepalive_requests 10;" || exit 1
case_ok "attach" attach_always --port 80 \
	--timeout "time_wait=$TIMEOUT_S,close=$TIMEOUT_S,last_ack=$TIMEOUT_S"
case_ok "the client closes first" many keep $((TIMEOUT_S + SWEEP_S + 5))
case_ok "the server closes first" many http $((TIME_WAIT_S + SWEEP_S + 5))
cat "$TB_DIR/numbers"
cases_done
