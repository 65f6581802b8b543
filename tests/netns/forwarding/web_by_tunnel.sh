#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Web requests through tunnels of each family in each, out of another interface.
. "$(dirname "$0")/../lib.sh"

lab up -b 4
lab nginx
lab vip
lab decap
config <<EOT
interfaces: [eth0]
services:
  web:
    vip: [$VIP4:80/tcp, "[$VIP6]:80/tcp"]
    mode: ipip
    backends:
      b1: $(lab address b1)
      b2: $(lab address b2)
      b3: "$(lab address b3 6)"
      b4: "$(lab address b4 6)"
EOT
start
wait_for resolved
follows_ring web $VIP4 40 20000
follows_ring web $VIP6 40 21000
[ "$(counter tx_redirect)" -gt 0 ] || fail "nothing was redirected"

# What a client uploads fills whole packets; the tunnel has room for them.
head -c 3000000 /dev/zero >"$RUN/upload"
client curl -sS -m 20 -o /dev/null -H 'Expect:' --data-binary "@$RUN/upload" "http://$VIP4/upload"
[ "$(xring --json stats web | jq .bytes)" -gt 3000000 ] || fail "the upload did not arrive"
equal "packets too big" "$(counter drop_too_big)" 0
