#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A ping of a VIP is answered by the balancer while a backend lives, by IPv4 and IPv6, and not while
# none does, nor where the file says that echo requests pass.
. "$(dirname "$0")/../lib.sh"

lab up -b 2
lab nginx
lab vip
lab decap
client_is_told
services() { # LINE...: at the top of the file
	config <<EOT
interfaces: [eth0]
$*
services:
  web:
    vip: [$VIP4:80/tcp, "[$VIP6]:80/tcp"]
    mode: ipip
    check: {type: tcp, interval: 100ms, timeout: 90ms, rise: 1, fall: 2}
    backends: {b1: $(lab address b1), b2: $(lab address b2)}
EOT
}
services
start
wait_for resolved

pinged() { # VIP
	client ping -c 3 -i 0.05 -W 1 -s 1400 -q "$1"
}
silent() { # VIP
	! client ping -c 1 -W 0.3 -q "$1"
}

echo "backends live"
for vip in $VIP4 $VIP6; do
	wait_for pinged $vip
done
xring --json stats | jq -e '.reasons[] | select(.name == "tx_echo").packets >= 6' >/dev/null ||
	fail "others have answered"

echo "one dies, and then the other"
nginx_stop() { # HOST
	kill "$(cat "$RUN/nginx-$1.pid")"
}
down() { # COUNT
	[ "$(xring --json backend list web | jq '[.[] | select(.health == "down")] | length')" = "$1" ]
}
nginx_stop b1
wait_for down 1
wait_for pinged $VIP4
nginx_stop b2
wait_for down 2
for vip in $VIP4 $VIP6; do
	wait_for silent $vip
done
lab nginx
wait_for down 0
wait_for pinged $VIP4

echo "echo: pass"
services "echo: pass"
kill -HUP "$(daemon_pid)"
for vip in $VIP4 $VIP6; do
	wait_for silent $vip
done
equal "by HTTP" "$(fetch $VIP4 | grep -c '^b[12]$')" 1
