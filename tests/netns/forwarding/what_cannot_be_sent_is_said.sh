#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A device that cannot send what is redirected to it is in the first line of `status` within two
# seconds, with what helps; one that loses packets, too. `attach: false` keeps all programs off.
. "$(dirname "$0")/../lib.sh"

[ -e /sys/kernel/btf/vmlinux ] || skip "the kernel has no BTF"
FLOOD=$BUILD/tests/tools/flood
[ -x "$FLOOD" ] || skip "no $FLOOD"

lab up -b 1
lab vip
configure() { # INTERFACES
	config <<-EOT
	interfaces: [$1]
	services:
	  ports: {vip: $VIP4:0/udp, mode: l2, backends: {b1: $(lab address b1)}}
	EOT
}
configure eth0
start
wait_for resolved

first() { xring status | head -n 1; }
first_is() { [ "$(first)" = "$1" ]; }
first_begins() { [[ $(first) == "$1"* ]]; }
soon() { # COMMAND...: within two seconds, beside other tests later
	local until=$((${EPOCHREALTIME/[.,]/} + 2000000 * ${XRING_PATIENCE:-1}))
	until "$@"; do
		[ "${EPOCHREALTIME/[.,]/}" -lt "$until" ] || fail "not within two seconds: $*; status: $(first)"
	done
}
traffic() { # for a moment; kernels before 6.3 tell by losses alone what a device cannot do
	client "$FLOOD" $VIP4 53 --syn 500 --udp --pps 5000 >/dev/null
}
wait_for first_is ok

echo "a veth whose far end takes none"
on net ip link set lb xdp off
on net ethtool -K lb gro off
traffic
soon first_is "eth1: cannot send redirected packets: the far end of this veth takes none: want \`ethtool -K DEV gro on\` or an XDP program there"
equal "sentences" "$(status '.wrong | length')" 1
on net ethtool -K lb gro on
wait_for first_is ok
on net ethtool -K lb gro off
traffic
soon first_begins "eth1: cannot send"
on net ip link set lb xdp obj "$BUILD/pass.bpf.o" sec xdp
wait_for first_is ok

echo "what is lost is told of while it is"
on net ip link set lb mtu 1000
client socat -u -b 1400 "SYSTEM:head -c 14000 /dev/zero" "UDP4-SENDTO:$VIP4:53"
soon first_is "eth1: packets are lost after they were sent: its queue is full, or the packet too long for it (full)"
on net ip link set lb mtu 1600
wait_for first_is ok

echo "attach: false"
xring attach eth1 >/dev/null
attached() { status '.interfaces[].name' | sort | xargs; }
equal "attached" "$(attached)" "eth0 eth1"
configure "eth0, {name: eth1, attach: false}"
kill -HUP "$(daemon_pid)"
wait_for equals eth0 attached
fails 1 "eth1: not attached: it is configured with \`attach: false\`" xring detach eth1
xring save - | grep -Fq 'interfaces: [eth0, {name: eth1, attach: false}]' || fail "save: $(xring save -)"
stop
start
equal "attached" "$(attached)" eth0
xring attach eth1 >/dev/null
equal "attached" "$(attached)" "eth0 eth1"
stop
start
equal "attached" "$(attached)" "eth0 eth1"
