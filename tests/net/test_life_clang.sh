#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The programs as Debian's default clang compiles them: the verifier takes them, and they serve.  All
# other tests have those of clang 19, where that is installed.
#
# shellcheck disable=SC2317 # functions that case_ok calls

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"

compiled()
{
	make -s -j"$(nproc)" -C "$TB_ROOT" BUILD="$build" CLANG=clang "$build/synguard"
}

attached()
{
	SYNGUARD=$build/synguard
	attach_synguard --mode always
}

# Through a cookie with data both ways, and to its end.
served()
{
	local before

	before=$(counter syn_cookie_sent)
	client "$1" --port 80 --send hello --expect hello || return
	counted syn_cookie_sent "$before" || fail "no cookie was sent" || return
	[[ $(counter handoff_failed) == 0 ]] || fail "the hand-off failed"
}

testbed_up || exit 1
build=$TB_DIR/build
server_start --port 80 --echo || exit 1
case_ok "$(clang --version | head -n 1) compiles them" compiled
case_ok "the verifier takes them" attached
case_both "a client is served through a cookie" served
detach_synguard >/dev/null
cases_done
