#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# VIPs that are networks and ranges of ports: each address and port of them is served, by the mode of
# its service; what is more specific goes before; and a new daemon finds them as they are.
. "$(dirname "$0")/../lib.sh"

lab up -b 3
lab nginx
lab decap
for b in b1 b2 b3; do
	on $b ip route add local 10.200.4.0/22 dev lo
	on $b ip -6 route add local fc00:7::/64 dev lo
done
config <<EOT
interfaces: [eth0, eth1]
services:
  link:
    vip: [10.200.4.0/28:80/tcp, "[fc00:7::/64]:80/tcp"]
    mode: l2
    check: {type: http, via: vip, interval: 100ms}
    backends: {b1: $(lab address b1), b2: $(lab address b2)}
  one:
    vip: 10.200.4.2:80/tcp
    mode: l2
    backends: {b3: $(lab address b3)}
  ports:
    vip: [10.200.5.1:79-8080/tcp, 10.200.6.0/24:79-80/tcp]
    mode: ipip
    backends: {b1: $(lab address b1), b2: $(lab address b2), b3: $(lab address b3)}
  rewritten:
    vip: 10.200.7.1:80-8090/tcp
    mode: nat
    backends: {b1: $(lab address b1), b3: $(lab address b3)}
EOT
start
wait_for resolved
link_is_up() { [ "$(xring --json backend list | jq "[.[] | select(.service == \"link\" and .health == \"up\")] | length")" = 2 ]; }
wait_for link_is_up

# Which backend answers at an address and port, by a port of ours; and is it the ring's?
serves() { # SERVICE ADDRESS PORT OUR-PORT
	local host=$2 got
	[[ $2 == *:* ]] && host="[$2]"
	got=$(client curl -sS -m 5 --local-port "$4" "http://$host:$3/") ||
		fail "no answer from $2 port $3"
	equal "backend of $2 port $3, from $4" "$got" "$(owner "$1" "$2" "$4" "$3")"
}

all_are_served() { # FIRST-PORT of ours
	local port=$1 address i
	for address in 10.200.4.0 10.200.4.1 10.200.4.15 fc00:7::1 fc00:7::1:2:3:4; do
		for ((i = 0; i < 4; i++)); do
			serves link $address 80 $((port += 1))
		done
	done
	serves one 10.200.4.2 80 $((port += 1))
	for ((i = 0; i < 4; i++)); do
		serves ports 10.200.5.1 80 $((port += 1))
		serves ports 10.200.5.1 8080 $((port += 1))
		serves ports 10.200.6.$((i * 80)) 80 $((port += 1))
		serves rewritten 10.200.7.1 80 $((port += 1))
		serves rewritten 10.200.7.1 8080 $((port += 1))
	done
}

all_are_served 20000
client_is_told
client ping -q -c 2 -i 0.1 -W 5 10.200.4.9 >/dev/null || fail "no ping of a network is answered"
[ "$(counter tx_reply)" -gt 0 ] || fail "no reply was rewritten"

# What none of them has is nobody's.
before=$(counter tx_redirect)
client curl -s -m 0.3 http://10.200.4.16/ && fail "an address behind the network was served"
client curl -s -m 0.3 http://10.200.6.1:81/ && fail "a port behind the range was served"
equal "packets sent on" "$(counter tx_redirect)" "$before"

# The next daemon takes them over as they are: no cell is written again.
stop
start
! said "make no sense" || fail "the next daemon did not know the rings"
all_are_served 21000

# The command takes and shows them, and refuses what nothing could tell apart.
equal "VIPs" "$(xring --json service show ports | jq -c .vips)" \
	'["10.200.5.1:79-8080/tcp","10.200.6.0/24:79-80/tcp"]'
fails 1 "want ports that no other range has, 10.200.5.1:79-8080/tcp of service ports has some" \
	xring service add more --vip 10.200.5.1:8080-8090/tcp --mode ipip
fails 2 "vip 10.200.6.1/24:80/tcp: want" xring service add more --vip 10.200.6.1/24:80/tcp --mode ipip
xring service set one --vip 10.200.4.2/31:80/tcp
wait_for equals b3 client curl -s -m 1 http://10.200.4.3/
serves link 10.200.4.4 80 22000

# Fewer shapes than before, and none: what was a network's is an address's again.
xring service set link --vip 10.200.4.1:80/tcp
xring service del ports
xring service del rewritten
xring service set one --vip 10.200.4.2:80/tcp
not_served() { ! client curl -s -m 0.3 "http://$1/"; }
wait_for not_served 10.200.4.3
serves link 10.200.4.1 80 22001
serves one 10.200.4.2 80 22002
