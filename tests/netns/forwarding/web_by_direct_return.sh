#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Web requests by direct return: only MAC addresses change.
. "$(dirname "$0")/../lib.sh"

lab up -b 3
lab nginx
lab vip
config <<EOT
interfaces: [eth0]
services:
  web:
    vip: [$VIP4:80/tcp, "[$VIP6]:80/tcp"]
    mode: l2
    backends:
      b1: $(lab address b1)
      b2: $(lab address b2)
      b3: "$(lab address b3 6)"
EOT
start
wait_for resolved
follows_ring web $VIP4 40 20000
follows_ring web $VIP6 40 21000

# A backend behind a gateway is none for l2.
on lb ip route add 10.77.0.0/16 via "$(lab address b1)"
fails 1 "behind a gateway" xring backend add web far 10.77.0.9
equal "backends" "$(xring --json service show web | jq '.backends | length')" 3
