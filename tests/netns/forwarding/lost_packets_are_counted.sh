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

counts() { # sent, dropped, lost
	xring --json stats | jq -r '[([.reasons[] | select(.name | startswith("tx")).packets] | add),
		.packets.drop, .lost.packets] | @tsv'
}
lost() { # REASON
	xring --json stats | jq "[.lost.devices[] | select(.reason == \"$1\").packets] | add // 0"
}
# What the far end of the balancer's device for the backends took.
arrived() { on net ip -j -s link show lb | jq '.[0].stats64.rx.packets'; }

begin() {
	read -r sent dropped lost < <(counts)
	arrived=$(arrived)
}
flood() { # [PACKETS A SECOND]
	client "$FLOOD" $VIP4 53 --syn "$N" --udp --pps "${1:-$((2 * N))}" >/dev/null
}
under_way() {
	[ "$(counts | cut -f 1)" -gt $((sent + N / 100)) ]
}
# In so many seconds that something happens meanwhile.
flood_slowly() {
	flood $((N / ${SECONDS_A_FLOOD:-2})) &
	wait_for under_way
}
# What came in since begin(), most of N, is accounted for; some packets of the hosts' own arrive, too.
accounted() { # WAY [REASON]: at least one is lost for it
	local went drops gone left
	read -r went drops gone < <(counts)
	went=$((went - sent)) drops=$((drops - dropped)) gone=$((gone - lost))
	left=$(($(arrived) - arrived))
	[ $((went + drops)) -ge $((N / 2)) ] || fail "$1: $went sent of $N"
	[ $((went - left)) -le $gone ] && [ $((went - left)) -ge $((gone - 20)) ] ||
		fail "$1: $went sent, $left arrived, $gone lost"
	[ $# = 1 ] || [ "$(lost "$2")" -gt 0 ] || fail "$1: nothing is lost for $2: $(xring stats)"
	echo "$1: $went sent, $left arrived, $gone lost, $drops dropped"
}

begin
flood
accounted "all is well"
equal "lost" "$lost" 0

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
was=$lost
begin
[ $((lost - was)) -ge "$N" ] || fail "lost without a daemon: $((lost - was))"
flood
accounted "counted by the next daemon" $takes_none
begin
flood_slowly
stop
start
wait $!
accounted "the next daemon takes over meanwhile"
on net ethtool -K lb gro on
begin
flood
accounted "GRO at the far end"

begin
flood_slowly
lb ip link set eth1 down
wait $!
accounted "the device goes down"
lb ip link set eth1 up
lb ip route replace 10.2.0.0/16 dev eth1
wait_for resolved

begin
flood_slowly
on net ip link set lb down
wait $!
accounted "the far end goes down"
on net ip link set lb up
wait_for resolved

begin
flood_slowly
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
[ "$(lost EMSGSIZE)" -ge $((N / 2)) ] || fail "longer than the MTU: $(xring stats)"

begin
flood 1000000
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
	accounted "$1 over the device"
	equal "lost by way of a $1" "$(counts | cut -f 3)" "$lost"
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
flood_slowly
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
