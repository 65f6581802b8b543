#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Keys that are split, pinned and exempted by hand: it is done to new connections alone, it
# outlives the daemon, and it is undone again. What cannot be done is said.
. "$(dirname "$0")/../talkers.sh"

SPLIT=10.1.2.10 PINNED=10.1.2.11 EXEMPT=10.1.2.12
hosts=(b1 b2 b3 b4 b5)
lab up -b ${#hosts[@]}
lab vip
lab decap
client_address $SPLIT $PINNED $EXEMPT
talk_servers "${hosts[@]}"
backends=$(backends_of "${hosts[@]}")
config <<EOT
interfaces: [eth0]
services:
  web:
    vip: $VIP4:7000/tcp
    mode: ipip
    key: client
    tcp_idle: $(idle_time 3)
    udp_idle: $(idle_time 1)
    drain: 1d
    hot: {hold: 2s}
    backends: {$backends}
  plain:
    vip: $VIP4:7001/tcp
    mode: ipip
    backends: {$backends}
EOT
start
wait_for resolved

echo "what cannot be done is said"
fails 2 "key b1: want a client's address" xring hot split web b1
fails 2 "key 10.1.2.10:80: want a client's address" xring hot pin web 10.1.2.10:80 b1
fails 1 "service mail: no such service" xring hot split mail $SPLIT
fails 1 "service mail: no such service" xring hot mail
fails 1 "service web: backend b9: no such backend" xring hot pin web $PINNED b9
fails 1 "service web: key $SPLIT: it is neither hot nor set by hand" xring hot clear web $SPLIT
fails 1 "service plain: its key is the flow: there is nothing to split" \
	xring hot split plain "$SPLIT:1,$VIP4:7001"
for shards in 0 -1 16384 '"many"' 1.5; do
	[[ "$(ask "{\"do\":\"hot-split\",\"service\":\"web\",\"key\":\"$SPLIT\",\"shards\":$shards}")" == \
		*'"ok":false'*'want 1 to 16383'* ]] || fail "$shards shards were taken"
done
equal "keys" "$(xring --json hot)" "[]"

echo "many keys"
for i in {1..60}; do
	xring hot split web "10.3.0.$i" >/dev/null
done
by_hand() { xring --json hot web | jq 'map(select(.state == "split" and .by == "hand")) | length'; }
equal "keys" "$(by_hand)" 60
for i in {1..60}; do
	xring hot clear web "10.3.0.$i" >/dev/null
done
none() { [ "$(xring --json hot)" = "[]" ]; }
within 10 none

listed() { # KEY
	hot_key web "$1" '[.state, .by, .shards, .backend]'
}
stays() { # NAME OWNER
	equal "the live ones of $1" "$(counts "$1" '[.names, .tcp_broken]')" "[{\"$2\":20},0]"
}
come_to() { # NAME BACKEND
	equal "new ones of $1" "$(opens "$1" 60 | jq -c keys)" "[\"$2\"]"
}
restart() { # SIGNAL
	stop "$1"
	start
}

split_home=$(ring_owner web $SPLIT) pinned_home=$(ring_owner web $PINNED)
target=b1
[ "$pinned_home" != b1 ] || target=b2
talker split_long --tcp 20 --rate 2 --source $SPLIT
talker pinned_long --tcp 20 --rate 2 --source $PINNED
talker split_short --tcp 150 --rate 2 --life 0.6 --source $SPLIT
talker pinned_short --tcp 40 --rate 2 --life 0.4 --source $PINNED
wait_for lives split_long 20
wait_for lives pinned_long 20
xring service set web --hot auto=false --now >/dev/null

echo "split by hand, over as many shards as were asked for"
xring hot split web $SPLIT --shards 1000 >/dev/null
equal "listed" "$(listed $SPLIT)" '["split","hand",1000,null]'
equal "shards" "$(xring hot shards web $SPLIT | wc -l)" 1000
busiest=$(opens split_short 400 | skew 5)
[ "$busiest" -le 150 ] || fail "busiest / average of new ones: $busiest / 100"

echo "pinned"
xring hot pin web $PINNED $target >/dev/null
equal "listed" "$(listed $PINNED)" "[\"pinned\",\"hand\",0,\"$target\"]"
equal "shards" "$(xring hot shards web $PINNED | cut -f 1,3)" "0	$target"
come_to pinned_short $target
talker pinned_late --tcp 20 --rate 2 --source $PINNED
wait_for lives pinned_late 20

echo "exempted"
xring hot exempt web $EXEMPT >/dev/null
equal "listed" "$(listed $EXEMPT)" '["exempt","hand",0,null]'

all_as_before() {
	equal "split" "$(listed $SPLIT)" '["split","hand",1000,null]'
	equal "pinned" "$(listed $PINNED)" "[\"pinned\",\"hand\",0,\"$target\"]"
	equal "exempt" "$(listed $EXEMPT)" '["exempt","hand",0,null]'
	stays split_long "$split_home"
	stays pinned_long "$pinned_home"
	stays pinned_late $target
	come_to pinned_short $target
	busiest=$(opens split_short 400 | skew 5)
	[ "$busiest" -le 150 ] || fail "busiest / average of new ones: $busiest / 100"
}
echo "the daemon ends, while they move and when they have settled"
for signal in TERM KILL; do
	restart $signal
	all_as_before
done
wait_for settled
for signal in TERM KILL; do
	restart $signal
	all_as_before
done
equal "cells written at rest" "$(status .writes.cells_written)" 0

echo "the backend that it is pinned to takes no new ones, or is gone"
xring backend drain web $target --now >/dev/null
come_to pinned_short "$pinned_home"
stays pinned_late $target
xring backend undrain web $target --now >/dev/null
come_to pinned_short $target
xring backend del web $target --now >/dev/null
come_to pinned_short "$pinned_home"
stays pinned_late $target
restart KILL
equal "pinned" "$(listed $PINNED)" "[\"pinned\",\"hand\",0,\"$target\"]"
come_to pinned_short "$pinned_home"
wait_for settled
stays pinned_late $target
stays pinned_long "$pinned_home"
xring backend add web $target "$(lab address $target)" --now >/dev/null
come_to pinned_short $target
stays pinned_late $target

echo "a hot key that is exempt is left alone"
xring service set web --hot auto=true,factor=1 --now >/dev/null
talker exempt --tcp 200 --rate 2 --life 0.5 --source $EXEMPT
is_hot() { [ "$(hot_key web $EXEMPT '.times_average > 1')" = true ]; }
within 5 is_hot
equal "new ones" "$(opens exempt 600 | jq -c keys)" "[\"$(ring_owner web $EXEMPT)\"]"
equal "listed" "$(listed $EXEMPT)" '["exempt","hand",0,null]'
is_split() { [ "$(listed $EXEMPT)" = '["split","auto",100,null]' ]; }
xring hot clear web $EXEMPT >/dev/null
within 5 is_split
talker_end exempt

echo "cleared"
xring service set web --hot auto=false,factor=5 --now >/dev/null
xring hot clear web $SPLIT >/dev/null
xring hot clear web $PINNED >/dev/null
fails 1 "it is neither hot nor set by hand" xring hot clear web $PINNED
come_to split_short "$split_home"
come_to pinned_short "$pinned_home"
restart KILL
within 10 none
stays split_long "$split_home"
stays pinned_long "$pinned_home"
stays pinned_late $target

for name in split_long split_short pinned_long pinned_short pinned_late; do
	talker_end $name
done
wait_for at_rest
equal "dropped" "$(xring --json stats | jq .packets.drop)" 0
