#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Where a service's traffic goes: to the regions that it prefers, spilling over as they die;
# by the hour of their clocks, without breaking a connection; and, where a constraint
# forbids a backend, not there, whatever happens.
. "$(dirname "$0")/../lib.sh"

TALK=$BUILD/tests/tools/talk
lab up -b 4
lab nginx
lab vip
lab decap
backends() {
	echo "    backends:"
	for i in 1 2; do
		echo "      b$i: {address: $(lab address b$i), region: east}"
		echo "      b$((i + 2)): {address: $(lab address b$((i + 2))), region: west}"
	done
}
config <<EOT
interfaces: [eth0]
flush: {interval: 0.2}
regions:
  east: {timezone: America/New_York}
  west: {timezone: Europe/Dublin}
services:
  prefers:
    vip: $VIP4:80/tcp
    mode: ipip
    check: {type: tcp, interval: 0.2s, timeout: 0.1s, fall: 2, rise: 1}
    placement: [{preferences: [east, west], spillover: waterfall, threshold: 0.72}]
$(backends)
  strict:
    vip: $VIP4:8080/tcp
    mode: ipip
    check: {type: tcp, interval: 0.2s, timeout: 0.1s, fall: 2, rise: 1}
    placement: [{constraints: [+region=east]}]
$(backends)
  hours:
    vip: $VIP4:7000/tcp
    mode: ipip
    tcp_idle: 60s
    udp_idle: 10s
    schedule: [{region: west, hours: "08:00-20:00", weight: 3, over: 30m}]
$(backends)
EOT
start --test-clock
wait_for resolved
for i in 1 2 3 4; do
	on b$i "$TALK" server 0.0.0.0 7000 b$i >/dev/null 2>&1 &
done
listening() { on "$1" ss -Hltn "sport = 7000" | grep -q .; }
for i in 1 2 3 4; do
	wait_for listening b$i
done

share() { # SERVICE REGION [TIME]: of the traffic, percent
	xring --json placement show "$1" ${3:+--at "$3"} |
		jq -r ".regions[] | select(.region == \"$2\").share * 1000 | round / 10"
}
ring_share() { # SERVICE BACKEND...: what the ring in the maps has, percent
	local service=$1
	shift
	xring --json backend list "$service" | jq -r --arg names "$*" \
		'[.[] | select(.name | IN($names | split(" ")[])).share] | add * 100 | round'
}
healthy() { # BACKEND WORD
	[ "$(xring --json backend list prefers | jq -r ".[] | select(.name == \"$1\").health")" = "$2" ]
}
state_of() { # SERVICE BACKEND
	xring --json backend list "$1" | jq -r ".[] | select(.name == \"$2\").state"
}
for i in 1 2 3 4; do
	wait_for healthy b$i up
done

echo "the region that is preferred has it all"
equal "east" "$(share prefers east)" 100
equal "the ring's" "$(ring_share prefers b1 b2)" 100
for _ in {1..20}; do
	[[ $(fetch $VIP4) =~ ^b[12]$ ]] || fail "a request went west"
done

echo "as it dies it spills over, and no further than it must"
# shellcheck disable=SC2046	# one number
kill $(cat "$RUN/nginx-b1.pid")
wait_for healthy b1 down
# Half of the weight is alive, overprovisioned by 1 / 0.72.
wait_for equals 69.4 share prefers east
got=$(ring_share prefers b3 b4)
[ "$got" -ge 20 ] && [ "$got" -le 42 ] || fail "the ring gives west $got%, wanted about 31%"
# shellcheck disable=SC2046
kill $(cat "$RUN/nginx-b2.pid")
wait_for healthy b2 down
wait_for equals 100 share prefers west
for _ in {1..10}; do
	[[ $(fetch $VIP4) =~ ^b[34]$ ]] || fail "no answer from the west"
done

echo "where a constraint forbids the west nothing goes there: it is dropped, and counted"
equal "b3" "$(state_of strict b3)" forbidden
before=$(counter drop_residency)
! client curl -sS -m 1 "http://$VIP4:8080/" >/dev/null 2>&1 || fail "the west answered"
[ "$(counter drop_residency)" -gt "$before" ] || fail "the drop was not counted"
! client curl -sS -m 1 "http://$VIP4:8080/" >/dev/null 2>&1 || fail "the west answered"
stop KILL
start --test-clock
! client curl -sS -m 1 "http://$VIP4:8080/" >/dev/null 2>&1 || fail "the west answered after a restart"
equal "packets to the west" "$(xring --json backend list strict |
	jq '[.[] | select(.name == "b3" or .name == "b4").packets] | add')" 0

echo "it comes back with its region"
lab nginx 2>/dev/null || true
for i in 1 2; do
	wait_for healthy b$i up
done
wait_for equals 100 share prefers east
wait_for fetch $VIP4
[[ $(client curl -sS -m 5 "http://$VIP4:8080/") =~ ^b[12]$ ]] || fail "no answer from the east"

echo "the hours of a region, by its own clocks"
equal "west at noon" "$(share hours west 2027-01-12T12:00Z)" 75
equal "west at night" "$(share hours west 2027-01-12T03:00Z)" 50
equal "west at 08:00 of Dublin's summer" "$(share hours west 2027-07-13T07:45Z)" 75
equal "lines of a day" "$(xring placement forecast hours --hours 24 --at 2027-01-12T00:00Z | wc -l)" 25
fails 2 "want 1 to 744" xring placement forecast hours --hours 0
fails 2 "want a time of UTC" xring placement show hours --at noon
fails 1 "no such service" xring placement show nothing

echo "a shift breaks no connection"
client "$TALK" client $VIP4 7000 --tcp 60 --seconds 120 --rate 5 </dev/null >"$RUN/tcp" 2>&1 &
talk=$!
flows() { xring --json stats hours | jq .flows; }
wait_for equals 60 flows
until_hour() { # HOURS until that one of UTC, which is Dublin's in winter
	local now
	now=$(xring --json placement show hours | jq '.at | floor')
	jq -n "((($1 * 3600 - $now % 86400 + 86400) % 86400) + 60) / 3600"
}
put_forward() { # HOURS: the clocks of the regions alone
	equal "the clocks" "$(ask "{\"do\":\"clock\",\"hours\":$1}")" '{"ok":true}'
}
put_forward "$(until_hour 2)"
wait_for equals 50 share hours west
hours_50() { [ "$(ring_share hours b3 b4)" -ge 40 ] && [ "$(ring_share hours b3 b4)" -le 60 ]; }
wait_for hours_50
sleep 1		# they speak
put_forward "$(until_hour 12)"
wait_for equals 75 share hours west
near_75() { [ "$(ring_share hours b3 b4)" -ge 64 ] && [ "$(ring_share hours b3 b4)" -le 86 ]; }
wait_for near_75
xring changes | grep -q 'placement: b[34]: weight' || fail "no change says why: $(xring changes)"
sleep 2
pkill -TERM -P $talk
wait $talk || fail "TCP: $(tail -n 3 "$RUN/tcp")"
equal "connections broken" "$(tail -n 1 "$RUN/tcp" | jq .tcp_broken)" 0
