#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Keys: made, rotated while clients connect, taken from a file that machines share, refused where
# others may read it; and shown nowhere.
#
# shellcheck disable=SC2317 # functions that case_ok calls

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"

# say STATUS PATTERN ARG...: synguard ARG... ends with that status and says something like that.
say()
{
	local want=$1 pattern=$2 status=0 text
	shift 2
	text=$(synguard "$@" 2>&1) || status=$?
	echo "$text" | tee -a "$said"
	((status == want)) || fail "synguard $*: exit status $status, not $want" || return
	grep -qE -- "$pattern" <<<"$text" || fail "synguard $*: no '$pattern'"
}

# The two parts of a key file's line.
key_of()
{
	head -c 32 "$1"
}

mask_of()
{
	tail -c 17 "$1"
}

makes_a_file()
{
	(umask 0; say 0 'keep it secret' key new "$TB_DIR/key") || return
	[[ $(stat -c '%a %s %u' "$TB_DIR/key") == '600 49 0' ]] || fail "$(stat "$TB_DIR/key")" || return
	grep -qxE '[0-9a-f]{48}' "$TB_DIR/key" || fail "not 48 hex digits" || return
	say 1 'exists.*--replace' key new "$TB_DIR/key" || return
	cp "$TB_DIR/key" "$TB_DIR/key.old"
	say 0 'a new key' key new "$TB_DIR/key" --replace || return
	[[ $(stat -c %a "$TB_DIR/key") == 600 ]] || fail "mode of the new one" || return
	[[ $(key_of "$TB_DIR/key") != "$(key_of "$TB_DIR/key.old")" ]] || fail "the same key" || return
	[[ $(mask_of "$TB_DIR/key") == "$(mask_of "$TB_DIR/key.old")" ]] || fail "another mask" || return
	ln -s "$TB_DIR/key" "$TB_DIR/link"
	say 1 'symbolic link' key new "$TB_DIR/link" --replace || return
	say 2 'synguard key new --help' key new
}

attach_with_file()
{
	printf 'mode: always\nkeys:\n  file: %s\n' "$1" >"$TB_DIR/config"
	say "$2" "$3" attach "${TB_IF[server]}" --config "$TB_DIR/config"
}

refuses_what_others_may_read()
{
	local mode
	for mode in 640 604 620 602; do
		install -m "$mode" "$TB_DIR/key" "$TB_DIR/open"
		attach_with_file "$TB_DIR/open" 1 "mode 0$mode.*chmod 600 $TB_DIR/open" || return
	done
	attach_with_file "$TB_DIR/link" 1 'symbolic link' || return
	attach_with_file "$TB_DIR/none" 1 'No such file' || return
	[[ ! -e $pins ]] || fail "$pins is left"
}

# start_nginx lets everybody read the scratch directory.
nginx()
{
	start_nginx "" && chmod 600 "$TB_DIR/key" "$TB_DIR/key.old"
}

# The SYN-ACK takes a tenth of a second, so that some forty handshakes are in flight at any moment.  The clients go on for some seconds after the new key serves.
rotates_under_clients()
{
	local family text serves status=0
	nginx || return
	attach_synguard --mode always || return
	testbed_relay --rule 'dir=b2a,match=synack,nth=*,do=delay:100' || return
	for family in 4 6; do
		spawn client "$TB_TOOLS/connrate" --dst "$(addr "$family" server)" --port 80 \
			--rate 200 --seconds 90 --timeout-ms 5000 >"$TB_DIR/rate$family"
		rates[family]=$SPAWN_PID
	done
	wait_for 5 counted syn_cookie_sent 0 200 || fail "no clients" || status=1
	text=$(say 0 'a new key serves from' key rotate "${TB_IF[server]}") || status=1
	echo "$text"
	serves=$(sed -n 's/.* in \([0-9]*\) s;.*/\1/p' <<<"$text")
	((serves >= 0 && serves <= 34)) || fail "not within an epoch" || status=1
	say 1 'try again in [0-9]+ s' key rotate "${TB_IF[server]}" || status=1
	say 0 'a new one every 2h' key rotate "${TB_IF[server]}" --every 2h || status=1
	sleep $((serves + 1)) # the kernel's clock goes on by itself; there is nothing to wait for
	wait_for 10 counted syn_cookie_sent "$(counter syn_cookie_sent)" 1000 || status=1
	for family in 4 6; do
		spawn_stop "${rates[family]}"
		cat "$TB_DIR/rate$family"
		(($(field attempted <"$TB_DIR/rate$family") > 500)) || fail "too few" || status=1
		grep -q '"failed": {"total": 0,' "$TB_DIR/rate$family" || fail "failures" || status=1
	done
	(($(counter ack_cookie_invalid) == 0)) || fail "cookies were refused" || status=1
	testbed_relay_stop || status=1
	spawn_stop "$NGINX"
	return "$status"
}

# bytes AT COUNT: of the map `keys`, in hex.
bytes()
{
	bpftool -j map lookup pinned "$pins/keys" key 0 0 0 0 |
		sed 's/.*"value":\["\([^]]*\)"\].*/\1/; s/","//g; s/0x//g' | cut -c "$(($1 * 2 + 1))-$((($1 + $2) * 2))"
}

says_no()
{
	local iface=${TB_IF[server]}
	say 2 '2m to 365d' key rotate "$iface" --every 1m || return
	say 2 '2m to 365d' key rotate "$iface" --every often || return
	say 2 'cron' key rotate "$iface" --every 1h --file "$TB_DIR/key" || return
	say 1 'keys of its own' key rotate "$iface" --file "$TB_DIR/key" || return
	say 1 'nothing is attached' key rotate nowhere0 || return
	say 0 'no longer' key rotate "$iface" --every never
}

# A reload sets what the file says, whatever a command has set meanwhile; config show says what is.
every_lasts_until_reload()
{
	local iface=${TB_IF[server]} file=$TB_DIR/every.yaml
	printf 'services:\n  - ports: 80\nkeys:\n  rotate: 1d\n' >"$file"
	attach_synguard --config "$file" >/dev/null || return
	say 0 'rotate: 1d' config show "$iface" || return
	say 0 'no longer' key rotate "$iface" --every never || return
	say 0 'rotate: never' config show "$iface" || return
	say 0 'keys.rotate: never -> 1d' reload "$iface" || return
	say 0 'a new one each 1d' status "$iface" || return
	say 0 'no change' reload "$iface"
}

shares()
{
	local iface=${TB_IF[server]} status=0
	attach_with_file "$TB_DIR/key" 0 "$iface" || return
	[[ $(bytes 8 16) == "$(key_of "$TB_DIR/key")" ]] || fail "not the file's key" || return
	nginx || return
	client 4 --port 80 --count 20 | has '"connected": 20' || fail "no connections" || status=1
	spawn_stop "$NGINX"
	((status == 0)) || return 1
	say 0 'has the key' key rotate "$iface" --file "$TB_DIR/key" || return
	say 1 'other machines have' key rotate "$iface" || return
	say 1 'cron' key rotate "$iface" --every 1h || return
	echo 'mode: always' >"$TB_DIR/none"
	say 1 'other machines have' reload "$iface" --config "$TB_DIR/none" || return
	say 0 'no change' reload "$iface" || return
	synguard key new "$TB_DIR/other"
	say 1 'last 16 digits' key rotate "$iface" --file "$TB_DIR/other" || return
	say 1 'chmod 600' key rotate "$iface" --file "$TB_DIR/open" || return
	say 0 'a new key' key new "$TB_DIR/key" --replace || return
	say 0 'serves from' key rotate "$iface" --file "$TB_DIR/key" || return
	[[ $(bytes 24 16) == "$(key_of "$TB_DIR/key")" ]] || fail "not the file's new key" || return
	say 0 'the key of this file serves from' key rotate "$iface" --file "$TB_DIR/key"
}

# attach_again: after a detach that waits for handshakes in flight.
attach_again()
{
	synguard detach "${TB_IF[server]}" && synguard attach "${TB_IF[server]}" "$@"
}

# The filter's secret is new with each ring, and told by no file.
takes_over()
{
	local presence
	presence=$(bytes 48 8)
	attach_again --config "$TB_DIR/config" || return
	[[ $(bytes 48 8) == "$presence" ]] || fail "with the same file it has a new ring" || return
	attach_again || return
	[[ $(bytes 48 8) != "$presence" && $(bytes 64 1) == 00 ]] || fail "kept the file's key" || return
	presence=$(bytes 48 8)
	attach_again || return
	[[ $(bytes 48 8) == "$presence" ]] || fail "its own keys are not kept" || return
	attach_again --config "$TB_DIR/config" || return
	[[ $(bytes 48 8) != "$presence" && $(bytes 64 1) == 01 ]] || fail "kept its own key" || return
	[[ $(bytes 8 16) == "$(key_of "$TB_DIR/key")" ]] || fail "not the file's key"
}

only_root_reads()
{
	[[ $(stat -c '%a %u' "$pins" "${pins%/*}" | sort -u) == '700 0' ]] || fail "mode of the pins" ||
		return
	! setpriv --reuid 65534 --clear-groups "$(command -v bpftool)" map lookup pinned "$pins/keys" \
		key 0 0 0 0 || fail "nobody can read the keys"
}

# Neither those of files nor those of the map, the ratchet among them, in any form of hex.
says_no_key()
{
	local iface=${TB_IF[server]} text secret
	{
		synguard status "$iface"
		synguard status "$iface" --json
		synguard stats "$iface" --json --all
		synguard config show "$iface"
		synguard check "$iface"
	} >>"$said" 2>&1
	text=$(tr -d ' :\n' <"$said" | tr 'A-F' 'a-f' | sed 's/0x//g')
	for secret in "$(key_of "$TB_DIR/key")" "$(key_of "$TB_DIR/key.old")" "$(mask_of "$TB_DIR/key")" \
		"$(bytes 8 16)" "$(bytes 24 16)" "$(bytes 40 8)" "$(bytes 48 8)" "$(bytes 96 16)" \
		"$(bytes 160 16)"; do
		[[ ${#secret} -ge 16 ]] || fail "no secret to look for" || return
		[[ $text != *"${secret:0:16}"* ]] || fail "a secret was printed" || return
	done
}

testbed_up || exit 1
pins=/sys/fs/bpf/synguard/${TB_IF[server]}
said=$TB_DIR/said # all that synguard has printed here
: >"$said"
declare -a rates
case_ok "key new makes a file for root only, and replaces its key only" makes_a_file
case_ok "a key file that others may read is refused" refuses_what_others_may_read
case_ok "no connect fails while the key is rotated" rotates_under_clients
case_ok "what cannot be done is refused, with what to do" says_no
detach_synguard >/dev/null
case_ok "how often keys are rotated lasts until a reload" every_lasts_until_reload
detach_synguard >/dev/null
case_ok "a key from a file, and the next one" shares
case_ok "keys are kept by an attach soon after detach, if they come from the same place" takes_over
case_ok "only root can read the keys" only_root_reads
case_ok "nothing that was printed holds a key" says_no_key
detach_synguard >/dev/null
cases_done
