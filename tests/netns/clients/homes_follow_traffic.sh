#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Clients belong to the region where most of their traffic enters: a network is followed
# when it has moved, one that flaps is not, no flow of it moves, the homes survive a kill,
# and none is where a constraint forbids it. Without `home` the entrance alone decides.
. "$(dirname "$0")/../talkers.sh"

lab up -b 4 --entrances 2
lab vip
lab decap
lab roam 203.0.113.0/24 client
talk_servers b1 b2 b3 b4
config_of() { # REGION-OF-ETH1 RULES
	config <<EOT
interfaces:
  - {name: eth0, region: east}
  - {name: eth1, region: $1}
flush: {interval: 0.2}
regions:
  east: {}
  west: {}
services:
  geo:
    vip: $VIP4:7000/tcp
    mode: ipip
    tcp_idle: 4s
    udp_idle: 1s
    placement: [{strategy: geo}]
    backends: &all
      b1: {address: $(lab address b1), region: east}
      b2: {address: $(lab address b2), region: east}
      b3: {address: $(lab address b3), region: west}
      b4: {address: $(lab address b4), region: west}
  home:
    vip: $VIP4:7000/udp
    mode: ipip
    tcp_idle: 4s
    udp_idle: 1s
    placement: [$2]
    backends:
      b1: {address: $(lab address b1), region: east}
      b2: {address: $(lab address b2), region: east}
      b3: {address: $(lab address b3), region: west}
      b4: {address: $(lab address b4), region: west}
EOT
	sed -i 's/ &all//' "$RUN/xring.yaml"
}
config_of west "{strategy: geo, home: {for: 2s, threshold: 0.6}}"
start
wait_for resolved

home() { xring --json placement homes home | jq -r ".[] | select(.network == \"203.0.113.0/24\").$1"; }
region_packets() { # REGION: of rule 1 of `home`
	xring --json placement show home | jq "[.rules[].regions[] | select(.region == \"$1\").packets] | max"
}
flood() { # HOST SECONDS [RATE]: datagrams from the network that roams
	nsenter --net="/run/netns/xring-$LAB-$1" -- "$TALK" client $VIP4 7000 --udp 20 \
		--rate "${3:-20}" --seconds "$2" --source 203.0.113.5 </dev/null >"$RUN/$1.flood" 2>&1 &
	flood=$!
}

echo "the entrance decides, where nobody follows"
talker east --tcp 40 --rate 2
wait_for lives east 40
equal "by eth0" "$(counts east '.names | keys')" '["b1","b2"]'
nsenter --net="/run/netns/xring-$LAB-client2" -- "$TALK" client $VIP4 7000 --tcp 40 --rate 2 \
	--seconds 3 </dev/null >"$RUN/west" 2>&1 &
wait $!
equal "by eth1" "$(tail -n 1 "$RUN/west" | jq -c '.names | keys')" '["b3","b4"]'
talker_end east

echo "a network gets its home where it enters"
flood client 60
within 5 equals east home region
equal "from" "$(home from)" ""
xring placement explain home 203.0.113.5 | grep -Fxq "home       203.0.113.0/24 belongs to east" ||
	fail "$(xring placement explain home 203.0.113.5)"

echo "once its traffic has moved, so does it: within for + 2 s"
kill -TERM $flood
wait $flood || true
flood client2 60
start_ms=$(now_ms)
wait_for equals west home region
took=$(($(now_ms) - start_ms))
[ $took -ge 2000 ] || fail "after $took ms, before it was sure"
[ $took -le 4000 ] || fail "after $took ms"
echo "a home moved $took ms after its traffic"
equal "from" "$(home from)" east
xring changes | grep -q 'placement: .* networks: west > others .* instead of east > others' ||
	fail "no change says so: $(xring changes)"

echo "it survives a kill, and goes with the traffic wherever that enters"
stop KILL
start
wait_for resolved
equal "home" "$(home region)" west
equal "from" "$(home from)" east
kill -TERM $flood
wait $flood || true
sleep 1
before=$(region_packets west)
flood client 1 50
wait $flood || true
[ "$(region_packets west)" -gt "$before" ] || fail "a home is left at once"

echo "a network that flaps stays where it is"
since=$(home since_ms)
for _ in {1..4}; do
	flood client2 1.2 40
	wait $flood || true
	flood client 1.2 40
	wait $flood || true
done
equal "since" "$(home since_ms)" "$since"

echo "no home is where a constraint forbids it"
config_of west "{strategy: geo, home: {for: 2s, threshold: 0.6}, constraints: [-region=west]}"
kill -HUP "$(daemon_pid)"
wait_for equals "" home region
flood client2 4 20
wait $flood || true
equal "home" "$(home region)" ""
xring placement audit || fail "it leaks"

echo "an entrance whose region is another one is another route, and moves no flow"
config_of west "{strategy: geo}"
kill -HUP "$(daemon_pid)"
talker stays --tcp 40 --rate 2
wait_for lives stays 40
before=$(counts stays .names)
sed -i 's/name: eth0, region: east/name: eth0, region: west/' "$RUN/xring.yaml"
kill -HUP "$(daemon_pid)"
fresh() { client timeout 3 curl -s --http0.9 "http://$VIP4:7000/" | head -c 2; }
reaches_west() { [[ $(fresh) =~ ^b[34]$ ]]; }
wait_for reaches_west
sleep 1.5
equal "where they live" "$(counts stays .names)" "$before"
wait_for settled
equal "where they live" "$(counts stays .names)" "$before"
talker_end stays
