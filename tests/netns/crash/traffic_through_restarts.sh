#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A download and a stream of short requests lose nothing while the daemon is stopped,
# killed and started again, also in the middle of changes; and without any daemon.
. "$(dirname "$0")/../lib.sh"

SIZE=100000000

lab up -b 3
lab nginx
lab vip
lab decap
head -c $SIZE /dev/urandom >"$RUN/file"
for host in b1 b2 b3; do
	ln "$RUN/file" "$RUN/nginx-$host/file"
done
config <<EOT
interfaces: [eth0]
services:
  web:
    vip: [$VIP4:80/tcp, "[$VIP6]:80/tcp"]
    mode: ipip
    backends: {b1: $(lab address b1), b2: $(lab address b2), b3: "$(lab address b3 6)"}
  second:
    vip: 10.200.1.2:80/tcp
    mode: ipip
    backends: {b1: $(lab address b1), b2: $(lab address b2), b3: $(lab address b3)}
EOT
start
wait_for resolved
equal "adopted at the first start" "$(status .adopted)" false

# One line a request: what came back, or the error.
requests() {
	while [ ! -e "$RUN/enough" ]; do
		client curl -sS -m 5 "http://$VIP4/" "http://[$VIP6]/" 2>&1 || true
	done
}

changes() {
	while [ ! -e "$RUN/enough-changes" ]; do
		xring backend set second b2 --weight $((RANDOM % 9 + 1)) --now 2>/dev/null || true
	done
}

# At some megabytes a second while the daemon is restarted, then as fast as it can.
paced() {
	while [ ! -e "$RUN/enough-restarts" ]; do
		head -c 200000
		sleep 0.05
	done
	cat
}
download() { client curl -sS -m 120 "http://$VIP4/file" | paced >"$RUN/got"; }
download &
download=$!
requests >"$RUN/answers" &
stream=$!

kills=0
pause() { # any instant will do
	sleep "0.$((RANDOM % 200 + 100))"
}
for signal in KILL TERM KILL KILL; do
	pause
	stop $signal
	pause
	start
	equal "adopted after SIG$signal" "$(status .adopted)" true
	equal "cells written after SIG$signal" "$(status .writes.cells_written)" 0
	kills=$((kills + 1))
done

changes &
changer=$!
for signal in KILL KILL TERM KILL KILL; do
	pause
	stop $signal
	start
	equal "adopted after SIG$signal" "$(status .adopted)" true
	kills=$((kills + 1))
done
touch "$RUN/enough-changes"
wait $changer

# What the daemon was in the middle of is done: the next one finds nothing to write.
stop KILL
start
equal "cells written at rest" "$(status .writes.cells_written)" 0
kill -0 $download 2>/dev/null || fail "the download was over before $kills restarts were"

stop KILL
touch "$RUN/enough-restarts"
wait $download || fail "the download broke: curl ended with $?"
touch "$RUN/enough"
wait $stream
equal "download" "$(sha256sum <"$RUN/got")" "$(sha256sum <"$RUN/file")"
equal "requests that failed" "$(grep -Evc '^b[123]$' "$RUN/answers" || true)" 0
[ "$(wc -l <"$RUN/answers")" -gt 100 ] || fail "only $(wc -l <"$RUN/answers") requests were made"

# TCP mends what is lost for a moment: not a packet was.
lost() {
	xring --json stats | jq '.packets.drop + ([.reasons[] |
		select(.name == "pass_no_service").packets] | add)'
}

# No daemon has been there for a while; its ring is.
for ((port = 20000; port < 20010; port++)); do
	fetch $VIP4 $port
	fetch $VIP6 $((port + 1000))
done >"$RUN/alone"
start
for ((port = 20000; port < 20010; port++)); do
	owner web $VIP4 $port
	owner web $VIP6 $((port + 1000))
done >"$RUN/ring"
equal "packets that found no service or no backend" "$(lost)" 0
diff "$RUN/alone" "$RUN/ring" || fail "without a daemon packets went elsewhere"
