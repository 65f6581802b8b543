#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One daemon a socket, a bpffs and a state directory: a second one says so and ends,
# and the first goes on. A stale socket is replaced, anything else of its name is not.
. "$(dirname "$0")/../lib.sh"

lab up -b 2
lab nginx
lab vip
lab decap
config <<EOT
interfaces: [eth0]
services:
  web:
    vip: $VIP4:80/tcp
    mode: ipip
    backends: {b1: $(lab address b1), b2: $(lab address b2)}
EOT
start
wait_for resolved
pid=$(daemon_pid)
mkdir "$RUN/bpf2"
mount -t bpf bpf "$RUN/bpf2"
# The events of the first daemon come to their file a while after it has begun.
kept() { find "$RUN/state" -type f ! -name events.json | sort | xargs cat; }
state=$(kept)

daemon() { # BPFFS SOCKET STATE
	timeout 10 nsenter --net="/run/netns/xring-$LAB-lb" -- "$BUILD/xringd" -f "$RUN/xring.yaml" \
		--bpffs "$RUN/$1" --socket "$RUN/$2" --state "$RUN/$3"
}

unharmed() {
	equal "pid" "$(status .pid)" "$pid"
	equal "state" "$(kept)" "$state"
	[ ! -e "$RUN/bpf2/xring" ] || fail "something is pinned in the other bpffs"
	follows_ring web $VIP4 8 "$1"
}

fails 1 "another xringd answers on $RUN/sock" daemon bpf sock state
unharmed 20000
fails 1 "another xringd answers on $RUN/sock" daemon bpf2 sock state2
unharmed 20010
fails 1 "another xringd runs on $RUN/bpf" daemon bpf sock2 state2
unharmed 20020
[ ! -e "$RUN/sock2" ] || fail "the second daemon left its socket"
fails 1 "another xringd keeps its state in $RUN/state" daemon bpf2 sock2 state
rm -rf "$RUN/bpf2/xring" "$RUN/bpf2/tc"
unharmed 20030

echo "a stale socket"
stop KILL
[ -S "$RUN/sock" ] || fail "the killed daemon's socket is gone"
start
pid=$(daemon_pid)
equal "pid" "$(status .pid)" "$pid"

echo "something else of its name"
echo precious >"$RUN/file"
fails 1 "there is something else of that name" daemon bpf2 file state2
equal "file" "$(cat "$RUN/file")" precious
fails 1 "File name too long" daemon bpf2 "$(printf '%0200d' 0)" state2
fails 1 "" daemon bpf2 no/such/directory/sock state2

echo "no bpffs"
mkdir "$RUN/plain"
fails 1 "is not a bpffs" daemon plain sock2 state2
umount "$RUN/bpf2"

echo "a daemon that goes takes its socket along, and nothing else"
stop
[ ! -e "$RUN/sock" ] || fail "the socket is left"
[ -e "$RUN/bpf/xring/prog" ] || fail "the program is gone"
fails 1 "xringd does not answer on $RUN/sock" xring status
