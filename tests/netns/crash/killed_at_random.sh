#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kill -9 at random moments of random changes, under traffic: no packet is lost, what was
# answered is kept, and in the end the maps are those of a daemon that never knew anything else.
# KILLS (12): `make soak` makes it 200.
. "$(dirname "$0")/../lib.sh"

KILLS=${KILLS:-12} SEED=${SEED:-$RANDOM}
RANDOM=$SEED
echo "seed $SEED: $KILLS kills"

lab up -b 4
lab nginx
lab vip
lab decap
config <<EOT
interfaces: [eth0]
flush: {interval: 0.05}
services:
  web:
    vip: $VIP4:80/tcp
    mode: ipip
    tcp_idle: $(idle_time 2)
    udp_idle: $(idle_time 1)
    drain: 1d
    backends: {b1: $(lab address b1), b2: $(lab address b2), b3: $(lab address b3), b4: $(lab address b4)}
EOT
start
wait_for resolved
requests() {
	while [ ! -e "$RUN/enough" ]; do
		client curl -sS -m 5 "http://$VIP4/" 2>&1 || true
	done
}
requests >"$RUN/answers" &
stream=$!

lost() { # in all its lives
	xring --json stats | jq '.packets.drop + ([.reasons[] | select(.name == "pass_no_service").packets] | add)'
}

weight() { xring --json backend list web | jq ".[] | select(.name == \"$1\" and (.removed | not)).weight"; }

answered=0
for ((kill = 0; kill < KILLS; kill++)); do
	b=b$((RANDOM % 4 + 1)) to=$((RANDOM % 9 + 1)) before=$(weight $b)
	if [ $((RANDOM % 2)) = 0 ]; then
		xring backend set web $b --weight $to >/dev/null
		sleep "0.0$((RANDOM % 100))"
		stop KILL
		answered=$((answered + 1)) before=$to
	else
		xring backend set web $b --weight $to >/dev/null 2>&1 &
		sleep "0.00$((RANDOM % 10))"
		stop KILL
		wait $! || true
	fi
	start
	now=$(weight $b)
	[ "$now" = "$before" ] || [ "$now" = $to ] ||
		fail "kill $kill: weight of $b is $now, wanted $before or $to"
done
equal "packets that were lost" "$(lost)" 0
touch "$RUN/enough"
wait $stream
errors=$(grep -Evc '^b[1-4]$' "$RUN/answers" || true)
equal "requests that failed" "$errors" 0

busy() { xring --json stats | jq '.pins.cells_moving + .pins.cells_look'; }
wait_for equals 0 busy
stop KILL
start
equal "cells written at rest" "$(status .writes.cells_written)" 0
lookups() { xring ring lookup web -n 3 {1..60}.2.3.4:5,$VIP4:80; }
lookups >"$RUN/after-kills"
xring save - >"$RUN/saved.yaml"
stop
rm -rf "$RUN/state" "$RUN/bpf/tc" "$RUN/bpf/xring"
lab xringd -f "$RUN/saved.yaml"
lookups >"$RUN/never-killed"
diff "$RUN/after-kills" "$RUN/never-killed" || fail "the ring is another one"
echo "$KILLS kills, $answered of them behind an answer; $(wc -l <"$RUN/answers") requests, $errors errors, 0 packets lost"
