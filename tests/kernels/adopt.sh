#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A daemon that is killed leaves its ring at work; the next one adopts it, writes
# no cell, and requests go where they went.
. "$(dirname "$0")/../netns/lib.sh"

lab up -b 3
lab nginx
lab vip
lab decap
config <<EOT
interfaces: [eth0]
services:
  web:
    vip: [$VIP4:80/tcp, "[$VIP6]:80/tcp"]
    mode: ipip
    backends: {b1: $(lab address b1), b2: $(lab address b2), b3: "$(lab address b3 6)"}
EOT
start
wait_for resolved
equal "adopted at the first start" "$(status .adopted)" false
equal "attached" "$(status '.interfaces[] | select(.name == "eth0") | .by + " " + .mode')" \
	"link native"
follows_ring web $VIP4 10 20000
xring backend set web b1 --weight 3 --now

for signal in KILL TERM; do
	stop $signal
	fetch $VIP4 >/dev/null || fail "no answer without a daemon"
	start
	equal "adopted after SIG$signal" "$(status .adopted)" true
	equal "cells written after SIG$signal" "$(status .writes.cells_written)" 0
done
wait_for resolved
follows_ring web $VIP4 10 21000
follows_ring web $VIP6 10 22000
echo "the daemon's program: $(status .program.verifier_instructions) instructions verified"
