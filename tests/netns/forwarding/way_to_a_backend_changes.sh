#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Traffic follows what becomes of the way to a backend: its MAC address, its route,
# its neighbour entry, the MTU of the link; and XDP's neighbours are kept alive.
. "$(dirname "$0")/../lib.sh"

lab up -b 3
lab nginx
lab vip
lab decap
config <<EOT
interfaces: [eth0]
services:
  web:
    vip: [$VIP4:80/tcp, "[$VIP6]:80/tcp"]
    mode: ipip
    backends: {b1: $(lab address b1)}
EOT
# A neighbour is proven again within a second or two, not the minute of the defaults.
for family in ipv4 ipv6; do
	lb sysctl -qw net.$family.neigh.eth1.base_reachable_time_ms=1000 \
		net.$family.neigh.eth1.delay_first_probe_time=1 \
		net.$family.neigh.eth1.retrans_time_ms=200
done
start
wait_for resolved

answers() {
	client curl -sS -m 0.5 "http://$VIP4/"
}

# Since `before` requests go unanswered, for this reason. While a neighbour is asked,
# the way that was known is still tried.
dropped() {
	! answers && [ "$(counter drop_no_next_hop)" -gt "$before" ]
}

next_hop() { # FIELD of b1's
	xring --json backend list web | jq -r ".[] | select(.name == \"b1\").next_hop.$1"
}

neighbour() { # ADDRESS
	lb ip neigh show "$1" dev eth1 | awk '{ print $NF }'
}

wait_for equals b1 answers

echo "the neighbour is kept alive without any traffic of the host"
for ((i = 0; i < 15; i++)); do
	[[ $(neighbour "$(lab address b1)") =~ ^(REACHABLE|STALE|DELAY|PROBE)$ ]] ||
		fail "neighbour: $(lb ip neigh show dev eth1)"
	sleep 0.1
done
equal "dropped" "$(counter drop_no_next_hop)" 0

echo "another MAC address"
on b1 ip link set dev eth0 address 02:00:00:00:77:01
wait_for equals 02:00:00:00:77:01 next_hop mac
wait_for equals b1 answers
lb ip neigh replace "$(lab address b1)" lladdr 02:00:00:00:77:02 dev eth1 nud permanent
wait_for equals 02:00:00:00:77:02 next_hop mac
lb ip neigh del "$(lab address b1)" dev eth1
wait_for equals 02:00:00:00:77:01 next_hop mac
wait_for equals b1 answers

echo "another route: by b2, and by b3"
for host in b2 b3; do
	on $host ip link set dev eth0 xdp off	# it opens tunnels for others, too
	on $host sysctl -qw net.ipv4.ip_forward=1
	lb ip route replace "$(lab address b1)/32" via "$(lab address $host)"
	wait_for equals "$(lab address $host)" next_hop gateway
	wait_for equals "$(on $host ip -br link show eth0 | awk '{ print $3 }')" next_hop mac
	wait_for equals b1 answers
done
echo "a next hop that stands by itself, of which the kernel tells no routes any more"
lb sysctl -qw net.ipv4.nexthop_compat_mode=0
lb ip nexthop add id 7 via "$(lab address b2)" dev eth1
lb ip route replace "$(lab address b1)/32" nhid 7
wait_for equals "$(lab address b2)" next_hop gateway
lb ip nexthop replace id 7 via "$(lab address b3)" dev eth1
wait_for equals "$(lab address b3)" next_hop gateway
wait_for equals b1 answers
# What it forwards, it has received: b3 is the way.
forwarded() { on b3 awk '/^Ip: [0-9]/ { print $7 }' /proc/net/snmp; }
before=$(forwarded)
answers >/dev/null
[ "$(forwarded)" -gt "$before" ] || fail "the packets did not go by b3"
lb ip route del "$(lab address b1)/32"
wait_for equals "" next_hop gateway
wait_for equals b1 answers

echo "no route, and one again"
lb ip route add unreachable "$(lab address b1)/32"
wait_for equals "no route to it" next_hop why
before=$(counter drop_no_next_hop)
wait_for dropped
lb ip route del unreachable "$(lab address b1)/32"
wait_for equals b1 answers

echo "the neighbour goes away, and comes back"
on b1 ip link set dev eth0 down
wait_for equals "its neighbour does not answer" next_hop why
before=$(counter drop_no_next_hop)
wait_for dropped
on b1 ip link set dev eth0 up
on b1 ip route add default via "$(lab address lb)"
wait_for equals b1 answers

echo "the interface goes down, and comes back"
lb ip link set dev eth1 down
wait_for equals unresolved next_hop state
lb ip link set dev eth1 up
wait_for equals b1 answers

echo "the link's MTU is followed"
client_is_told
head -c 100000 /dev/zero >"$RUN/upload"
upload() {
	client curl -sS -m "$1" -o /dev/null -H 'Expect:' --data-binary "@$RUN/upload" "http://$VIP4/upload"
}
upload 5
lb ip link set dev eth1 mtu 1500
wait_for equals 1500 next_hop mtu
upload 5
[ "$(counter tx_too_big)" -gt 0 ] || fail "the client was not told"
lb ip link set dev eth1 mtu 1600
wait_for equals 1600 next_hop mtu
upload 5

echo "a backend of l2 that comes to be behind a gateway gets nothing"
xring service set web --mode l2 --now
wait_for equals b1 answers
lb ip route add "$(lab address b1)/32" via "$(lab address b2)"
wait_for equals "behind a gateway, where mode l2 does not reach" next_hop why
before=$(counter drop_no_next_hop)
wait_for dropped
echo "and neither a restart nor another change is refused for it"
xring backend add web b2 "$(lab address b2)" --now
stop KILL
start
lb ip route del "$(lab address b1)/32"
xring backend del web b2 --now
wait_for equals b1 answers
