#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a backend's agent says becomes its share within seconds, while connections live and none
# breaks: weights, drain, down and back; garbage and silence change nothing and are said; the
# operator's wish goes first; a restart knows the last word, and the file that is saved does not.
. "$(dirname "$0")/../talkers.sh"

hosts=(b1 b2)
lab up -b ${#hosts[@]}
lab vip
lab decap
talk_servers "${hosts[@]}"
config <<EOT
interfaces: [eth0]
flush: {interval: 0.2}
services:
  web:
    vip: $VIP4:7000/tcp
    mode: ipip
    tcp_idle: 60s
    agent: {port: 8101, interval: 200ms, timeout: 150ms}
    backends: {$(backends_of "${hosts[@]}")}
EOT
for host in "${hosts[@]}"; do
	echo "100%" >"$RUN/$host.agent"
done
agent() { # HOST: begins to answer
	nsenter --net="/run/netns/xring-$LAB-$1" -- \
		socat TCP-LISTEN:8101,reuseaddr,fork "OPEN:$RUN/$1.agent,rdonly" 2>/dev/null &
	AGENT[$1]=$!
	wait_for on "$1" socat -u OPEN:/dev/null TCP:127.0.0.1:8101
}
declare -A AGENT
agent b1
agent b2
says() { # HOST LINE
	echo "$2" >"$RUN/$1.agent.new"
	mv "$RUN/$1.agent.new" "$RUN/$1.agent"
}
of() { # HOST FILTER
	xring --json backend list web | jq -c ".[] | select(.name == \"$1\") | $2"
}
share_is() { # LEAST MOST, of b1 in percent
	of b1 ".share * 100 | . >= $1 and . <= $2" | grep -q true
}
agent_is() { # HOST WEIGHT STATE DOWN
	[ "$(of "$1" '[.agent.weight, .agent.state, .agent.down]')" = "[$2,\"$3\",$4]" ]
}
changes() { xring --json changes | jq '[.[].what[]? | select(startswith("agent: b1"))] | length'; }

start
wait_for resolved
talker long --tcp 60 --rate 20
wait_for lives long 60
# A ring of two has not exactly halves.
half=$(of b1 '.share * 100 | round')
wait_for agent_is b1 1 ready false

echo "half of its weight: a third of the keys"
says b1 "50%"
within 5 agent_is b1 0.5 ready false
within 5 share_is 20 $((half - 5))
equal "configured weight" "$(of b1 .weight)" 1
talker short --tcp 20 --life 0.2
[ "$(opens short 100 | jq '(.b1 // 0) * 100 / ([.[]] | add) | . > 8 and . < 46')" = true ] ||
	fail "new connections do not follow the share"

echo "a small difference is none; what comes too soon is taken a little later"
before=$(changes)
says b1 "53%"
wait_for equals '"53%"' of b1 .agent.line
equal "weight" "$(of b1 .agent.weight)" 0.5
equal "changes" "$(changes)" "$before"
begin=$(now_ms)
for weight in 60 70 80 90 20; do
	says b1 "$weight%"
	wait_for equals "\"$weight%\"" of b1 .agent.line
done
within 5 agent_is b1 0.2 ready false
[ $(($(changes) - before)) -le $((($(now_ms) - begin) / 1000 + 2)) ] ||
	fail "$(($(changes) - before)) changes within $(($(now_ms) - begin)) ms"

echo "drain, and back"
says b1 "drain"
within 5 equals '["draining",0]' of b1 '[.state, .share]'
says b1 "ready 100% # all is well"
within 5 share_is $((half - 1)) $((half + 1))
equal "state" "$(of b1 .state)" '"active"'

echo "the operator's wish goes first, and the agent's weight is of what he sets"
xring backend drain web b1 --now
says b1 "ready 40%"
within 5 agent_is b1 0.4 ready false
equal "state" "$(of b1 '[.state, .share]')" '["draining",0]'
xring backend undrain web b1 --now
xring backend set web b1 --weight 2 --now
equal "weight" "$(of b1 '[.weight, .agent.weight]')" '[2,0.4]'
wait_for equals 0.8 of b1 .weight_now
says b1 "maint"
within 5 equals '["maintenance",0]' of b1 '[.state, .share]'
says b1 "drain"
within 5 equals '["draining",0]' of b1 '[.state, .share]'
xring backend undrain web b1 --now
equal "the agent drains it still" "$(of b1 '[.state, .share]')" '["draining",0]'
says b1 "ready 100%"
xring backend set web b1 --weight 1 --now
within 5 share_is $((half - 1)) $((half + 1))

echo "garbage and silence change nothing"
says b1 "50%"
within 5 agent_is b1 0.5 ready false
says b1 "50% of my time"
wait_for said "agent of backend b1 of web: '50% of my time' has no meaning: 50% stays"
[ "$(status '.wrong | length')" = 1 ] || fail "status: $(status '.wrong')"
wait_for eval '[ "$(of b1 .agent.unread)" -gt 3 ]'
equal "said once" "$(grep -c "has no meaning" "$RUN/xringd.log")" 1
head -c 100000 /dev/zero | tr '\0' 9 >"$RUN/b1.agent"
wait_for equals '"'\''a line of more than 127 bytes'\'' has no meaning"' of b1 .agent.why
says b1 "50%"
wait_for equals null of b1 .agent.why
kill "${AGENT[b1]}"
wait_for equals '"connection refused"' of b1 .agent.why
wait_for said "agent of backend b1 of web: connection refused: 50% stays"
agent_is b1 0.5 ready false || fail "an agent that is gone weighs: $(of b1 .agent)"
[[ $(xring backend list web) == *"50%: connection refused"* ]] || fail "$(xring backend list web)"

echo "a restart knows its last word; what is saved does not"
xring save "$RUN/saved.yaml" >/dev/null
grep -q "agent: {port: 8101, interval: 0.2s, timeout: 150ms}" "$RUN/saved.yaml" ||
	fail "saved: $(cat "$RUN/saved.yaml")"
grep -Eq "weight|state" "$RUN/saved.yaml" && fail "saved: $(cat "$RUN/saved.yaml")"
stop KILL
start
wait_for share_is 20 $((half - 5))
equal "cells written" "$(status .writes.cells_written)" 0
agent_is b1 0.5 ready false || fail "after a restart: $(of b1 .agent)"

echo "nothing has broken; and down is as by a health check"
talker_end short
talker_end long
says b1 "down # for repair"
agent b1
within 5 equals '["down",0]' of b1 '[.state, .share]'
says b1 "up 100%"
within 5 share_is $((half - 1)) $((half + 1))
equal "state" "$(of b1 .state)" '"active"'

echo "without an agent the configured weight counts"
says b1 "30%"
within 5 agent_is b1 0.3 ready false
within 5 share_is 5 $((half - 10))
xring service set web --agent none
within 5 equals null of b1 .agent
within 5 share_is $((half - 1)) $((half + 1))
xring service set web --agent port=8101,interval=200ms,timeout=150ms
within 5 agent_is b1 0.3 ready false
