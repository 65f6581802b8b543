#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Key packet: the datagrams of one socket are spread by the weights; a change pins none of them and
# loses none; what names a key is refused.
. "$(dirname "$0")/../talkers.sh"

lab up -b 3
lab vip
lab decap
config <<EOT
interfaces: [eth0]
services:
  log:
    vip: $VIP4:514/udp
    mode: ipip
    key: packet
    backends: {b1: $(lab address b1), b2: {address: $(lab address b2), weight: 2}, b3: $(lab address b3)}
...
EOT
start
wait_for resolved
mac=$(lb ip -j link show eth0 | jq -r '.[0].address')
counts() { # packets of b1, b2, b3
	xring --json stats | jq -c '.services[] | select(.name == "log") | [.backends[].packets]'
}
send() { # N: datagrams of one flow
	client "$BUILD/tests/tools/inject" -n "$1" -r 20000 eth0 "$mac" udp 10.1.7.7 5000 $VIP4 514
}
sent() { [ "$(counts | jq add)" = "$1" ]; }

echo "4,000 datagrams of one flow"
send 4000
wait_for sent 4000
counts
xring --json ring show log | jq -c '[.backends[].share]'
jq -e --argjson got "$(counts)" '[.backends[].share] as $want | all(range(3);
	($got[.] / 4000 - $want[.] | fabs) < 0.03)' <<<"$(xring --json ring show log)" >/dev/null ||
	fail "they are not the shares of the ring"

echo "a change pins nothing, and is over for packets at once"
xring backend drain log b2 --now >/dev/null
before=$(counts | jq '.[1]')
send 2000
wait_for sent 6000
equal "of the one that leaves" "$(counts | jq '.[1]')" "$before"
equal "pins" "$(xring --json stats | jq .pins.count)" 0
equal "hot" "$(xring --json hot)" '[]'
equal "dropped" "$(xring --json stats | jq .packets.drop)" 0

echo "there is no key"
want="want none, as each packet of the service goes by itself"
fails 2 "$want" xring ring lookup log 10.1.7.7
fails 2 "$want" xring hot pin log 10.1.7.7 b1
