#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A few clients that send most of the traffic: with a bound no backend carries much more
# than its weighted share, where without one the ring gives some twice as much. No connection breaks,
# and when the load is gone nothing of it is left.
. "$(dirname "$0")/../talkers.sh"

exec 3>&1	# also of what is waited for
VIP2=10.200.1.2
mapfile -t hosts < <(for i in {1..10}; do echo "b$i"; done)
lab up -b ${#hosts[@]}
lab vip
lab decap
mapfile -t clients < <(for i in {1..24}; do echo "10.1.1.$i"; done)
client_address "${clients[@]}"
talk_servers "${hosts[@]}"
on b1 ip addr add $VIP2/32 dev lo
config <<EOT
interfaces: [eth0]
services:
  web:
    vip: $VIP4:7000/tcp
    mode: ipip
    key: client
    tcp_idle: $(idle_time 4)
    udp_idle: $(idle_time 1)
    hot: {auto: false}
    backends: {$(backends_of "${hosts[@]}")}
  single:
    vip: $VIP2:7000/tcp
    mode: ipip
    bound: 1.01
    tcp_idle: $(idle_time 4)
    udp_idle: $(idle_time 1)
    backends: {b1: $(lab address b1)}
EOT
# The daemon looks at the loads every 20 ms; one that others keep from the CPU for longer cannot
# keep a bound. Here it gets the CPU when it is due.
begin() {
	start
	renice -n -20 -p "$(daemon_pid)" >/dev/null
}
begin
wait_for resolved

event() { xring --json stats | jq ".events[] | select(.name == \"$1\").packets"; }

echo "without a bound"
talker long --tcp 30 --rate 2 --source "${clients[0]}"
wait_for lives long 30
home=$(ring_owner web "${clients[0]}")
for i in "${!clients[@]}"; do
	talker "short$i" --tcp $((i ? 60 / (i + 1) + 1 : 360)) --rate 2 --life 0.7 --source "${clients[i]}"
done
busiest web 4000 >/dev/null
free=$(busiest web 8000)
echo "busiest / weighted average without a bound: $free / 100"
[ "$free" -ge 180 ] || fail "the clients are not skewed: $free / 100"
equal "events" "$(event shed)" 0

echo "with a bound of 1.25"
xring service set web --bound 1.25 --now
below() { # PACKETS: for so many of them
	bound=$(busiest web "$1")
	echo "busiest / weighted average: $bound / 100" >&3
	[ "$bound" -le 135 ]
}
within 10 below 1500
within 30 below 12000
[ "$(event shed)" -gt 0 ] || fail "nothing was shed"
xring --json top -n 1 | jq -e '.services[] | select(.name == "web") |
	.bound == 1.25 and ([.backends[].load] | max > 1 and max < 2 and min > 0)' >/dev/null ||
	fail "top: $(xring --json top -n 1)"
equal "long ones" "$(counts long '[.names, .tcp_broken]')" "[{\"$home\":30},0]"

echo "pins made: $(event confirmed); shed: $(event shed), all over their bound: $(event over)"

echo "killed under it"
for signal in KILL TERM; do
	stop $signal
	begin
done
within 10 below 1500
within 30 below 8000
equal "long ones" "$(counts long '[.names, .tcp_broken]')" "[{\"$home\":30},0]"

echo "weights count"
xring backend set web b1 --weight 2 --now >/dev/null
within 10 below 1500
within 30 below 8000
before=$(carried web)
busiest web 4000 >/dev/null
part=$(jq -n --argjson a "$before" --argjson b "$(carried web)" '($b | map_values(.packets)) as $now |
	($a | map_values(.packets)) as $was | ($now.b1 - $was.b1) /
	((([$now[]] | add) - ([$was[]] | add) - ($now.b1 - $was.b1)) / 9) * 100 | round')
echo "b1 of weight 2 / the average other: $part / 100"
[ "$part" -ge 160 ] && [ "$part" -le 290 ] || fail "b1 of weight 2 got $part / 100"

echo "the load is gone"
for i in "${!clients[@]}"; do
	talker_end "short$i"
done
equal "long ones" "$(counts long '[.names, .tcp_broken]')" "[{\"$home\":30},0]"
talker_end long
wait_for at_rest

echo "one backend takes everything"
shed=$(event shed)
over=$(event over)
TO=$VIP2 talker single --tcp 100 --life 0.5
equal "backend" "$(opens single 500 | jq -c keys)" '["b1"]'
equal "shed" "$(event shed)" "$shed"
equal "over" "$(event over)" "$over"
talker_end single
wait_for at_rest
equal "dropped" "$(xring --json stats | jq .packets.drop)" 0
