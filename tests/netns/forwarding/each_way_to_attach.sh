#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The three ways to attach, each carrying requests: the pinned program by ip link,
# the object file by ip link (after the daemon's start, and before it), the command.
. "$(dirname "$0")/../lib.sh"

lab up -b 2
lab nginx
lab vip
lab decap
config <<EOT
services:
  web:
    vip: $VIP4:80/tcp
    mode: ipip
    backends: {b1: $(lab address b1), b2: $(lab address b2)}
EOT

# `ip link` finds the bpffs by this, as it finds /sys/fs/bpf by itself.
export TC_BPF_MNT=$RUN/bpf
port=20000

attached() { # BY MODE
	equal "attached by" "$(xring --json status | jq -r '.interfaces[] |
		select(.name == "eth0") | .by + " " + .mode')" "$1 $2"
	follows_ring web $VIP4 15 $((port += 100))
}

off() {
	lb ip link set dev eth0 xdp off 2>/dev/null || true
	lb ip link set dev eth0 xdpgeneric off 2>/dev/null || true
}

echo "the pinned program"
start
wait_for resolved
lb ip link set dev eth0 xdp pinned "$RUN/bpf/xring/prog"
attached ip native
fails 1 "another XDP program" xring attach eth0
off

echo "the object file, after the daemon"
lb ip link set dev eth0 xdp obj "$BUILD/xring.bpf.o" sec xdp
attached other native
off

echo "the command, native and generic"
equal "attach" "$(xring attach eth0)" "eth0: attached (native)"
equal "what a veth needs" "$(xring attach eth0 2>&1 >/dev/null)" "xring: eth0: a veth: its far end must finish checksums and send no trains of segments: want \`ethtool -K DEV tx off\` there"
attached link native
equal "attach again" "$(xring attach eth0)" "eth0: attached (native)"
fails 2 "" lb ip link set dev eth0 xdp off
xring detach eth0
fails 1 "not attached" xring detach eth0
equal "attach" "$(xring attach eth0 --mode generic)" "eth0: attached (generic)"
attached link generic
xring detach eth0
fails 1 "no such interface" xring attach eth7
fails 2 "want native or generic" xring attach eth0 --mode fast

echo "a driver that refuses, in its own words"
lb ip link add few numrxqueues 1 numtxqueues 1 type veth peer name many numrxqueues 1 numtxqueues 4
lb ip link set many up
lb ip link set few up
words="XDP expects number of rx queues not less than peer tx queues"
fails 1 "$words: want --mode generic, or what the driver wants" xring attach few --mode native
equal "attach" "$(xring attach few)" "few: attached (generic)"
wait_for said "few: native XDP: veth: $words: it gets generic"
xring detach few
lb ip link del few

echo "the object file, before the daemon"
kill "$(daemon_pid)"
wait_for test ! -e "$RUN/sock"
rm -rf "$RUN/bpf/xring/prog" "$RUN"/bpf/tc "$RUN/state"
lb ip link set dev eth0 xdp obj "$BUILD/xring.bpf.o" sec xdp
start
wait_for resolved
attached other native
grep -q 'eth0 runs xring from an object file .* on these maps: adopted' "$RUN/xringd.log" ||
	fail "the daemon did not name the program that it found"
