#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Another version of the daemon and of the program, with longer values and more counters,
# takes over from a running one in the middle of a change: no packet is lost, no pin, no
# count. So do sizes of another configuration; and a daemon killed in the middle of it.
. "$(dirname "$0")/../takeover.sh"

build_other() {
	local abi=$other/include/xring
	other_copy
	# A field more at the end of each value, a place more at the end of each array.
	sed -i '/^struct xring_pin {/,/^};/s/^};/\t__u64 more;\n};/
		/^struct xring_traffic {/,/^};/s/^};/\t__u64 more;\n};/
		s/sizeof(struct xring_pin) == 32/sizeof(struct xring_pin) == 40/' "$abi"/{pin,backend}.h
	# After the last line of each list
	sed -i 's/^\(\tX([A-Z_]*, *"\)\([^\\]*\)$/\1\2\t\\\n\tX(MORE, "pass_more", "none")/' "$abi/counters.h"
	equal "what was patched" "$(diff -r "$TOP/include" "$other/include" | grep -c '^>')" 7
	other_build
}
build_other

lab up -b 4
lab nginx
lab vip
lab decap
PINS=65536
services() {
	config <<EOT
interfaces: [eth0]
pins: $PINS
services:
  web:
    vip: $VIP4:80/tcp
    mode: ipip
    backends: {b1: $(lab address b1), b2: $(lab address b2), b3: $(lab address b3)}
  talk:
    vip: $VIP4:7000/tcp
    mode: ipip
    backends: {b1: $(lab address b1), b2: $(lab address b2), b3: $(lab address b3)}
  udp:
    vip: $VIP4:53/udp
    mode: ipip
    backends: {b1: $(lab address b1), b2: $(lab address b2), b3: $(lab address b3)}
EOT
}
services
start --test-clock
wait_for resolved
traffic_begin

pins() { xring --json stats | jq .pins.count; }
flows() { xring --json stats "$1" | jq .flows; }
size() { xring --json stats | jq .pins.max; }
packets() { xring --json stats "$1" | jq .packets; }
# The walk behind what has been done counts them.
held() { [ "$(pins)" -ge "$1" ]; }
walked_with() { # PINS: for a second
	local i
	for ((i = 0; i < 10; i++)); do
		[ "$(pins)" = "$1" ] || return 1
		sleep 0.1
	done
}
program() { status .program.id; }

wait_for equals 40 flows talk
echo "a change, and its flows are held"
xring backend add talk b4 "$(lab address b4)" --now
xring backend add udp b4 "$(lab address b4)" --now
xring backend set talk b1 --weight 0.2 --now
wait_for held 8	# of 60, about two in five move
sleep 1
count=$(pins)

echo "the same build replaces nothing"
program=$(program)
for signal in TERM KILL; do
	stop $signal
	start --test-clock
	said "the pinned program is replaced" && fail "it does"
	equal "program" "$(program)" "$program"
	equal "cells written" "$(status .writes.cells_written)" 0
done
wait_for walked_with "$count"

takes_over() { # BUILD PINS: and nothing is lost
	local before sent
	before=$(packets talk) sent=$(counter tx_redirect)
	PINS=$2
	services
	stop
	BUILD=$1 start --test-clock
	said "xring_pins is carried over" || fail "no pins are carried over"
	said "the pinned program is replaced" || fail "the program is not replaced"
	equal "room for pins" "$(size)" "$2"
	[ "$(packets talk)" -ge "$before" ] || fail "packets: $(packets talk), $before before"
	[ "$(counter tx_redirect)" -ge "$sent" ] || fail "tx: $(counter tx_redirect), $sent before"
	equal "adopted" "$(status .adopted)" true
	wait_for walked_with "$count"
	equal "lost" "$(lost)" 0
}

echo "another version takes over, with twice the room"
takes_over "$other/build" 131072
equal "its counter" "$(counter pass_more)" 0
equal "flows" "$(flows talk)" 40
[ "$(xring --json changes | jq '[.[] | select(.stage != "done")] | length')" -ge 2 ] ||
	fail "the changes are over: $(xring changes)"

echo "and makes the room smaller again"
takes_over "$other/build" 65536

echo "back to the first one, killed ten times on its way"
kills=0 before=$(packets talk) sent=$(counter tx_redirect)
for ((i = 0; i < 10; i++)); do
	build=$BUILD PINS=131072
	if ((i % 2)); then
		build=$other/build PINS=65536
	fi
	services
	stop KILL
	nsenter --net="/run/netns/xring-$LAB-lb" -- "$build/xringd" --bpffs "$RUN/bpf" --socket "$RUN/sock" --state "$RUN/state" \
		-f "$RUN/xring.yaml" --test-clock >>"$RUN/killed.log" 2>&1 &
	disown
	echo $! >"$RUN/xringd.pid"
	sleep "0.$((RANDOM % 60 + 10))"
	ended $! && fail "it ended by itself: $(cat "$RUN/killed.log")"
	kills=$((kills + 1))
done
equal "kills" "$kills" 10
PINS=131072
services
stop KILL
start --test-clock
equal "adopted" "$(status .adopted)" true
equal "room for pins" "$(size)" 131072
wait_for walked_with "$count"
equal "flows" "$(flows talk)" 40
equal "lost" "$(lost)" 0
[ "$(packets talk)" -gt "$before" ] || fail "packets: $(packets talk), $before before"
[ "$(counter tx_redirect)" -gt "$sent" ] || fail "tx: $(counter tx_redirect), $sent before"
equal "left aside" "$(find "$RUN/bpf" -name '*_old' -o -name '*_new')" ""

echo "not one connection broke"
not_one_broke
