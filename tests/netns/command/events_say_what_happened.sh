#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What happened can be asked for: health, changes, commands and who gave them, a file that was refused; also
# after the daemon was killed, and while it comes.
. "$(dirname "$0")/../lib.sh"

lab up -b 2
lab nginx
every=$((200 * ${XRING_PATIENCE:-1}))	# ms
config <<EOT
interfaces: [eth0]
services:
  web:
    vip: $VIP4:80/tcp
    mode: nat
    check: {type: http, interval: ${every}ms, timeout: $((every - 10))ms, rise: 1, fall: 1}
    backends: {b1: $(lab address b1), b2: $(lab address b2)}
  other: {vip: "$VIP4:81/tcp", mode: nat, backends: {b1: $(lab address b1)}}
EOT
start
wait_for resolved
up() { [ "$(xring --json backend list web | jq '[.[] | select(.health == "up")] | length')" = "$1" ]; }
wait_for up 2
texts() { # OPTION...
	xring --json events "$@" | jq -r '.[].text'
}

echo "what comes is followed"
xring events web --follow >"$RUN/followed" &
said() { grep -q "$1" "$RUN/followed"; }
xring backend drain web b2 --now >/dev/null
wait_for said "command .* uid 0 asked for: backend drain web b2"
xring backend undrain web b2 --now >/dev/null
on b2 ip link set eth0 down
wait_for said "warning  health .* backend b2 of web is down: "
on b2 ip link set eth0 up
wait_for up 2
wait_for said "info     health .* backend b2 of web is up: "

echo "who asked for it"
[ "$(xring --json events other --kind command | jq length)" = 0 ] || fail "nobody asked for other"
xring service set other --bound 1.5 --now >/dev/null
equal "the last of other" "$(texts other --kind command -n 1)" 'uid 0 asked for: service set other --bound 1.5 --now'
equal "by" "$(xring --json events other --kind command -n 1 | jq -r '.[0].by')" "uid 0"
fails 2 "n 0: want 1 to 10000" xring events -n 0

echo "a file that is refused"
cp "$RUN/xring.yaml" "$RUN/good"
sed -i 's/mode: nat/mode: nut/' "$RUN/xring.yaml"
kill -HUP "$(daemon_pid)"
refused() { texts --kind configuration -n 1 | grep -q "mode nut: want"; }
wait_for refused
cp "$RUN/good" "$RUN/xring.yaml"
kill -HUP "$(daemon_pid)"
loaded() { texts --kind configuration -n 1 | grep -q "xring.yaml: loaded"; }
wait_for loaded

echo "killed, and asked again"
kept() { [ "$(tail -n 1 "$RUN/state/events.json" | jq -r .text)" = "$RUN/xring.yaml: loaded" ]; }
wait_for kept
xring --json events -n 10000 >"$RUN/before"
stop KILL
start
xring --json events -n 10000 >"$RUN/after"
jq -e --slurpfile before "$RUN/before" '.[:($before[0] | length)] == $before[0]' "$RUN/after" >/dev/null ||
	fail "what was before is not there: $(jq -c '.[:3]' "$RUN/after") for $(jq -c '.[:3]' "$RUN/before")"
jq -e '[.[].number] | . == [range(first; first + length)]' "$RUN/after" >/dev/null || fail "numbers"
texts --kind daemon | grep -q "adopted the running datapath" || fail "no word of the start"
