#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a file would change is told without changing anything, and told exactly; it is
# applied once, as far as asked, only where it was planned so; and what is wrong is
# refused whole, with its place.
. "$(dirname "$0")/../lib.sh"

lab up -b 4
file() { # BACKENDS of web
	cat <<EOT
hash_key: 00112233445566778899aabbccddeeff
interfaces: [eth0]
services:
  web:
    vip: $VIP4:80/tcp
    mode: ipip
    drain: 5m
    tcp_idle: 2m
    udp_idle: 20s
    backends: {$1}
  other:
    vip: $VIP4:53/udp
    mode: nat
    backends: {b1: $(lab address b1), b2: $(lab address b2)}
EOT
}
three="b1: {address: $(lab address b1), weight: 2}, b2: $(lab address b2), b3: $(lab address b3)"
file "$three" >"$RUN/xring.yaml"
file "$three, b4: {address: $(lab address b4), weight: 2.5}" >"$RUN/next.yaml"
start --test-clock
wait_for resolved

# All that a change would show in, but time and what neighbours say.
state() {
	xring --json service list | jq -S 'del(.. | .next_hop?)'
	xring --json stats | jq -S '[.writes.asked, .writes.cells_written, .writes.flushes, .pins.held, .pins.cells_moving]'
	xring --json changes | jq -c '.[] | [.id, .what, .cells, .moved]'
	md5sum "$RUN"/state/running.yaml "$RUN"/state/loaded
}
written() { status .writes.cells_written; }
last() { xring --json changes | jq 'map(.id) | max // 0'; }
stage() { xring --json changes | jq -r ".[] | select(.id == $1).stage"; }
shares() { # of the ring as it is: NAME SHARE, to 9 decimals
	xring --json ring show "$1" | jq -r '.backends[] | select(.vnodes > 0) | "\(.name) \(.share * 1e9 | round)"' | sort
}
planned() { # before|after: the same of a plan
	jq -r --arg at "$1" '.services[0][$at][] | "\(.name) \(.share * 1e9 | round)"' "$RUN/plan" | sort
}

echo "a plan changes nothing"
state >"$RUN/before"
xring plan -f "$RUN/next.yaml" >"$RUN/text"
xring --json plan -f "$RUN/next.yaml" >"$RUN/plan"
xring backend drain web b2 --plan >"$RUN/drain"
xring backend del web b2 --plan --json >/dev/null
xring backend set web b2 --weight 7 --plan >/dev/null
xring backend add web b9 "$(lab address b4)" --plan >/dev/null
state >"$RUN/after"
diff "$RUN/before" "$RUN/after" || fail "planning has changed something"
grep -Fq "web: " "$RUN/text" || fail "plan: $(cat "$RUN/text")"
grep -Eq "^  xring .*backend drain web b2$" "$RUN/drain" || fail "backend drain --plan: $(cat "$RUN/drain")"
hash=$(jq -r .hash "$RUN/plan")
grep -Fq -- "apply -f $RUN/next.yaml --expect $hash" "$RUN/text" || fail "plan: $(cat "$RUN/text")"
equal "nothing to plan" "$(xring plan -f "$RUN/xring.yaml")" "nothing would change"

echo "it has all that the manual says"
equal "keys" "$(jq -c keys "$RUN/plan")" '["clients","hash","other","services"]'
equal "one service" "$(jq '.services | length' "$RUN/plan")" 1
equal "keys of it" "$(jq -c '.services[0] | keys' "$RUN/plan")" \
	'["action","after","before","cells","least","moved","moves","new_flows","pins","service","stages"]'
equal "stages" "$(jq -c '.services[0].stages' "$RUN/plan")" \
	'{"prepare":0,"copy":20,"catch_up":100,"switch":0,"cleanup":null}'
equal "action" "$(jq -r '.services[0].action' "$RUN/plan")" change
equal "weights" "$(jq -c '[.services[0].after[] | .weight]' "$RUN/plan")" '[2,1,1,2.5]'
equal "moves" "$(jq -c '[.services[0].moves[] | .to] | unique' "$RUN/plan")" '["b4"]'
equal "what they are in all" "$(jq '([.services[0].moves[].share] | add) * 1e9 | round' "$RUN/plan")" \
	"$(jq '.services[0].moved * 1e9 | round' "$RUN/plan")"
equal "least, for these shares" "$(jq '.services[0].least * 1e9 | round' "$RUN/plan")" \
	"$(jq '.services[0].moved * 1e9 | round' "$RUN/plan")"
equal "before" "$(planned before)" "$(shares web)"

echo "what was planned is what comes"
fails 1 "expect 0123456789abcdef: the file or the running state is another one since" \
	xring apply -f "$RUN/next.yaml" --expect 0123456789abcdef
fails 2 "expect 123: want the 16 hexadecimal digits" xring apply -f "$RUN/next.yaml" --expect 123
fails 1 "is another one since" xring apply -f "$RUN/xring.yaml" --expect "$hash"
state >"$RUN/after"
diff "$RUN/before" "$RUN/after" || fail "what was refused has changed something"
cells=$(written)
xring apply -f "$RUN/next.yaml" --expect "$hash" --now >"$RUN/applied"
equal "after" "$(planned after)" "$(shares web)"
id=$(last)
equal "moved" "$(xring --json changes | jq ".[] | select(.id == $id) | .moved")" \
	"$(jq '.services[0].moved' "$RUN/plan")"
equal "cells" "$(($(written) - cells))" "$(jq '.services[0].cells' "$RUN/plan")"
equal "lines of apply" "$(cat "$RUN/applied")" \
	"$(grep '^web: ' "$RUN/text")
change $id web: prepare
change $id web: copy"
equal "before, of the change" "$(xring --json change show "$id" | jq -c '[.before, .after, .moves]')" \
	"$(jq -c '.services[0] | [.before, .after, .moves]' "$RUN/plan")"

echo "a second time it does nothing"
cells=$(written)
state >"$RUN/before"
equal "what it says" "$(xring apply -f "$RUN/next.yaml" --now)" "nothing to change"
equal "changes" "$(xring --json apply -f "$RUN/next.yaml" | jq -c '[.services, .changes]')" '[[],[]]'
xring apply -f "$RUN/next.yaml" --wait cleanup >/dev/null
state >"$RUN/after"
diff "$RUN/before" "$RUN/after" || fail "a second time it does something"
equal "cells" "$(written)" "$cells"
equal "the last change" "$(last)" "$id"
fails 1 "is another one since" xring apply -f "$RUN/xring.yaml" --expect "$hash"

echo "waiting, in a pipe: a line for each stage"
file "$three" >"$RUN/next.yaml"
waits() { # STAGE: applies in the background
	: >"$RUN/waited"
	xring apply -f "$RUN/next.yaml" --now --wait "$1" >"$RUN/waited" 2>&1 &
	waiting=$!
}
tells() { grep -Fq "$1" "$RUN/waited"; }
waits switch
wait_for tells "web: copy"
id=$(last)
advance 20
wait_for tells "web: catch-up"
kill -0 $waiting || fail "it waits no longer: $(cat "$RUN/waited")"
advance 100
wait $waiting || fail "apply: $(cat "$RUN/waited")"
equal "what it told" "$(tail -n +2 "$RUN/waited" | grep -v ': done$' | xargs)" \
	"change $id web: prepare change $id web: copy change $id web: catch-up change $id web: switch change $id web: cleanup"
file "${three/b2: $(lab address b2), /}" >"$RUN/next.yaml"
waits cleanup
wait_for tells "web: copy"
stop KILL
start --test-clock
advance 120
wait $waiting || fail "apply: $(cat "$RUN/waited")"
equal "what it told" "$(grep -v ': done$' "$RUN/waited" | tail -n 1)" "change $(last) web: cleanup"
over() { equals "done" stage "$(last)"; }
wait_for over
fails 1 "is over" xring change cancel "$(last)"
fails 2 "want switch or cleanup" xring apply -f "$RUN/next.yaml" --wait copy

echo "the running state may change between plan and apply"
file "$three" >"$RUN/next.yaml"
hash=$(xring --json plan -f "$RUN/next.yaml" | jq -r .hash)
xring backend set other b1 --weight 2 --now
fails 1 "is another one since" xring apply -f "$RUN/next.yaml" --expect "$hash"
xring backend set other b1 --weight 1 --now
xring apply -f "$RUN/next.yaml" --expect "$hash" --now >/dev/null
equal "backends" "$(xring --json backend list web | jq -c '[.[].name]')" '["b1","b2","b3"]'

echo "what is wrong is refused whole, with its place"
state >"$RUN/before"
wrong() { # SED-SCRIPT WHERE TEXT: at the place where that stands then
	local place
	sed "$1" "$RUN/xring.yaml" >"$RUN/wrong.yaml"
	cmp -s "$RUN/xring.yaml" "$RUN/wrong.yaml" && fail "nothing is wrong by $1"
	place=$(awk -v what="$2" '(at = index($0, what)) { print NR ":" at; exit }' "$RUN/wrong.yaml")
	for verb in plan apply; do
		fails 2 "$RUN/wrong.yaml:$place: $3" xring $verb -f "$RUN/wrong.yaml"
	done
}
wrong 's/drain: 5m/drian: 5m/' drian "unknown key drian"
wrong "s/$(lab address b3)/{address: $(lab address b3), weight: 1001}/" 1001 "weight 1001: want 0 to 1000"
wrong "s/b3: $(lab address b3)/b3: {address: $(lab address b1)}/" "$(lab address b1)}" \
	"backend b3 at $(lab address b1): want another address, backend b1 of service web is there"
wrong 's/5m/5 minutes/' "5 minutes" "drain 5 minutes: want"
wrong 's/drain: 5m/check: smtp/' smtp "check type smtp: want tcp, http, https, icmp or exec"
wrong 's/mode: nat/mode: natt/' natt "mode natt: want nat, l2, ipip or gue"
fails 1 "No such file" xring plan -f "$RUN/none.yaml"
fails 2 "want -f FILE" xring plan
sed 's/0011/1100/' "$RUN/xring.yaml" >"$RUN/wrong.yaml"
fails 1 "another hash_key moves every flow: want --cut" xring apply -f "$RUN/wrong.yaml"
fails 1 "service none: no such service" xring backend drain none b1 --plan
fails 1 "service web: backend none: no such backend" xring backend drain web none --plan
state >"$RUN/after"
diff "$RUN/before" "$RUN/after" || fail "what was refused has changed something"

echo "a nat backend waits for one that leaves its address"
waiting() { # SERVICE BACKEND
	xring --json backend list "$1" | jq -c ".[] | select(.name == \"$2\" and (.removed | not)) | [.state, .share, .waits_for]"
}
xring service add third --vip $VIP4:80/udp --mode nat
xring backend add third c1 "$(lab address b4):53"
xring backend del other b2 --now
says="service third: backend c2 at $(lab address b2):53 waits until the flows of backend b2 of service other are gone"
xring backend add third c2 "$(lab address b2):53" --plan >"$RUN/plan"
grep -Fq "$says, 15m at most" "$RUN/plan" || fail "plan: $(cat "$RUN/plan")"
advance 61
# 839 s, and less where the test is slow
xring backend add third c2 "$(lab address b2):53" --plan >"$RUN/plan"
grep -Fq "$says, 83" "$RUN/plan" || fail "plan after a minute: $(cat "$RUN/plan")"
xring backend add third c2 "$(lab address b2):53" --cut --plan >"$RUN/plan"
says="service third: backend c2 at $(lab address b2):53 cuts the flows of backend b2 of service other"
grep -Fq "$says" "$RUN/plan" || fail "plan with --cut: $(cat "$RUN/plan")"
xring backend add third c2 "$(lab address b2):53" --now >/dev/null
equal "c2" "$(waiting third c2)" '["waiting",0,{"service":"other","name":"b2"}]'
equal "its change" "$(stage "$(last)")" prepare
equal "what it is" "$(xring --json changes | jq -c ".[] | select(.id == $(last)).what")" \
	'["backend add c2","c2 waits until the flows of b2 of other are gone"]'
said "backend c2 of third at $(lab address b2):53 waits until the flows of backend b2 of other are gone" ||
	fail "nobody says that c2 waits"
# also where one file moves it
{
	file "$three" | sed "/mode: nat/,\$s/b2: $(lab address b2)/b3: $(lab address b3)/;/mode: nat/,\$s/b1: [^,]*, //"
	cat <<EOT
  third:
    vip: $VIP4:80/udp
    mode: nat
    backends: {c1: "$(lab address b1):53"}
EOT
} >"$RUN/next.yaml"
fails 1 "service third: backend c1 at $(lab address b1):53: want another backend beside it, backend b1 of service other leaves that address and may keep its flows for 15m; --cut breaks them" \
	xring apply -f "$RUN/next.yaml"
equal "third" "$(xring --json backend list third | jq -c '[.[].name]')" '["c1","c2"]'
equal "other" "$(xring --json backend list other | jq -c '[.[] | [.name, .state]]')" \
	'[["b1","active"],["b2","draining"]]'
# it may come back to where it was
fails 1 "replies of" xring backend add other b2 "$(lab address b2)" --now
xring change cancel "$(last)" >/dev/null
equal "third" "$(xring --json backend list third | jq -c '[.[].name]')" '["c1"]'
xring backend add other b2 "$(lab address b2)" --now
equal "b2" "$(waiting other b2 | jq -c '[.[0], .[1] > 0]')" '["active",true]'
xring backend del other b2 --now
xring backend add third c2 "$(lab address b2):53" --cut --now >/dev/null
wait_for said "backend b2 of other is cut: backend c2 of third has its address"
equal "cut" "$(xring --json backend list other | jq -c '[.[] | select(.removed) | .state]')" '["down"]'
equal "c2" "$(xring --json backend list third | jq -c '.[] | select(.name == "c2") | .state')" '"active"'
# and no restart makes anything else of it
stop KILL
start --test-clock
equal "cells written" "$(written)" 0
# nor is a start held up by it
stop
{
	file "$three" | sed "/mode: nat/,\$s/b1: [^,]*, //"
	cat <<EOT
  third:
    vip: $VIP4:80/udp
    mode: nat
    backends: {c3: "$(lab address b1):53"}
EOT
} >"$RUN/xring.yaml"
start --test-clock
said "backend b1 of other is cut: backend c3 of third has its address" || fail "b1 of other is not cut"
equal "c3" "$(xring --json backend list third | jq -c '.[] | select(.name == "c3") | .state')" '"active"'
