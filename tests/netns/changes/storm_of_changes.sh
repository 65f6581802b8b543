#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Real connections through a storm of changes, many of them overlapping, with restarts and
# kills of the daemon between: not one breaks, no datagram goes to another backend, no request fails.
# CHANGES (25), TCP (200), UDP (100): `make soak` makes it 200, 500 and 200.
. "$(dirname "$0")/../lib.sh"

CHANGES=${CHANGES:-25} TCP=${TCP:-200} UDP=${UDP:-100} SEED=${SEED:-$RANDOM}
RANDOM=$SEED
TALK=$BUILD/tests/tools/talk
SERVICES=(web talk gram)
echo "seed $SEED: $CHANGES changes, $TCP TCP connections, $UDP UDP flows"

lab up -b 6
lab nginx
lab vip
lab decap
service() { # NAME VIP MODE
	printf '  %s:\n    vip: %s\n    mode: %s\n    tcp_idle: %s\n    udp_idle: %s\n    drain: 1d\n    backends: {' \
		"$1" "$2" "$3" "$(idle_time 5)" "$(idle_time 3)"
	for i in 1 2 3 4; do
		printf 'b%d: %s, ' $i "$(lab address b$i)"
	done
	echo '}'
}
config <<EOT
interfaces: [eth0, eth1]
flush: {interval: 0.3}
services:
$(service web "$VIP4:80/tcp" nat)
$(service talk "$VIP4:7000/tcp" l2)
$(service gram "$VIP4:7001/udp" ipip)
EOT
start
wait_for resolved
for i in 1 2 3 4 5 6; do
	on b$i "$TALK" server 0.0.0.0 7000 b$i >/dev/null 2>&1 &
	on b$i "$TALK" server $VIP4 7001 --udp b$i >/dev/null 2>&1 &
done
listening() { on "$1" ss -Hltn "sport = 7000" | grep -q . && on "$1" ss -Hlun "sport = 7001" | grep -q .; }
for i in 1 2 3 4 5 6; do
	wait_for listening b$i
done
client "$TALK" client $VIP4 7000 --tcp "$TCP" --seconds 3000 </dev/null >"$RUN/tcp" 2>&1 &
tcp=$!
client "$TALK" client $VIP4 7001 --udp "$UDP" --seconds 3000 </dev/null >"$RUN/udp" 2>&1 &
udp=$!
requests() {
	while [ ! -e "$RUN/enough" ]; do
		client curl -sS -m 5 "http://$VIP4/" 2>&1 || true
	done
}
requests >"$RUN/answers" &
stream=$!
flows() { xring --json stats talk | jq .flows; }
wait_for equals "$TCP" flows

# One change, whatever comes of it: what makes no sense then is refused.
one() {
	local s=${SERVICES[RANDOM % 3]} b=b$((RANDOM % 6 + 1)) now=
	[ $((RANDOM % 2)) = 0 ] && now=--now
	case $((RANDOM % 7)) in
	0 | 1) xring backend add "$s" $b "$(lab address $b)" $now ;;
	2) enough "$s" && xring backend del "$s" $b $now ;;
	3) xring backend set "$s" $b --weight $((RANDOM % 4 + 1)) $now ;;
	4) enough "$s" && xring backend drain "$s" $b $now ;;
	5) xring backend undrain "$s" $b $now ;;
	6) xring change cancel "$(xring --json changes | jq 'map(select(.stage != "done").id) | max')" ;;
	esac >/dev/null 2>&1
}

enough() { # three backends that take new flows at the least
	[ "$(xring --json backend list "$1" | jq '[.[] | select(.share > 0)] | length')" -gt 2 ]
}

restart() {
	local signals=(KILL TERM KILL)
	stop "${signals[RANDOM % 3]}"
	sleep "0.$((RANDOM % 5))"
	start
	restarts=$((restarts + 1))
}

done=0 tries=0 restarts=0
while [ $done -lt "$CHANGES" ]; do
	[ $((tries += 1)) -lt $((20 * CHANGES)) ] || fail "only $done changes were taken"
	if one; then
		done=$((done + 1))
		[ $((done % 10)) = 0 ] && restart
		sleep "$((RANDOM % 2)).$((RANDOM % 10))"
	fi
done

end_talk() {
	pkill -TERM -P "$1"
	wait "$1"
}

sleep "$(idle_time 6)"		# one settle time more: what was moved wrongly would show
touch "$RUN/enough"
wait $stream
end_talk $udp || fail "UDP: $(tail -n 5 "$RUN/udp")"
end_talk $tcp || fail "TCP: $(tail -n 5 "$RUN/tcp")"
errors=$(grep -Evc '^b[1-6]$' "$RUN/answers" || true)
xring --json stats >"$RUN/stats"
looked=$(jq '(.events[] | select(.name == "looks").packets) / .packets.tx * 1000 | round / 10' "$RUN/stats")
echo "$done changes, $restarts restarts and kills of the daemon, $(xring --json changes |
	jq '[.[] | select(.stage == "done")] | length') of the last changes are over"
echo "TCP: $(tail -n 1 "$RUN/tcp")"
echo "UDP: $(tail -n 1 "$RUN/udp")"
echo "HTTP: $(wc -l <"$RUN/answers") requests, $errors errors"
echo "packets: $(jq -c .packets "$RUN/stats"); looked for a pin: $looked%"
echo "events: $(jq -c '[.events[] | {(.name): .packets}] | add' "$RUN/stats")"
equal "broken connections" "$(tail -n 1 "$RUN/tcp" | jq .tcp_broken)" 0
equal "datagrams to another backend" "$(tail -n 1 "$RUN/udp" | jq .udp_wrong)" 0
equal "HTTP errors" "$errors" 0
# A new backend's neighbour is asked when it comes: what is there before the answer comes again.
equal "dropped packets" "$(jq '.packets.drop - (.reasons[] |
	select(.name == "drop_no_next_hop").packets)' "$RUN/stats")" 0
