#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A real web server and a real client through synguard, in both XDP modes: pages, 100 MB each way byte
# for byte, and requests right behind the handshake's ACK, which must not wait for a retransmission.
# shellcheck disable=SC2317 # the functions are called by case_ok

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"

LATE_MS=150 # a lost first segment is repeated after 200 ms
CLIENTS=300 # per second, of those that must not wait
SECONDS_EACH=2

url()
{
	[[ $1 == 4 ]] && echo "http://${TB_IP4[server]}/$2" || echo "http://[${TB_IP6[server]}]/$2"
}

curl_client()
{
	in_ns client curl --silent --show-error --fail --max-time 60 "$@"
}

page_once()
{
	curl_client "$(url "$1" index.html)" >"$TB_DIR/page" || return
	cmp "$TB_DIR/page" "$TB_DIR/www/index.html"
}

# The server closes first, so hundreds of its ports are in TIME_WAIT by now; where curl happens to
# take one of these, the SYN is the kernel's (syn_conn_exists), as it should be: then once more.
page()
{
	local sent before reused try

	sent=$(counter syn_cookie_sent)
	before=$(counter handoff_ok)
	for try in 1 2 3; do
		reused=$(counter syn_conn_exists)
		page_once "$1" || return
		counted syn_conn_exists "$reused" || break
		echo "try $try reused a port that is in TIME_WAIT"
	done
	counted syn_cookie_sent "$sent" || fail "no cookie was sent" || return
	counted handoff_ok "$before" || fail "the kernel opened it without a hand-off"
}

download()
{
	curl_client "$(url "$1" big)" | cmp - "$TB_DIR/www/big"
}

upload()
{
	curl_client --upload-file "$TB_DIR/www/big" "$(url "$1" "put$1")" || return
	cmp "$TB_DIR/www/put$1" "$TB_DIR/www/big" || return
	rm "$TB_DIR/www/put$1"
}

# How many clients did not have their answer within LATE_MS.
late()
{
	in_ns client "$TB_TOOLS/connrate" --dst "$(addr "$1" server)" --port 80 --rate $CLIENTS \
		--seconds $SECONDS_EACH --timeout-ms $LATE_MS \
		--bytes "$(stat -c %s "$TB_DIR/www/index.html")" | field total
}

# On a busy machine some are late without synguard, too: so a few more looks.
prompt()
{
	local n try

	for try in 1 2 3 4 5; do
		n=$(late "$1")
		((n <= LATE_WITHOUT[$1] + 2)) && return
		echo "$try: $n of $((CLIENTS * SECONDS_EACH)) took over $LATE_MS ms," \
			"${LATE_WITHOUT[$1]} without synguard"
	done
	return 1
}

testbed_up || exit 1
mkdir "$TB_DIR/www"
head -c 1000 /dev/urandom >"$TB_DIR/www/index.html"
head -c 100000000 /dev/urandom >"$TB_DIR/www/big"
chmod 777 "$TB_DIR/www"
start_nginx "dav_methods PUT; client_max_body_size 200m;" || exit 1
LATE_WITHOUT=([4]=$(late 4) [6]=$(late 6))
for mode in native generic; do
	case_ok "attach, $mode" attach_always --xdp $mode
	case_both "curl gets a page through a cookie, $mode" page
	case_both "100 MB down are byte-identical, $mode" download
	case_both "100 MB up are byte-identical, $mode" upload
	case_both "requests right behind the ACK do not wait, $mode" prompt
	case_ok "detach, $mode" detach_synguard
done
cases_done
