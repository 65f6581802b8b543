#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# xring-backend unwraps tunnels of the balancers that it was told, for the VIPs that it was told.
# By ip, without lists, the program unwraps any, which a stranger may use to come from any address.
. "$(dirname "$0")/../lib.sh"

lab up -b 1 -a 1
lab nginx
lab vip
b1=$(lab address b1) b16=$(lab address b1 6)
mac=$(on b1 ip -j link show eth0 | jq -r '.[0].address')
backend() { on b1 "$BUILD/xring-backend" "$@"; }
config <<EOT
interfaces: [eth0]
services:
  web:
    vip: [$VIP4:80/tcp, "[$VIP6]:80/tcp"]
    mode: ipip
    backends: {b1: $b1}
  six:
    vip: [$VIP4:81/tcp, "[$VIP6]:81/tcp"]
    mode: ipip
    backends: {b1: "$b16"}
EOT
start
wait_for resolved
balancers=$(lab address lb),$(lab address lb 6)

count() { # COUNTER
	backend --json status eth0 | jq ".counters.$1"
}

# ---- what a stranger's tunnel carries is delivered as from any address ----
on b1 socat -u UDP4-RECV:9 OPEN:"$RUN/heard",creat,append &
wait_for on b1 sh -c 'ss -uln | grep -q ":9 "'
forge() { # INNER-SRC INNER-DST
	client "$BUILD/tests/tools/inject" -t 9 -o 10.1.0.99,"$b1" eth0 "$mac" udp "$1" 53 "$2" 9
}
heard() { [ -s "$RUN/heard" ]; }
lab decap
forge 10.1.99.99 "$b1"
wait_for heard
fails 1 "want one that there is" backend attach nope --balancer 10.0.0.0/8 --vip $VIP4
backend status eth0 | grep -q "^balancers:$" || fail "a program without lists has some"

# ---- with lists: in the place of the program that is there, under traffic ----
backend attach eth0 --balancer "$balancers" --vip "$VIP4,$VIP6" | grep -q "attached to eth0"
: >"$RUN/heard"
forge 10.1.99.99 "$b1"
forge 10.1.99.99 $VIP4
equal "tunnels from no balancer" "$(count pass_not_balancer)" 2
equal "heard of them" "$(cat "$RUN/heard")" ""
for vip in $VIP4 $VIP6; do
	for port in 80 81; do
		host=$vip
		[[ $vip == *:* ]] && host="[$vip]"
		if [ $port = 80 ]; then
			equal "answer of $vip" "$(fetch "$vip")" b1
		else
			client curl -sS -m 5 -o /dev/null "http://$host:$port/" ||
				[ $? = 7 ] || fail "no answer of $vip port $port"
		fi
	done
done
[ "$(count unwrapped)" -gt 8 ] || fail "nothing was unwrapped"

# A balancer's tunnel for what is no VIP: as if another host forged the balancer's address.
backend attach eth0 --balancer 10.0.0.0/8 --vip "$VIP4"
forge 10.1.99.99 "$b1"
equal "tunnels to no VIP" "$(count pass_not_vip)" 1
equal "heard of them" "$(cat "$RUN/heard")" ""
backend status eth0 | grep -q "^balancers: 10.0.0.0/8$" || fail "status: $(backend status eth0)"

backend status eth0 | grep -q "^gue:       port 6080$" || fail "status: $(backend status eth0)"
backend attach eth0 --balancer 10.0.0.0/8 --vip "$VIP4" --gue 7000
equal "the port of gue" "$(backend --json status eth0 | jq .gue)" 7000
backend attach eth0 --balancer 10.0.0.0/8 --vip "$VIP4" --gue none
backend status eth0 | grep -q "^gue:       left to the host$" || fail "status: $(backend status eth0)"

# ---- bad input, and what is not ours ----
fails 2 "10.0.0.1/8" backend attach eth0 --balancer 10.0.0.1/8 --vip $VIP4
fails 2 "want --balancer and --vip" backend attach eth0 --vip $VIP4
fails 2 "want native or generic" backend attach eth0 --balancer 10.0.0.0/8 --vip $VIP4 --mode x
backend detach eth0
fails 1 "runs no program of xring-backend" backend status eth0
fails 1 "runs no program of xring-backend" backend detach eth0
on b1 ip link set dev eth0 xdp obj "$BUILD/pass.bpf.o" sec xdp
fails 1 "runs another XDP program, pass" backend attach eth0 --balancer 10.0.0.0/8 --vip $VIP4
fails 1 "runs another XDP program, pass" backend detach eth0
on b1 ip link set dev eth0 xdp off
backend attach eth0 --balancer 10.0.0.0/8 --vip $VIP4 --mode generic | grep -q "(generic)"
equal "answer through a generic program" "$(fetch $VIP4)" b1
