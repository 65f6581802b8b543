#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is asked of the daemon and what is made of its answers by plan, apply, changes,
# the states of backends and stats: against a daemon of canned answers.
. "$(dirname "$0")/../lib.sh"

mkdir -p "$RUN/answers"

# One request a connection, after its parts; "changes" goes on from answer to answer, and stays at the last.
cat >"$RUN/answer" <<'EOT'
#!/bin/bash
cd "$(dirname "$0")" || exit 1
read -r line
while [[ $line == '{"do":"part"'* ]]; do
	echo "$line" >>requests
	echo '{"ok":true}'
	read -r line
done
echo "$line" >>requests
verb=$(sed 's/^{"do":"\([a-z-]*\)".*/\1/' <<<"$line")
file=answers/$verb
if [ "$verb" = changes ]; then
	turn=$(($(cat turn) + 1))
	[ -e "answers/changes.$turn" ] && echo $turn >turn
	file=answers/changes.$(cat turn)
	[ -s "$file" ] || exit 0	# hangs up
fi
if [ -e "$file" ]; then
	tr -d '\n\t' <"$file"
else
	printf '{"ok":false,"error":"no answer to %s","code":1}' "$verb"
fi
echo
EOT
chmod +x "$RUN/answer"
socat "UNIX-LISTEN:$RUN/sock,fork" "EXEC:$RUN/answer" &
wait_for test -S "$RUN/sock"

answers() { # VERB: standard input is the data
	{
		printf '{"ok":true,"data":'
		cat
		printf '}'
	} >"$RUN/answers/$1"
}

asked() { # WANTED: the last request
	equal "request" "$(tail -n 1 "$RUN/requests")" "$1"
}

prints() { # COMMAND...: what standard input says
	local wanted got
	wanted=$(cat)
	got=$("$@" 2>&1) || fail "$* ended with $?: $got"
	[ "$got" = "$wanted" ] || fail "$*:"$'\n'"$(diff <(echo "$wanted") <(echo "$got"))"
}

plan_of_web='{"service":"web","action":"change",
	"before":[{"name":"b1","weight":1,"share":0.4},{"name":"b2","weight":1,"share":0.6}],
	"after":[{"name":"b1","weight":1,"share":0.3},{"name":"b3","weight":2.5,"share":0.7}],
	"moved":0.70000001,"least":0.6875,
	"moves":[{"from":"b2","to":"b3","share":0.6},{"from":"b1","to":"b3","share":0.1}],
	"new_flows":123,"pins":4,"cells":567,
	"stages":{"prepare":0,"copy":30.0,"catch_up":330.0,"switch":0,"cleanup":900.0}}'
headline="web: 70.000% of the keys move, where at least 68.750% must"
table="BACKEND  WEIGHT    SHARE      WEIGHT    SHARE
b1            1  40.000%  ->       1  30.000%
b2            1  60.000%  ->       -        -
b3            -        -  ->     2.5  70.000%

FROM      TO    SHARE
b2    ->  b3  60.000%
b1    ->  b3  10.000%"
stages="flows    about 123 at stake; 4 pinned now
cells    567 to be written
stages   prepare 0s, copy 30s, catch-up 5m30s, switch 0s, cleanup 15m"
KEY="hash_key: 00112233445566778899aabbccddeeff"
printf '%s\n' "$KEY	# \"quoted\"" "services: {}" >"$RUN/new file.yaml"
cd "$RUN"

echo "plan"
answers plan <<<"{\"hash\":\"0123456789abcdef\",\"services\":[$plan_of_web,
	{\"service\":\"x\",\"action\":\"remove\",\"before\":[],\"after\":[],\"moved\":0,\"least\":0,
	\"moves\":[{\"from\":\"a\",\"to\":null,\"share\":1}],\"new_flows\":null,\"pins\":0,\"cells\":0,
	\"stages\":{\"copy\":0,\"cleanup\":null}}],\"other\":[\"interfaces: + eth1\"]}"
prints xring plan -f "new file.yaml" <<EOT
$headline

$table

$stages

x: the service is removed

BACKEND  WEIGHT  SHARE    WEIGHT  SHARE

FROM      TO         SHARE
a     ->  nobody  100.000%

flows    not known yet how many are at stake; 0 pinned now
cells    0 to be written
stages   copy 0s, cleanup until its flows end

interfaces: + eth1

hash     0123456789abcdef
to do exactly this:
  xring --socket $RUN/sock apply -f 'new file.yaml' --expect 0123456789abcdef
EOT
asked '{"do":"plan","file":"new file.yaml","directory":"'$RUN'"}'
equal "the part before" "$(tail -n 2 requests | head -n 1)" \
	'{"do":"part","of":"text","text":"'"$KEY"'\t# \"quoted\"\nservices: {}\n"}'
equal "as JSON" "$(xring plan -f "new file.yaml" --json | jq -r '.services[0].after[1].weight')" 2.5
answers plan <<<'{"hash":"0123456789abcdef","services":[],"other":[]}'
prints xring plan -f "new file.yaml" <<<"nothing would change"
fails 2 "plan: want -f FILE" xring plan
fails 1 "/none: No such file" xring plan -f /none
fails 1 "/run: Is a directory" xring plan -f /run
{ echo "$KEY"; echo "services: {}"; seq 600000 | sed "s/.*/# é/"; } >big
: >requests
xring plan -f big >/dev/null
equal "a large file in parts" "$(jq -rj 'select(.do == "part").text' requests | cmp - big && grep -c part requests)" 23
echo "east: {}" >>big
fails 2 "big:600003:1: unknown key east" xring plan -f big
head -c 16777217 /dev/zero | tr '\0' '#' >big
fails 1 "big: 16777217 bytes: want at most 16777216" xring plan -f big
printf '\xff' >bytes
fails 2 "bytes: want text in UTF-8" xring apply -f bytes
prints xring plan -f <(printf '%s\n' "$KEY" "services: {}") <<<"nothing would change"

echo "backend ... --plan"
for verb in add set del drain undrain maintenance enable; do
	answers "backend-$verb" <<<"{\"hash\":\"0123456789abcdef\",\"services\":[$plan_of_web],\"other\":[]}"
done
prints xring backend set web b3 --weight 2.5 --plan <<EOT
$headline

$table

$stages

hash     0123456789abcdef
to do exactly this:
  xring --socket $RUN/sock backend set web b3 --weight 2.5
EOT
asked '{"do":"backend-set","service":"web","name":"b3","weight":"2.5","plan":true}'
xring backend add web b4 10.2.0.14:80 --plan >/dev/null
asked '{"do":"backend-add","service":"web","name":"b4","address":"10.2.0.14:80","plan":true}'
xring backend drain web b1 --plan --cut | grep -Fq "backend drain web b1 --cut" || fail "the command"
asked '{"do":"backend-drain","service":"web","name":"b1","cut":true,"plan":true}'
fails 2 "want no --wait" xring backend del web b1 --plan --wait switch

change() { # ID STAGE [END]
	printf '{"id":%s,"service":"web","what":["backend set b1: weight 2","backend del b2"],"stage":"%s",
		"end":%s,"moved":0.12,"least":0.1,"cells":123,"pins":45,"old_per_s":12.34,
		"started":1769.5,"age":30,"next_in":%s}' "$1" "$2" "${3:-null}" \
		"$([ "$2" = "done" ] && echo null || echo 330)"
}
turns() { # DATA...: what "changes" answers, one after the other; "-": it hangs up
	local turn=0 data
	rm -f answers/changes.*
	echo 0 >turn
	for data; do
		turn=$((turn + 1))
		: >answers/changes.$turn
		[ "$data" = - ] || answers changes.$turn <<<"$data"
	done
}

echo "states of backends"
for verb in add set del drain undrain maintenance enable; do
	answers "backend-$verb" <<<'{"changes":[7]}'
done
for verb in drain undrain maintenance enable; do
	prints xring backend $verb web b1 --now --cut <<<"change 7"
	asked "{\"do\":\"backend-$verb\",\"service\":\"web\",\"name\":\"b1\",\"now\":true,\"cut\":true}"
done
equal "as JSON" "$(xring backend drain web b1 --json | jq -c .)" '{"changes":[7]}'
fails 2 "wait copy: want switch or cleanup" xring backend drain web b1 --wait copy
fails 2 "backend b 1: want" xring backend drain web "b 1"

echo "waiting"
turns "[$(change 7 prepare)]" "[$(change 7 catch-up)]" - "[$(change 7 cleanup)]"
prints xring backend drain web b1 --wait switch <<EOT
change 7 web: prepare
change 7 web: copy
change 7 web: catch-up
change 7 web: switch
change 7 web: cleanup
EOT
asked '{"do":"changes","ids":[7]}'
turns "[$(change 7 catch-up)]" "[$(change 7 catch-up '"cancelled by 9"')]"
fails 1 "change 7 web: cancelled by 9" xring backend set web b1 --weight 2 --wait cleanup
turns "[$(change 7 copy)]" "[]"
fails 1 "change 7: xringd no longer knows it" xring backend del web b1 --wait cleanup
turns "[$(change 7 catch-up)]" "[$(change 7 'done' '"done"')]"
equal "quietly" "$(xring backend add web b4 10.2.0.14 --wait cleanup --json | jq -c .)" '{"changes":[7]}'
answers backend-set <<<'{"changes":[]}'
prints xring backend set web b1 --weight 2 --wait cleanup </dev/null

echo "on a terminal"
turns "[$(change 7 catch-up)]" "[$(change 7 switch)]"
got=$(script -qec "stty cols 200; '$BUILD/xring' --socket '$RUN/sock' backend drain web b1 --wait switch" /dev/null |
	tr -d '\r')
escape=$'\033'
line="change 7 web  [%s]  %s  45 pins  12.3 old flows/s  5m30s to %s${escape}[K\\n"
# shellcheck disable=SC2059	# the format is the line
equal "lines" "$got" "$(printf "$line" "##......................" catch-up switch
	printf "${escape}[1A$line" "########################" switch cleanup)"

echo "apply"
answers apply <<<"{\"hash\":\"0123456789abcdef\",\"changes\":[7,8],\"services\":[$plan_of_web]}"
turns "[$(change 7 prepare),$(change 8 copy)]" "[$(change 7 copy),$(change 8 catch-up)]"
prints xring apply -f "new file.yaml" --expect 0123456789abcdef --now <<EOT
$headline
change 7 web: prepare
change 8 web: prepare
change 8 web: copy
change 7 web: copy
EOT
grep -Fq '{"do":"apply","now":true,"expect":"0123456789abcdef","file":"new file.yaml","directory":"'$RUN'"}' \
	requests || fail "apply asked otherwise"
turns "[$(change 7 'done' '"done"'),$(change 8 'done' '"done"')]"
xring apply -f "new file.yaml" --wait cleanup | grep -Fxq "change 8 web: done" || fail "apply --wait"
answers apply <<<'{"hash":"0123456789abcdef","changes":[],"services":[]}'
prints xring apply -f "new file.yaml" <<<"nothing to change"
fails 2 "expect 12: want the 16 hexadecimal digits" xring apply -f "new file.yaml" --expect 12
fails 2 "wait x: want switch or cleanup" xring apply -f "new file.yaml" --wait x
rm answers/apply
fails 1 "no answer to apply" xring apply -f "new file.yaml"

echo "changes"
turns "[$(change 6 'done' '"done"'),$(change 7 cleanup)]"
prints xring changes <<'EOT'
ID  SERVICE  STAGE    NEXT IN    MOVED    LEAST  CELLS  PINS  OLD/S  AGE  WHAT
 7  web      cleanup    5m30s  12.000%  10.000%    123    45   12.3  30s  backend set b1: weight 2; backend del b2
 6  web      done           -  12.000%  10.000%    123    45   12.3  30s  backend set b1: weight 2; backend del b2
EOT
asked '{"do":"changes"}'
equal "as JSON" "$(xring changes --json | jq -c 'map(.id)')" "[6,7]"
answers change-show <<<"$(change 7 catch-up | jq -c ". + ($plan_of_web | {before, after, moves})")"
prints xring change show 7 <<EOT
change   7
service  web
what     backend set b1: weight 2; backend del b2
stage    catch-up, the next in 5m30s
moved    12.000% of the keys, where at least 10.000% must
cells    123
pins     45
old      12.3 flows a second still show themselves
age      30s

$table
EOT
asked '{"do":"change-show","id":7}'
answers change-cancel <<<'{"changes":[9]}'
prints xring change cancel 7 --now <<<"change 9"
asked '{"do":"change-cancel","now":true,"id":7}'
for id in 0 x -1 1.5 99999999999; do
	fails 2 "want a number that xring changes shows" xring change cancel -- $id
done
fails 2 "usage: xring change show ID" xring change show

echo "backends"
answers backend-list <<<'[{"service":"web","name":"b1","address":"10.2.0.11","state":"active",
	"health":"up","why":"200 OK","weight":1,"share":0.25,"pins":12,"packets":1,"bytes":2,"flows_new":3,
	"next_hop":{"state":"resolved","mac":"02:00:00:00:00:01"}},
	{"service":"web","name":"b2","address":"10.2.0.12","state":"draining","health":"down",
	"why":"connection refused","weight":0.5,"share":0,"pins":0}]'
prints xring backend list <<'EOT'
SERVICE  BACKEND  ADDRESS    STATE     WEIGHT   SHARE  PINS  HEALTH                    NEXT HOP
web      b1       10.2.0.11  active         1  25.00%    12  up                        02:00:00:00:00:01
web      b2       10.2.0.12  draining     0.5   0.00%     0  down: connection refused  not in the maps yet
EOT

echo "stats"
stats='"packets":{"rx":6,"tx":3,"pass":2,"drop":1},"reasons":[{"name":"tx","packets":3,"help":"sent"}],
	"services":[{"name":"web","packets":3,"bytes":180,"flows":1,"backends":[]}]'
answers stats <<<"{$stats}"
before=$(xring stats)
equal "without what an older daemon lacks" "$(tail -n 2 <<<"$before" | xargs)" \
	"SERVICE BACKEND PACKETS BYTES NEW FLOWS web 3 180 1"
answers stats <<<"{$stats,\"events\":[{\"name\":\"pin_new\",\"packets\":5,\"help\":\"flow pinned\"},
	{\"name\":\"pin_full\",\"packets\":0,\"help\":\"no room\"}],
	\"pins\":{\"count\":524288,\"max\":1048576,\"syns\":17},
	\"writes\":{\"asked\":12,\"gathered\":7,\"flushes\":5,\"cells_written\":900,\"flush_ms\":0.25,
	\"flush_ms_max\":1.5,\"pending\":1}}"
prints xring stats <<'EOT'
rx 6 = tx 3 + pass 2 + drop 1

PACKETS  COUNTER  MEANING
      3  tx       sent

PACKETS  COUNTER  MEANING
      5  pin_new  flow pinned

pins     524288 of 1048576 (50.0%), 17 handshakes not confirmed
writes   12 changes asked for, 7 gathered, 1 wait; 5 flushes, 900 cells; last 0.250 ms, longest 1.500 ms

SERVICE  BACKEND  PACKETS  BYTES  NEW FLOWS
web                     3    180          1
EOT

answers stats <<<"{${stats/\"rx\":6/\"rx\":9,\"verdicts\":6,\"devices\":[
	{\"device\":\"eth0\",\"packets\":7\},{\"device\":\"eth1\",\"packets\":2\}]}}"
equal "rx" "$(xring stats | head -n 3 | xargs)" \
	"rx 9 = eth0 7 + eth1 2, by the devices verdicts 6 = tx 3 + pass 2 + drop 1 they differ: 3 packets without a verdict"

echo "completion"
answers service-list <<<'[{"name":"web"}]'
xring completion bash >completion
complete_line() { # WORD...: what could be the last word
	bash -c '. ./completion
		xring() { "$BUILD/xring" --socket "$RUN/sock" "$@"; }
		COMP_WORDS=(xring "$@") COMP_CWORD=$#
		_xring; printf "%s\n" "${COMPREPLY[@]}"' - "$@" | sort | xargs
}
export RUN
equal "cha" "$(complete_line cha)" "change changes"
equal "change" "$(complete_line change '')" "cancel show"
equal "change show" "$(complete_line change show '')" "6 7"
equal "backend" "$(complete_line backend '')" "add del drain enable list maintenance set undrain"
equal "backend drain" "$(complete_line backend drain '')" "web"
equal "backend drain web" "$(complete_line backend drain web '')" "b1 b2"
equal "backend drain web b1" "$(complete_line backend drain web b1 --p)" "--plan"
equal "--wait" "$(complete_line backend drain web b1 --wait '')" "cleanup switch"
equal "plan -f" "$(complete_line plan -f bi)" "big"
equal "apply" "$(complete_line apply --e)" "--expect"
