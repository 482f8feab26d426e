#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the network tests share.  Source it; it sources scripts/testbed and sets nothing up.  A test:
#
#     . "$(dirname "$0")/lib.sh"
#     testbed_up || exit 1
#     case_ok "what must hold" FUNCTION ARG...     one "ok" or "not ok" line
#     case_both "what must hold" FUNCTION ARG...   two: FUNCTION 4 ARG... and FUNCTION 6 ARG...
#     cases_done                                   the plan and the exit status
#
# A function under test says what is wrong by `fail TEXT`, or what is missing here by `skip TEXT`, and
# returns with that status; what it prints is shown if it failed.  It runs in the script's own shell,
# so what it spawns is known to the testbed; end what it started, or call `spawn_stop_all`.
set -uo pipefail

# shellcheck source=scripts/testbed
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/testbed"

SYNGUARD=$TB_ROOT/build/synguard
CASES=0
CASES_FAILED=0
SKIPPED=77

fail()
{
	echo "$*"
	return 1
}

skip()
{
	echo "$*"
	return $SKIPPED
}

case_ok()
{
	local name=$1 status=0 log=$TB_DIR/case.log
	shift
	: $((CASES += 1))
	"$@" >"$log" 2>&1 || status=$?
	case $status in
	0) echo "ok $CASES - $name" ;;
	"$SKIPPED") echo "ok $CASES - $name # SKIP $(tail -n 1 "$log")" ;;
	*)
		: $((CASES_FAILED += 1))
		echo "not ok $CASES - $name"
		sed 's/^/# /' "$log"
		;;
	esac
}

case_both()
{
	local name=$1 function=$2 family
	shift 2
	for family in 4 6; do
		case_ok "IPv$family: $name" "$function" $family "$@"
	done
}

# skip_all REASON: nothing of this test can be done here.
skip_all()
{
	echo "1..0 # SKIP $*"
	exit $SKIPPED
}

cases_done()
{
	echo "1..$CASES"
	exit $((CASES_FAILED > 0))
}

# addr FAMILY ROLE: its address; ROLE may also be ghost.
addr()
{
	case $1$2 in
	4ghost) echo "$TB_GHOST4" ;;
	6ghost) echo "$TB_GHOST6" ;;
	4*) echo "${TB_IP4[$2]}" ;;
	6*) echo "${TB_IP6[$2]}" ;;
	esac
}

# has REGEX: is it in what a command prints?  All is read: "grep -q" leaves early, and a command that
# prints more then dies of SIGPIPE, which is a failure of the pipe.
has()
{
	[[ $(grep -c -e "$1") != 0 ]]
}

# field KEY: that field of a tool's one-line JSON report on standard input.
field()
{
	sed -n "s/.*\"$1\": \"\{0,1\}\([^\",}]*\).*/\1/p"
}

synguard()
{
	in_ns server "$SYNGUARD" "$@"
}

# attach_synguard [OPTION...]: on the server's interface.
attach_synguard()
{
	synguard attach "${TB_IF[server]}" "$@"
}

# attach_always [OPTION...]: the same, each SYN getting a cookie, attack or not.
attach_always()
{
	attach_synguard --mode always "$@"
}

detach_synguard()
{
	synguard detach "${TB_IF[server]}" --now
}

# counter REASON: packets counted so far.
counter()
{
	synguard stats "${TB_IF[server]}" --json |
		sed -n "/\"$1\": {/{n;s/[^0-9]//gp;}"
}

# counted REASON COUNT_BEFORE [N]: at least N (1) more packets by now?  (for wait_for)
counted()
{
	(($(counter "$1") >= $2 + ${3:-1}))
}

# server_start ARG...: tcpsrv on the server, listening; its report comes from server_stop.
server_start()
{
	: >"$TB_DIR/server.out"
	spawn server "$TB_TOOLS/tcpsrv" "$@" >"$TB_DIR/server.out"
	SERVER=$SPAWN_PID
	wait_for 5 grep -q ready "$TB_DIR/server.out" || fail "tcpsrv $* did not start"
}

server_stop()
{
	spawn_stop "$SERVER"
	sed 1d "$TB_DIR/server.out"
}

# client FAMILY ARG...: tcpcli to the server.
client()
{
	local family=$1
	shift
	in_ns client "$TB_TOOLS/tcpcli" --dst "$(addr "$family" server)" "$@"
}

# segment FAMILY ARG...: one crafted segment from the ghost address to the server, and the answers.
segment()
{
	local family=$1
	shift
	in_ns client "$TB_TOOLS/rawtcp" --dev "${TB_IF[client]}" --src-mac "${TB_MAC[client]}" \
		--dst-mac "${TB_MAC[server]}" --src "$(addr "$family" ghost)" \
		--dst "$(addr "$family" server)" "$@"
}

# spawn_stop_all: what this test has in the background.
spawn_stop_all()
{
	local pid

	for pid in "${TB_PIDS[@]}"; do
		spawn_stop "$pid"
	done
	return 0
}

# start_nginx [DIRECTIVE...]: on the server's port 80, with $TB_DIR/www as its pages; NGINX_BACKLOG is
# the length of its accept queue.
start_nginx()
{
	mkdir -p "$TB_DIR/www"
	[[ -e $TB_DIR/www/index.html ]] || echo "the server's page" >"$TB_DIR/www/index.html"
	chmod -R a+rX "$TB_DIR"
	cat >"$TB_DIR/nginx.conf" <<-END
		worker_processes 1;
		daemon off;
		pid $TB_DIR/nginx.pid;
		error_log $TB_DIR/nginx.log;
		worker_rlimit_nofile 32768;
		events { worker_connections 16384; }
		http {
			access_log off;
			client_body_temp_path $TB_DIR/body;
			proxy_temp_path $TB_DIR/proxy;
			fastcgi_temp_path $TB_DIR/fastcgi;
			uwsgi_temp_path $TB_DIR/uwsgi;
			scgi_temp_path $TB_DIR/scgi;
			server {
				listen 80 backlog=${NGINX_BACKLOG:-511};
				listen [::]:80 backlog=${NGINX_BACKLOG:-511};
				root $TB_DIR/www;
				$*
			}
		}
	END
	spawn server nginx -e "$TB_DIR/nginx.log" -p "$TB_DIR" -c "$TB_DIR/nginx.conf"
	# shellcheck disable=SC2034 # for a test that stops it
	NGINX=$SPAWN_PID
	wait_for 5 listening 80 || fail "nginx did not start: $(cat "$TB_DIR/nginx.log")"
}
