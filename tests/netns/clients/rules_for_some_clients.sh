#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Rules for some of a service's clients: each set goes where its rule says, a set that gains
# or loses a network moves no flow of it, also across a kill; and what a strict rule forbids
# gets nothing, though it is all that is left.
. "$(dirname "$0")/../talkers.sh"

lab up -b 4
lab vip
lab decap
EAST=10.1.2.10 WEST=10.1.3.10 OTHER=10.1.4.10
client_address $EAST $WEST $OTHER
client_address fd00:10:1::2:10
talk_servers b1 b2 b3 b4
config_of() { # EAST-LIST EXTRA-RULES
	config <<EOT
interfaces: [eth0]
flush: {interval: 0.2}
regions:
  east: {}
  west: {}
services:
  web:
    vip: $VIP4:7000/tcp
    mode: ipip
    tcp_idle: $(idle_time 4)
    udp_idle: $(idle_time 1)
    drain: 5s
    check: {type: tcp, interval: 0.3s, timeout: 0.2s, fall: 2, rise: 1}
    placement:
      - {clients: [$1], constraints: [+region=east]}
      - {clients: [10.1.3.0/24], preferences: [west, east]}
${2:-}
    backends:
      b1: {address: $(lab address b1), region: east}
      b2: {address: $(lab address b2), region: east}
      b3: {address: $(lab address b3), region: west}
      b4: {address: $(lab address b4), region: west}
EOT
}
reload() {
	local before
	before=$(grep -Fc "xring.yaml: loaded" "$RUN/xringd.log") || true
	kill -HUP "$(daemon_pid)"
	wait_for loads_more "$before"
	wait_for equals 0 pending
}
loads_more() { [ "$(grep -Fc "xring.yaml: loaded" "$RUN/xringd.log")" -gt "$1" ]; }
pending() { xring --json stats | jq .writes.pending; }
config_of 10.1.2.0/24
start --test-clock
wait_for resolved

stays() { # NAME WHERE: its flows are where they were
	local now
	now=$(counts "$1" .names)
	[ "$now" = "$2" ] || fail "$1 was at $2, and is at $now: $(tail -n 3 "$RUN/$1.said")"
}
names() { counts "$1" '.names | keys | join(" ")' | jq -r .; }
only() { # NAMES: standard input is {"b1":3,...}; nobody else is in it
	jq -e --arg names "$1" '(keys - ($names | split(" "))) == []' >/dev/null
}

echo "each set goes where its rule says"
talker east --tcp 60 --rate 2 --source $EAST
talker west --tcp 60 --rate 2 --source $WEST
talker other --tcp 60 --rate 2 --source $OTHER
for name in east west other; do
	wait_for lives $name 60
done
equal east "$(names east)" "b1 b2"
equal west "$(names west)" "b3 b4"
equal other "$(names other)" "b1 b2 b3 b4"

for port in {1001..1020}; do
	[[ $(ring_owner web "$EAST:$port,$VIP4:7000/tcp") =~ ^b[12]$ ]] || fail "the look-up went west"
done

echo "a set gains a network under live flows: they stay, new ones go where it says"
before=$(counts other .names)
config_of "10.1.2.0/24, 10.1.4.0/24"
equal "planned" "$(xring --json plan -f "$RUN/xring.yaml" | jq -c '.clients[] |
	[.rule, .clients, .from, .to, .networks, (.before.west > 0.4), .after]')" \
	'[1,"10.1.2.0/24 and 1 more","all","[+region=east]",1,true,{"east":1}]'
reload
xring changes | grep -q "placement: 1 networks: \[+region=east\] instead of all" ||
	fail "no change says so: $(xring changes)"
talker fresh --tcp 20 --rate 2 --life 0.5 --source $OTHER
sleep 1.5	# they speak
opens fresh 60 | only "b1 b2" || fail "a new flow of the network went west"
equal "the east's own" "$(names east)" "b1 b2"

echo "those that its rule forbids are cut, and the others stay"
# b3 and b4 are forbidden to them now.
kill -TERM "${TALKER_PID[other]}"
wait "${TALKER_PID[other]}" || true
after=$(tail -n 1 "$RUN/other.counts")
jq -en --argjson a "$before" --argjson b "$after" \
	'[$a.b1 + $a.b2, $a.b3 + $a.b4] == [60 - $b.tcp_broken, $b.tcp_broken]' >/dev/null ||
	fail "before $before, then $after"
[ "$(xring --json stats | jq '.events[] | select(.name == "forbidden").packets')" -gt 0 ] || fail "nothing was counted as forbidden"
talker_end fresh

echo "a set loses a network: nobody moves, also where the daemon is killed meanwhile"
talker other --tcp 60 --rate 2 --source $OTHER
wait_for lives other 60
before=$(counts other .names)
config_of 10.1.2.0/24 "      - {clients: [10.1.4.0/24], preferences: [west]}"
reload
stop KILL
start --test-clock
wait_for resolved
talker fresh --tcp 20 --rate 2 --life 0.5 --source $OTHER
opens fresh 60 | only "b3 b4" || fail "a new flow of the network went east"
wait_for settled
talker_end fresh
sleep 1
stays other "$before"
stop KILL
start --test-clock
wait_for resolved
sleep 1
stays other "$before"
config_of 10.1.2.0/24
reload
sleep 1
stays other "$before"
wait_for settled
stays other "$before"
talker_end other
talker_end west
talker_end east

echo "a strict set whose region dies is dropped, counted, and leaks nothing"
carried_west() { # of the strict set's packets
	xring --json placement show web |
		jq '.rules[] | select(.rule == 1).regions[] | select(.region == "west").packets'
}
health() { xring --json backend list web | jq -r ".[] | select(.name == \"$1\").health"; }
for i in 1 2; do
	kill -TERM "${SERVER_PID[b$i]}"
	wait_for equals down health b$i
done
drops=$(counter drop_residency)
! client curl -sS -m 1 --interface $EAST "http://$VIP4:7000/" >/dev/null 2>&1 || fail "somebody answered"
stop KILL
start --test-clock
! client curl -sS -m 1 --interface $EAST "http://$VIP4:7000/" >/dev/null 2>&1 || fail "somebody answered"
[ "$(counter drop_residency)" -gt "$drops" ] || fail "the drops were not counted"
equal "packets to the west" "$(carried_west)" 0

echo "no rule any more: one ring, as before"
sed -i '/^    placement:/,/^      - {clients: \[10.1.3/d' "$RUN/xring.yaml"
reload
wait_for settled
[ "$(client curl -s -m 2 --interface $EAST "http://$VIP4:7000/" --http0.9 | head -c 2)" != "" ] ||
	fail "no answer without rules"
stop KILL
start
wait_for resolved

echo "more constraints than there are bits are refused"
{
	sed -n 1,/^services:/p "$RUN/xring.yaml" | grep -v "^services:\|^  east\|^  west"
	for i in {1..45}; do
		echo "  r$i: {prefixes: [10.$((100 + i)).0.0/16]}"
	done
	echo "services:"
	echo "  web:"
	echo "    vip: $VIP4:7000/tcp"
	echo "    mode: ipip"
	echo "    placement: [{strategy: regional}]"
	echo "    backends: {b1: {address: $(lab address b1), region: r1}}"
} >"$RUN/many.yaml"
fails 1 "service web: its rules make 46 different sets of constraints: want at most 40" \
	xring plan -f "$RUN/many.yaml"
