#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# iperf3 up and down by TCP, and up by UDP, in each mode over each family: its two
# connections reach one backend, the bytes arrive, and xring drops nothing.
. "$(dirname "$0")/../lib.sh"

lab up -b 2
lab vip
lab decap

serve() { # HOST ADDRESS PORT
	on "$1" iperf3 -s -B "$2" -p "$3" >"$RUN/iperf3-$1-$3.log" 2>&1 &
	wait_for listens "$1" "$3"
}

listens() { # HOST PORT
	on "$1" ss -Hltn "sport = :$2" | grep -q .
}

# UDP answers come from the address that a server is bound to.
for host in b1 b2; do
	serve $host $VIP4 5201
	serve $host $VIP6 5202
	serve $host "$(lab address $host)" 5203
	serve $host "$(lab address $host 6)" 5204
done

# A client split over its backends would have its two connections on two of them.
config <<EOT
interfaces: [eth0, eth1]
services:
  direct:
    vip: [$VIP4:5201/tcp, $VIP4:5201/udp, "[$VIP6]:0/tcp", "[$VIP6]:0/udp"]
    mode: ipip
    key: client
    hot: {auto: false}
    backends: {b1: $(lab address b1), b2: "$(lab address b2 6)"}
  nat4:
    vip: [$VIP4:5203/tcp, $VIP4:5203/udp]
    mode: nat
    key: client
    hot: {auto: false}
    backends: {b1: $(lab address b1), b2: $(lab address b2)}
  nat6:
    vip: ["[$VIP6]:5204/tcp", "[$VIP6]:5204/udp"]
    mode: nat
    key: client
    hot: {auto: false}
    backends: {b1: "$(lab address b1 6)", b2: "$(lab address b2 6)"}
EOT
start
wait_for resolved

# BYTES VIP PORT OPTION...: that many are sent, and arrive but for those that are
# under way when iperf3 stops its clock.
run() {
	local wanted=$1 vip=$2 port=$3 got
	shift 3
	client timeout 10 iperf3 -J -c "$vip" -p "$port" -n "$wanted" "$@" >"$RUN/iperf3.json" ||
		fail "iperf3 $vip $port $*: $(jq -r .error "$RUN/iperf3.json")"
	got=$(jq '.end | (.sum_received // .sum).bytes' "$RUN/iperf3.json")
	[ "$got" != null ] && [ "$got" -ge $((wanted / 2)) ] ||
		fail "iperf3 $vip $port $*: $got bytes of $wanted arrived: $(jq -c .end "$RUN/iperf3.json")"
}

all_ways() { # VIP PORT
	run 20000000 "$1" "$2" -w 256K
	run 20000000 "$1" "$2" -w 256K -R
	run 500000 "$1" "$2" -u -b 20M
}

for mode in ipip l2; do
	xring service set direct --mode $mode --now
	all_ways $VIP4 5201
	all_ways $VIP6 5202
done
all_ways $VIP4 5203
all_ways $VIP6 5204

for service in direct nat4 nat6; do
	[ "$(xring --json stats $service | jq .bytes)" -gt 20000000 ] ||
		fail "$service: the bytes did not come through xring"
done
equal "dropped" "$(xring --json stats | jq .packets.drop)" 0
