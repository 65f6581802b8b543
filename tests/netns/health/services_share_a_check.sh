#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A backend of several services that check it alike is asked once, and all hear of the answer;
# services come and go without a word to the others.
. "$(dirname "$0")/../lib.sh"

lab up -b 2
cat >"$RUN/server" <<'EOT'
import socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("", 8080))
s.listen(64)
while True:
    c, _ = s.accept()
    print("accepted", flush=True)
    c.close()
EOT
serve() { # HOST
	on "$1" python3 "$RUN/server" >>"$RUN/accepted-$1" &
}
serve b1
serve b2
listening() { on "$1" ss -Htln "sport = 8080" | grep -q .; }
wait_for listening b1
wait_for listening b2
accepted() { wc -l <"$RUN/accepted-$1"; }
more() { [ "$(accepted b2)" -ge "$1" ]; }
# From now on b1 and b2 get as many checks, though b1 is of many services: MORE are for services
# that come meanwhile.
asked_alike() { # [MORE]
	local one two
	one=$(accepted b1)
	two=$(accepted b2)
	wait_for more $((two + 20))
	one=$(($(accepted b1) - one))
	two=$(($(accepted b2) - two))
	if [ "$one" -lt $((two - 4)) ] || [ "$one" -gt $((two + 4 + ${1:-0})) ]; then
		fail "b1 was asked $one times, b2 $two times"
	fi
}

service() { # NAME NUMBER BACKEND
	cat <<-EOT
	  $1:
	    vip: $VIP4:$((100 + $2))/tcp
	    mode: ipip
	    check: {type: tcp, port: 8080, interval: 200ms, timeout: 150ms, fall: $2, jitter: 0}
	    backends: {$3: $(lab address "$3")}
	EOT
}
services() { # NUMBER...: services of b1, beside one of b2
	local number
	echo "interfaces: [eth0, eth1]"
	echo "reload_guard: false"
	echo "services:"
	for number in "$@"; do
		service "s$number" "$number" b1
	done
	service alone 9 b2
}
services 1 2 3 4 5 | config
start
health() { xring --json backend list "$1" | jq -r '.[0].health'; }
for name in s1 s2 s3 s4 s5 alone; do
	wait_for equals up health $name
done
asked_alike

echo "services that come and go"
reload() { # NUMBER...
	local loads
	loads=$(grep -c ": loaded" "$RUN/xringd.log" || true)
	services "$@" | config
	kill -HUP "$(daemon_pid)"
	loaded() { [ "$(grep -c ": loaded" "$RUN/xringd.log")" -gt "$loads" ]; }
	wait_for loaded
}
reload 1 5
asked_alike 2
reload 1 5 6
wait_for equals up health s6
reload 1 5 6 7 8
wait_for equals up health s8
asked_alike 2

echo "all hear of a death, and count by their own"
kill -KILL "$(on b1 ss -Htlnp sport = 8080 | grep -o "pid=[0-9]*" | cut -d = -f 2)"
for name in s1 s5 s6 s7 s8; do
	wait_for equals down health $name
done
equal "alone" "$(health alone)" up
serve b1
for name in s1 s5 s6 s7 s8; do
	wait_for equals up health $name
done
