#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A removal that waits for the flush, and a death that brings it on: connections of the removed
# backend stay, those of the dead one alone are lost.
. "$(dirname "$0")/../lib.sh"

lab up -b 4
lab vip
lab decap
config <<EOT
interfaces: [eth0]
flush: {interval: 60}
services:
  web:
    vip: $VIP4:80/tcp
    mode: ipip
    check: {type: tcp, interval: 0.2s, timeout: 0.1s, fall: 2}
    backends: {b1: $(lab address b1), b2: $(lab address b2), b3: $(lab address b3), b4: $(lab address b4)}
EOT
for host in b1 b2 b3 b4; do
	on $host "$BUILD/tests/tools/talk" server 0.0.0.0 80 $host >/dev/null 2>&1 &
done
listening() { on "$1" ss -Hltn "sport = 80" | grep -q .; }
for host in b1 b2 b3 b4; do
	wait_for listening $host
done
start
wait_for resolved

mkfifo "$RUN/orders"
client "$BUILD/tests/tools/talk" client $VIP4 80 --tcp 300 --seconds 60 --rate 10 \
	<"$RUN/orders" >"$RUN/talk" 2>&1 &
talk=$!
exec 7>"$RUN/orders"
flows() { xring --json stats web | jq .flows; }
wait_for equals 300 flows
sleep 1

xring backend del web b1
echo "dead b2" >&7
ip netns pids "xring-$LAB-b2" | xargs kill -KILL
state() { xring --json backend list web | jq -r ".[] | select(.name == \"$1\").state"; }
wait_for equals down state b2
equal "b1" "$(state b1)" draining
sleep 2
pkill -TERM -P $talk
wait $talk || fail "$(tail -n 3 "$RUN/talk")"
equal "connections broken" "$(tail -n 1 "$RUN/talk" | jq .tcp_broken)" 0
[ "$(tail -n 1 "$RUN/talk" | jq .names.b1)" -gt 0 ] || fail "nobody was on b1"
