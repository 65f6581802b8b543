#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The command: each verb, its exit code, its JSON, its completion; the ring of words
# against the vectors; and what it says to wrong words and without a daemon.
. "$(dirname "$0")/../lib.sh"

lookup() { "$BUILD/xring" ring lookup "$@"; }

echo "without a daemon"
fails 1 "xringd does not answer on $RUN/sock" xring status
fails 1 "xringd does not answer on $RUN/sock" xring backend del web b1
fails 1 "want a shorter path" "$BUILD/xring" --socket "$(printf '%0200d' 0)" status
fails 0 "usage: xring" "$BUILD/xring" --help
fails 0 "xring " "$BUILD/xring" --version
fails 0 "usage: xringd -f FILE" "$BUILD/xringd" --help
fails 0 "xringd " "$BUILD/xringd" --version
fails 2 "usage: xringd" "$BUILD/xringd"
fails 2 "usage: xringd" "$BUILD/xringd" -f x y
fails 2 "usage: xringd" "$BUILD/xringd" --fast

echo "the ring of words, against the vectors"
for file in "$TOP"/tests/vectors/ring*.tsv; do
	if [[ $(sed -n 2p "$file") == "# nodes (name=virtual nodes): "* ]]; then
		nodes=$(sed -n '2s/.*: //p' "$file") vnodes=1
	else
		nodes=$(sed -n '2s/.*: //p' "$file") vnodes=$(sed -n '3s/.*: //p' "$file")
	fi
	grep -v '^# ' "$file" >"$RUN.wanted"
	cut -f 1 "$RUN.wanted" | lookup --nodes "${nodes// /,}" --vnodes "$vnodes" -n 3 - >"$RUN.got"
	cmp -s "$RUN.got" "$RUN.wanted" ||
		fail "$file: $(diff "$RUN.got" "$RUN.wanted" | head -n 4)"
	grep -q "^	" "$RUN.wanted" || fail "$file: the empty key is missing"
done
rm "$RUN.got" "$RUN.wanted"
equal "default" "$(lookup --nodes node-1,node-2,node-3 user:123)" "user:123	318186785	node-1,node-3,node-2"
equal "the empty key as a word" "$(lookup --nodes node-1,node-2 -n 1 '')" "	3975692926	node-1"
equal "no newline at the end" "$(printf 'a' | lookup --nodes b -)" "a	1769416289	b"
equal "no line" "$(lookup --nodes b - </dev/null)" ""
equal "a weight follows the last =" "$(lookup --nodes 'a=b=0,c' x | cut -f 3)" c
equal "names of any bytes" "$(lookup --nodes $'\xff\xfe,\x01=2' -n 2 k | tr -d -c ',' )" ","
equal "fewer nodes than wanted" "$(lookup --nodes a,b -n 1000 k | tr -d -c ',')" ","
equal "no weight" "$(lookup --nodes a=0 k | cut -f 3)" ""
equal "a bare -" "$(echo k | lookup --nodes a -- -)" "$(lookup --nodes a k)"
equal "JSON" "$(lookup --json --nodes a,b -n 2 k | jq -c '.[0].nodes | sort')" '["a","b"]'
fails 2 "UTF-8" lookup --json --nodes $'\xff' k
fails 2 "weight 1001" lookup --nodes a=1001 k
fails 2 "weight x" lookup --nodes a=x k
fails 2 "not empty" lookup --nodes a,,b k
fails 2 "not empty" lookup --nodes '' k
fails 2 "a: want each name once" lookup --nodes a,b,a k
fails 2 "vnodes 0" lookup --nodes a --vnodes 0 k
fails 2 "-n 0" lookup --nodes a -n 0 k
fails 2 "-n 1001" lookup --nodes a -n 1001 k
fails 2 "ring points" lookup --nodes a=1000,b=1000 --vnodes 10000 k
fails 2 "usage: xring ring lookup" lookup --nodes a
fails 2 "with --nodes alone" lookup --vnodes 1 web k
fails 2 "want a KEY" lookup web
fails 1 "No space left on device" bash -c "'$BUILD/xring' ring lookup --nodes a k >/dev/full"

echo "wrong words"
fails 2 "usage: xring" "$BUILD/xring"
for words in "fly" "service" "service fly" "backend" "ring" "status now" "stats a b" "attach" \
	"attach a b" "detach" "completion" "completion fish" "save a b" "service add" \
	"service add web" "service add web --vip $VIP4:80/tcp" "service add web --mode ipip" \
	"service add web --vip $VIP4 --mode ipip" "service add web --vip $VIP4:80/tcp --mode fast" \
	"service add we/b --vip $VIP4:80/tcp --mode ipip" "service add web --vip" \
	"service add web --vip $VIP4:80/tcp --mode ipip --key x" \
	"service add web --vip $VIP4:80/tcp --mode ipip --key client-prefix/33" \
	"service add web --vip $VIP4:80/tcp --mode ipip --vnodes 0" "service set" "service set web" \
	"service set web --now" "service set web --drain 900" "service set web --drain 8d" \
	"service set web --tcp-idle 0" "service set web --udp-idle 2h" \
	"service set web --tcp_idle 5m" "service set web --slow-start" \
	"service set web --panic 30%" "service set web --all-down reject" \
	"service set web --bound 0.9" "service set web --bound 125%" "service set web --bound" \
	"service set web --hot on" "service set web --hot factor=0.5" \
	"service set web --hot shards=0" "service set web --hot hold=60" \
	"service set web --hot auto=maybe" "service set web --hot factor=5,factor=5" \
	"service set web --factor 5" "service set web --check foo" "service set web --check tcp,path=/" \
	"service set web --check http,timeout=3s" "service set web --check icmp,port=80" \
	"service del" "service del a b" "service show" "service list x" "backend add web b1" \
	"backend add web b1 10.2.0.300" "backend add web b1 10.2.0.11 --weight 1001" \
	"backend add web b1 10.2.0.11 --weight -1" "backend add web b1 10.2.0.11 --weight 0.0001" \
	"backend add web b1 10.2.0.11 --heavy 1" "backend add web b1 10.2.0.11 --region no/rth" \
	"backend add web b1 10.2.0.11 --tag a,b" "backend set web b1 --tag a --tag a" \
	"backend set web b1 --region" "backend set web b1 --tag a --tag=" \
	"backend set web b1 --tag= --tag a" "backend set web b1" "backend del web" \
	"backend list a b" "ring show" "ring lookup" "attach eth0 --mode fast" "--fast status" \
	"status --now" "backend set web b1 --weight" "status --json=yes" "--socket"; do
	# shellcheck disable=SC2086
	fails 2 "" "$BUILD/xring" $words
done
fails 0 "usage: xring service add NAME --vip" "$BUILD/xring" service add --help
fails 0 "usage: xring service add NAME --vip" "$BUILD/xring" service add -h

lab up -b 3
config <<EOT
regions:
  eu-west: {}
  us-east: {timezone: America/New_York}
services: {}
EOT
start

echo "each verb"
xring service add web --vip $VIP4:80/tcp --vip "[$VIP6]:80/tcp" --mode ipip --key client --vnodes 100
fails 1 "there is one of that name" xring service add web --vip 10.200.1.2:80/tcp --mode nat
fails 1 "want one of its own" xring service add other --vip $VIP4:80/tcp --mode nat
fails 2 "want it once" xring service add other --vip 10.200.1.2:80/tcp --vip 10.200.1.2:80/tcp --mode nat
fails 1 "no such service" xring service del other
fails 1 "no such service" xring service show other
fails 1 "no such service" xring backend add other b1 10.2.0.11
for i in 1 2 3; do
	xring backend add web node-$i "10.2.0.1$i" --now
done
fails 1 "there is one of that name" xring backend add web node-1 10.2.0.20
fails 1 "no such backend" xring backend set web node-9 --weight 1
fails 1 "no such backend" xring backend del web node-9
fails 1 "want another address" xring backend add web twin 10.2.0.11
fails 1 "port 81" xring backend add web other 10.2.0.20:81
xring backend set web node-3 --weight 2.5
placed() { # NAME: its region and tags
	xring --json backend list web | jq -c ".[] | select(.name == \"$1\") | [.region, .tags]"
}
fails 1 "region eu of backend node-1: want a region that there is" \
	xring backend set web node-1 --region eu
equal "no place" "$(placed node-1)" '[null,[]]'
[[ $(xring backend list web | head -n 1) == *"PINS  HEALTH"* ]] || fail "columns: $(xring backend list web)"
xring backend set web node-1 --region eu-west
[[ $(xring backend list web | head -n 1) == *"PINS  REGION   HEALTH"* ]] || fail "columns: $(xring backend list web)"
xring backend set web node-1 --tag ssd --tag beta
xring backend set web node-2 --tag=ssd
equal "a place" "$(placed node-1)" '["eu-west",["beta","ssd"]]'
equal "a place" "$(placed node-2)" '[null,["ssd"]]'
[[ $(xring backend list) == *" PINS  REGION   TAGS      HEALTH"*" eu-west  beta,ssd  "*" -        ssd       "* ]] ||
	fail "columns: $(xring backend list)"
[[ $(xring save -) == *"node-1: {address: 10.2.0.11, region: eu-west, tags: [beta, ssd]}"* ]] ||
	fail "save: $(xring save -)"
[[ $(xring backend set web node-1 --weight 2 --tag '' --region '' --plan) == \
	*"xring"*" backend set web node-1 --weight 2 --tag '' --region ''"* ]] ||
	fail "plan: $(xring backend set web node-1 --weight 2 --tag '' --region '' --plan)"
xring backend set web node-1 --region '' --tag ''
xring backend set web node-2 --tag ''
equal "no place" "$(placed node-1)" '[null,[]]'
xring backend add web placed 10.2.0.20 --region us-east --tag a --tag b
equal "a place" "$(placed placed)" '["us-east",["a","b"]]'
xring backend del web placed --now --cut
for tags in '"a"' '[1]' '["a","a"]' '["a b"]'; do
	fails 0 '"code":2' ask "{\"do\":\"backend-set\",\"service\":\"web\",\"name\":\"node-1\",\"tags\":$tags}"
done
fails 2 "tcp_idle 0: want 1s to 24h" xring service set web --tcp-idle 0
fails 2 "check type foo: want tcp, http, https, icmp or exec" xring service set web --check foo
fails 2 "check timeout 3s: want at most the interval, 2s" xring service set web --check tcp,timeout=3s
fails 2 "agent without a port: want 1 to 65535" xring service set web --agent interval=5s
xring service set web --vnodes 150 --mode l2 --now
xring service set web --mode ipip --now
xring backend set web node-3 --weight=1 --now
equal "settings" "$(xring --json service show web | jq -c \
	'[.drain, .tcp_idle, .udp_idle, .slow_start, (.panic + 0), .all_down, .bound, .check]')" \
	'["15m","6m","30s","0s",0,"drop",null,null]'
equal "hot" "$(xring --json service show web | jq -c ".hot | .factor += 0")" \
	'{"factor":5,"floor":0.1,"hold":"1m","shards":100,"auto":true,"proven":false}'
equal "no setting" "$(xring service list | awk 'NR == 2 { print $NF }')" "-"
xring service set web --drain 300s --tcp-idle 1.5h --udp-idle 1m --slow-start 30s --panic 0.3 \
	--all-down keep --check http,path=/healthz,expect=200,port=8080
equal "settings" "$(xring --json service show web | jq -c \
	'[.drain, .tcp_idle, .udp_idle, .slow_start, .panic, .all_down]')" \
	'["5m","90m","1m","30s",0.3,"keep"]'
equal "check" "$(xring --json service show web | jq -c .check)" \
	'{"type":"http","port":8080,"via":"address","path":"/healthz","expect":"200","interval":"2s","timeout":"1s","rise":2,"fall":3,"jitter":0.1}'
fails 2 "bound 0.9: want 1 to 100, as 1.25, or none" xring service set web --bound 0.9
fails 2 "hot shards 0: want 1 to 16383" xring service set web --hot factor=8,shards=0
fails 2 "hot key cold: want factor, floor, hold, shards, auto or proven" xring service set web --hot cold=1
xring service set web --bound 1.25 --hot factor=9999.999,shards=1000
xring service set web --hot auto=false
equal "bound and hot" "$(xring --json service show web | jq -c '[.bound, .hot]')" \
	'[1.25,{"factor":9999.999,"floor":0.1,"hold":"1m","shards":1000,"auto":false,"proven":false}]'
[[ $(xring service show web) == *"bound       1.25"*"hot         factor=9999.999,shards=1000,auto=false"* ]] ||
	fail "service show: $(xring service show web)"
[[ $(xring service list) == *" bound=1.25 hot=factor=9999.999,shards=1000,auto=false check=http" ]] ||
	fail "service list: $(xring service list)"
[[ $(xring save -) == *"    bound: 1.25"*"    hot: {factor: 9999.999, shards: 1000, auto: false}"* ]] ||
	fail "save: $(xring save -)"
xring service set web --bound none --hot factor=5,shards=100,auto=true
[[ $(xring service list) == *"  drain=5m tcp_idle=90m udp_idle=1m slow_start=30s panic=0.3 all_down=keep check=http" ]] ||
	fail "service list: $(xring service list)"
[[ $(xring service show web) == *"tcp_idle    90m"*"check       type=http port=8080 via=address path=/healthz"* ]] ||
	fail "service show: $(xring service show web)"
xring service set web --agent port=8101,interval=5s
equal "agent" "$(xring --json service show web | jq -c .agent)" \
	'{"port":8101,"interval":"5s","timeout":"1s","jitter":0.1}'
[[ $(xring service list) == *" check=http agent" ]] || fail "a list of services: $(xring service list)"
[[ $(xring service show web) == *"agent       port=8101 interval=5s"* ]] || fail "$(xring service show web)"
xring service set web --agent none
xring service set web --drain 15m --panic 0 --check none
equal "no check" "$(xring --json service show web | jq -c '[.drain, .tcp_idle, (.panic + 0), .check]')" \
	'["15m","90m",0,null]'
xring service add any --vip 10.200.1.3:0/tcp --mode ipip --drain 1d --bound 2 --hot shards=7
fails 1 "check tcp of service any: want a port, as vip 10.200.1.3:0/tcp has none" \
	xring service set any --check tcp
xring service set any --check tcp,port=22
equal "settings of the other" "$(xring --json service show any | jq -c \
	'[.drain, (.bound + 0), .hot.shards, .check.port]')" '["1d",2,7,22]'
xring service del any
equal "shares" "$(xring --json ring show web | jq -r '.backends[] |
	"3\t\(.name)\t\(.share * 1e12 + 0.5 | floor)"')" \
	"$(awk '$1 == 3 { printf "3\t%s\t%.0f\n", $2, $3 * 1e12 }' "$TOP/tests/vectors/shares.tsv")"
equal "lookup" "$(xring ring lookup web -n 2 10.1.0.2 | cut -f 3 | tr , '\n' | wc -l)" 2
equal "lookup, as JSON" "$(xring ring lookup web --json 10.1.0.2 | jq -r '.[0].backends | join(",")')" \
	"$(xring ring lookup web 10.1.0.2 | cut -f 3)"
equal "the first of n is the owner" "$(xring ring lookup web -n 3 fd00:1::2 | cut -f 3 | cut -d , -f 1)" \
	"$(xring ring lookup web -n 1 fd00:1::2 | cut -f 3)"
fails 2 "10.1.0.2:80" xring ring lookup web 10.1.0.2:80
code=0
xring ring lookup web 10.1.0.2 10.1.0.2:80 10.1.0.3 >"$RUN/answers" || code=$?
equal "exit code" "$code" 2
equal "lines" "$(cut -f 1 "$RUN/answers" | tr '\n' ' ')" "10.1.0.2 10.1.0.2:80 10.1.0.3 "
equal "the wrong one" "$(sed -n 2p "$RUN/answers")" \
	"10.1.0.2:80	-	$(xring ring lookup web 10.1.0.2:80 2>&1 | sed 's/^xring: //')"
fails 1 "no such service" xring ring lookup other 10.1.0.2
# shellcheck disable=SC2046
fails 2 "keys: want at most" xring ring lookup web -n 1000 $(seq -f 10.1.0.%.0f 30)
equal "attach" "$(xring attach eth0)" "eth0: attached (native)"
equal "attach, as JSON" "$(xring --json attach eth0 | jq -r .mode)" native

echo "what is shown, for people and as JSON"
for words in "service list" "service show web" "backend list" "backend list web" "ring show web" \
	"stats" "stats web" "status" "save" "ring lookup web 10.1.0.2"; do
	# shellcheck disable=SC2086
	xring --json $words | jq -e . >/dev/null || fail "xring --json $words"
	# shellcheck disable=SC2086
	equal "--json behind: $words" "$(xring $words --json | jq -S 'del(.uptime?)' 2>/dev/null | wc -l)" \
		"$(xring --json $words | jq -S 'del(.uptime?)' 2>/dev/null | wc -l)"
	[ "$words" = save ] || [ -n "$(xring $words)" ] || fail "xring $words shows nothing"
done
[[ $(xring service list) == *"web      $VIP4:80/tcp,[$VIP6]:80/tcp  ipip  client"* ]] ||
	fail "service list: $(xring service list)"
[[ $(xring backend list web) == *"web      node-1   10.2.0.11"* ]] || fail "backend list"
xring detach eth0
fails 1 "not attached" xring detach eth0
xring backend del web node-2 --now --cut
xring service del web
equal "services" "$(xring --json service list)" "[]"

echo "completion"
xring service add web --vip $VIP4:80/tcp --mode ipip
xring service add mail --vip $VIP4:25/tcp --mode ipip
xring backend add web b1 10.2.0.11
xring backend add web b2 10.2.0.12 --now
xring backend del web b2 --now
equal "one that is removed" "$(xring backend list web | awk '$2 == "b2" { print $4 }')" removed
xring completion bash >"$RUN/completion"
bash -n "$RUN/completion"
complete_line() { # WORD...: what could be the last word
	RUN=$RUN bash -c '. "$RUN/completion"
		xring() { "$BUILD/xring" --socket "$RUN/sock" "$@"; }
		COMP_WORDS=(xring "$@") COMP_CWORD=$#
		_xring; printf "%s\n" "${COMPREPLY[@]}"' - "$@" | sort | xargs
}
equal "s" "$(complete_line s)" "save service stats status"
equal "service" "$(complete_line service '')" "add del list set show"
equal "service show" "$(complete_line service show '')" "mail web"
equal "backend set web" "$(complete_line backend set web '')" "b1"
equal "backend set web b1" "$(complete_line backend set web b1 --we)" "--weight"
equal "--mode" "$(complete_line service add x --mode i)" "ipip"
equal "--all-down" "$(complete_line service set web --all-down '')" "drop keep pass"
equal "--bound" "$(complete_line service set web --bound '')" "none"
equal "--hot" "$(complete_line service set web --hot '')" \
	"auto=true factor=5 floor=0.1 hold=1m proven=false shards=100"
equal "--check" "$(complete_line service set web --check h)" "http https"
equal "settings" "$(complete_line service set web --s)" "--slow-start --socket"
equal "option" "$(complete_line backend add web b2 10.2.0.12 --we)" "--weight"
equal "option" "$(complete_line backend add web b2 10.2.0.12 --re)" "--region"
equal "option" "$(complete_line backend set web b1 --t)" "--tag"
[[ " $(complete_line attach '') " == *" lo "* ]] || fail "attach does not complete interfaces"
