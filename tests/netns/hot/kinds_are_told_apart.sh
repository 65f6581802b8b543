#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever is hot is told apart: one heavy flow is an elephant and is let be, clients of many
# UDP flows or by IPv6 are split as those by TCP are, and a flood of SYNs heats nothing.
. "$(dirname "$0")/../talkers.sh"

ELEPHANT=10.1.2.1 UDP=10.1.2.2 FLOOD=10.1.2.3 SIX=fd00:1::2:4
VIP2=10.200.1.2
hosts=(b1 b2 b3 b4 b5)
mapfile -t others < <(for i in {1..20}; do echo "10.1.1.$i"; done)
lab up -b ${#hosts[@]}
lab vip
lab decap
client_address "${others[@]}" $ELEPHANT $UDP $FLOOD $SIX
talk_servers "${hosts[@]}"
bulk() { on "$1" ss -Hltn "sport = 5201" | grep -q .; }
for host in "${hosts[@]}"; do
	on "$host" ip addr add $VIP2/32 dev lo
	on "$host" iperf3 -s >"$RUN/$host.iperf3" 2>&1 &
done
for host in "${hosts[@]}"; do
	wait_for bulk "$host"
done
backends=$(backends_of "${hosts[@]}")
config <<EOT
interfaces: [eth0]
services:
  web:
    vip: [$VIP4:0/tcp, $VIP4:0/udp, "[$VIP6]:0/tcp"]
    mode: ipip
    key: client
    tcp_idle: $(idle_time 4)
    udp_idle: $(idle_time 1)
    hot: {hold: 2s}
    backends: {$backends}
  whole:
    vip: $VIP2:0/tcp
    mode: ipip
    tcp_idle: $(idle_time 4)
    udp_idle: $(idle_time 1)
    backends: {$backends}
EOT
start
wait_for resolved
for i in "${!others[@]}"; do
	talker "other$i" --tcp 5 --rate 2 --source "${others[i]}"
	TO=$VIP2 talker "whole$i" --tcp 5 --rate 2 --source "${others[i]}"
done
for i in "${!others[@]}"; do
	wait_for lives "other$i" 5
	wait_for lives "whole$i" 5
done

echo "SYNs of many clients, and of one"
flood() { client "$BUILD/tests/tools/flood" $VIP4 9 "$@" | jq .sent; }
equal "sent" "$(flood --syn 20000 --pps 10000)" 20000
equal "sent" "$(flood --tuple $FLOOD:1234 --flags syn --count 20000 --pps 10000)" 20000
equal "keys" "$(xring --json hot)" "[]"
! said "is hot" || fail "SYNs have made a key hot"

echo "one heavy flow"
client iperf3 -c $VIP4 -B $ELEPHANT -l 1K -b 8M -t 60 >"$RUN/elephant" 2>&1 &
is() { [ "$(hot_key "$1" "$2" .state)" = "\"$3\"" ]; }
within 5 is web $ELEPHANT elephant
equal "listed" "$(hot_key web $ELEPHANT '[.by, .shards, .backends, .share > 0.5]')" '["auto",0,1,true]'

echo "one of a service whose key is the flow"
elephant() { [[ "$(xring --json hot whole | jq -r '.[0] | "\(.state) \(.key)"')" == \
	"elephant $ELEPHANT:"*",$VIP2:7000/tcp" ]]; }
TO=$VIP2 talker heavy --tcp 1 --rate 100 --source $ELEPHANT
within 5 elephant
fails 1 "service whole: its key is the flow: there is nothing to split" xring hot split whole \
	"$(xring --json hot whole | jq -r '.[0].key')"

echo "a client of many UDP flows"
talker udp --udp 200 --rate 20 --source $UDP
within 5 is web $UDP split
spread_udp() { # new flows, once those without a pin are new ones
	local got
	got=$(client "$TALK" client $VIP4 7000 --udp 100 --rate 20 --source $UDP --seconds 0.3 </dev/null)
	[ "$(jq -c '[.udp_wrong, (.names | length)]' <<<"$got")" = "[0,5]" ]
}
wait_for spread_udp
equal "its first flows" "$(counts udp '[.names, .udp_wrong]')" "[{\"$(ring_owner web $UDP)\":200},0]"
wait_for settled
equal "its first flows" "$(counts udp '[.names, .udp_wrong]')" "[{\"$(ring_owner web $UDP)\":200},0]"
spread_udp || fail "UDP flows that came behind the split"
talker_end udp

echo "a client by IPv6"
TO=$VIP6 talker six --tcp 100 --life 0.5 --source $SIX
within 5 is web $SIX split
equal "backends" "$(opens six 400 | jq length)" 5

echo "all is well"
is web $ELEPHANT elephant || fail "the elephant is $(hot_key web $ELEPHANT .)"
! said "key $ELEPHANT is hot and split" || fail "the elephant was split"
equal "keys of other clients" "$(xring --json hot | jq --arg a $ELEPHANT --arg u $UDP --arg s $SIX \
	'map(select(.service == "web" and ([.key] | inside([$a, $u, $s]) | not))) | length')" 0
talker_end six
talker_end heavy
for i in "${!others[@]}"; do
	equal "${others[i]}" "$(counts "other$i" '[.names, .tcp_broken]')" \
		"[{\"$(ring_owner web "${others[i]}")\":5},0]"
	talker_end "other$i"
	talker_end "whole$i"
done
equal "dropped" "$(xring --json stats | jq .packets.drop)" 0
