#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The wall clock is set, forwards and backwards: schedules follow, and durations do not care.
. "$(dirname "$0")/../lib.sh"

lab up -b 2
config <<EOT
regions: {east: {timezone: Etc/UTC}, west: {timezone: Etc/UTC}}
services:
  web:
    vip: $VIP4:80/tcp
    mode: ipip
    schedule: [{region: east, hours: "08:00-20:00", weight: 4}]
    backends:
      b1: {address: $(lab address b1), region: east}
      b2: {address: $(lab address b2), region: west}
EOT

clock_set() { # HOUR [DAYS]: today, or so many days later; it is set, and not put forward
	local now
	now=$(date -u +%s)
	echo $((-now % 86400 + $1 * 3600 + ${2:-0} * 86400)) >"$RUN/wall.new"
	mv "$RUN/wall.new" "$RUN/wall"
}

weights() {
	xring --json service show web | jq -c '[.backends[].weight_now]'
}

follows() { # WEIGHTS: within a second, and what the machine takes besides
	local tries=0
	until [ "$(weights)" = "$1" ]; do
		[ $((tries += 1)) -le $((30 * ${XRING_PATIENCE:-1})) ] ||
			fail "weights $(weights) 3 s after the clock was set, wanted $1"
		sleep 0.1
	done
}

ages() { # every change is as old as it is
	[[ $(xring changes) != *forever* ]] || fail "$(xring changes)"
	equal "ages that cannot be" "$(xring --json changes | jq '[.[] | select(.age < 0 or .age > 600)]')" "[]"
}

export WALL_FILE=$RUN/wall
clock_set 4
LD_PRELOAD=$BUILD/tests/tools/wall.so start
NIGHT='[1,1]' DAY='[4,1]'
equal "weights at 04:00" "$(weights)" "$NIGHT"

echo "forwards"
clock_set 10
follows "$DAY"
ages
echo "backwards, while changes are under way"
clock_set 4
follows "$NIGHT"
ages
clock_set 10 -400
follows "$DAY"
ages
[ "$(status .uptime)" -lt 600 ] || fail "uptime $(status .uptime)"
echo "and years ahead"
clock_set 4 4000
follows "$NIGHT"
ages

echo "a start with a wrong clock, which is set later"
stop
clock_set 4 -10000
LD_PRELOAD=$BUILD/tests/tools/wall.so start
ages
equal "weights at 04:00" "$(weights)" "$NIGHT"
clock_set 10
follows "$DAY"
ages
