#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A server that speaks first, in an attack: a real sshd, whose client's last ACK of the handshake is
# lost.  The client waits for the banner and would wait for ever, since only a cookie knows of it.
#
# shellcheck disable=SC2317 # functions that case_ok calls

# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/flood.sh
. "$(dirname "$0")/flood.sh"

PORT=22
# From more prefixes than the server can remember SYNs of, a client would have no more than a chance.
declare -A FEW=([4]=198.18.0.0/17 [6]=2001:db8::/49) # 128 each of /24 and /56
RATE=5000        # slow enough for the queue of a veth to outlast a stall of the machine
FLOOD_RATE=20000 # so fast that a SYN goes unanswered for each SYN-ACK that is longer than its SYN
BANNER_MS=3000
BANNERS=3
ATTEMPTS=6 # some may lose more than that ACK, where the machine stalls nevertheless

# As nobody, who needs no directory for the separation of privileges.
sshd_start()
{
	chmod a+x "$TB_DIR"
	ssh-keygen -q -t ed25519 -N '' -f "$TB_DIR/host_key" || return
	chown nobody "$TB_DIR/host_key"
	cat >"$TB_DIR/sshd_config" <<-END
		Port $PORT
		HostKey $TB_DIR/host_key
		PidFile none
		UsePAM no
		MaxStartups 1000
		LoginGraceTime 20
	END
	in_ns server sysctl -qw net.ipv4.ip_unprivileged_port_start=1
	spawn server setpriv --reuid nobody --regid nogroup --clear-groups \
		/usr/sbin/sshd -D -e -f "$TB_DIR/sshd_config" >"$TB_DIR/sshd.log" 2>&1
	wait_for 5 listening $PORT || fail "sshd did not start: $(<"$TB_DIR/sshd.log")"
}

# The first pure ACK of each connection is lost, and no other.
lose_ack()
{
	in_ns client nft -f - <<-END
		table inet lossy {
			chain out {
				type filter hook output priority 0
				tcp dport $PORT tcp flags & (syn|ack|fin|rst|psh) == ack ct original packets 2 \
					counter drop
			}
		}
	END
}

lose_none()
{
	in_ns client nft delete table inet lossy
}

acks_lost()
{
	in_ns client nft -j list table inet lossy | jq '[.. | .counter? | objects | .packets] | add'
}

# banner FAMILY: the milliseconds until it came go to BANNER_TOOK.
banner()
{
	local start=${EPOCHREALTIME/./} status=0

	client "$1" --port "$PORT" --expect SSH-2.0 --timeout-ms "$BANNER_MS" || status=1
	BANNER_TOOK=$(((${EPOCHREALTIME/./} - start) / 1000))
	echo "# IPv$1: banner after $BANNER_TOOK ms" >&3
	return "$status"
}

# attacked FAMILY CMD...: while a flood makes cookies necessary.
attacked()
{
	local family=$1 status=0
	shift

	flood_start "$family" syn "$RATE" --src "${FEW[$family]}"
	wait_for 5 counted syn_cookie_sent "$(counter syn_cookie_sent)" 1000 || fail "no attack" || status=1
	"$@" || status=1
	flood_stop || status=1
	return "$status"
}

ack_lost()
{
	local status=0 attempts=0 came=0 handoffs

	handoffs=$(counter handoff_ok)
	lose_ack
	while ((came < BANNERS && attempts++ < ATTEMPTS)); do
		banner "$1" && ((BANNER_TOOK <= BANNER_MS)) && : $((came += 1))
	done
	((came == BANNERS)) || fail "$came times in $attempts" || status=1
	(($(acks_lost) >= BANNERS)) || fail "$(acks_lost) ACKs were lost" || status=1
	lose_none
	(($(counter handoff_ok) >= handoffs + BANNERS)) || fail "no cookie's connections" || status=1
	(($(counter synack_repeated) > 0)) || fail "no SYN-ACK was sent again" || status=1
	return "$status"
}

# The same without repetitions: or the test above would prove nothing.
ack_lost_for_good()
{
	local status=0

	lose_ack
	! banner "$1" || fail "it came all the same" || status=1
	lose_none
	return "$status"
}

# Each SYN-ACK sent again took the frame of a SYN that got none.
no_amplification()
{
	local in out_before out_after packets status=0

	wait_for 2 arrived_all || fail "something else goes on" || status=1
	in=$(packets_in)
	read -ra out_before < <(frames_out)
	flood_for "$1" syn "$FLOOD_RATE" 4 || status=1
	wait_for 2 arrived_all || fail "it goes on" || status=1
	in=$(($(packets_in) - in))
	read -ra out_after < <(frames_out)
	packets=$((out_after[0] - out_before[0]))
	echo "$in packets in, $packets out, $(counter synack_repeated) sent again;" \
		"$((out_after[1] - out_before[1])) bytes out, $(field frame_bytes <"$TB_DIR/flood") each in"
	((packets <= in)) || fail "more out than in" || status=1
	awk -v b=$((out_after[1] - out_before[1])) -v n="$in" \
		-v each="$(field frame_bytes <"$TB_DIR/flood")" 'BEGIN { exit !(b <= n * each) }' ||
		fail "more bytes out than in" || status=1
	return "$status"
}

testbed_up || exit 1
[[ -x /usr/sbin/sshd ]] || skip_all "no sshd: run scripts/install-deps"
sshd_start || exit 1
exec 3>&1
case_ok "attach, nothing is repeated" protect "proven: { for: never }" "resend: { times: 0 }" \
	"$(service "$PORT" always speaks_first yes)"
case_both "a lost ACK leaves the client waiting" ack_lost_for_good
case_ok "detach" detach_synguard
case_ok "attach" protect "proven: { for: never }" "$(service "$PORT" auto syn_rate 2000/s hold 1s)"
for family in 4 6; do
	case_ok "IPv$family: with its ACK lost, sshd's banner comes within $BANNER_MS ms" \
		attacked $family ack_lost $family
done
case_both "and a flood is not amplified" no_amplification
cases_done
