#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# With tunnel_source each flow of a tunnel over IPv4 has an outer source of its own out of that network,
# which xring-backend takes as the balancer's; it changes under traffic, and a service has its own.
. "$(dirname "$0")/../lib.sh"

lab up -b 1 -a 1
lab nginx
lab vip
b1=$(lab address b1)
backend() { on b1 "$BUILD/xring-backend" "$@"; }
config <<EOT
interfaces: [eth0]
tunnel_source: 10.255.0.0/20
services:
  web:
    vip: [$VIP4:80/tcp, "[$VIP6]:80/tcp", $VIP4:9/udp]
    mode: ipip
    backends: {b1: $b1}
EOT
start
wait_for resolved

count() { # COUNTER
	backend --json status eth0 | jq ".counters.$1"
}
between() { # WHAT GOT LEAST MOST
	if [ "$2" -lt "$3" ] || [ "$2" -gt "$4" ]; then
		fail "$1: got $2, wanted $3 to $4"
	fi
}
flows() { # 200 flows of one datagram, each of a port of its own
	client bash -c "for ((i = 0; i < 200; i++)); do echo \$i >/dev/udp/$VIP4/9; done"
}
arrived() { # so many tunnels since the program was attached
	[ $(($(count unwrapped) + $(count pass_not_balancer))) -ge "$1" ]
}

# ---- a list with that network lets in whatever comes from the balancer ----
backend attach eth0 --balancer 10.255.0.0/20 --vip "$VIP4,$VIP6"
equal "answer by IPv4" "$(fetch $VIP4)" b1
equal "answer by IPv6" "$(fetch $VIP6)" b1
equal "tunnels from elsewhere" "$(count pass_not_balancer)" 0

# ---- half of the network lets in half of the flows: they do not come from one address ----
backend detach eth0
backend attach eth0 --balancer 10.255.0.0/21 --vip "$VIP4,$VIP6"
flows
wait_for arrived 200
between "flows from half of the network" "$(count unwrapped)" 60 140

# ---- of the service, and without one: at once ----
again() { # NETWORKS: another list, with counters from 0
	backend detach eth0
	backend attach eth0 --balancer "$1" --vip "$VIP4,$VIP6"
}
xring service set web --tunnel-source 10.254.0.0/24 --now
again 10.254.0.0/24
equal "answer from the service's network" "$(fetch $VIP4)" b1
equal "tunnels from elsewhere" "$(count pass_not_balancer)" 0
xring service show web | grep -q "^tunnel_source *10.254.0.0/24$" || fail "$(xring service show web)"
xring service set web --tunnel-source none --now
again "$(lab address lb)"
equal "answer from the balancer's address" "$(fetch $VIP4)" b1
equal "tunnels from elsewhere" "$(count pass_not_balancer)" 0

# ---- bad input ----
fails 2 "want an IPv4 network of /8 to /30, as 10.255.0.0/20, none or default" \
	xring service set web --tunnel-source fd00::/64
fails 1 "address $b1 of backend b1: want it outside of tunnel_source" \
	xring service set web --tunnel-source "${b1%.*.*}.0.0/16"
fails 1 "want none, as mode l2 has no tunnel" xring service set web --mode l2 \
	--tunnel-source 10.254.0.0/24
