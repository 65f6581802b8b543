#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Frames of VLANs that the file names by number reach the backend, which sees no tag; those of others
# pass; and status says where tags may be taken off before the program sees them.
. "$(dirname "$0")/../lib.sh"

lab up -b 1
lab vip
lab decap
client_is_told
services() { # INTERFACE
	config <<EOT
interfaces: [$1, eth1]
services: {dns: {vip: $VIP4:53/udp, mode: ipip, backends: {b1: $(lab address b1)}}}
EOT
}
reload() { # INTERFACE
	services "$1"
	kill -HUP "$(daemon_pid)"
}
services '{name: eth0, vlans: [100, "200/5"]}'
start
wait_for resolved

on b1 socat -u UDP-RECV:53 CREATE:"$RUN/got" &
listener=$!
listens() { on b1 ss -Hlnu | grep -q ':53 '; }
wait_for listens

to=$(lb ip -j link show eth0 | jq -r '.[0].address')
client4=0a010002
datagram="0800 4500 0024 0000 0000 40 11 64fe $client4 0ac80101 0fa0 0035 0010 0000"
send() { # TAGS AND PACKET, in hexadecimal
	printf '%b' "$(tr -d ': ' <<<"$to 020000000002 $*" | sed 's/../\\x&/g')" >"$RUN/frame"
	client socat -u OPEN:"$RUN/frame" INTERFACE:eth0
}
counts() { # COUNTER FRAME
	local before
	before=$(counter "$1")
	send "$2"
	more() { [ "$(counter "$1")" -gt "${before:-0}" ]; }
	wait_for more "$1"
}
word() { printf %s "$1" | xxd -p; }
arrives() { # TAGS WORD: a datagram of 8 bytes comes out at the backend
	counts tx_redirect "$1 $datagram $(word "$2")"
	there() { grep -q "$2" "$RUN/got"; }
	wait_for there "" "$2"
}

echo "VLANs that are named"
arrives "8100 0064" by-dot1q
arrives "8100 a064" priority
arrives "88a8 0064" by-dot1a
arrives "88a8 00c8 8100 0005" two-tags
arrives "8100 00c8 8100 0005" two-dot1
arrives "8100 2000" just-pri
arrives "" untagged

echo "others"
for tags in "8100 0065" "88a8 00c8" "8100 00c8 8100 0006" "8100 0005" "8100 0064 8100 0064"; do
	counts pass_vlan "$tags $datagram $(word not-this)"
done
grep -q not-this "$RUN/got" && fail "another VLAN's datagram arrived"

echo "echo is answered, tagged or not"
ping="0800 4500 001c 0000 0000 40 01 0000 $client4 0ac80101 0800 f7ff 0000 0000"
counts tx_echo "8100 0064 $ping"
counts tx_echo "88a8 00c8 8100 0005 $ping"

echo "the next daemon takes the same"
stop
start
arrives "8100 0064" restarts
counts pass_vlan "8100 0065 $datagram $(word not-this)"

echo "all, and none"
reload '{name: eth0, vlans: all}'
taken() { # TAGS: once the file is loaded
	local before
	before=$(counter tx_redirect)
	send "$1 $datagram $(word whatever)"
	[ "$(counter tx_redirect)" -gt "$before" ]
}
wait_for taken "8100 0065"
arrives "8100 0065 8100 0066" any--two
reload eth0
untaken() { ! taken "$1"; }
wait_for untaken "8100 0065"
counts pass_vlan "8100 0064 $datagram $(word not-this)"
grep -q not-this "$RUN/got" && fail "another VLAN's datagram arrived"
kill $listener

echo "tags that may not be seen"
reload '{name: eth0, vlans: [100]}'
told() { xring status | grep -q 'eth0: VLAN tags may be taken off before xring sees them'; }
untold() { ! told; }
wait_for told
lb ethtool -K eth0 rxvlan off
wait_for untold
