#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# rx is what the devices have received, by their own counters, and the sum of the verdicts stands beside
# it: both are the same, native and generic, through restarts, detaching and attaching; what a device
# receives while the program is not there shows as a difference.
. "$(dirname "$0")/../lib.sh"

lab up -b 1
lab nginx
config <<EOT
interfaces: [eth0, eth1]
services:
  web: {vip: $VIP4:80/tcp, mode: nat, backends: {b1: "$(lab address b1):8080"}}
...
EOT
lb ping -c 1 -W 1 "$(lab address b1)" >/dev/null || true	# what came before does not count
start
wait_for resolved

packets() { # FILTER
	xring --json stats | jq -r ".packets | $1"
}
more_than() { # DEVICE PACKETS
	[ "$(packets "[.devices[] | select(.device == \"$1\").packets][0] > $2")" = true ]
}
requests() { # each takes a dozen packets, of which some come in at each side
	local i
	for ((i = 0; i < 20; i++)); do
		fetch $VIP4 >/dev/null || fail "no answer"
	done
}

without_verdict() { packets '.rx - .verdicts'; }
# What comes between the look at a device's counter and the attaching stays a difference: then it is tried again.
served() { # MODE
	local dev before was
	for dev in eth0 eth1; do
		xring detach $dev >/dev/null
		xring attach $dev --mode "$1" >/dev/null 2>&1
	done
	before=$(packets .rx)
	was=$(without_verdict)
	requests
	[ "$(packets .rx)" -ge $((before + 200)) ] || fail "rx $before, then $(packets .rx)"
	[ "$(without_verdict)" = "$was" ]
}
for mode in native generic; do
	echo "$mode"
	wait_for served $mode
	equal "the sum of the verdicts" "$(packets '.verdicts == .tx + .pass + .drop')" true
	more_than eth0 100 || fail "$(packets .devices)"
	more_than eth1 60 || fail "$(packets .devices)"
done
xring stats | head -n 2 >"$RUN/printed"
grep -Eq '^rx [0-9]+ = .*eth0 [0-9]+ \+ eth1 [0-9]+, by the devices$' "$RUN/printed" || fail "$(cat "$RUN/printed")"
grep -Eq '^verdicts [0-9]+ = tx [0-9]+ \+ pass [0-9]+ \+ drop [0-9]+$' "$RUN/printed" ||
	fail "$(cat "$RUN/printed")"

echo "without a daemon, and with the next"
before=$(packets .rx)
was=$(without_verdict)
stop KILL
requests
start
as_before() { [ "$(without_verdict)" = "$was" ]; }
wait_for as_before
[ "$(packets .rx)" -ge $((before + 200)) ] || fail "rx $before, then $(packets .rx)"

echo "detached"
ping_the_balancer() { # COUNT
	client ping -q -c "$1" -i 0.01 "$(lb ip -4 -j addr show dev eth0 | jq -r '.[0].addr_info[0].local')" >/dev/null
}
detached_and_attached() {
	local before was
	before=$(packets .rx)
	was=$(without_verdict)
	xring detach eth0 >/dev/null
	xring detach eth1 >/dev/null
	ping_the_balancer 50
	xring attach eth0 >/dev/null 2>&1
	xring attach eth1 >/dev/null 2>&1
	[ "$(packets .rx)" -lt $((before + 40)) ] || fail "rx counts what came while nothing was attached"
	requests
	[ "$(without_verdict)" = "$was" ]
}
wait_for detached_and_attached

echo "killed at once after attaching"
killed_at_once() {
	local was
	was=$(without_verdict)
	xring detach eth0 >/dev/null
	xring detach eth1 >/dev/null
	xring attach eth0 >/dev/null 2>&1
	xring attach eth1 >/dev/null 2>&1
	stop KILL
	requests
	start
	[ "$(without_verdict)" = "$was" ]
}
wait_for killed_at_once

echo "another hand's program"
differ() {
	[ "$(without_verdict)" -ge $((was + 40)) ]
}
was=$(without_verdict)
lb bpftool link detach pinned "$RUN/bpf/xring/link-eth0"
ping_the_balancer 60
wait_for differ
xring stats | sed -n 3p | grep -Eq '^they differ: [0-9]+ packets without a verdict$' || fail "$(xring stats)"
