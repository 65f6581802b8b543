#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Checks that go to the VIP, by the mode of the service: a backend without the VIP, or whose tunnel
# does not end there, is down, though its own address answers; nothing of it stays on the host.
. "$(dirname "$0")/../lib.sh"

lab up -b 2
lab nginx
lab vip
lab decap
service() { # NAME MODE VIP CHECK
	cat <<-EOT
	  $1:
	    vip: "$3/tcp"
	    mode: $2
	    check: {type: http, interval: 500ms, timeout: 450ms, rise: 1, fall: 2$4}
	    backends: {b1: $(lab address b1), b2: $(lab address b2)}
	EOT
}
config <<EOT
interfaces: [eth0]
services:
$(service web ipip $VIP4:80 ", via: vip")
$(service six ipip "[$VIP6]:80" ", via: vip")
$(service link l2 $VIP4:8080 ", via: vip, port: 80")
$(service over6 ipip "[$VIP6]:8080" ", via: vip, port: 80" |
	sed "s/b1: .*/b1: \"$(lab address b1 6)\", b2: \"$(lab address b2 6)\"}/")
$(service plain ipip $VIP4:8081 ", port: 80")
EOT
# The source of a check of an IPv6 VIP over IPv4 is that of the route to the VIP.
lb ip -6 route add default via "$(lab address client 6)"
start
health() { # SERVICE BACKEND
	xring --json backend list "$1" | jq -r ".[] | select(.name == \"$2\").health"
}
becomes() { # STATE BACKEND SERVICE...
	local state=$1 backend=$2 name
	shift 2
	for name in "$@"; do
		wait_for equals "$state" health "$name" "$backend"
	done
}
becomes up b1 web six link over6 plain
becomes up b2 web six link over6 plain

echo "without the VIP"
on b2 ip addr del $VIP4/32 dev lo
becomes down b2 web link
equal "by its own address" "$(health plain b2)" up
equal "the other family" "$(health six b2)" up
equal "the other backend" "$(health web b1)" up
on b2 ip addr add $VIP4/32 dev lo
becomes up b2 web link

echo "without the end of the tunnel"
on b1 ip link set eth0 xdp off
becomes down b1 web six over6
equal "by the link" "$(health link b1)" up
equal "by its own address" "$(health plain b1)" up
on b1 ip link set eth0 xdp obj "$BUILD/decap.bpf.o" sec xdp
becomes up b1 web six over6

echo "where the balancer has the VIP, and where it has a blackhole"
lb ip addr add $VIP4/32 dev lo
lb sysctl -qw net.ipv4.conf.eth1.accept_local=1
on b2 ip addr del $VIP4/32 dev lo
becomes down b2 web link
on b2 ip addr add $VIP4/32 dev lo
becomes up b2 web link
lb ip addr del $VIP4/32 dev lo
lb ip route add blackhole $VIP4/32
on b2 ip addr del $VIP4/32 dev lo
becomes down b2 web
on b2 ip addr add $VIP4/32 dev lo
becomes up b2 web

echo "after a kill too; an orderly end leaves nothing"
stop KILL
start
on b2 ip addr del $VIP4/32 dev lo
becomes down b2 web
on b2 ip addr add $VIP4/32 dev lo
becomes up b2 web
rules() { { lb ip rule; lb ip -6 rule; } | grep -c 7872; }
equal "rules" "$(rules)" 2
stop
equal "rules at the end" "$(rules || true)" 0
equal "filters at the end" "$(lb tc filter show dev lo egress)" ""

echo "what cannot be"
sed -i '0,/mode: ipip/s//mode: nat/' "$RUN/xring.yaml"
fails 2 "check via vip of service web: want mode l2, ipip or gue, as a backend of mode nat has no VIP" \
	"$BUILD/xringd" --check -f "$RUN/xring.yaml"
