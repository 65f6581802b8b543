#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The commands hot, flows and top, against a stand-in for the daemon that answers each
# verb with what lies ready for it and keeps what it was asked.
. "$(dirname "$0")/../lib.sh"

command -v socat >/dev/null || skip "socat is not installed"
mkdir -p "$RUN/answers"

cat >"$RUN/standin" <<'EOT'
#!/bin/bash
# answers/VERB is its data, or a program that makes the data of the request in $1
while IFS= read -r request; do
	printf '%s\n' "$request" >>"$RUN/asked"
	answer=$RUN/answers/$(jq -r .do <<<"$request")
	if [ -x "$answer" ]; then
		data=$("$answer" "$request")
	elif [ -e "$answer" ]; then
		data=$(cat "$answer")
	else
		echo '{"ok":false,"error":"service mail: no such service","code":1}'
		continue
	fi
	jq -c '{ok: true, data: .}' <<<"$data"
done
EOT
chmod +x "$RUN/standin"
export RUN

standin_up() {
	socat "UNIX-LISTEN:$RUN/sock,fork" "EXEC:$RUN/standin" &
	standin=$!
	wait_for test -S "$RUN/sock"
}

standin_down() {
	kill "$standin"
	wait "$standin" 2>/dev/null || true
	rm -f "$RUN/sock"
}

answer() { # VERB: standard input is its data
	cat >"$RUN/answers/$1"
}

asked() { # what it was asked since it was last called
	local all
	all=$(cat "$RUN/asked" 2>/dev/null || true)
	rm -f "$RUN/asked"
	printf '%s' "$all"
}

sends() { # REQUEST WORD...: nothing is printed, and that is asked
	local wanted=$1
	shift
	asked >/dev/null
	equal "output of: $*" "$(xring "$@")" ""
	equal "request of: $*" "$(asked)" "$wanted"
}

row() { # N: that line of standard input, the runs of blanks as one
	sed -n "$1p" | tr -s ' '
}

echo "wrong words, of which the daemon hears nothing"
for words in "hot a b" "hot split" "hot split web" "hot split web k 3" "hot pin web k" \
	"hot pin web k we/b" "hot pin we/b k b1" "hot clear web" "hot exempt a b c" "hot shards web" \
	"hot split web k --shards 0" "hot split web k --shards 16384" "hot split web k --shards 1.5" \
	"hot split web k --shards" "hot clear web k --shards 3" "hot --shards 3" "flows a b" \
	"flows --limit -1" "flows --limit x" "flows --client 10.0.0.0/33" "flows --client fc00::/129" \
	"flows --client 10.0.0/8" "flows --client web" "flows --client 10.0.0.0/" \
	"flows --backend we/b" "top web" "top --interval 0.1" "top --interval 60.1" \
	"top --interval 1s" "top --json -n 0" "top --json -n x" "top -n 3"; do
	# shellcheck disable=SC2086
	fails 2 "" xring $words
done
fails 2 "shards 16384: want 1 to 16383" xring hot split web k --shards 16384
fails 2 "client 10.0.0.0/33: want ADDRESS or ADDRESS/BITS" xring flows --client 10.0.0.0/33
fails 2 "interval 0.1: want 0.2 to 60 seconds" xring top --interval 0.1
fails 2 "top: want a terminal, or --json" xring top </dev/null
fails 2 "xring hot split SERVICE KEY" xring hot splt web k
fails 1 "xringd does not answer on $RUN/sock" xring hot
fails 1 "xringd does not answer on $RUN/sock" xring flows
fails 1 "xringd does not answer on $RUN/sock" xring top --json
equal "asked" "$(asked)" ""

standin_up

echo "hot keys"
answer hot <<<"[]"
equal "no key" "$(xring hot)" "no key is hot"
equal "no key, as JSON" "$(xring --json hot)" "[]"
asked >/dev/null
xring hot web >/dev/null
xring hot -- split >/dev/null
equal "requests" "$(asked)" '{"do":"hot","service":"web"}
{"do":"hot","service":"split"}'
answer hot <<EOT
[{"service":"web","key":"203.0.113.9","rate_pps":51234.4,"share":0.51,"times_average":420.1,
  "state":"split","by":"auto","shards":100,"backends":10,"backend":null,"flows":2012,
  "since":$(($(date +%s) - 7205)).5},
 {"service":"web","key":"fc00::7","rate_pps":90,"share":0.001,"times_average":12,
  "state":"pinned","by":"hand","shards":0,"backends":1,"backend":"b3","flows":null,
  "since":$(($(date +%s) - 86400 * 3))}]
EOT
equal "heads" "$(xring hot | row 1)" \
	"SERVICE KEY STATE PKT/S SHARE X AVERAGE SHARDS/BACKENDS FLOWS SINCE"
equal "split" "$(xring hot | row 2)" "web 203.0.113.9 split 51234 51.0% 420.1 100/10 2012 2h ago"
equal "pinned" "$(xring hot | row 3)" "web fc00::7 pinned to b3 by hand 90 0.1% 12.0 - - 3d ago"
equal "JSON" "$(xring hot --json | jq -Sc .)" "$(jq -Sc . "$RUN/answers/hot")"

echo "by hand"
for verb in hot-split hot-pin hot-clear; do
	answer "$verb" <<<'{"changes":[]}'
done
answer hot-exempt <<<null
sends '{"do":"hot-split","service":"web","key":"203.0.113.9"}' hot split web 203.0.113.9
sends '{"do":"hot-split","service":"web","key":"k","shards":16383}' hot split web k --shards 16383
sends '{"do":"hot-pin","service":"web","key":"k","backend":"b3"}' hot pin web k b3
sends '{"do":"hot-exempt","service":"web","key":"k"}' hot exempt web k
sends '{"do":"hot-clear","service":"web","key":"k"}' hot clear web k
fails 1 "service mail: no such service" xring hot shards mail k
answer hot-shards <<<'[{"shard":0,"position":123,"backend":"b1"},{"shard":1,"position":4294967295,"backend":null}]'
equal "shards" "$(xring hot shards web k)" $'0\t123\tb1\n1\t4294967295\t-'
equal "shards, as JSON" "$(xring --json hot shards web k | jq -c '.[1].backend')" null

echo "flows: ten, of which each step of the walk has at most four"
answer flows <<'EOT'
#!/bin/bash
jq -n --argjson r "$1" '($r.cursor.at // 0) as $at |
	([10 - $at, 4, if $r.limit > 0 then $r.limit else 4 end] | min) as $n |
	{flows: [range($at; $at + $n) | {service: "web", client: "203.0.113.9:\(4000 + .)",
		vip: "10.200.1.1:80", protocol: "tcp", backend: "b1", kind: "pinned",
		key: "203.0.113.9", idle: (if . == 1 then null else . + 0.5 end)}],
	cursor: (if $at + $n < 10 then {at: ($at + $n)} else null end)} +
	if $r.cursor then {} else {counts: {pins: 2012,
		backends: [{service: "web", name: "b1", pins: 2000}],
		keys: [{service: "web", key: "203.0.113.9", pins: 12}]}} end'
EOT
chmod +x "$RUN/answers/flows"
asked >/dev/null
xring flows >"$RUN/flows" 2>"$RUN/said"
equal "the walk" "$(asked)" '{"do":"flows","limit":100}
{"do":"flows","limit":96,"cursor":{"at":4}}
{"do":"flows","limit":92,"cursor":{"at":8}}'
equal "counts" "$(head -n 4 "$RUN/flows" | tr -s ' ')" "PINS OF SERVICE NAME PINS
all - - 2012
backend web b1 2000
key web 203.0.113.9 12"
equal "an empty line" "$(row 5 <"$RUN/flows")" ""
equal "heads" "$(row 6 <"$RUN/flows")" "SERVICE CLIENT VIP PROTOCOL BACKEND KIND KEY IDLE"
equal "a flow" "$(row 7 <"$RUN/flows")" \
	"web 203.0.113.9:4000 10.200.1.1:80 tcp b1 pinned 203.0.113.9 0.5s"
equal "one of unknown age" "$(row 8 <"$RUN/flows")" \
	"web 203.0.113.9:4001 10.200.1.1:80 tcp b1 pinned 203.0.113.9 -"
equal "lines" "$(wc -l <"$RUN/flows")" 16
equal "nothing is left to be said" "$(cat "$RUN/said")" ""
xring flows --limit 5 >"$RUN/flows" 2>"$RUN/said"
equal "the walk to a limit" "$(asked)" '{"do":"flows","limit":5}
{"do":"flows","limit":1,"cursor":{"at":4}}'
equal "lines to a limit" "$(wc -l <"$RUN/flows")" 11
equal "it says so" "$(cat "$RUN/said")" "xring: the first 5 flows; --limit 0 shows all"
equal "as JSON" "$(xring flows --json --limit 6 | jq -c \
	'[keys, .counts.keys[0].pins, (.flows | length), .flows[5].client]')" \
	'[["counts","flows"],12,6,"203.0.113.9:4005"]'
equal "all" "$(xring flows --json --limit 0 | jq '.flows | length')" 10
asked >/dev/null
xring flows web --client 203.0.113.9 --backend b1 --limit 1 >/dev/null 2>&1
xring flows --client fc00::/56 --limit 1 >/dev/null 2>&1
equal "filters" "$(asked)" \
	'{"do":"flows","service":"web","client":"203.0.113.9/32","backend":"b1","limit":1}
{"do":"flows","client":"fc00::/56","limit":1}'
rm "$RUN/answers/flows"
fails 1 "no such service" xring flows mail

echo "top"
answer top <<'EOT'
#!/bin/bash
# a thousand packets a second
now=$EPOCHREALTIME
jq -n --argjson now "$now" --argjson hot "$(cat "$RUN/answers/hot")" '($now * 1000 | floor) as $n |
	{version: "0.0.7", now: $now, packets: {rx: $n, tx: $n, pass: 0, drop: 0}, services: [{
	name: "web", key: "client", mode: "nat", bound: 1.25, packets: $n, bytes: ($n * 100),
	flows: 0, pins: 3, backends: [{name: "b1", state: "up", weight: 1, share: 0.5,
	packets: $n, bytes: ($n * 100), flows: 0, pins: 3, load: 2}, {name: "b2", state: "down",
	weight: 1, share: 0.5, packets: 0, bytes: 0, flows: 0, pins: 0, load: null}]}],
	hot: $hot, changes: [{id: 7, service: "web", what: ["backend set b1: weight 2"],
	stage: "catch-up", end: null, pins: 1, old_per_s: 2, next_in: 60}],
	pins: {count: 3, held: 3, syns: 0, max: 6}}'
EOT
chmod +x "$RUN/answers/top"
equal "a sample a line" "$(xring top --json -n 3 --interval 0.2 | jq -c '[.version, .pins.max]')" \
	'["0.0.7",6]
["0.0.7",6]
["0.0.7",6]'

shows() { # TEXT: the screen had it
	grep -Fq "$1" "$RUN/screen"
}

# In a terminal of its own, with the keys that come through a fifo.
mkfifo "$RUN/keys"
TERM=xterm COLUMNS=100 LINES=30 script -qefc \
	"'$BUILD/xring' --socket '$RUN/sock' top --interval 0.2; echo \"ended with \$?\"; stty -a" \
	"$RUN/screen" <"$RUN/keys" >/dev/null 2>&1 &
exec 3>"$RUN/keys"
for text in "xringd 0.0.7" "pins 50.0% of 6" "web" "b2" "down" "100.0%" "HOT KEY" "fc00::7" \
	"pinned to b3" "catch-up" "weight 2" "q quit"; do
	wait_for shows "$text"
done
printf h >&3
wait_for shows "sort backends by the next column"
printf h >&3
standin_down
wait_for shows "xringd does not answer on $RUN/sock"
wait_for shows "trying again"
: >"$RUN/screen"
standin_up
wait_for shows "xringd 0.0.7"
printf q >&3
wait_for shows "ended with 0"
wait_for shows " icanon"
wait_for shows " echo "

echo "completion"
answer service-list <<<'[{"name":"web","vips":[],"mode":"nat","key":"client","backends":[]}]'
answer backend-list <<<'[{"service":"web","name":"b1","address":"10.2.0.11","state":"active"}]'
xring completion bash >"$RUN/completion"
complete_line() { # WORD...: what could be the last word
	bash -c '. "$RUN/completion"
		xring() { "$BUILD/xring" --socket "$RUN/sock" "$@"; }
		COMP_WORDS=(xring "$@") COMP_CWORD=$#
		_xring; printf "%s\n" "${COMPREPLY[@]}"' - "$@" | sort | xargs
}
equal "hot" "$(complete_line hot '')" "clear exempt pin shards split web"
equal "hot web" "$(complete_line hot web --j)" "--json"
equal "hot pin" "$(complete_line hot pin '')" "web"
equal "hot pin web" "$(complete_line hot pin web '')" "203.0.113.9 fc00::7"
equal "hot pin web KEY" "$(complete_line hot pin web 203.0.113.9 '')" "b1"
equal "hot split web KEY" "$(complete_line hot split web 203.0.113.9 --sh)" "--shards"
equal "flows" "$(complete_line flows '')" "web"
equal "flows --backend" "$(complete_line flows web --backend '')" "b1"
equal "top" "$(complete_line top --i)" "--interval"
standin_down
