#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# More keys are hot than there are entries: the hottest has the one that is free, the other
# stays the ring's and is counted. What was set by hand keeps its entries.
. "$(dirname "$0")/../talkers.sh"

MOST=1024 # XRING_HOT_KEYS
HOT=10.1.2.1 WARM=10.1.2.2
hosts=(b1 b2 b3 b4 b5)
mapfile -t others < <(for i in {1..20}; do echo "10.1.1.$i"; done)
lab up -b ${#hosts[@]}
lab vip
lab decap
client_address $HOT $WARM "${others[@]}"
talk_servers "${hosts[@]}"
config <<EOT
interfaces: [eth0]
services:
  web:
    vip: $VIP4:7000/tcp
    mode: ipip
    key: client
    tcp_idle: $(idle_time 4)
    udp_idle: $(idle_time 1)
    hot: {factor: 2, hold: 2s}
    backends: {$(backends_of "${hosts[@]}")}
EOT
start
wait_for resolved

entries() { xring --json stats | jq -c '[.pins.keys, .pins.keys_max, .pins.keys_no_room]'; }
hand() { # N: the Nth key that is set by hand
	echo "10.9.$(($1 / 250)).$(($1 % 250 + 1))"
}
echo "all entries but one are taken by hand"
for ((i = 1; i < MOST; i++)); do
	xring hot pin web "$(hand $i)" b1 >/dev/null
done
equal "entries" "$(entries)" "[$((MOST - 1)),$MOST,0]"

echo "two are hot: the hottest is split"
for i in "${!others[@]}"; do
	talker "other$i" --tcp 5 --rate 2 --source "${others[i]}"
done
talker hot --tcp 300 --rate 1 --life 1 --source $HOT
first() { [ "$(hot_key web $HOT '[.state, .shards]')" = '["split",100]' ]; }
within 30 first
talker warm --tcp 120 --rate 1 --life 1 --source $WARM
all_told() {
	[ "$(entries)" = "[$MOST,$MOST,1]" ] && first &&
		[ "$(hot_key web $WARM '[.state, .shards, .backends]')" = '["hot",0,1]' ]
}
within 30 all_told
said "1 hot keys find no entry" || fail "the log does not say it"
equal "new ones of the other" "$(opens warm 100 | jq -c keys)" "[\"$(ring_owner web $WARM)\"]"
equal "by hand" "$(xring --json hot web | jq 'map(select(.state == "pinned")) | length')" $((MOST - 1))

echo "none by hand any more, until one is cleared"
fails 1 "the table of hot keys is full" xring hot pin web "$(hand $MOST)" b1
xring hot clear web "$(hand 1)" >/dev/null
both() { [ "$(hot_key web $WARM '[.state, .shards]')" = '["split",100]' ]; }
within 30 both
equal "entries" "$(entries)" "[$MOST,$MOST,0]"

for name in hot warm "${!others[@]}"; do
	[[ $name != [0-9]* ]] || name=other$name
	talker_end "$name"
done
equal "dropped" "$(xring --json stats | jq .packets.drop)" 0
