#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Links of MTU 9000, whose packets take several buffers: native XDP, a download and an upload of 20 MB in
# each mode. A program that takes one buffer is refused in the driver's own words.
. "$(dirname "$0")/../lib.sh"

export LAB_MTU=9100 LAB_CLIENT_MTU=9000
lab up -b 3
lab nginx
lab vip
lab decap
config <<EOT
services:
  tunnel: {vip: "$VIP4:80/tcp", mode: ipip, backends: {b1: $(lab address b1)}}
  six: {vip: "[$VIP6]:80/tcp", mode: ipip, backends: {b2: "$(lab address b2 6)"}}
  direct: {vip: "$VIP4:8080/tcp", mode: l2, backends: {b3: $(lab address b3)}}
  nat: {vip: "$VIP4:82/tcp", mode: nat, backends: {b3: "$(lab address b3):80"}}
EOT
start
wait_for resolved

export TC_BPF_MNT=$RUN/bpf
driver=$(lb ip link set dev eth0 xdp obj "$BUILD/xring.bpf.o" sec xdp 2>&1) &&
	fail "a program of one buffer is attached at MTU 9000"
[[ $driver == *"MTU is too large"* ]] || echo "ip link said: $driver"
equal "attach" "$(xring attach eth0 --mode native)" "eth0: attached (native)"
equal "attach" "$(xring attach eth1 --mode native)" "eth1: attached (native)"

head -c 20000000 /dev/urandom >"$RUN/upload"
for b in b1 b2 b3; do
	cp "$RUN/upload" "$RUN/nginx-$b/file"
done
through() { # SERVICE URL
	local before
	before=$(xring --json stats "$1" | jq .bytes)
	client curl -sS -m 60 "$2file" | cmp - "$RUN/upload" || fail "the download from $1 was cut"
	client curl -sS -m 60 -o /dev/null -H 'Expect:' --data-binary "@$RUN/upload" "$2upload" ||
		fail "the upload to $1 was cut"
	[ $(($(xring --json stats "$1" | jq .bytes) - before)) -gt 20000000 ] ||
		fail "the upload to $1 is not counted"
}
through tunnel "http://$VIP4/"
through six "http://[$VIP6]/"
through direct "http://$VIP4:8080/"
through nat "http://$VIP4:82/"
for drop in drop_malformed drop_too_big drop_no_headroom; do
	equal "$drop" "$(counter $drop)" 0
done
