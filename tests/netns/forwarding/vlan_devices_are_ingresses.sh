#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What comes in by a VLAN is balanced where the host has a device for it: at an interface that the
# file names, or where the file names the VLAN device itself, and then nothing else of its carrier.
. "$(dirname "$0")/../lib.sh"

lab up -b 2
lb ip link add link eth0 name probe type vlan id 7 2>/dev/null || skip "no VLAN devices here (8021q)"
lb ip link del probe
lab nginx
lab vip
lab decap
services() { # INTERFACES
	config <<EOT
interfaces: [$1]
services:
  web: {vip: $VIP4:80/tcp, mode: ipip, backends: {b1: $(lab address b1), b2: $(lab address b2)}}
EOT
}
# Requests go by that VLAN; answers come back untagged, from the backends.
by() { # DEVICE NET
	client ip route replace $VIP4/32 via "$2.1" dev "$1" src "$(client ip -4 -br address show eth0 |
		awk '{ print $3 }' | cut -d / -f 1)"
}
vlan() { # HOST LINK NAME ID PROTOCOL ADDRESS
	"$1" ip link add link "$2" name "$3" type vlan id "$4" protocol "$5"
	[ -z "$6" ] || "$1" ip address add "$6/24" dev "$3"
	"$1" ip link set "$3" up
}
for host in client lb; do
	$host ethtool -K eth0 rxvlan off txvlan off tx-vlan-stag-hw-insert off >/dev/null
	n=$([ $host = lb ] && echo 1 || echo 2)
	vlan $host eth0 eth0.100 100 802.1Q 10.9.100.$n
	vlan $host eth0 outer 200 802.1ad ""
	vlan $host outer inner 5 802.1Q 10.9.5.$n
done
fetched() { client curl -sS -m 2 "http://$VIP4/" >/dev/null; }	# often, where it fails
refused() { ! fetched; }

echo "the carrier is named: its VLANs, and what has no tag"
services "eth0, eth1"
start
wait_for resolved
fetched || fail "untagged: not balanced"
by eth0.100 10.9.100
wait_for fetched
by inner 10.9.5
wait_for fetched

echo "a VLAN alone"
services "eth0.100, eth1"
kill -HUP "$(daemon_pid)"
wait_for refused			# inner is not the file's any more
by eth0.100 10.9.100
wait_for fetched
xring --json status | jq -e '.interfaces[] | select(.name == "eth0")' >/dev/null ||
	fail "the carrier has no program"
client ip route del $VIP4/32
wait_for refused			# without a tag: the host's own, which has no such VIP

echo "its device goes, and comes back"
by eth0.100 10.9.100
wait_for fetched
lb ip link del eth0.100
gone() { xring status | grep -q 'eth0.100: configured, not there'; }
wait_for gone
detached() { ! lb ip link show eth0 | grep -q xdp; }
wait_for detached
vlan lb eth0 eth0.100 100 802.1Q 10.9.100.1
by eth0.100 10.9.100
wait_for fetched

echo "two tags"
services "inner, eth1"
kill -HUP "$(daemon_pid)"
by inner 10.9.5
wait_for fetched
by eth0.100 10.9.100
wait_for refused

echo "by commands"
xring attach eth0.100 >/dev/null
wait_for fetched
xring detach inner >/dev/null
fetched || fail "the other VLAN's interface lost the program"
xring detach eth0.100 >/dev/null
wait_for detached
