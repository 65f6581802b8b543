#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Mode nat, as xring-setup(7) says: what becomes of a backend that is a client of a VIP, of the
# balancer as a client, and of calls to a backend's own port.
. "$(dirname "$0")/../lib.sh"

lab up -b 2
lab nginx
config <<EOT
interfaces: [eth0, eth1]
services:
  web: {vip: $VIP4:80/tcp, mode: nat, backends: {b1: $(lab address b1):8080, b2: $(lab address b2):8080}}
...
EOT
start
wait_for resolved

port=20000
of_owner() { # BACKEND: sets `port` to a fresh one of b1's, of which the ring says that backend
	port=$((port + 1))
	until [ "$(ring_owner web "$(lab address b1):$port,$VIP4:80")" = "$1" ]; do
		port=$((port + 1))
	done
}
asks() { on b1 curl -sS -m 2 --local-port "$port" "http://$VIP4/" 2>/dev/null; }
grown() { [ "$(counter "$1")" -gt "$2" ]; }

echo "a backend that is sent to itself"
of_owner b1
asks && fail "it is answered"
wait_for grown drop_loop 0
equal "seen as a hairpin" "$(counter tx_hairpin)" 0

echo "to another one on its link"
of_owner b2
asks && fail "it is answered"
wait_for grown tx_hairpin 0

echo "where their ways to each other lead through the balancer"
on b1 ip route add "$(lab address b2)/32" via "$(lab address lb)"
on b2 ip route add "$(lab address b1)/32" via "$(lab address lb)"
before=$(counter tx_reply)
of_owner b2
equal "the answer" "$(on b1 curl -sS -m 5 --local-port "$port" "http://$VIP4/")" b2
grown tx_reply "$before" || fail "no reply was rewritten"

echo "the balancer as a client, by a router that sends its packets back"
client sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0
lb ip route add "$VIP4/32" via "$(lab address client)"
before=$(counter pass_local_reply)
lb curl -sS -m 2 "http://$VIP4/" 2>/dev/null && fail "it is answered"
wait_for grown pass_local_reply "$before"
lb ip route del "$VIP4/32"

echo "past the VIP"
client curl -sS -m 2 "http://$(lab address b1):8080/" 2>/dev/null && fail "the client knows the answer"
on b1 ip addr add 10.9.0.11/32 dev lo
lb ip route add 10.9.0.11/32 via "$(lab address b1)"
equal "by a second address" "$(client curl -sS -m 5 http://10.9.0.11:8080/)" b1
