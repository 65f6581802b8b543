#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The daemon is killed at the numbered steps of its writes, in the middle of changes and of the
# settling thereafter. The next one finishes what it finds: the maps are then, in every cell
# those of a run without a crash, and no packet is lost. STEPS (12): how many of all the steps,
# spread evenly; `make soak` takes every one, in LANES beside one another, of which this is
# number LANE.
. "$(dirname "$0")/../lib.sh"

STEPS=${STEPS:-12} LANES=${LANES:-1} LANE=${LANE:-0}

lab up -b 4
lab nginx
lab vip
lab decap
config <<EOT
flush: {interval: 0}
limits: {cells: 4096, backends: 64}
pins: 1024
services:
  web:
    vip: $VIP4:80/tcp
    mode: ipip
    vnodes: 6
    tcp_idle: 60s
    udp_idle: 20s
    drain: 1s
    backends: {b1: $(lab address b1), b2: $(lab address b2), b3: $(lab address b3)}
EOT
start
wait_for resolved
stop
cp -r "$RUN/state" "$RUN/state-before"

mortal() { # STEP: a daemon that is killed then, be it before it is ready
	lab xringd -f "$RUN/xring.yaml" --test-clock --test-die "$1" >/dev/null 2>&1 || true
}

requests() {
	while [ ! -e "$RUN/enough" ]; do
		client curl -sS -m 5 "http://$VIP4/" 2>&1 || true
	done
}

fresh() { # as before the change, with traffic that has never seen it
	rm -rf "$RUN/bpf/xring" "$RUN/bpf/tc" "$RUN/state"
	cp -r "$RUN/state-before" "$RUN/state"
	start --test-clock
	wait_for resolved
	xring attach eth0 >/dev/null
}

# What is done to it; a daemon that dies in the middle does not answer.
change() {
	xring backend add web b4 "$(lab address b4)" || true
	xring backend set web b1 --weight 3 || true
	xring backend del web b2 || true
	ask '{"do":"clock","advance":30}' || true
	ask '{"do":"clock","advance":31}' || true
} >/dev/null 2>&1

# Every backend with its way; and that every cell is as the ring says: the next daemon compares
# them all, and finds nothing to write.
words() {
	xring --json backend list web |
		jq -c '.[] | [.id, .name, .address, .state, .weight, .share, .next_hop]'
	stop
	start --test-clock
	wait_for resolved
	xring --json stats | jq '"cells written \(.writes.cells_written)"'
}

# A settle time, in parts: a handshake that is under way has a minute.
pass() {
	ask '{"do":"clock","advance":50}'
	ask '{"do":"clock","advance":50}'
} >/dev/null

# Brings whatever is there to the end of the change: commands that are done do nothing.
finish() {
	change
	wait_for resolved
	pass
	wait_for equals 0 leaving
	pass
	wait_for equals 0 under_way
	wait_for equals 0 open
}

leaving() { xring --json backend list web | jq '[.[] | select(.removed)] | length'; }
open() { xring --json stats | jq '.pins.cells_moving + .pins.cells_look'; }
under_way() { xring --json changes | jq '[.[] | select(.stage != "done")] | length'; }

lookups() { xring ring lookup web -n 2 {1..40}.2.3.4:5,$VIP4:80; }

fresh
finish
lookups >"$RUN/wanted-lookups"
words >"$RUN/wanted"
grep -q 'cells written 0' "$RUN/wanted" || fail "a restart writes cells: $(cat "$RUN/wanted")"
stop

# How many steps there are.
total=0
count_steps() {
	local low=1 high=4096 middle
	while [ $low -lt $high ]; do
		middle=$(((low + high) / 2))
		fresh
		stop
		mortal $middle
		change
		if ended "$(daemon_pid)"; then low=$((middle + 1)); else high=$middle; stop; fi
	done
	total=$((low - 1))
}
count_steps
[ $total -gt 40 ] || fail "only $total steps"
echo "$total steps"

every=$(((total + STEPS - 1) / STEPS))
[ $every -ge 1 ] || every=1
died=0
for ((step = 1 + LANE * every; step <= total; step += every * LANES)); do
	fresh
	stop
	rm -f "$RUN/enough"
	requests >>"$RUN/answers" &
	stream=$!
	mortal $step
	change
	wait_for ended "$(daemon_pid)"
	died=$((died + 1))
	start --test-clock
	finish
	lookups >"$RUN/got-lookups"
	words >"$RUN/got"
	diff "$RUN/wanted-lookups" "$RUN/got-lookups" || fail "step $step: other owners"
	diff "$RUN/wanted" "$RUN/got" || fail "step $step: it ends otherwise"
	equal "packets dropped, step $step" "$(xring --json stats | jq .packets.drop)" 0
	touch "$RUN/enough"
	wait $stream
	stop
done
errors=$(grep -Evc '^b[1-4]$' "$RUN/answers" || true)
grep -Ev '^b[1-4]$' "$RUN/answers" | head -n 5 || true
equal "requests that failed" "$errors" 0
echo "killed at $died of $total steps; $(wc -l <"$RUN/answers") requests, $errors errors"
