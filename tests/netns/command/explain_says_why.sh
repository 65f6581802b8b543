#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `xring explain` tells where a packet would go and why: for packets described in words, in a file or as bytes;
# in the middle of a change, with pins; and for those that would be dropped. No question counts as a packet.
. "$(dirname "$0")/../lib.sh"

lab up -b 3
lab nginx
lab vip
lab decap
config <<EOT
interfaces: [eth0, eth1]
services:
  web:
    vip: $VIP4:80/tcp
    mode: ipip
    backends: {b1: $(lab address b1), b2: $(lab address b2), b3: $(lab address b3)}
  web6:
    vip: "[$VIP6]:80/tcp"
    mode: ipip
    backends: {b1: $(lab address b1)}
  dns:
    vip: $VIP4:53/udp
    mode: nat
    backends: {b2: $(lab address b2):5353}
EOT
start
wait_for resolved
from=$(lab address client)

explained() { # WORDS...
	xring explain "$@" >"$RUN/said" 2>&1 || true
}
has() { # STEP TEXT
	grep -Eq "^$1 +.*$2" "$RUN/said" || fail "want '$1 ... $2', got: $(cat "$RUN/said")"
}

echo "a common packet goes where the ring says, and there it then goes"
received=$(xring --json stats | jq .packets.rx)
for port in 40001 40002 40003 40004 40005 40006; do
	backend=$(xring --json explain tcp "$from:$port" $VIP4:80 --syn | jq -r .backend)
	equal "asked of port $port" "$(fetch $VIP4 $port)" "$backend"
	received=$((received + 1))
done
explained tcp "$from:40001" $VIP4:80 --syn
has packet "tcp $from:40001 > $VIP4:80, 54 bytes, in by eth0"
has parse "plain IPv4"
has service web
has cell ""
has backend "$backend|b[123]"
has "next hop" "by eth1"
has verdict "tx_redirect: sent out of another interface"
has leaves ", 74 bytes"
explained tcp "[fd00:1::2]:40001" "[$VIP6]:80" --syn --json
explained tcp "[fd00:1::2]:40001" "[$VIP6]:80" --syn
has parse "plain IPv6"
has backend "b1 "

echo "no question is a packet"
counted() { # but for packets that the hosts send by themselves
	xring --json stats | jq -c '[.packets.tx, .packets.drop, .drops, .services]'
}
before=$(counted)
for i in {1..20}; do explained tcp "$from:$i" $VIP4:80; done
equal "counters" "$(counted)" "$before"

echo "packets of other shapes"
explained tcp "$from:40001" $VIP4:80 --options
has parse "IPv4, with options"
explained udp "$from:40001" $VIP4:53 --fragment 0,more
has fragment "would be remembered"
explained udp "$from:40001" $VIP4:53 --fragment 1480
has verdict drop_fragment
explained tcp "$from:40001" $VIP4:80 --icmp-error too-big
has parse "an ICMP error about a flow"
explained tcp "$from:40001" $VIP4:80 --len 1590
has verdict tx_too_big
explained tcp "$from:40001" $VIP4:80 --ttl 1
has verdict tx_ttl
explained tcp "$from:40001" $VIP4:80 --vlan 7
has verdict pass_vlan
explained tcp "$from:40001" $VIP4:81
has verdict pass_no_service
explained udp "$(lab address b2):5353" "$from:40001" --in eth1
has service "a reply of b2 of dns"

echo "what would be dropped: exit status 1"
fails 1 drop_martian xring explain tcp 127.0.0.1:1 $VIP4:80
lb ip route add unreachable "$(lab address b1)/32"
wait_for equals 1 sh -c "$BUILD/xring --socket $RUN/sock backend list web6 | grep -c 'no route'"
fails 1 "drop_no_next_hop" xring explain tcp "[fd00:1::2]:40001" "[$VIP6]:80"
fails 1 "no route" xring explain tcp "[fd00:1::2]:40001" "[$VIP6]:80"
lb ip route del unreachable "$(lab address b1)/32"
wait_for resolved
xring service add empty --vip 10.200.1.3:80/tcp --mode ipip --now
fails 1 drop_no_backend xring explain tcp "$from:1" 10.200.1.3:80
explained tcp "$from:1" 10.200.1.3:80
has backend none

echo "replies of mode nat"
reply() { # CLIENT
	explained udp "$(lab address b2):5353" "$1:40001" --in eth1
}
reply "$from"
has route "to the client by eth0"
lb ip route add unreachable 10.9.9.9/32
reply 10.9.9.9
has verdict drop_no_route
has route "an unreachable route"
lb sysctl -q net.ipv4.conf.eth1.forwarding=0
reply "$from"
has verdict pass_no_forwarding
has route "does not forward"
lb sysctl -q net.ipv4.conf.eth1.forwarding=1

echo "a file, and bytes"
client tcpdump -q -i eth0 -U -w "$RUN/seen.pcap" "tcp and dst host $VIP4" 2>/dev/null &
dump=$!
wait_for test -s "$RUN/seen.pcap"
at=$(fetch $VIP4 41000)
seen() { [ "$(stat -c %s "$RUN/seen.pcap")" -gt 300 ]; }
wait_for seen
kill $dump
wait $dump 2>/dev/null || true
explained --pcap "$RUN/seen.pcap:1"
has packet "tcp $from:41000 > $VIP4:80"
has backend "$at "
explained --pcap "$RUN/seen.pcap"
[ "$(grep -c '^verdict' "$RUN/said")" -gt 2 ] || fail "not all packets of the file: $(cat "$RUN/said")"
fails 2 "no number 1000" xring explain --pcap "$RUN/seen.pcap:1000"
fails 2 "No such file" xring explain --pcap "$RUN/none.pcap"
fails 2 "want" xring explain --hex 0102
fails 2 "want ADDRESS:PORT" xring explain tcp 10.1.0.2 $VIP4:80
fails 2 "want tcp or udp" xring explain sctp "$from:1" $VIP4:80
fails 1 "no such device" xring explain tcp "$from:1" $VIP4:80 --in eth9

echo "in the middle of a change"
client timeout 60 socat -u "TCP4:$VIP4:80,sourceport=42000" /dev/null &
flow_at() { xring --json explain tcp "$from:42000" $VIP4:80 | jq -r .backend; }
home=$(flow_at)
xring backend drain web "$home" --now
moves() {
	explained tcp "$from:42000" $VIP4:80
	grep -q '^change .*older ones stay' "$RUN/said"
}
wait_for moves
has change "older ones stay at $home"
has pin "one would be made, at $home|kept at $home"
equal "the flow's packets" "$(flow_at)" "$home"
new=$(xring --json explain tcp "$from:42000" $VIP4:80 --syn | jq -r .backend)
[ "$new" != "$home" ] || fail "a new flow would go to the backend that is drained"

echo "what does not run there, and a file that has the beginning alone"
xring detach eth1 >/dev/null
explained udp "$(lab address b2):5353" "$from:40001" --in eth1
has warning "xring does not run on eth1"
client tcpdump -q -i eth0 -U -s 60 -w "$RUN/cut.pcap" "udp and dst host $VIP4" 2>/dev/null &
dump=$!
wait_for test -s "$RUN/cut.pcap"
head -c 800 /dev/zero | client socat -u - "UDP4-SENDTO:$VIP4:53"
cut() { [ "$(stat -c %s "$RUN/cut.pcap")" -gt 90 ]; }
wait_for cut
kill $dump
explained --pcap "$RUN/cut.pcap:1"
has note "60 of its 842 bytes"
has verdict tx_redirect

echo "a device that takes nothing is warned of"
on net ip link set lb xdp off
on net ethtool -K lb gro off
client sh -c "echo | socat -u - UDP4-SENDTO:$VIP4:53" || true
warned() {
	xring explain tcp "$from:40001" $VIP4:80 | grep -q '^warning .*eth1: cannot send redirected packets'
}
wait_for warned
