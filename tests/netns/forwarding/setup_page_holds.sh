#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What xring-setup(7) says: without a blackhole route a packet of a VIP that no service has goes
# round; uploads need room for the tunnel, a smaller announcement, or that clients are told; the
# emergency stop.
. "$(dirname "$0")/../lib.sh"

lab up -b 1
lab nginx
lab vip
lab decap
config <<EOT
interfaces: [eth0]
services:
  web: {vip: ["$VIP4:80/tcp", "$VIP4:9000/tcp"], mode: ipip, backends: {b1: $(lab address b1)}}
...
EOT
start
wait_for resolved

echo "the VIP's other ports"
client sysctl -qw net.ipv4.ip_forward=1
lb ip route add default via "$(lab address client)"
mac=$(lb ip -j link show eth0 | jq -r '.[0].address')
passes() { # of one packet from behind the router, which the client's host is here
	local before
	before=$(counter pass_no_service)
	client "$BUILD/tests/tools/inject" eth0 "$mac" udp 10.99.0.1 4000 "$VIP4" 81
	fetch "$VIP4" >/dev/null	# behind it, so that it has gone round by then
	echo $(($(counter pass_no_service) - before))
}
round=$(passes)
[ "$round" -gt 25 ] || fail "it goes round only $round times"
lb ip route add blackhole "$VIP4/32"
passed=$(passes)
echo "$round times, and $passed with a blackhole route"
equal "passes" "$passed" 1
equal "the service" "$(fetch "$VIP4")" b1

echo "an upload where the tunnel has no room"
head -c 1000000 /dev/urandom >"$RUN/file"
upload() {
	on b1 timeout 20 socat -u TCP-LISTEN:9000,reuseaddr OPEN:"$RUN/got",creat,trunc &
	wait_for listens
	# Who has sent all of it has not been read to the end: only one that does not get there is ended.
	client timeout $((3 * ${XRING_PATIENCE:-1})) socat -u "OPEN:$RUN/file" "TCP:$VIP4:9000" ||
		kill $! 2>/dev/null || true
	wait $! 2>/dev/null || true
	cmp -s "$RUN/file" "$RUN/got"
}
listens() { on b1 ss -Hltn 'sport = :9000' | grep -q .; }
for side in "lb eth1" "b1 eth0"; do
	read -r host dev <<<"$side"
	on "$host" ip link set "$dev" mtu 1500
done
wait_for resolved
xring service set web --too-big drop --now
upload && fail "it arrives"
[ "$(counter drop_too_big)" -gt 0 ] || fail "nothing was too big"
on b1 ip route change default via "$(lab address lb)" advmss 1420
upload || fail "it does not arrive, with a smaller announcement"
on b1 ip route change default via "$(lab address lb)"
xring service set web --too-big answer --now
client_is_told
upload || fail "it does not arrive, though the client is told"
[ "$(counter tx_too_big)" -gt 0 ] || fail "nobody was told"

echo "the emergency stop"
seen() { xring --json stats | jq '.reasons | map(.packets) | add'; }
rm "$RUN"/bpf/xring/link-*
before=$(seen)
client curl -s -m 1 "http://$VIP4/" && fail "it is answered"
equal "packets seen" "$(seen)" "$before"
says_so() { xring status | grep -Fq "eth0: not attached: another hand took the program off"; }
wait_for says_so
xring attach eth0
equal "the service" "$(fetch "$VIP4")" b1
stop KILL
rm "$RUN"/bpf/xring/link-*
client curl -s -m 1 "http://$VIP4/" && fail "it is answered"
start
wait_for equals b1 fetch "$VIP4"
