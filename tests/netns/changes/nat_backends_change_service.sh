#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two services of mode nat swap a backend by one reload: each gives its own to the other. What is
# connected stays connected and is answered from its VIP, however long, and over a kill of the
# daemon; then each gets the other's by itself. Undone in its midst, all is as it was.
. "$(dirname "$0")/../talkers.sh"

ONE=$VIP4 TWO=10.200.1.2
lab up -b 4
file() { # BACKENDS of one, of two
	config <<EOT
interfaces: [eth0, eth1]
services:
  one: {vip: ["$ONE:7000/tcp", "$ONE:7000/udp"], mode: nat, tcp_idle: 60s, udp_idle: 50s, drain: 1h,
    backends: {$(backends_of $1)}}
  two: {vip: ["$TWO:7000/tcp", "$TWO:7000/udp"], mode: nat, tcp_idle: 60s, udp_idle: 50s, drain: 1h,
    backends: {$(backends_of $2)}}
...
EOT
}
client_address 10.1.2.11
talk_servers b1 b2 b3 b4
file "b1 b2" "b3 b4"
start --test-clock
wait_for resolved

states() { # of the backends, as one/b1:active
	xring --json backend list | jq -r '.[] | "\(.service)/\(.name):\(if .removed then "removed" else .state end)"' |
		sort | paste -sd ' '
}
reload() {
	kill -HUP "$(daemon_pid)"
	wait_for equals "$1" states
}
more() { [ "$(counter tx_reply)" -gt "$1" ]; }
pass() { # SECONDS, of which each flow has spoken in every 20, as there are so many REPLIES
	local past
	for ((past = 0; past < $1; past += 20)); do
		advance 20
		wait_for more $(($(counter tx_reply) + $2))
	done
}
share() { xring --json backend list "$1" | jq ".[] | select(.name == \"$2\" and (.removed | not)).share"; }

talker one --tcp 20 --udp 10 --rate 4
TO=$TWO talker two --tcp 20 --udp 10 --rate 4
talker short-one --tcp 4 --life 0.5 --rate 8 --source 10.1.2.11
TO=$TWO talker short-two --tcp 4 --life 0.5 --rate 8 --source 10.1.2.11
wait_for lives one 30
wait_for lives two 30

echo "a plan says so"
waits="waits until the flows of backend b1 of service one are gone, 1h at most"
file "b2 b3" "b1 b4"
cp "$RUN/xring.yaml" "$RUN/swapped.yaml"
xring plan -f "$RUN/swapped.yaml" >"$RUN/plan"
grep -Fq "service two: backend b1 at $(lab address b1) $waits" "$RUN/plan" || fail "plan: $(cat "$RUN/plan")"
equal "lines of waiting" "$(grep -c 'waits until' "$RUN/plan")" 2

echo "who comes waits"
swapping="one/b1:removed one/b2:active one/b3:waiting two/b1:waiting two/b3:removed two/b4:active"
reload "$swapping"
equal "shares" "$(share one b3) $(share two b1)" "0 0"
equal "a plan of what is so" "$(xring plan -f "$RUN/swapped.yaml")" "nothing would change"
equal "waits for" "$(xring --json backend list two | jq -c '.[] | select(.name == "b1").waits_for')" \
	'{"service":"one","name":"b1"}'
said "backend b1 of two at $(lab address b1) waits until the flows of backend b1 of one are gone" ||
	fail "the log does not say who waits"
opens short-one 8 >/dev/null	# some of these may have begun before
opens short-two 8 >/dev/null
equal "new connections" "$(opens short-one 8 | jq -c keys)$(opens short-two 8 | jq -c keys)" '["b2"]["b4"]'
pass 100 600
stop KILL
start --test-clock
wait_for equals "$swapping" states
pass 100 600
equal "after 200 s" "$(states)" "$swapping"
equal "flows" "$(counts one '[.names[]] | add')+$(counts two '[.names[]] | add')" 30+30

echo "undone in its midst"
file "b1 b2" "b3 b4"
kill -HUP "$(daemon_pid)"
back() { [[ $(states) == *one/b1:active*two/b3:active* && $(states) != *waiting* ]]; }
wait_for back
equal "new connections" "$(opens short-one 40 | jq -c keys)$(opens short-two 40 | jq -c keys)" \
	'["b1","b2"]["b3","b4"]'
equal "flows" "$(counts one '[.names[]] | add')+$(counts two '[.names[]] | add')" 30+30

echo "the flows end, and who waited gets its share"
cp "$RUN/swapped.yaml" "$RUN/xring.yaml"
kill -HUP "$(daemon_pid)"
wait_for equals 0 share one b3
talker_end one
talker_end two
over() {
	pass 20 100
	equals "one/b2:active one/b3:active two/b1:active two/b4:active" states
}
wait_for over
equal "new connections" "$(opens short-one 40 | jq -c keys)$(opens short-two 40 | jq -c keys)" \
	'["b2","b3"]["b1","b4"]'
talker_end short-one
talker_end short-two
