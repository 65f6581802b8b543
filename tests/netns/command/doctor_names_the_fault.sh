#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A healthy host has no finding. Each fault that a namespace can have is provoked, named by
# `xring doctor` with its id and its subject, and gone when the fault is.
. "$(dirname "$0")/../lib.sh"

lab up -b 3
lab nginx
lab vip
lab decap

# Beside the lab: a veth whose ends are both here, and one more device that nobody uses.
veth() {
	lb ip link add v0 type veth peer name v1
	lb ethtool -K v1 tx off >/dev/null
	lb ip link set v0 up
	lb ip link set v1 up
}
veth

services() {
	cat <<EOT
services:
  web:
    vip: $VIP4:80/tcp
    mode: ipip
    backends: {b1: $(lab address b1), b2: $(lab address b2), b3: $(lab address b3)}
  back:
    vip: 10.200.1.2:80/tcp
    mode: nat
    backends: {b1: $(lab address b1):8080}
  dns:
    vip: $VIP4:53/udp
    mode: ipip
    backends: {b1: $(lab address b1)}
  back6:
    vip: "[fc00::2]:80/tcp"
    mode: nat
    backends: {b1: "[$(lab address b1 6)]:8080"}
EOT
}
write() { # V0 [LIMITS]: the interface v0 as the configuration has it
	{
		echo "interfaces: [eth0, eth1, $1]"
		[ -z "${2:-}" ] || echo "limits: {$2}"
		services
	} | config
}
# Faults and their ends are functions of one word, for `provoke`.
reload() { # V0
	write "$1"
	kill -HUP "$(daemon_pid)"
}

echo "before the first start"
config < <(echo "interfaces: [eth0, eth1, eth7]"; services)
early() {
	lb "$BUILD/xringd" -f "$RUN/xring.yaml" --bpffs "$RUN/bpf" --doctor
}
lb ip route add unreachable "$(lab address b3)/32"
fails 1 "eth7: configured, not there" early
fails 1 "backend b3 of web: no route to" early
lb ip route del unreachable "$(lab address b3)/32"
write v0 "backends: 16"
early || fail "a healthy host has findings before the start"

echo "a healthy host, and one that will be started again"
start
wait_for resolved
xring doctor --strict >"$RUN/healthy" || fail "a healthy host has findings: $(cat "$RUN/healthy")"
! grep -q '^note' "$RUN/healthy" || fail "a healthy host has notes: $(cat "$RUN/healthy")"
equal "status" "$(xring status | head -n 1)" ok
early >/dev/null || fail "the program that runs is taken for another one: $(early)"

names() { # ID TEXT
	{ xring --json doctor || true; } | jq -e --arg id "$1" --arg text "$2" \
		'.findings[] | select(.id == $id and .severity != "unknown" and
			(.subject + ": " + .text | contains($text)))'
}
names_not() {
	! names "$@"
}

count=0
provoke() { # ID TEXT FAULT END: shell words
	local id=$1 text=$2
	echo "$id: $3"
	eval "$3"
	wait_for names "$id" "$text"
	# What helps is a command, and the same that is printed for a script.
	{ xring doctor --fix-script || true; } | while read -r line; do
		[[ $line =~ ^(ethtool|ip|sysctl|mount|xring)\  ]] || fail "what helps: '$line'"
	done
	eval "$4"
	wait_for names_not "$id" "$text"
	count=$((count + 1))
}

pass="obj $BUILD/pass.bpf.o sec xdp"
others_program() {
	rm "$RUN/bpf/xring/link-v0"
	# shellcheck disable=SC2086	# words
	until lb ip link set dev v0 xdp $pass 2>/dev/null; do sleep 0.1; done
}

provoke link "v0: is down" "lb ip link set v0 down" "lb ip link set v0 up"
provoke link "v0: has no carrier" "lb ip link set v1 down" "lb ip link set v1 up"
provoke replies "eth1: leads to backends of mode nat" "xring detach eth1" "xring attach eth1 >/dev/null 2>&1"
provoke mtu "eth1: its MTU is 1500" "lb ip link set eth1 mtu 1500" "lb ip link set eth1 mtu 1600"
provoke interface "v0: configured, not there" "lb ip link del v0" veth
provoke tx-checksum "v0: the far end of this veth, v1" \
	"lb ethtool -K v1 tx on >/dev/null" "lb ethtool -K v1 tx off >/dev/null"
# What drivers can do is not known before 6.3.
if [[ $(uname -r) != 6.[0-2].* ]]; then
	provoke redirect-target "eth1: cannot send redirected packets" \
		"on net ip link set lb xdp off; on net ethtool -K lb gro off" "on net ethtool -K lb gro on"
	provoke mode "v0: xring runs in generic mode" \
		"xring detach v0; xring attach v0 --mode generic" "xring detach v0; xring attach v0"
	provoke driver "d0: its driver (ifb) has no XDP" \
		"lb ip link add d0 type ifb; lb ip link set d0 up; xring attach d0" "xring detach d0; lb ip link del d0"
fi
provoke other-program "v0: not attached: another XDP program" others_program \
	"lb ip link set dev v0 xdp off; xring attach v0"
provoke stack "br9: is a bridge" \
	"lb ip link add br9 type bridge; lb ip link set br9 up; xring attach br9" \
	"xring detach br9; lb ip link del br9"
provoke vlan-offload "v0: VLAN tags may be taken off" \
	"lb ethtool -K v0 rxvlan on; reload '{name: v0, vlans: [7]}'" "reload v0"
provoke forwarding "eth0: net.ipv4.conf.eth0.forwarding is 0" \
	"lb sysctl -q net.ipv4.conf.eth0.forwarding=0" "lb sysctl -q net.ipv4.conf.eth0.forwarding=1"
provoke forwarding "eth0: net.ipv6.conf.eth0.forwarding is 0" \
	"lb sysctl -q net.ipv6.conf.eth0.forwarding=0" "lb sysctl -q net.ipv6.conf.eth0.forwarding=1"
provoke rp-filter "eth0: rp_filter is 1" \
	"lb sysctl -q net.ipv4.conf.eth0.rp_filter=1" "lb sysctl -q net.ipv4.conf.eth0.rp_filter=0"
provoke neighbours "backend b3 of web: " "lb ip route add unreachable $(lab address b3)/32" \
	"lb ip route del unreachable $(lab address b3)/32"
provoke vip-local "10.200.1.2: is an address of this host" \
	"lb ip addr add 10.200.1.2/32 dev lo" "lb ip addr del 10.200.1.2/32 dev lo"
provoke vip-local "$VIP4: is no address of this host" \
	"lb ip route add $VIP4/32 via $(lab address client) dev eth0" "lb ip route del $VIP4/32"
provoke limits "backends are used" \
	"xring service add many --vip 10.200.1.9:80/tcp --mode ipip
	 for n in {1..9}; do xring backend add many c\$n 10.2.0.\$((100 + n)) >/dev/null; done" \
	"xring service del many"
provoke configuration "adress" "echo 'adress: 1' >>\"\$RUN/xring.yaml\"; kill -HUP \$(daemon_pid)" \
	"reload v0"
provoke bpffs "another file system is mounted over the pins" \
	"mount -t tmpfs none \"\$RUN/bpf/xring\"" "umount \"\$RUN/bpf/xring\""
provoke state "No space left" \
	"mount -t tmpfs -o size=4k none \"\$RUN/state\"; dd if=/dev/zero of=\"\$RUN/state/full\" bs=4k count=1 2>/dev/null
	 xring backend set web b1 --weight 2 2>/dev/null || true" "umount \"\$RUN/state\""
provoke lost "eth1: packets are lost after they were sent" \
	"on net ip link set lb mtu 1000
	 head -c 140000 /dev/zero | client socat -u -b 1400 - UDP4-SENDTO:$VIP4:53" \
	"on net ip link set lb mtu 1600"
on b1 socat TCP-LISTEN:8999,fork,reuseaddr SYSTEM:'echo nonsense' &
provoke checks "agent of backend b1 of dns: 'nonsense' has no meaning" \
	"xring service set dns --agent port=8999,interval=200ms" "xring service set dns --agent none"
if lb ip link add link eth0 name eth0.7 type vlan id 7 2>/dev/null; then
	provoke vlan-offload "eth0: takes VLAN tags off" \
		"lb ip addr add 10.77.0.1/24 dev eth0.7; lb ethtool -K eth0 rxvlan on" "lb ip link del eth0.7"
fi
if lb nft list ruleset >/dev/null 2>&1; then
	provoke firewall "the firewall's chain inet filter input" \
		"lb nft add table inet filter; lb nft add chain inet filter input '{ type filter hook input priority 0; policy drop; }'" \
		"lb nft flush ruleset"
fi
[ "$count" -ge 20 ] || fail "only $count faults were provoked"

echo "what is found each minute is said"
xring doctor --strict >"$RUN/healthy" || fail "the host is not healthy again: $(cat "$RUN/healthy")"

echo "of one interface, and by the exit status"
lb sysctl -q net.ipv4.conf.eth0.rp_filter=1
xring doctor --interface eth0 | grep -q rp-filter || fail "eth0 has a warning"
! xring doctor --interface eth1 | grep -q rp-filter || fail "eth1 has none"
fails 1 "uses no such device" xring doctor --interface eth9
xring doctor >/dev/null || fail "a warning is no failure"
fails 1 "rp-filter" xring doctor --strict
equal "what helps" "$(xring doctor --fix-script)" "sysctl net/ipv4/conf/eth0/rp_filter=2"
