#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A promiscuous interface sees frames of others too. Only frames to a MAC address of this host are
# balanced; its devices come, go and change while traffic runs.
. "$(dirname "$0")/../lib.sh"

lab up -b 1
lab decap
services="services: {dns: {vip: $VIP4:53/udp, mode: ipip, backends: {b1: $(lab address b1)}}}"
config <<<"interfaces: [eth0, eth1]
$services"
start
wait_for resolved

mac_of() { lb ip -j link show "$1" | jq -r ".[0].address"; }
send() { # MAC
	client "$BUILD/tests/tools/inject" eth0 "$1" udp 10.1.7.7 4000 $VIP4 53
}
counts() { # COUNTER MAC: such a frame counts there
	local before
	before=$(counter "$1")
	send "$2"
	[ "$(counter "$1")" -gt "${before:-0}" ]
}
balanced() { counts tx_redirect "$1"; }
passed() { counts pass_other_mac "$1"; }

own=$(mac_of eth0)
balanced "$own" || fail "a frame to $own was not balanced"
balanced "$(mac_of eth1)" || fail "a frame to the other interface was not balanced"
for other in ff:ff:ff:ff:ff:ff 01:00:5e:01:02:03 02:de:ad:00:00:01; do
	passed "$other" || fail "a frame to $other did not pass"
done

lb ip link add link eth0 name vrrp address 00:00:5e:00:01:07 type macvlan
wait_for balanced 00:00:5e:00:01:07
lb ip link set vrrp address 00:00:5e:00:01:08
wait_for balanced 00:00:5e:00:01:08
passed 00:00:5e:00:01:07 || fail "a frame to an address that has gone did not pass"
lb ip link del vrrp
wait_for passed 00:00:5e:00:01:08

# The first interface's address is a word of the configuration, not of the map.
lb ip link set eth0 address 02:11:11:11:11:11
wait_for balanced 02:11:11:11:11:11
passed "$own" || fail "a frame to the old address of eth0 did not pass"

# The next daemon finds and writes the same.
stop
start
balanced 02:11:11:11:11:11 || fail "after a restart: not balanced"
passed ff:ff:ff:ff:ff:ff || fail "after a restart: broadcast did not pass"

config <<<"interfaces: [{name: eth0, any_mac: true}, eth1]
$services"
kill -HUP "$(daemon_pid)"
wait_for balanced ff:ff:ff:ff:ff:ff
balanced 02:de:ad:00:00:01 || fail "any_mac: a frame to another host was not balanced"
config <<<"interfaces: [eth0, eth1]
$services"
kill -HUP "$(daemon_pid)"
wait_for passed ff:ff:ff:ff:ff:ff

# An address that there is not is no word of the configuration.
config <<<"interfaces: [eth0]
$services"
kill -HUP "$(daemon_pid)"
wait_for passed 00:00:00:00:00:00
