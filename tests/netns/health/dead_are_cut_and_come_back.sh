#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Health checks seen from outside: what dies is cut at once and the others take its share,
# what comes back gains its weight in steps; new ones wait for their first check; when
# nothing is believed, and when nobody is left; servers that misbehave; a kill -9.
. "$(dirname "$0")/../lib.sh"

FAST="interval: 200ms, timeout: 150ms, rise: 2, fall: 2"

lab up -b 5
lab nginx
services() { # KEY...: of web
	config <<EOT
interfaces: [eth0, eth1]
flush: {interval: 0.1}
services:
  web:
    vip: $VIP4:80/tcp
    mode: nat
    check: {type: http, path: /healthz, $FAST}
    slow_start: 10m
    $1
    backends: {b1: $(lab address b1), b2: $(lab address b2), b3: $(lab address b3)}
  odd:
    vip: $VIP4:81/tcp
    mode: nat
    check: {type: http, $FAST}
    drain: 0s
    backends:
      b4: $(lab address b4):8080
EOT
}
services "all_down: drop"
start --test-clock

backend() { # FILTER NAME [SERVICE]
	xring --json backend list "${3:-web}" | jq -rc ".[] | select(.name == \"$2\" and .removed != true) | $1"
}
health() { backend .health "$@"; }
whole() { # nothing ramps
	[ "$(xring --json backend list web | jq '[.[] | select(.removed != true) | .weight_now != .weight] | any')" = false ]
}
nginx() { # HOST: starts it again
	on "$1" "$(command -v nginx || echo /usr/sbin/nginx)" -c "$RUN/nginx-$1/nginx.conf" \
		-e "$RUN/nginx-$1/error.log"
}
dies() { # HOST...
	local host
	for host in "$@"; do
		# shellcheck disable=SC2046
		kill -KILL $(on "$host" ss -Htlnp sport = 80 | grep -o 'pid=[0-9]*' | cut -d = -f 2 | sort -u)
		rm -f "$RUN/nginx-$host.pid"
	done
}
comes_back() { # HOST...
	local host
	for host in "$@"; do
		nginx "$host"
		wait_for equals up health "$host"
	done
}
# One line a request: what came back, or the error.
requests() {
	while [ ! -e "$RUN/enough" ]; do
		client curl -sS -m 5 "http://$VIP4/" 2>&1 || true
	done
}
last() { xring --json changes | jq 'map(.id) | max'; }
caused() { # TEXT: some change says so
	xring --json changes | jq -r '.[].what[]' | grep -Fq "$1"
}

wait_for resolved
for host in b1 b2 b3; do
	wait_for equals up health $host
	equal "what is there at the start" "$(backend '[.weight_now, .why]' $host)" '[1,"HTTP 200"]'
done
follows_ring web $VIP4 10 20000

echo "one goes down: cut at once, and the others have its share"
changes=$(last)
before=$(backend .share b1)
requests >"$RUN/answers" &
stream=$!
dies b2
wait_for equals down health b2
equal "b2" "$(backend '[.state, .share, .weight_now, .why]' b2)" '["down",0,0,"connection refused"]'
[[ $(xring backend list web | grep ' b2 ') == *"  down  "*"down: connection refused"* ]] ||
	fail "backend list: $(xring backend list web)"
[ "$(jq -n "$(backend .share b1) > $before")" = true ] || fail "b1 has no more than before"
equal "shares" "$(xring --json backend list web | jq '[.[].share] | add * 1e6 | round')" 1000000
[ "$(last)" != "$changes" ] || fail "no change was made"
caused "health: b2 is down: connection refused" || fail "no change tells of it: $(xring changes)"
mark=$(wc -l <"$RUN/answers")
answered() { [ "$(wc -l <"$RUN/answers")" -gt $((mark + 20)) ]; }
wait_for answered
touch "$RUN/enough"
wait $stream
equal "what went on after it was cut" "$(tail -n +$((mark + 2)) "$RUN/answers" | sort -u | xargs)" "b1 b3"
equal "errors beside those of b2" "$(grep -v '^b[123]$' "$RUN/answers" |
	grep -Evc 'Failed to connect|refused|reset|Empty reply' || true)" 0
follows_ring web $VIP4 10 20020

echo "and comes back: a change, in which its weight grows by steps"
nginx b2
wait_for equals '["up","active",1,0.1]' backend '[.health, .state, .weight, .weight_now]' b2
caused "health: b2 is up: HTTP 200" || fail "no change tells of it: $(xring changes)"
step=$(backend .share b2)
for tenths in 2 3 4; do
	advance 60
	wait_for equals "0.$tenths" backend .weight_now b2
	[ "$(jq -n "$(backend .share b2) > $step")" = true ] || fail "step $tenths owns no more"
	step=$(backend .share b2)
	caused "slow start: b2: weight 0.$tenths" || fail "no change tells of step $tenths"
done
echo "over a kill of the daemon too"
stop KILL
start --test-clock
equal "weight" "$(backend .weight_now b2)" 0.4
advance 360
wait_for whole
equal "what weighs as b1 does" "$(jq -n "$(backend .share b2) > 0.25")" true
follows_ring web $VIP4 10 20040

echo "a new backend gets nothing before its first good check"
on b4 ip link set eth0 down
xring backend add web b4 "$(lab address b4)" --now
new=$(backend '[.health, .share]' b4)
[[ $new == '["unknown",0]' || $new == '["down",0]' ]] || fail "new: $new" # by now the check may say it
wait_for equals down health b4
equal "never seen" "$(backend '[.state, .share, .packets]' b4)" '["down",0,0]'
on b4 ip link set eth0 up
on b4 ip route replace default via "$(lab address lb)"
wait_for equals up health b4
# one that answers at once counts at once: nobody has to be warmed up
xring backend add web b5 "$(lab address b5)" --now
wait_for equals up health b5
equal "new, and well" "$(backend '[.state, .weight_now]' b5)" '["active",1]'
xring backend del web b5 --now --cut >/dev/null
xring backend del web b4 --now --cut >/dev/null

echo "in maintenance it is not checked"
requests_seen() { on b3 cat /proc/net/snmp | awk '/^Tcp: [0-9]/ { print $7 }'; }	# passive opens
xring backend maintenance web b3 --now
checked_still() { [ "$(requests_seen)" != "$opens" ]; }
sleep 0.3	# one may be under way
opens=$(requests_seen)
sleep 1
equal "connections to what is in maintenance" "$(requests_seen)" "$opens"
flows=$(backend .flows_new b3)
dies b3
sleep 0.5
equal "its state" "$(backend '[.state, .health, .why]' b3)" '["maintenance","unchecked",null]'
xring backend enable web b3 --now
equal "what is not known any more" "$(backend '[.share, .weight_now]' b3)" '[0,0]'
wait_for equals '["down",0]' backend '[.state, .share]' b3
equal "flows to it" "$(backend .flows_new b3)" "$flows"
comes_back b3
advance 600
wait_for whole
xring backend maintenance web b3 --now
xring backend enable web b3 --now
wait_for equals '["up",0.1]' backend '[.health, .weight_now]' b3
wait_for checked_still
advance 600
wait_for whole

echo "the kill -9 of a daemon forgets no death"
dies b1
wait_for equals down health b1
stop KILL
# Asked before it can have checked: it stays as it is
sed -i 's/interval: 200ms/interval: 1h/' "$RUN/xring.yaml"
start --test-clock
equal "b1" "$(backend '[.state, .health, .share]' b1)" '["down","down",0]'
equal "b2" "$(backend '[.state, .health]' b2)" '["active","up"]'
stop
sed -i 's/interval: 1h/interval: 200ms/' "$RUN/xring.yaml"
start --test-clock
comes_back b1
advance 600
wait_for whole

echo "all are down: drop"
dies b1 b2 b3
all_are() { # STATE
	[ "$(xring --json backend list web | jq -r '[.[] | select(.removed != true).state] | unique | join(" ")')" = "$1" ]
}
wait_for all_are down
lost=$(counter drop_no_backend)
fetch $VIP4 20060 2>/dev/null && fail "somebody answered"
[ "$(counter drop_no_backend)" -gt "$lost" ] || fail "drop_no_backend does not count"

echo "pass"
xring service set web --all-down pass --now
passed=$(counter pass_no_backend)
fetch $VIP4 20061 2>/dev/null && fail "somebody answered"
[ "$(counter pass_no_backend)" -gt "$passed" ] || fail "pass_no_backend does not count"

echo "keep"
xring service set web --all-down keep --now
all_are active || fail "nobody is kept: $(xring backend list web)"
equal "health is what it is" "$(health b1)" down
sent=$(xring --json stats web | jq .packets)
fetch $VIP4 20062 2>/dev/null && fail "somebody answered"
[ "$(xring --json stats web | jq .packets)" -gt "$sent" ] || fail "nothing was forwarded"
comes_back b1
wait_for equals down backend .state b2	# with one alive the dead are cut

echo "panic: with most of them down, health is not believed"
xring service set web --all-down drop --panic 0.5 --now
equal "one of three is too few" "$(backend '[.state, .health, .weight_now]' b2)" '["active","down",1]'
advance 600
seen=""
for ((port = 20100; port < 20130; port++)); do
	seen="$seen $(owner web $VIP4 $port)"
done
equal "owners" "$(tr ' ' '\n' <<<"$seen" | sort -u | xargs)" "b1 b2 b3"
comes_back b2
wait_for equals down backend .state b3	# two of three are enough
comes_back b3
advance 600
wait_for whole
follows_ring web $VIP4 10 20140

echo "tcp, icmp; what speaks no TLS; and what cannot be a check"
odd() { # CHECK STATE WHY: checked so, b4 of the other service gets there
	xring service set odd --check "$1,interval=200ms,timeout=150ms" --now
	wait_for equals "[\"$2\",\"$3\"]" backend '[.health, .why]' b4 odd
}
odd tcp up connected
odd tcp,port=4444,fall=1 down "connection refused"
odd http,rise=1 up "HTTP 200"
odd https,fall=1 down "TLS: the port does not speak it"
odd icmp,rise=1 up "echo reply"
odd http,expect=404,fall=1 down "HTTP 200, want 404"
fails 2 "check type smtp: want tcp, http, https, icmp or exec" xring service set odd --check smtp
equal "what it was" "$(xring --json service show odd | jq -r .check.expect)" 404
fails 2 "check path healthz: want" xring service set odd --check http,path=healthz

echo "servers that misbehave: a reason, and no memory"
cat >"$RUN/server" <<'EOT'
import socket, sys, threading
def endless(c, line):
    try:
        c.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            c.sendall(line)
    except OSError:
        c.close()
def silent(c):
    c.recv(4096)
def serve(port, of):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("", port))
    s.listen(64)
    kept = []
    while True:
        c, _ = s.accept()
        kept = kept[-8:] + [c]
        threading.Thread(target=of, args=(c,), daemon=True).start()
header = b"X-Much: " + 1000 * b"x" + b"\r\n"
for port, of in ((7001, silent), (7002, lambda c: endless(c, header)),
                 (7003, lambda c: endless(c, 65536 * b"x")), (7004, lambda c: c.close())):
    threading.Thread(target=serve, args=(port, of)).start()
EOT
on b4 python3 "$RUN/server" &
rss() { awk '/^VmRSS/ { print $2 }' "/proc/$(daemon_pid)/status"; }
rss=$(rss)
odd http,port=7001,fall=1 down "timed out after 150ms without an answer"
odd http,port=8080,rise=1 up "HTTP 200"
odd http,port=7002,fall=1 down "more than 64 KiB of headers"
odd http,port=8080,rise=1 up "HTTP 200"
odd http,port=7003,fall=1 down "more than 64 KiB of headers"
odd http,port=8080,rise=1 up "HTTP 200"
odd http,port=7004,fall=1 down "closed without an answer"
sleep 1		# some more of them
[ $(($(rss) - rss)) -lt 61440 ] || fail "the daemon grew from $rss to $(rss) KiB"
follows_ring web $VIP4 10 20160

echo "the first check of a service takes no flow from anybody"
xring service set odd --check none --now
xring backend add odd b6 "$(lab address b5):8080" --now
equal "unchecked" "$(backend .health b6 odd)" unchecked
xring backend del odd b4 --now --cut >/dev/null
on b5 python3 "$RUN/server" &
serving() { on b5 ss -Htln sport = 7001 | grep -q .; }
wait_for serving
xring service set odd --check http,port=7001,interval=1m,timeout=1m --now
equal "not checked yet" "$(backend '[.health, .share]' b6 odd)" '["unknown",1]'
xring service set odd --check tcp,port=4444,interval=200ms,timeout=150ms --now
wait_for equals down health b6 odd
xring service set odd --check none --now
xring service set odd --check http,port=7001,interval=1m,timeout=1m --now
equal "not checked yet either" "$(backend '[.health, .state, .share]' b6 odd)" '["unknown","active",1]'
