#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A stranger sends packets in a client's name. With `proven` they do not have its key split, and
# they do not move the home of its network, as long as they are less than sixteen times as many.
. "$(dirname "$0")/../talkers.sh"

VICTIM=10.1.2.10 VIP2=10.200.1.2
hosts=(b1 b2 b3 b4)
mapfile -t others < <(for i in {1..20}; do echo "10.1.1.$i"; done)
lab up -b 4 --entrances 2
lab vip
lab decap
lab roam 203.0.113.0/24 client
client_address $VICTIM "${others[@]}"
talk_servers "${hosts[@]}"
on b1 ip addr add $VIP2/32 dev lo
on b3 ip addr add $VIP2/32 dev lo
config <<EOT
interfaces: [{name: eth0, region: east}, {name: eth1, region: west}]
flush: {interval: 0.2}
regions: {east: {}, west: {}}
services:
  web:
    vip: $VIP4:7000/tcp
    mode: ipip
    key: client
    tcp_idle: $(idle_time 4)
    udp_idle: $(idle_time 1)
    hot: {hold: 2s, proven: true}
    backends: {$(backends_of "${hosts[@]}")}
  home:
    vip: $VIP2:7000/tcp
    mode: ipip
    tcp_idle: $(idle_time 4)
    udp_idle: $(idle_time 1)
    placement: [{strategy: geo, home: {for: 1s, threshold: 0.6}}]
    backends:
      b1: {address: $(lab address b1), region: east}
      b3: {address: $(lab address b3), region: west}
EOT
start
wait_for resolved
mac_of() { lb ip -j link show "$1" | jq -r '.[0].address'; }
east=$(mac_of eth0) west=$(mac_of eth1)
spoof() { # HOST MAC COUNT RATE SRC DPORT [VIP]
	on "$1" "$BUILD/tests/tools/inject" -n "$3" -r "$4" eth0 "$2" tcp "$5" "${PORT:-0}" "${7:-$VIP4}" "$6" &
	spoof=$!
}
state() { hot_key web $VICTIM .state; }
is() { [ "$(state)" = "\"$1\"" ]; }

for i in "${!others[@]}"; do
	talker "other$i" --tcp 5 --rate 2 --source "${others[i]}"
done
talker victim --tcp 2 --rate 1 --source $VICTIM
wait_for lives victim 2
home=$(ring_owner web $VICTIM)

echo "in the name of a client whose key would be split"
spoof client "$east" 20000 1500 $VICTIM 7000
within 5 is hot
since=$(hot_key web $VICTIM .since)
old_enough() { jq -en "now - $since > 2" >/dev/null; }
wait_for old_enough
is hot || fail "split by packets in its name: $(hot_key web $VICTIM .)"
jq -e '. < 0.02' <<<"$(hot_key web $VICTIM .proven)" >/dev/null ||
	fail "proven: $(hot_key web $VICTIM .proven)"
equal "backend" "$(xring ring lookup web $VICTIM -n 1 | cut -f 3)" "$home"
xring service set web --hot proven=false --now
within 3 is split
kill $spoof
wait $spoof || true

PORT=99		# no connection's
echo "in the name of a network that has its home elsewhere"
region() { xring --json placement homes home | jq -r '.[] | select(.network == "203.0.113.0/24").region'; }
TO=$VIP2 talker roams --tcp 8 --rate 10 --source 203.0.113.5
wait_for lives roams 8
within 10 equals east region
spoof client2 "$west" 1500 250 203.0.113.5 7000 $VIP2
wait $spoof
equal "home" "$(region)" east
spoof client2 "$west" 20000 5000 203.0.113.5 7000 $VIP2
within 10 equals west region		# more than sixteen times as many
kill $spoof
wait $spoof || true
talker_end roams
talker_end victim
for i in "${!others[@]}"; do
	talker_end "other$i"
done
