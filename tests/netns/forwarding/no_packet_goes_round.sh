#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One spoofed datagram makes no storm: not between two backends that answer each other by way of
# their VIP, and not between two balancers that name each other.
. "$(dirname "$0")/../lib.sh"

second() { "$BUILD/xring" --socket "$RUN/two/sock" "$@"; }
cleanup() { [ ! -d "$RUN/two" ] || umount -q "$RUN/two/bpf" || true; }

lab up -b 2
mac=$(lb ip -j link show eth0 | jq -r '.[0].address')
inject() { client "$BUILD/tests/tools/inject" eth0 "$mac" "$@"; }
of() { # COUNTER COMMAND...: packets of it, by the daemon that the command asks
	"${@:2}" --json stats | jq "[.reasons[] | select(.name == \"$1\").packets][0] // 0"
}

# ---- the source is the VIP: the answer would go to the other backend, and so on ----
for b in b1 b2; do
	on $b socat -T 1 UDP4-RECVFROM:7,fork PIPE &
done
config <<EOT
interfaces: [eth0, eth1]
services:
  echo: {vip: $VIP4:7/udp, mode: nat, backends: {b1: $(lab address b1), b2: $(lab address b2)}}
EOT
start
wait_for resolved
echoes() { [ "$(echo hello | client socat -t 1 - UDP4:$VIP4:7)" = hello ]; }
wait_for echoes
before=$(of tx_redirect xring)
for port in 7 7 7 7; do
	inject udp $VIP4 $port $VIP4 7
done
equal "datagrams from the VIP" "$(of drop_martian xring)" 4
wait_for echoes		# an answer later, nothing of them is under way
after=$(of tx_redirect xring)
[ $((after - before)) -le 3 ] || fail "$((after - before)) packets went to backends for one"
stop

# ---- two balancers in mode l2, each the other's only backend ----
mkdir -p "$RUN/two/bpf" "$RUN/two/state"
mount -t bpf bpf "$RUN/two/bpf"
sed "s|^  echo:.*|  web: {vip: $VIP4:53/udp, mode: l2, backends: {b1: $(lab address b1)}}|" \
	-i "$RUN/xring.yaml"
back=$(lb ip -j -4 addr show eth1 | jq -r '.[0].addr_info[0].local')
cat >"$RUN/two/xring.yaml" <<EOT
hash_key: 00112233445566778899aabbccddeeff
interfaces: [eth0]
services: {web: {vip: $VIP4:53/udp, mode: l2, backends: {other: $back}}}
EOT
start
on b1 "$BUILD/xringd" -f "$RUN/two/xring.yaml" --bpffs "$RUN/two/bpf" \
	--state "$RUN/two/state" --socket "$RUN/two/sock" >"$RUN/two/log" 2>&1 &
two=$!
both_resolved() {
	local list
	list=$(second backend list web) && resolved &&
		! grep -Eq 'unresolved|not in the maps' <<<"$list"
}
wait_for both_resolved
before=$(of tx_redirect xring)
inject -t 4 udp 10.1.7.7 4000 $VIP4 53
arrived() { [ "$(of drop_loop second)" = 1 ]; }
wait_for arrived
equal "by the first balancer" "$(($(of tx_redirect xring) - before))" 1
equal "by the second balancer" "$(of tx second)" 0
kill $two
wait_for ended $two
