#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Replies of mode nat: the first one to a next hop whose MAC address nobody knows, where the host
# takes replies for forgeries; and replies by two uplinks, flow by flow.
. "$(dirname "$0")/../talkers.sh"

lab up -b 1 --entrances 2
lab nginx
config <<EOT
interfaces: [eth0, eth1, eth2]
services:
  web: {vip: ["$VIP4:80/tcp", "[$VIP6]:80/tcp"], mode: nat, backends: {}}
  web4: {vip: $VIP4:8080/tcp, mode: nat, backends: {b1: "$(lab address b1):80"}}
  web6: {vip: "[$VIP6]:8080/tcp", mode: nat, backends: {b1: "[$(lab address b1 6)]:80"}}
  echo: {vip: $VIP4:7/udp, mode: nat, backends: {b1: $(lab address b1)}}
...
EOT
start
wait_for resolved

echo "the VIP is the host's own, and its filter strict"
lb ip addr add "$VIP4/32" dev lo
lb ip addr add "$VIP6/128" dev lo nodad
lb sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.eth0.rp_filter=1 net.ipv4.conf.eth2.rp_filter=1
waited() { echo $(($(counter pass_unresolved) + $(counter drop_unresolved))); }
mac=$(lb ip -j link show eth0 | jq -r '.[0].address')
for family in 4 6; do
	vip=$VIP4 way=$(client ip -j route show default | jq -r '.[0].gateway')
	[ $family = 4 ] || vip="[$VIP6]" way=$(client ip -6 -j route show default | jq -r '.[0].gateway')
	client ip neigh replace "$way" lladdr "$mac" nud permanent dev eth0
	lb ip -$family neigh flush dev eth0
	asked=$(waited)
	client curl -sS -m 5 "http://$vip:8080/" >"$RUN/got" || fail "IPv$family: no answer"
	equal "IPv$family" "$(cat "$RUN/got")" b1
	[ "$(waited)" -gt "$asked" ] || fail "the next hop was known"
done

echo "two uplinks"
lb sysctl -qw net.ipv4.fib_multipath_hash_policy=1
lb ip route add 10.99.0.0/16 nexthop via "$(lab address client)" dev eth0 \
	nexthop via "$(lab address client2)" dev eth1
lb sysctl -qw net.ipv4.conf.all.rp_filter=0
on b1 socat -T 1 UDP4-RECVFROM:7,fork PIPE &
listens() { on b1 ss -Hlun 'sport = :7' | grep -q .; }
wait_for listens
clients=(client client2)
got() { on "$1" ip -s -j link show eth0 | jq '.[0].stats64.rx.packets'; }
before=("$(got client)" "$(got client2)")
client "$BUILD/tests/tools/inject" -n 200 -r 200 eth0 "$mac" udp 10.99.0.1 0 $VIP4 7
# of 200, of which the server may lose some
answered() { [ $(($(got client) - before[0] + $(got client2) - before[1])) -ge 150 ]; }
wait_for answered
for i in 0 1; do
	now=$(got "${clients[i]}")
	echo "eth$i: $((now - before[i]))"
	[ $((now - before[i])) -ge 50 ] || fail "eth$i has $((now - before[i])) of 200 replies"
done
