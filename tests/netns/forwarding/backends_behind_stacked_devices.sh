#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The route to a backend leads to a device over others: packets leave by the device at the bottom, with
# the tags of the VLANs on the way, and what changes there is followed; replies come back. Mode nat, whose
# replies also leave by such a device where the clients are behind one.
. "$(dirname "$0")/../lib.sh"

lab up -b 1
lab nginx
head -c 1500000 /dev/zero >"$RUN/nginx-b1/file"
tune() { # HOST DEV: tags stay in the frames
	on "$1" ethtool -K "$2" rxvlan off txvlan off tx off gro on >/dev/null 2>&1
	on "$1" ethtool -K "$2" tx-vlan-stag-hw-insert off >/dev/null 2>&1 || true
}
tune lb eth0
tune lb eth1
tune b1 eth0
tune net lb
tune net b1
tune client eth0
config <<EOT
interfaces: [eth0, eth1]
services:
  web: {vip: $VIP4:80/tcp, mode: nat, backends: {b1: "$(lab address b1):80"}}
EOT
start
wait_for resolved
fetched() { [ "$(client curl -sS -m 2 "http://$VIP4/")" = b1 ]; }	# often, where it fails
fetched || fail "no answer before anything is over anything"
us=$(lab address lb) them=$(lab address b1)

hop() { # FIELD of the next hop
	xring --json backend list | jq -r ".[0].next_hop.$1"
}
sends() { # DEV: the packets to the backend leave by it
	[ "$(hop state)" = resolved ] &&
		[ "$(hop ifindex)" = "$(lb ip -j link show "$1" | jq '.[0].ifindex')" ]
}
why() { # TEXT
	[ "$(hop why)" = "$1" ]
}
has() { # HOST DEV ADDRESS: it is that device's, and no other's
	local dev
	for dev in $(on "$1" ip -j link show | jq -r '.[].ifname'); do
		on "$1" ip addr del "$3/16" dev "$dev" 2>/dev/null || true
	done
	on "$1" ip link set "$2" up
	on "$1" ip addr add "$3/16" dev "$2"
	on "$1" ip route replace default via "$us" 2>/dev/null || true
}
cut_off() { # what the host forgets of its neighbours
	lb ip neigh flush all
	on b1 ip neigh flush all
}
works() { # DEV
	wait_for sends "$1"
	wait_for fetched
}

has_kind() { # KIND OPTION...: does this kernel have such devices?
	lb ip link add link eth1 name probe type "$@" 2>/dev/null ||
		lb ip link add name probe type "$@" 2>/dev/null || { echo "   no $1 here"; return 1; }
	lb ip link del probe
}

echo "macvlan"
if has_kind macvlan; then
	lb ip link add link eth1 name over type macvlan mode bridge
	lb ip link set over mtu 1400
	has lb over "$us"
	cut_off
	works eth1
	equal "MTU" "$(hop mtu)" 1400
	lb ip link del over
	has lb eth1 "$us"
	works eth1
fi

echo "a bridge, and a MAC address that moves from one of its ports to the other"
if has_kind bridge; then
	ip link add "x$LAB-p" type veth peer name "x$LAB-q"
	ip link set "x$LAB-p" netns "/run/netns/xring-$LAB-lb" name p1
	ip link set "x$LAB-q" netns "/run/netns/xring-$LAB-b1" name q1
	lb ip link set p1 mtu 1600 up
	on b1 ip link set q1 mtu 1600 up
	tune lb p1
	tune b1 q1
	lb ip link add over type bridge
	lb ip link set over mtu 1600
	lb ip link set eth1 master over
	lb ip link set p1 master over
	has lb over "$us"
	xring attach p1 >/dev/null 2>&1
	cut_off
	works eth1
	mac=$(on b1 ip -j link show eth0 | jq -r '.[0].address')
	on b1 ip link set eth0 down
	on b1 ip link set eth0 address 02:00:00:00:00:99
	on b1 ip link set q1 address "$mac"
	has b1 q1 "$them"
	on b1 ping -c 1 -W 1 "$us" >/dev/null || true		# the bridge learns of it by any frame
	works p1
	on b1 ip link set q1 address 02:00:00:00:00:98
	on b1 ip link set eth0 address "$mac"
	has b1 eth0 "$them"
	on b1 ping -c 1 -W 1 "$us" >/dev/null || true
	works eth1
	if lb ip link set over type bridge vlan_filtering 1 2>/dev/null; then
		wait_for why "its interface is a bridge that filters VLANs, which is not resolved: want another device to it"
		lb ip link set over type bridge vlan_filtering 0
	fi
	works eth1

	echo "a VLAN over the bridge"
	if has_kind vlan id 7; then
		lb ip link add link over name over.7 type vlan id 7
		on b1 ip link add link eth0 name eth0.7 type vlan id 7
		has lb over.7 "$us"
		has b1 eth0.7 "$them"
		cut_off
		works eth1
		on b1 ip link del eth0.7
		has b1 eth0 "$them"
		lb ip link del over.7
	fi
	xring detach p1
	lb ip link del over
	lb ip link del p1
	has lb eth1 "$us"
	cut_off
	works eth1
fi

if has_kind vlan id 7; then
	echo "a VLAN device, and one that goes"
	lb ip link add link eth1 name over type vlan id 7
	on b1 ip link add link eth0 name under type vlan id 7
	has lb over "$us"
	has b1 under "$them"
	cut_off
	works eth1
	lb ip link del over
	wait_for why "no route to it"
	echo "two tags"
	on b1 ip link del under
	lb ip link add link eth1 name outer type vlan id 9 protocol 802.1ad
	lb ip link add link outer name over type vlan id 7
	lb ip link set outer up
	on b1 ip link add link eth0 name far type vlan id 9 protocol 802.1ad
	on b1 ip link add link far name under type vlan id 7
	on b1 ip link set far up
	has lb over "$us"
	has b1 under "$them"
	cut_off
	works eth1
	lb ip link del outer
	on b1 ip link del far
	has lb eth1 "$us"
	has b1 eth0 "$them"
	cut_off
	works eth1

	echo "clients behind a VLAN: replies have its tag"
	lb ip link add link eth0 name front type vlan id 8
	client ip link add link eth0 name front type vlan id 8
	way=$(client ip -j route show default | jq -r '.[0].gateway')
	here=$(lab address client)
	has lb front "$way"
	client ip addr del "$here/16" dev eth0
	client ip link set front up
	client ip addr add "$here/16" dev front
	client ip route replace default via "$way"
	wait_for fetched
	client ip link del front
	lb ip link del front
	has lb eth0 "$way"
	client ip addr add "$here/16" dev eth0
	client ip route replace default via "$way"
	wait_for fetched
fi

lost() { xring --json stats | jq .lost.packets; }
equal "packets that were not taken" "$(lost)" 0

if has_kind bond mode active-backup; then
	echo "a bond whose active device fails under traffic"
	ip link add "x$LAB-p" type veth peer name "x$LAB-q"
	ip link set "x$LAB-p" netns "/run/netns/xring-$LAB-lb" name p1
	ip link set "x$LAB-q" netns "/run/netns/xring-$LAB-net" name q1
	on net ip link set q1 mtu 1600 master br0 up
	on net ip link set q1 xdp obj "$BUILD/pass.bpf.o" sec xdp
	tune lb p1
	tune net q1
	xring detach eth1
	lb ip addr flush dev eth1
	lb ip link add over type bond mode active-backup miimon 50
	for dev in eth1 p1; do
		lb ip link set $dev down
		lb ip link set $dev master over
	done
	lb ip link set over mtu 1600
	has lb over "$us"
	xring attach eth1 >/dev/null 2>&1
	xring attach p1 >/dev/null 2>&1
	cut_off
	resolved_by_it() { sends over || sends eth1 || sends p1; }
	wait_for resolved_by_it
	wait_for fetched
	for down in lb q1; do
		client curl -sS -m 10 --limit-rate 500000 -o "$RUN/down" "http://$VIP4/file" &
		begun() { [ -s "$RUN/down" ]; }
		wait_for begun
		on net ip link set $down down
		wait $! || fail "the connection broke when $down went down"
		cmp "$RUN/down" "$RUN/nginx-b1/file" || fail "other bytes"
		rm "$RUN/down"
		wait_for fetched
		before=$(lost)		# what came while the bond had no active device is lost, and counted
		client curl -sS -m 10 -o "$RUN/down" "http://$VIP4/file"
		equal "packets that were not taken behind it" "$(lost)" "$before"
		rm "$RUN/down"
		on net ip link set $down up
		up() { lb ip link show "$([ $down = lb ] && echo eth1 || echo p1)" | grep -q LOWER_UP; }
		wait_for up
	done
fi
