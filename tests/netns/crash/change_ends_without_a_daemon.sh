#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The daemon dies in the midst of a drain, of a split key and of a rule's change. By itself the
# datapath ends what is over, and no connection breaks: neither those from before, nor those that
# came without a daemon, nor when another daemon takes over.
. "$(dirname "$0")/../talkers.sh"

EAST=10.1.2.10 HOT=10.1.3.10 OTHER=10.1.4.10
hosts=(b1 b2 b3 b4)
lab up -b ${#hosts[@]}
lab vip
lab decap
client_address $EAST $HOT $OTHER
for host in "${hosts[@]}"; do
	on "$host" ip addr add 10.200.1.2/32 dev lo
done
talk_servers "${hosts[@]}"
config_of() { # REGIONS that some clients prefer
	config <<EOT
interfaces: [eth0]
regions:
  east: {}
  west: {}
services:
  web:
    vip: $VIP4:7000/tcp
    mode: ipip
    key: client
    tcp_idle: 3s
    udp_idle: 1s
    drain: 1d
    placement:
      - {clients: [10.1.2.0/24], preferences: [$1]}
    backends:
      b1: {address: $(lab address b1), region: east}
      b2: {address: $(lab address b2), region: east}
      b3: {address: $(lab address b3), region: west}
      b4: {address: $(lab address b4), region: west}
  many:
    vip: 10.200.1.2:7000/tcp
    mode: ipip
    tcp_idle: 3s
    udp_idle: 1s
    drain: 1d
    backends: {$(backends_of "${hosts[@]}")}
EOT
}
config_of "east, west"
start
wait_for resolved

# Each 40 connections that speak twice a second: of one client by its class, of one by its key,
# and of ports by their cells.
come() { # PREFIX
	talker "$1-class" --tcp 40 --rate 2 --source $EAST
	talker "$1-key" --tcp 40 --rate 2 --source $HOT
	TO=10.200.1.2 talker "$1-cells" --tcp 40 --rate 2 --source $OTHER
	for of in class key cells; do
		wait_for lives "$1-$of" 40
	done
}
come before

echo "all of them begin to move, and the daemon dies"
talker short-class --tcp 20 --rate 4 --life 0.5 --source $EAST
talker short-key --tcp 20 --rate 4 --life 0.5 --source $HOT
TO=10.200.1.2 talker short-cells --tcp 20 --rate 4 --life 0.5 --source $OTHER
config_of "west, east"
kill -HUP "$(daemon_pid)"
xring hot split web $HOT --shards 100 >/dev/null
xring backend drain many b1 --now >/dev/null
moving() { ! settled; }
wait_for moving
stop KILL

echo "by itself it is over: new connections need no pins"
pins() { lb bpftool -j map dump pinned "$RUN/bpf/tc/globals/xring_pins" | jq length; }
no_more_pins() {
	local count
	count=$(pins)
	opens short-class 60
	opens short-key 60
	opens short-cells 60
	[ "$(pins)" = "$count" ]
}
many_pins() { [ "$(pins)" -gt 60 ]; }
wait_for many_pins
within 40 no_more_pins
come late
equal "where the drained one stands" "$(opens short-cells 100 | jq 'has("b1")')" false

echo "another daemon, and what moves is over for it, too"
start
wait_for settled
equal "changes that began again" "$(said "stay as they are" && echo some || echo none)" none
for who in before late; do
	for of in class key cells; do
		equal "$who-$of" "$(counts "$who-$of" '[([.names[]] | add), .tcp_broken]')" '[40,0]'
		talker_end "$who-$of"
	done
done
for of in class key cells; do
	talker_end "short-$of"
done
