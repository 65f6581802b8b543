#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is counted as sent has left, or is counted as lost with device and reason, whichever way it is
# lost, also while no daemon runs: of 10,000 packets in each way, none is missing.
. "$(dirname "$0")/../lib.sh"

[ -e /sys/kernel/btf/vmlinux ] || skip "the kernel has no BTF"
FLOOD=$BUILD/tests/tools/flood
[ -x "$FLOOD" ] || skip "no $FLOOD"
N=${PACKETS:-10000}

services() {
	config <<-EOT
	interfaces: [$*]
	services:
	  ports: {vip: $VIP4:0/udp, mode: l2, backends: {b1: $(lab address b1)}}
	EOT
}
lab up -b 1
services eth0
start
wait_for resolved

stats() { # FILTER of jq, on the maps as they are
	xring --json stats | jq "$1"
}
sent() { stats '[.reasons[] | select(.name | startswith("tx")).packets] | add'; }
dropped() { stats .packets.drop; }
lost() { # [REASON]
	stats "[.lost.devices[] | select(\"${1:-}\" == \"\" or .reason == \"${1:-}\").packets] | add // 0"
}
# What the far end of the balancer's device for the backends took.
arrived() { on net ip -j -s link show lb | jq '.[0].stats64.rx.packets'; }

begin() {
	sent=$(sent) dropped=$(dropped) lost=$(lost) arrived=$(arrived)
}
flood() {
	client "$FLOOD" $VIP4 53 --syn "$N" --udp --pps "${PPS:-20000}" >/dev/null
}
under_way() { # packets are, of those since begin()
	until [ $(($(sent) - sent)) -gt 100 ]; do :; done
}
# What came in since begin(), most of N, is accounted for; some packets of the hosts' own arrive, too.
accounted() { # WAY [REASON]: at least one is lost for it
	local went left
	went=$(($(sent) - sent)) left=$(($(arrived) - arrived))
	[ $((went + $(dropped) - dropped)) -ge $((N * 8 / 10)) ] || fail "$1: $went sent of $N"
	[ $((went - left)) -le $(($(lost) - lost)) ] && [ $((went - left)) -ge $(($(lost) - lost - 20)) ] ||
		fail "$1: $went sent, $left arrived, $(($(lost) - lost)) lost"
	[ $# = 1 ] || [ "$(lost "$2")" -gt 0 ] || fail "$1: nothing is lost for $2: $(xring stats)"
	echo "$1: $went sent, $left arrived, $(($(lost) - lost)) lost, $(($(dropped) - dropped)) dropped"
}

begin
flood
accounted "all is well"
equal "lost" "$(lost)" 0

# Where the kernel knows what a device can do, the packet does not get as far as the driver.
takes_none=EOPNOTSUPP
[[ $(uname -r) != 6.[0-2].* ]] || takes_none=ENXIO

on net ip link set lb xdp off
on net ethtool -K lb gro off
begin
flood
accounted "no program and no GRO at the far end" $takes_none

stop KILL
flood
start
wait_for resolved
[ $(($(lost) - lost)) -ge $((N * 18 / 10)) ] || fail "lost without a daemon: $(($(lost) - lost))"
begin
flood
accounted "counted by the next daemon" $takes_none
on net ethtool -K lb gro on
before=$(lost)
flood
equal "lost with GRO" "$(lost)" "$before"

begin
flood &
under_way
lb ip link set eth1 down
wait $!
accounted "the device goes down"
lb ip link set eth1 up
lb ip route replace 10.2.0.0/16 dev eth1
wait_for resolved

begin
flood &
under_way
on net ip link set lb down
wait $!
accounted "the far end goes down"
on net ip link set lb up
wait_for resolved

begin
flood &
under_way
stop KILL
lb ip link set eth1 down
wait $!
start
accounted "the device goes down, and there is no daemon" ENETDOWN
lb ip link set eth1 up
wait_for resolved

on net ip link set lb mtu 1000
begin
client socat -u -b 1400 "SYSTEM:head -c $((N * 1400)) /dev/zero" "UDP4-SENDTO:$VIP4:53"
accounted "longer than the far end's MTU" full
on net ip link set lb mtu 1600

stop KILL
lb ip link set eth1 mtu 1000
client socat -u -b 1400 "SYSTEM:head -c $((N * 1400)) /dev/zero" "UDP4-SENDTO:$VIP4:53"
lb ip link set eth1 mtu 1600
start
wait_for resolved
[ "$(lost EMSGSIZE)" -ge $((N * 8 / 10)) ] || fail "longer than the MTU: $(xring stats)"

begin
client "$FLOOD" $VIP4 53 --syn $((10 * N)) --udp >/dev/null
accounted "as fast as can be"

# The backends' network stands on a device over eth1.
over() { # WAY OPTION...
	lb ip link add "${@:2}" || return 0	# this kernel has none
	[ "$1" != bridge ] || lb ip link set eth1 master lan0
	lb ip addr flush dev eth1
	lb ip addr add "$(lab address lb)/16" dev lan0
	lb ip link set lan0 up
	wait_for resolved
	begin
	flood
	accounted "$1 over the device" EOPNOTSUPP
	lb ip link del lan0
	lb ip addr add "$(lab address lb)/16" dev eth1
	wait_for resolved
}
over bridge name lan0 type bridge
over macvlan link eth1 name lan0 type macvlan

xring detach eth0
xring attach eth0 --mode generic
begin
flood
accounted "generic"
begin
flood &
under_way
stop KILL
lb ip link set eth1 down
wait $!
start
accounted "generic, and the device goes down"

echo "one arm"
lab down
lab up -b 1 -a 1
services eth0
start
wait_for resolved
begin
flood
accounted "back out of the same device"
on net ip link set lb xdp off
on net ethtool -K lb gro off
begin
flood
accounted "no program and no GRO at the far end" ENXIO
