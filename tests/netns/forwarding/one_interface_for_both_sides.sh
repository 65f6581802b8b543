#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One interface for both sides: packets leave by the one they came in from.
. "$(dirname "$0")/../lib.sh"

lab up -b 3 -a 1
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
      b2: "$(lab address b2 6)"
      b3: $(lab address b3)
EOT
start
wait_for resolved
port=20000
for mode in ipip l2; do
	xring service set web --mode $mode --now
	before=$(counter tx)
	follows_ring web $VIP4 20 $((port += 100))
	follows_ring web $VIP6 20 $((port += 100))
	[ "$(counter tx)" -gt $((before + 80)) ] || fail "$mode: XDP_TX was not used"
	equal "$mode: redirected" "$(counter tx_redirect)" 0
done
