#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is configured is attached: an interface that comes late, and one that goes and comes back.
# What another hand took off is said, and the words of `status` help.
. "$(dirname "$0")/../lib.sh"

lab up -b 1
lab nginx
config <<EOT
interfaces: [eth0, eth1, late0]
services:
  web: {vip: $VIP4:80/tcp, mode: nat, backends: {b1: $(lab address b1)}}
EOT
start
wait_for resolved
attached() { # NAME
	status '.interfaces[] | select(.by != "other").name' | grep -Fxq "$1"
}
first() { xring status | head -n 1; }
first_is() { [ "$(first)" = "$1" ]; }
serves() { [ "$(fetch $VIP4)" = b1 ]; }
wait_for serves

late() { # a healthy veth
	lb ip link add late0 type veth peer name late1
	lb ethtool -K late1 tx off >/dev/null
	lb ip link set late0 up
	lb ip link set late1 up
}
rename() { # OLD NEW
	lb ip link set "$1" down
	lb ip link set "$1" name "$2" up
}

echo "late"
equal "first line" "$(first)" "late0: configured, not there"
late
wait_for attached late0
wait_for first_is ok
index() { lb ip -j link show late0 | jq '.[0].ifindex'; }
before=$(index)

echo "gone, and back"
lb ip link del late0
wait_for first_is "late0: configured, not there"
late
wait_for attached late0
wait_for first_is ok
[ "$(index)" != "$before" ] || fail "it is the same device"

echo "a master, another MTU, another address"
lb ip link add br0 type bridge 2>/dev/null || lb ip link add br0 type vrf table 10 2>/dev/null || true
lb ip link set late0 mtu 1400 address 02:00:00:00:77:01
if lb ip link show br0 >/dev/null 2>&1; then
	lb ip link set late0 master br0
	lb ip link set late0 nomaster
fi
attached late0 || fail "not attached: $(first)"

echo "another name"
rename late0 other0
wait_for first_is "late0: configured, not there: it is other0 now, and attached as that: want its name back, or \`xring attach other0\` and \`xring detach late0\`"
rename other0 late0
wait_for first_is ok
rename late0 other0
xring attach other0
wait_for first_is "late0: configured, not there"
xring detach late0
wait_for first_is ok
attached other0 || fail "other0 is not attached"

echo "taken off by another hand"
bpftool link detach pinned "$RUN/bpf/xring/link-eth0"
wait_for first_is "eth0: not attached: another hand took the program off: want \`xring attach eth0\`"
sleep 2.5		# two looks: it is not fought
equal "first line" "$(first)" "eth0: not attached: another hand took the program off: want \`xring attach eth0\`"
xring attach eth0
wait_for first_is ok
wait_for serves
rm "$RUN/bpf/xring/link-eth0"
wait_for first_is "eth0: not attached: another hand took the program off: want \`xring attach eth0\`"
kill -HUP "$(daemon_pid)"
wait_for first_is ok
wait_for serves

echo "another program in its place"
bpftool link detach pinned "$RUN/bpf/xring/link-eth0"
lb ip link set dev eth0 xdp obj "$BUILD/pass.bpf.o" sec xdp
other() { [[ $(first) == "eth0: not attached: another XDP program is, number "*": want \`ip link set dev eth0 xdp off\`, then \`xring attach eth0\`" ]]; }
wait_for other
xring backend set web b1 --weight 2 2>"$RUN/said"
grep -q 'packets do not follow this change there: eth0: not attached: another XDP program is' "$RUN/said" ||
	fail "a change that no packet follows: said '$(cat "$RUN/said")'"
lb ip link set dev eth0 xdp off
xring attach eth0
wait_for first_is ok

echo "a file system over the pins"
mount -t bpf bpf "$RUN/bpf"
wait_for first_is "$RUN/bpf/xring: another file system is mounted over the pins: want it unmounted"
umount "$RUN/bpf"
wait_for first_is ok
wait_for serves

echo "a neighbour that does not answer"
on b1 ip link set eth0 down
lb ip neigh flush dev eth1
unresolved() { [[ $(first) == "backend b1 of web: "* ]]; }
wait_for unresolved
on b1 ip link set eth0 up
wait_for first_is ok

echo "a sysctl that replies of mode nat need: told, not set"
lb sysctl -qw net.ipv4.conf.eth1.forwarding=0
wait_for first_is "eth1: net.ipv4.conf.eth1.forwarding is 0, and replies of mode nat that enter there need it: want \`sysctl net/ipv4/conf/eth1/forwarding=1\`"
equal "forwarding" "$(lb sysctl -n net.ipv4.conf.eth1.forwarding)" 0
lb sysctl -qw net.ipv4.ip_forward=0 net.ipv4.ip_forward=1
wait_for first_is ok
