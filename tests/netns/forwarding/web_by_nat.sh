#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Web requests by nat to another port; replies come back through the balancer.
. "$(dirname "$0")/../lib.sh"

lab up -b 3
lab nginx
config <<EOT
interfaces: [eth0, eth1]
services:
  web4:
    vip: $VIP4:80/tcp
    mode: nat
    backends:
      b1: $(lab address b1):8080
      b2: $(lab address b2):8080
      b3: $(lab address b3):8080
  web6:
    vip: "[$VIP6]:80/tcp"
    mode: nat
    backends:
      b1: "[$(lab address b1 6)]:8080"
      b2: "[$(lab address b2 6)]:8080"
      b3: "[$(lab address b3 6)]:8080"
EOT
start
wait_for resolved
follows_ring web4 $VIP4 40 20000
follows_ring web6 $VIP6 40 21000
[ "$(counter tx_reply)" -gt 0 ] || fail "no reply was rewritten"

# The balancer's own connection to a backend's port is left alone.
equal "own request" "$(lb curl -sS -m 5 "http://$(lab address b2):8080/")" b2
[ "$(counter pass_local_reply)" -gt 0 ] || fail "no reply to the balancer itself was seen"

# What both sides say of their segments is made smaller.
head -c 20000000 /dev/zero >"$RUN/upload"
xring service set web4 --mss 1000 --now
sends_less() { # HOST PEER
	on "$1" ss -tinH state established dst "$2" | grep -Eo ' mss:[0-9]+' | grep -q ' mss:9[0-9][0-9]$'
}
client curl -sS -m 60 --limit-rate 1M -o /dev/null -H 'Expect:' --data-binary "@$RUN/upload" \
	"http://$VIP4/upload" &
upload=$!
wait_for sends_less client $VIP4
for b in b1 b2 b3; do
	! sends_less $b "$(lab address client)" || found=$b
done
[ -n "${found:-}" ] || fail "no backend sends less"
kill $upload
xring service set web4 --mss none

# One address:port serves one nat VIP.
fails 1 "$(lab address b1)" xring backend add web4 again "$(lab address b1):8080"
xring service add other --vip 10.200.1.2:80/tcp --mode nat
fails 1 "$(lab address b1)" xring backend add other b1 "$(lab address b1):8080"
