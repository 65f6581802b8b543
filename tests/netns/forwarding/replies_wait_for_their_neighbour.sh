#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Mode nat, and nobody knows the MAC address of the next hop to the client: at the first packet, and in the
# middle of a download. Whatever the host thinks of replies (the VIP its own on lo or on a NIC, rp_filter
# strict or loose), by IPv4 and IPv6, direct or behind a gateway, the answer comes within two seconds.
. "$(dirname "$0")/../lib.sh"

lab up -b 1
lab nginx
head -c 2000000 /dev/zero >"$RUN/nginx-b1/file"
config <<EOT
interfaces: [eth0, eth1]
services:
  web4: {vip: $VIP4:80/tcp, mode: nat, backends: {b1: "$(lab address b1):80"}}
  web6: {vip: "[$VIP6]:80/tcp", mode: nat, backends: {b1: "[$(lab address b1 6)]:80"}}
...
EOT
start
wait_for resolved

client sysctl -qw net.ipv4.tcp_rmem="4096 65536 131072"	# what is not read yet is not sent yet
on b1 sysctl -qw net.ipv4.tcp_wmem="4096 65536 131072"

# Networks to which the client is the gateway; and the client never asks for its own.
client ip addr add 10.77.0.1/32 dev lo
client ip addr add fd77::1/128 dev lo nodad
lb ip route add 10.77.0.0/24 via "$(lab address client)"
lb ip route add fd77::/64 via "$(lab address client 6)"
mac=$(lb ip -j link show eth0 | jq -r '.[0].address')
for family in 4 6; do
	way=$(client ip -$family -j route show default | jq -r '.[0].gateway')
	client ip neigh replace "$way" lladdr "$mac" nud permanent dev eth0
done

forget() {
	lb ip -4 neigh flush dev eth0
	lb ip -6 neigh flush dev eth0
}

forgotten() { # also by what comes late of the last connection
	forget
	! lb ip -"$family" neigh show dev eth0 | grep -q lladdr
}

get() { # PATH OPTION...: from the address $from
	local path=$1 host=$VIP4
	shift
	[ $family = 4 ] || host="[$VIP6]"
	client curl -sS --interface "$from" "$@" "http://$host$path"
}

# The host's settings and the family in which it is tried.
try() {
	local family from froms at
	for family in 4 6; do
		froms=("$(lab address client)" 10.77.0.1)
		[ $family = 4 ] || froms=("$(lab address client 6)" fd77::1)
		for from in "${froms[@]}"; do
			wait_for forgotten
			get / -m 2 >"$RUN/got" || fail "$*, $from: no answer ($(counter pass_unresolved) passed)"
			equal "$*, $from" "$(cat "$RUN/got")" b1
			# The neighbour goes when a quarter has come, and hardly more can be under way.
			get /file -m 5 | {
				head -c 500000 >"$RUN/file"
				forget
				at=$(date +%s%N)
				cat >>"$RUN/file"
				echo $((($(date +%s%N) - at) / 1000000)) >"$RUN/took"
			} || fail "$*, $from: the download ended"
			cmp "$RUN/nginx-b1/file" "$RUN/file" || fail "$*, $from: other bytes"
			[ "$(cat "$RUN/took")" -lt $((2000 * ${XRING_PATIENCE:-1})) ] ||
				fail "$*, $from: $(cat "$RUN/took") ms after the neighbour went"
		done
	done
}

vip_at() { # DEV
	local dev
	for dev in lo eth0; do
		lb ip addr del "$VIP4/32" dev $dev 2>/dev/null || true
		lb ip addr del "$VIP6/128" dev $dev 2>/dev/null || true
	done
	[ "$1" = nobody ] && return
	lb ip addr add "$VIP4/32" dev "$1"
	lb ip addr add "$VIP6/128" dev "$1" nodad
}

for dev in nobody lo eth0; do
	vip_at $dev
	for filter in 0 1 2; do
		lb sysctl -qw net.ipv4.conf.all.rp_filter=$filter net.ipv4.conf.eth0.rp_filter=$filter \
			net.ipv4.conf.eth1.rp_filter=$filter
		echo "the VIP at $dev, rp_filter $filter"
		try "the VIP at $dev, rp_filter $filter"
	done
done

echo "each packet that waited is counted: passed on where the host forwards it, dropped where it would not"
vip_at nobody
lb sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0 net.ipv4.conf.eth1.rp_filter=0
family=4 from=$(lab address client)
# $1 is counted once, and $2 is not, of a first answer; the daemon looks at the host's settings each second.
counts() {
	local more=$1 same=$2 was_more was_same
	was_more=$(counter "$more")
	was_same=$(counter "$same")
	forget
	get / -m 2 >/dev/null || fail "no answer"
	[ "$(counter "$more")" -gt "$was_more" ] && [ "$(counter "$same")" = "$was_same" ]
}
wait_for counts pass_unresolved drop_unresolved
vip_at lo
wait_for counts drop_unresolved pass_unresolved
vip_at nobody
wait_for counts pass_unresolved drop_unresolved
lb sysctl -qw net.ipv4.conf.eth1.rp_filter=1
wait_for counts drop_unresolved pass_unresolved
lb sysctl -qw net.ipv4.conf.eth1.rp_filter=2		# there is no route to the VIP
wait_for counts drop_unresolved pass_unresolved
lb ip route add $VIP4/32 via "$(lab address client)"
wait_for counts pass_unresolved drop_unresolved
lb sysctl -qw net.ipv4.conf.eth1.rp_filter=1		# it leads elsewhere
wait_for counts drop_unresolved pass_unresolved
lb ip route del $VIP4/32
vip_at lo

echo "what was asked for is kept alive without any traffic of the host"
lb sysctl -qw net.ipv4.neigh.eth0.base_reachable_time_ms=1000 net.ipv4.neigh.eth0.delay_first_probe_time=1
forget
get / -m 2 >/dev/null || fail "no answer"
# Some states last for less than a look at them takes: each change is written down.
lb ip -4 monitor neigh dev eth0 >"$RUN/neighbours" &
confirmed() { # TIMES, by an answer to a question that nobody else asks
	[ "$(grep -c "^$from .*REACHABLE" "$RUN/neighbours")" -ge "$1" ]
}
wait_for confirmed 3
echo "and let go when nobody answers any more"
client ip link set eth0 arp off
client ip link set eth0 address 02:00:00:00:77:77
gone() {
	case $(lb ip -4 -j neigh show "$from" dev eth0 | jq -r '.[0].state[0]') in
	REACHABLE | STALE | DELAY | PROBE) false ;;
	esac
}
wait_for gone
