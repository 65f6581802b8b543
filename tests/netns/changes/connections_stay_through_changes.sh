#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Changes under the one rule, seen from outside: connections stay where they are through an
# addition, a drain, a removal and a reweight; new ones go where the ring says; stages come
# and go by the clock, also over a kill; a cut cuts; a cancelled change goes back.
. "$(dirname "$0")/../lib.sh"

lab up -b 4
lab vip
lab decap
config <<EOT
interfaces: [eth0]
flush: {interval: 0.2}
services:
  web:
    vip: $VIP4:80/tcp
    mode: ipip
    backends: {b1: $(lab address b1), b2: $(lab address b2), b3: $(lab address b3)}
  udp:
    vip: $VIP4:53/udp
    mode: ipip
    backends: {b1: $(lab address b1), b2: $(lab address b2), b3: $(lab address b3)}
EOT
start --test-clock
wait_for resolved
for host in b1 b2 b3 b4; do
	on $host "$BUILD/tests/tools/talk" server 0.0.0.0 80 $host >"$RUN/server-$host" 2>&1 &
	on $host "$BUILD/tests/tools/talk" server $VIP4 53 --udp $host >>"$RUN/server-$host" 2>&1 &
done

listening() { on "$1" ss -Hltn "sport = 80" | grep -q . && on "$1" ss -Hlun "sport = 53" | grep -q .; }
for host in b1 b2 b3 b4; do
	wait_for listening $host
done

# 60 connections and 40 UDP flows for as long as the test takes.
mkfifo "$RUN/orders"
client "$BUILD/tests/tools/talk" client $VIP4 80 --tcp 60 --seconds 250 --rate 5 \
	<"$RUN/orders" >"$RUN/tcp" 2>&1 &
talk_tcp=$!
exec 7>"$RUN/orders"
client "$BUILD/tests/tools/talk" client $VIP4 53 --udp 40 --seconds 250 --rate 5 \
	</dev/null >"$RUN/udp" 2>&1 &
talk_udp=$!

end_talk() { # PID of the shell around it; answers what it answers
	pkill -TERM -P "$1"
	wait "$1"
}

settled() { # every change is over
	[ "$(xring --json changes | jq '[.[] | select(.stage != "done")] | length')" = 0 ]
}

stage() { # ID
	xring --json changes | jq -r ".[] | select(.id == $1).stage"
}

last() { xring --json changes | jq 'map(.id) | max'; }

# Time is put forward in steps that leave the flows time to speak.
pass() { # SECONDS
	local step
	for ((step = 0; step < $1; step += 10)); do
		sleep 0.4
		advance 10
	done
}

share() { # NAME
	xring --json backend list web | jq -r ".[] | select(.name == \"$1\").share"
}

pins() { # NAME
	xring --json backend list web | jq -r "[.[] | select(.name == \"$1\").pins] | add // 0"
}

flows() { xring --json stats "$1" | jq .flows; }
wait_for equals 60 flows web
sleep 1
equal "pins in the steady state" "$(xring --json stats | jq -c '[.events[].packets] | add')" 0

echo "a backend is added"
xring backend add web b4 "$(lab address b4)" --now
id=$(last)
equal "stage" "$(stage "$id")" copy
pass 40
equal "stage" "$(stage "$id")" catch-up
[ "$(xring --json changes | jq ".[] | select(.id == $id).pins")" -gt 0 ] ||
	fail "no flow of a moved key is pinned"

echo "overlapping: another weight, and a kill between"
xring backend set web b2 --weight 2 --now
stop KILL
start --test-clock
equal "stage" "$(stage "$id")" catch-up
pass 400
equal "stage" "$(stage "$id")" cleanup
[ "$(xring --json stats | jq .pins.held)" -gt 0 ] || fail "nobody is held after the switch"

echo "a drain: no new flows, the live ones stay until its time is over"
xring backend drain web b1 --now
equal "share" "$(share b1)" 0
[ "$(pins b1)" -ge 0 ]
pass 20
held=$(xring --json backend list web | jq '.[] | select(.name == "b1").pins')
[ "$held" -gt 0 ] || fail "no flow is held on b1"
equal "state" "$(xring --json backend list web | jq -r '.[] | select(.name == "b1").state')" draining
xring backend undrain web b1 --now
[ "$(share b1)" != 0 ] || fail "b1 owns nothing again"

echo "a removal: its flows stay too"
xring backend del udp b3 --now
xring backend del web b3 --now
equal "removed" "$(xring --json backend list web | jq -c '.[] | select(.name == "b3") | [.state, .removed]')" \
	'["draining",true]'
pass 100
equal "state" "$(xring --json backend list web | jq -r '.[] | select(.name == "b3").state')" draining

echo "another machine takes over a name: its flows stay with the old one"
xring backend set udp b2 --address "$(lab address b4)" --now
equal "moves" "$(xring --json change show "$(last)" | jq -c '[.moves[] | [.from, .to]]')" '[["b2","b2"]]'
equal "b2" "$(xring --json backend list udp | jq -c '[.[] | select(.name == "b2") | .address] | sort')" \
	"[\"$(lab address b2)\",\"$(lab address b4)\"]"

echo "what was cancelled goes back, by a change"
before=$(share b4)
xring backend set web b4 --weight 5 --now
id=$(last)
[ "$(share b4)" != "$before" ] || fail "the weight did nothing"
xring change cancel "$id" --now
equal "share" "$(share b4)" "$before"
equal "end" "$(xring --json changes | jq -r ".[] | select(.id == $id).end")" "cancelled by $(last)"
fails 1 "is over" xring change cancel "$id"
fails 1 "no such change" xring change cancel 999

echo "so far not one connection broke"
end_talk "$talk_udp" || fail "UDP: $(tail -n 3 "$RUN/udp")"
equal "UDP flows that moved" "$(tail -n 1 "$RUN/udp" | jq .udp_wrong)" 0
end_talk "$talk_tcp" || fail "TCP: $(tail -n 3 "$RUN/tcp")"
equal "TCP connections broken" "$(tail -n 1 "$RUN/tcp" | jq .tcp_broken)" 0

echo "the last flows end, and with them the changes"
pass 1000
settles() { # a daemon without time to run has seen less of that time
	settled || { advance 10 && return 1; }
}
wait_for settles
equal "leaving" "$(xring --json backend list web | jq '[.[] | select(.removed)] | length')" 0
equal "pins" "$(xring --json stats | jq .pins.count)" 0

echo "a cut cuts"
xring backend add udp b3 "$(lab address b3)" --now
xring backend del udp b3 --now
b3_state() { xring --json backend list udp | jq -r '.[] | select(.name == "b3").state'; }
equal "b3" "$(b3_state)" draining
xring backend del udp b3 --cut
equal "b3" "$(b3_state)" down
fails 1 "no such backend" xring backend del udp b9 --cut
client "$BUILD/tests/tools/talk" client $VIP4 80 --tcp 40 --seconds 60 --rate 5 \
	</dev/null >"$RUN/cut" 2>&1 &
talk=$!
sleep 2
xring backend maintenance web b2 --cut
equal "state" "$(xring --json backend list web | jq -r '.[] | select(.name == "b2").state')" maintenance
sleep 2
end_talk $talk && fail "nothing was cut"
[ "$(tail -n 1 "$RUN/cut" | jq .tcp_broken)" -gt 0 ] || fail "nothing was cut"

echo "what drains already can be cut too, and that alone"
xring backend enable web b2 --now	# resets what was another's
state_of() { xring --json backend list web | jq -c ".[] | select(.name == \"$1\") | [.state, .pins > 0]"; }
client "$BUILD/tests/tools/talk" client $VIP4 80 --tcp 40 --seconds 60 --rate 5 \
	</dev/null >"$RUN/cut" 2>&1 &
talk=$!
sleep 2
xring backend drain web b1 --now
xring backend drain web b4 --now
wait_for equals '["draining",true]' state_of b1
wait_for equals '["draining",true]' state_of b4
broken() { grep -c "tcp port .* on $1: " "$RUN/cut" || true; }
equal "broken so far" "$(broken b1)" 0
xring backend drain web b1 --cut
cut() { [ "$(broken b1)" -gt 0 ]; }
wait_for cut
end_talk $talk && fail "nothing was cut"
equal "broken on b4" "$(broken b4)" 0
