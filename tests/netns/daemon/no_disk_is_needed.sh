#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The state directory is on a full disk: a backend dies and comes back, the daemon goes on and
# starts again; only commands that change the model are refused, until there is room.
. "$(dirname "$0")/../lib.sh"

lab up -b 3
lab nginx
config <<EOT
interfaces: [eth0, eth1]
flush: {interval: 0}
services:
  web:
    vip: $VIP4:80/tcp
    mode: nat
    check: {type: http, interval: 200ms, timeout: 150ms, rise: 1, fall: 2}
    backends:
      b1: {address: $(lab address b1), weight: 2}
      b2: $(lab address b2)
      b3: $(lab address b3)
EOT
mkdir "$RUN/state"
mount -t tmpfs -o size=128k tmpfs "$RUN/state"
cleanup() { umount "$RUN/state" 2>/dev/null || true; }
start --test-clock
pid=$(daemon_pid)

health() { # BACKEND
	xring --json backend list web | jq -r ".[] | select(.name == \"$1\") | .health"
}
weight() {
	xring --json backend list web | jq -r ".[] | select(.name == \"$1\") | .weight"
}
dies() {
	# shellcheck disable=SC2046
	kill -KILL $(on "$1" ss -Htlnp sport = 80 | grep -o 'pid=[0-9]*' | cut -d = -f 2 | sort -u)
	rm -f "$RUN/nginx-$1.pid"
	wait_for equals down health "$1"
}
comes_back() {
	on "$1" "$(command -v nginx || echo /usr/sbin/nginx)" -c "$RUN/nginx-$1/nginx.conf" \
		-e "$RUN/nginx-$1/error.log"
	wait_for equals up health "$1"
}
fill() { head -c 1m /dev/zero >"$RUN/state/fill" 2>/dev/null || true; }
refused() {
	fails 1 "xring: state directory $RUN/state: " "$@"
	fails 1 ": No space left on device" "$@"
}

wait_for equals up health b1
wait_for equals up health b2
wait_for equals up health b3
fill		# before the first cell moves

echo "the full disk, and a backend that dies and comes back"
dies b2
advance 400
comes_back b2
equal "pid" "$(status .pid)" "$pid"
equal "backends that answer" "$(for _ in {1..30}; do fetch $VIP4; done | sort -u | wc -l)" 3
refused xring backend set web b1 --weight 3
refused xring attach eth1
refused xring service add more --vip 10.200.1.9:80/tcp --mode nat
equal "weight" "$(weight b1)" 2
equal "kept" "$(status .keeping.kept)" false
[[ $(xring status) == *"changes are refused: state directory $RUN/state: "*"No space left"* ]] ||
	fail "status: $(xring status)"

echo "a start on the full disk"
stop KILL
start --test-clock
equal "adopted" "$(status .adopted)" true
equal "weight" "$(weight b1)" 2
wait_for equals up health b2
equal "kept" "$(status .keeping.kept)" false
refused xring backend set web b1 --weight 3
dies b3
comes_back b3

echo "room, and a command at once"
rm "$RUN/state/fill"
xring backend set web b1 --weight 3 --now
equal "kept" "$(status .keeping.kept)" true
fill
refused xring backend set web b1 --weight 4
rm "$RUN/state/fill"
wait_for equals true status .keeping.kept		# by itself
said "all is kept again" || fail "not a word of that"
stop KILL
start --test-clock
equal "weight" "$(weight b1)" 3

echo "a disk that turns read-only, under a daemon and at its start"
mount -o remount,ro "$RUN/state"
fails 1 "Read-only file system" xring backend set web b1 --weight 5
stop KILL
start --test-clock
equal "weight" "$(weight b1)" 3
fails 1 "Read-only file system" xring backend set web b1 --weight 5
mount -o remount,rw "$RUN/state"
xring backend set web b1 --weight 5 --now
equal "weight" "$(weight b1)" 5
stop
