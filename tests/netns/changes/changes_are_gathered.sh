#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Changes are gathered for an interval or up to a number; --now goes at once.
. "$(dirname "$0")/../lib.sh"

lab up -b 2
services() { # FLUSH
	config <<-EOT
		flush: $1
		services:
		  web:
		    vip: $VIP4:80/tcp
		    mode: ipip
		    backends: {b1: $(lab address b1), b2: $(lab address b2)}
	EOT
}

weight() {
	xring backend set web b1 --weight "$@"
}

vnodes() { # of b1, as they are in the ring that the maps hold
	xring --json ring show web | jq '.backends[] | select(.name == "b1").vnodes'
}

pending() {
	status .writes.pending
}

echo "a long interval, three changes"
services "{interval: 60, changes: 3}"
start
flushes=$(status .writes.flushes)
weight 2
weight 3
equal "pending" "$(pending)" 2
equal "virtual nodes before the flush" "$(vnodes)" 150
weight 4
equal "pending after the third" "$(pending)" 0
equal "virtual nodes" "$(vnodes)" 600
equal "flushes" "$(status .writes.flushes)" $((flushes + 1))

echo "--now takes along what waits"
weight 5
xring backend set web b2 --weight 2 --now
equal "pending after --now" "$(pending)" 0
equal "virtual nodes" "$(vnodes)" 750
cells=$(status .writes.cells_written)
weight 6 --now
weight 5 --now
[ "$(status .writes.cells_written)" -gt "$cells" ] || fail "no cell was written"

echo "what waits is known, is kept, and is not lost by a stop or a kill"
weight 7
[[ "$(xring status)" == *", 1 gathered now;"* ]] || fail "status does not show what is gathered"
equal "weight wanted" "$(xring --json service show web | jq '.backends[0].weight')" 7
stop KILL
start
equal "virtual nodes after a kill" "$(vnodes)" 1050
weight 8
stop
start
equal "virtual nodes after a stop" "$(vnodes)" 1200
equal "cells written" "$(status .writes.cells_written)" 0

echo "the interval, changed by a reload"
services "{interval: 0.3, changes: 1000}"
kill -HUP "$(daemon_pid)"
wait_for said "xring.yaml: loaded"
flushes=$(status .writes.flushes)
for w in 1 2 3 4 5 6 7 8 9; do
	weight $w
done
wait_for equals 1350 vnodes
[ $(($(status .writes.flushes) - flushes)) -le 5 ] || fail "nine changes were not gathered"
equal "pending" "$(pending)" 0

echo "no interval at all"
services "{interval: 0}"
kill -HUP "$(daemon_pid)"
weight 2
wait_for equals 0 pending
weight 3
equal "virtual nodes at once" "$(vnodes)" 450
