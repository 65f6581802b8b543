#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Connections that say nothing while their key is split anew, and settles: what they say
# afterwards reaches the backend that they have. Time is told by the test.
. "$(dirname "$0")/../talkers.sh"

KEY=10.1.2.10
hosts=(b1 b2 b3 b4 b5)
lab up -b ${#hosts[@]}
lab vip
lab decap
client_address $KEY
SERVER_RATE=20 talk_servers "${hosts[@]}"
config <<EOT
interfaces: [eth0]
services:
  web:
    vip: $VIP4:7000/tcp
    mode: ipip
    key: client
    tcp_idle: 60s
    udp_idle: 1s
    backends: {$(backends_of "${hosts[@]}")}
EOT
start --test-clock
wait_for resolved
home=$(ring_owner web $KEY)
talker long --tcp 40 --rate 20 --source $KEY
wait_for lives long 40

quiet() { # SIGNAL: to both ends
	ip netns pids "xring-$LAB-$home" | xargs kill "-$1"
	kill "-$1" "${TALKER_PID[long]}"
}
records() { [ "$(counts long .records)" -gt "$1" ]; }
all_talk() {
	wait_for records $(($(counts long .records) + 2000))
	equal "$1" "$(counts long '[.names, .tcp_broken]')" "[{\"$home\":40},0]"
}
# The first change's settle time is over when they have been silent for half of it, behind
# a second one.
round() { # SHARDS COMMAND...
	xring hot split web $KEY --shards "$1" >/dev/null
	all_talk "over $1 shards"
	advance 35
	all_talk "later"
	quiet STOP
	xring hot "${@:2}" >/dev/null
	advance 35
	wait_for settled
	quiet CONT
	all_talk "behind a silence, and: hot ${*:2}"
}
round 100 split web $KEY --shards 50
round 1000 pin web $KEY "$([ "$home" = b1 ] && echo b2 || echo b1)"
round 70 clear web $KEY
talker_end long
equal "dropped" "$(xring --json stats | jq .packets.drop)" 0
