#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever comes in, verdicts = tx + pass + drop, and they are as many as the driver counts packets; a
# service's traffic is the sum of its backends', also after one is gone; and drops are told by service, backend
# and reason.
. "$(dirname "$0")/../lib.sh"

lab up -b 3
lab nginx
lab vip
lab decap
config <<EOT
interfaces: [eth0, eth1]
services:
  web:
    vip: [$VIP4:80/tcp, "[$VIP6]:80/tcp"]
    mode: ipip
    backends: {b1: $(lab address b1), b2: $(lab address b2), b3: "$(lab address b3 6)"}
  ports:
    vip: [$VIP4:0/udp, "[$VIP6]:0/udp"]
    mode: ipip
    backends: {b1: $(lab address b1)}
  nat:
    vip: 10.200.1.3:80/tcp
    mode: nat
    backends: {b1: $(lab address b1):8080}
  empty:
    vip: 10.200.1.4:0/tcp
    mode: ipip
    backends: {}
  silent:
    vip: 10.200.1.6:0/udp
    mode: ipip
    too_big: drop
    backends: {b1: $(lab address b1)}
  nowhere:
    vip: 10.200.1.5:0/udp
    mode: ipip
    backends: {gone: 10.2.9.9}
EOT
start

driver() { # packets that the veths gave to XDP
	local dev
	for dev in eth0 eth1; do
		lb ethtool -S $dev
	done | awk '/rx_queue_[0-9]+_xdp_packets/ { n += $2 } END { print n }'
}
[ -n "$(driver)" ] || skip "the driver does not count its XDP packets (ethtool -S)"

# What both count is compared when nothing moves: before and after agree.
gap() {
	local before after packets
	before=$(driver)
	packets=$(xring --json stats | jq '.packets.verdicts')
	after=$(driver)
	[ "$before" = "$after" ] || return 1
	echo $((before - packets))
}
agree() {
	[ "$(gap)" = "$gap" ]
}
at_first() { # what came in before the program did
	gap=$(gap)
}
wait_for at_first

known() { # the next hops of all backends but the one that is not there
	[ "$(xring backend list | grep -Ec 'unresolved|not in the maps')" = 1 ]
}
wait_for known

to=$(lb ip -br link show eth0 | awk '{ print $3 }')
from=$(client ip -br link show eth0 | awk '{ print $3 }')

# HEX...: an Ethernet frame from the client as it is, from the type on.
frame() {
	# By a file: through a pipe a newline's byte would end a write, and the frame.
	printf '%b' "$(tr -d ': ' <<<"$to$from$*" | sed 's/../\\x&/g')" >"$RUN/frame"
	client socat -u OPEN:"$RUN/frame" INTERFACE:eth0
}

# COUNTER PACKETS COMMAND...: that many of it come to be counted; at least, as a
# host has its own packets.
counts() {
	local name=$1 wanted=$2 before
	before=$(counter "$name")
	shift 2
	"$@" >/dev/null
	more() {
		[ "$(counter "$name")" -ge $((before + wanted)) ]
	}
	wait_for more
}

requests() {
	local i
	for ((i = 0; i < 10; i++)); do
		fetch $VIP4
		fetch $VIP6
	done
}

syn() { # one that nobody answers
	client timeout 0.2 bash -c "echo >/dev/tcp/$1" 2>/dev/null || true
}

client4=0a010002 vip4=0ac80101 none4=0a010009
client6=fd000001000000000000000000000002 vip6=fc000000000000000000000000000001
udp="1388 0050 0008 0000"

echo "forwarded"
counts tx_redirect 60 requests
counts tx_reply 4 fetch 10.200.1.3
counts tx_redirect 1 frame 0800 4500 001c 0000 0000 40 11 0000 $client4 $vip4 "$udp"
counts tx_redirect 1 frame 86dd 60000000 0008 11 40 $client6 $vip6 "$udp"

counts tx_redirect 1 frame 0800 4500 001c 0008 2000 40 11 0000 $client4 $vip4 "$udp"
counts tx_redirect 1 frame 0800 4500 001c 0008 0001 40 11 0000 $client4 $vip4 "$udp"
counts tx_redirect 1 frame 0800 4600 0020 0000 0000 40 11 0000 $client4 $vip4 01010101 "$udp"
counts tx_redirect 1 frame 86dd 60000000 0010 00 40 $client6 $vip6 11 00 010400000000 "$udp"
counts tx_redirect 1 frame 0800 4500 0038 0000 0000 40 01 0000 $client4 $vip4 \
	0301 0000 0000 0000 4500 001c 0000 0000 40 11 0000 $vip4 $client4 0050 1388 0008 0000

echo "passed"
counts pass_no_service 1 frame 0800 4500 001c 0000 0000 40 11 0000 $client4 $none4 "$udp"
counts pass_other 1 frame 0800 4500 001c 0000 0000 40 01 0000 $client4 $none4 0800 0000 0000 0000
counts pass_other 1 frame 0806 0001 0800 06 04 0001 "$from" $client4 000000000000 0a010001
counts pass_other 1 frame 88cc 0000
counts pass_vlan 1 frame 8100 0007 0800 4500 001c 0000 0000 40 11 0000 $client4 $vip4 "$udp"
counts pass_other 1 frame 0800
counts pass_other 1 frame 0800 45
counts pass_other 1 frame 86dd 6000
counts pass_no_service 1 frame 0800 4500 001c 0000 2000 40 11 0000 $client4 $none4 "$udp"
to=ff:ff:ff:ff:ff:ff counts pass_other_mac 1 frame 0800 4500 001c 0000 0000 40 11 0000 \
	$client4 ffffffff "$udp"

echo "dropped"
counts drop_no_backend 1 syn 10.200.1.4/80
counts drop_no_next_hop 1 frame 0800 4500 001c 0000 0000 40 11 0000 $client4 0ac80105 "$udp"
counts drop_fragment 1 frame 0800 4500 001c 0007 0001 40 11 0000 $client4 $vip4 "$udp"
nine=$(printf "%s 00 010400000000 " 3c 3c 3c 3c 3c 3c 3c 3c 11)
counts drop_options 1 frame 86dd 60000000 0050 3c 40 $client6 $vip6 "$nine" "$udp"
counts drop_icmp_error 1 frame 0800 4500 0038 0000 0000 40 01 0000 $client4 $vip4 \
	0301 0000 0000 0000 4500 001c 0000 0001 40 11 0000 $vip4 $client4 0050 1388 0008 0000
counts drop_ttl 1 frame 0800 4500 0038 0000 0000 01 01 0000 $client4 $vip4 \
	0301 0000 0000 0000 4500 001c 0000 0000 40 11 0000 $vip4 $client4 0050 1388 0008 0000
counts drop_malformed 1 frame 0800 4500 05dc 0000 0000 40 11 0000 $client4 $vip4 "$udp"
client ip link set eth0 mtu 1600
counts drop_too_big 1 frame 0800 4500 0636 0000 0000 40 11 0000 $client4 0ac80106 1388 0050 0622 0000 \
	"$(printf '%03124d' 0)"

echo "answered"
counts tx_too_big 1 frame 0800 4500 0636 0000 0000 40 11 0000 $client4 $vip4 1388 0050 0622 0000 \
	"$(printf '%03124d' 0)"
counts tx_ttl 1 frame 0800 4500 001c 0000 0000 01 11 0000 $client4 $vip4 "$udp"
counts tx_echo 1 frame 0800 4500 001c 0000 0000 40 01 0000 $client4 $vip4 0800 0000 0000 0000

echo "rx is the driver's own figure"
wait_for agree
equal "rx by the devices" "$(xring --json stats | jq '.packets | .rx == .verdicts')" true
equal "rx = tx + pass + drop" "$(xring --json stats | jq '.packets | .verdicts == .tx + .pass + .drop')" true
equal "reasons" "$(xring --json stats | jq '([.reasons[].packets] | add) == .packets.verdicts')" true

echo "a service is the sum of its backends"
sums() { # SERVICE: packets, bytes, new flows of the backends
	xring --json stats "$1" | jq -c '[.backends | map(.packets), map(.bytes), map(.flows) | add]'
}
total() {
	xring --json stats "$1" | jq -c '[.packets, .bytes, .flows]'
}
equal "web" "$(total web)" "$(sums web)"
equal "new flows" "$(total web | jq '.[2]')" 20
equal "ports" "$(total ports)" "$(sums ports)"
before=$(total web)
xring backend del web b2 --now --cut
equal "web without b2" "$(total web)" "$before"
requests >/dev/null
equal "new flows" "$(total web | jq '.[2]')" 40
xring backend add web b2 "$(lab address b2)" --now
equal "packets of the new b2" "$(xring --json stats web |
	jq '.backends[] | select(.name == "b2").packets')" 0

echo "and all of it together"
equal "sent" "$(xring --json stats | jq '([.services[].packets] | add) ==
	([.reasons[] | select(.name == "tx" or .name == "tx_redirect").packets] | add)')" true
wait_for agree

echo "drops are told by whose they are"
drops() { # SERVICE REASON: packets by backend
	xring --json stats "$1" | jq -c "[.drops[] | select(.reason == \"$2\")] | map([.backend, .packets])"
}
equal "without a backend" "$(drops empty drop_no_backend)" "[[null,$(counter drop_no_backend)]]"
equal "without a next hop" "$(drops nowhere drop_no_next_hop)" "[[\"gone\",$(counter drop_no_next_hop)]]"
equal "too big" "$(drops silent drop_too_big)" "[[\"b1\",$(counter drop_too_big)]]"
xring stats | grep -Eq '^ +[0-9]+ +silent +b1 +drop_too_big$' || fail "$(xring stats)"
xring stats silent | grep -Eq '^ +1 +silent +b1 +drop_too_big$' || fail "$(xring stats silent)"
stop KILL
start
equal "with the next daemon" "$(drops silent drop_too_big)" '[["b1",1]]'
xring backend del silent b1 --now --cut
backendless() { equals '[[null,1]]' drops silent drop_too_big; }
wait_for backendless
xring service del silent --now
forgotten() { equals false eval "xring --json stats | jq 'any(.drops[]; .reason == \"drop_too_big\")'"; }
wait_for forgotten
