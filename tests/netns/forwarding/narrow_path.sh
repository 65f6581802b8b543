#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A link in the middle of the path takes less than both ends: what a router there says of too large
# packets reaches the backend that has sent them, and the client's transfer goes on, in each mode
# and family. The same path takes datagrams of 64 KB, which come and go in fragments, as they are sent or
# from the last to the second behind the first.
. "$(dirname "$0")/../lib.sh"

lab up -b 3
lab nginx
lab vip
lab decap

# far ---- mid ==1400== client ---- lb
far() { nsenter --net="/run/netns/xring-$LAB-far" -- "$@"; }
mid() { nsenter --net="/run/netns/xring-$LAB-mid" -- "$@"; }
cable() { # HOST DEV HOST DEV MTU
	ip link add "$2" netns "xring-$LAB-$1" type veth peer name "$4" netns "xring-$LAB-$3"
	on "$1" ip link set "$2" mtu "$5" up
	on "$3" ip link set "$4" mtu "$5" up
	# The balancer needs packets with their checksums finished, and as they are on a wire.
	on "$1" ethtool -K "$2" tx off gro on >/dev/null 2>&1
	on "$3" ethtool -K "$4" tx off gro on >/dev/null 2>&1
}
ip netns add "xring-$LAB-far"
ip netns add "xring-$LAB-mid"
for host in far mid client; do
	on $host ip link set lo up
	on $host sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
		net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
done
cable far up0 mid down0 1500
cable mid up0 client down0 1400
on far ip addr add 10.8.0.2/24 dev up0
on mid ip addr add 10.8.0.1/24 dev down0
on mid ip addr add 10.8.1.2/24 dev up0
on client ip addr add 10.8.1.1/24 dev down0
on far ip addr add fd08:0::2/64 dev up0 nodad
on mid ip addr add fd08:0::1/64 dev down0 nodad
on mid ip addr add fd08:0:0:1::2/64 dev up0 nodad
on client ip addr add fd08:0:0:1::1/64 dev down0 nodad
on far ip route add default via 10.8.0.1
on far ip -6 route add default via fd08:0::1
on mid ip route add default via 10.8.1.1
on mid ip -6 route add default via fd08:0:0:1::1
on client ip route add 10.8.0.0/24 via 10.8.1.2
on client ip -6 route add fd08:0::/64 via fd08:0:0:1::2
on lb ip route add 10.8.0.0/16 via "$(lab address client)"
on lb ip -6 route add fd08::/32 via "$(lab address client 6)"
# Each mode has VIPs and a client's address of its own: hosts remember how much a path takes.
for i in 2 3 4 5; do
	far ip addr add "10.8.0.1$i/24" dev up0
	far ip addr add "fd08:0::1$i/64" dev up0 nodad
	for host in b1 b2 b3; do
		on $host ip addr add "10.200.1.$i/32" dev lo
		on $host ip addr add "fc00::$i/128" dev lo
	done
done

config <<EOT
interfaces: [eth0, eth1]
services:
  ipip:
    vip: [10.200.1.2:80/tcp, "[fc00::2]:80/tcp", 10.200.1.2:9000/udp, "[fc00::2]:9000/udp"]
    mode: ipip
    key: flow
    backends: {b1: $(lab address b1), b2: $(lab address b2), b3: "$(lab address b3 6)"}
  l2:
    vip: [10.200.1.3:80/tcp, "[fc00::3]:80/tcp", 10.200.1.3:9000/udp, "[fc00::3]:9000/udp"]
    mode: l2
    key: flow
    backends: {b1: $(lab address b1), b2: $(lab address b2), b3: "$(lab address b3 6)"}
  nat4:
    vip: [10.200.1.4:80/tcp, 10.200.1.4:9000/udp]
    mode: nat
    key: flow
    backends: {b1: $(lab address b1), b2: $(lab address b2), b3: $(lab address b3)}
  nat6:
    vip: ["[fc00::4]:80/tcp", "[fc00::4]:9000/udp"]
    mode: nat
    key: flow
    backends: {b1: "$(lab address b1 6)", b2: "$(lab address b2 6)", b3: "$(lab address b3 6)"}
  gue:
    vip: [10.200.1.5:80/tcp, "[fc00::5]:80/tcp", 10.200.1.5:9000/udp, "[fc00::5]:9000/udp"]
    mode: gue
    key: flow
    backends: {b1: $(lab address b1), b2: $(lab address b2), b3: "$(lab address b3 6)"}
EOT
start
wait_for resolved

echo "1 MB to the client and back, in each mode and family"
head -c 1000000 /dev/urandom >"$RUN/sent"
for host in b1 b2 b3; do
	cp "$RUN/sent" "$RUN/nginx-$host/file"
done
too_big() { # packets that the narrow link did not take
	client cat /proc/net/snmp /proc/net/snmp6 | awk '
		/^Icmp: In/ { for (i = 2; i <= NF; i++) if ($i == "OutDestUnreachs") at = i }
		/^Icmp: [0-9]/ { n += $at }
		/^Icmp6OutPktTooBigs/ { n += $2 }
		END { print n }'
}
resets() { # sent by all hosts that speak
	local host
	for host in far b1 b2 b3; do
		on $host awk '/^Tcp: R/ { for (i = 2; i <= NF; i++) if ($i == "OutRsts") at = i }
			/^Tcp: [0-9]/ { print $at }' /proc/net/snmp
	done | awk '{ n += $1 } END { print n }'
}
for i in 2 3 4 5; do
	for way in "10.8.0.1$i 10.200.1.$i" "fd08:0::1$i [fc00::$i]"; do
		read -r from vip <<<"$way"
		before=$(too_big)
		far curl -gsSf --max-time 60 --interface "$from" -o "$RUN/got" "http://$vip/file" ||
			fail "download from $vip"
		cmp "$RUN/sent" "$RUN/got" || fail "download from $vip: other bytes"
		[ "$(too_big)" -gt "$before" ] || fail "nothing was too large on the way from $vip"
		far curl -gsSf --max-time 60 --interface "$from" -o "$RUN/got" \
			--data-binary "@$RUN/sent" "http://$vip/upload" || fail "upload to $vip"
	done
done
equal "resets" "$(resets)" 0

echo "datagrams of 64 KB, in fragments, echoed"
cat >"$RUN/echo.py" <<'EOT'
import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
# Of IPv6 a host soon forgets what a path takes, where its gateway is not known for a router (IPV6_MTU).
s.setsockopt(socket.IPPROTO_IPV6, 24, 1400)
s.bind(("::", 9000))
while True:
    # The answer goes out with what it came with: from the address that was asked.
    data, asked, _, client = s.recvmsg(65536, 256)
    s.sendmsg([data], [(level, kind, info[:16] + bytes(4)) for level, kind, info in asked], 0, client)
EOT
for host in b1 b2 b3; do
	on $host python3 "$RUN/echo.py" &
done
head -c 65507 /dev/urandom >"$RUN/datagram"
echoed() { # SOURCE VIP
	far timeout 10 socat -b 66000 -T 2 - "UDP:$2:9000,bind=$1" <"$RUN/datagram" | cmp - "$RUN/datagram"
}
cat >"$RUN/reversed.py" <<'EOT'
import socket, struct, sys

source, vip, path = sys.argv[1:]
family = socket.AF_INET6 if ":" in vip else socket.AF_INET
from_, to = (socket.inet_pton(family, a) for a in (source, vip))
data = open(path, "rb").read()
s = socket.socket(family, socket.SOCK_DGRAM)
s.bind((source, 0))
s.settimeout(3)

def checksum(b):
    total = sum(struct.unpack(f"!{(len(b) + 1) // 2}H", b + bytes(len(b) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff

head = struct.pack("!HHHH", s.getsockname()[1], 9000, 8 + len(data), 0)
pseudo = from_ + to + struct.pack("!II", 8 + len(data), socket.IPPROTO_UDP)
datagram = head[:6] + struct.pack("!H", checksum(pseudo + head + data) or 0xffff) + data

def packet(offset, part, more):
    if family == socket.AF_INET:	# the kernel makes its checksum
        return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(part), 4711, more << 13 | offset >> 3, 64,
                           socket.IPPROTO_UDP, 0) + from_ + to + part
    return struct.pack("!IHBB", 6 << 28, 8 + len(part), 44, 64) + from_ + to + \
        struct.pack("!BBHI", socket.IPPROTO_UDP, 0, offset | more, 4711) + part

PART = 1280
parts = [packet(i, datagram[i:i + PART], i + PART < len(datagram)) for i in range(0, len(datagram), PART)]
raw = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
for part in parts[:1] + parts[:0:-1]:
    raw.sendto(part, (vip, 0))
sys.exit(s.recv(66000) != data)
EOT
echoed_reversed() { # SOURCE VIP
	far python3 "$RUN/reversed.py" "$1" "$2" "$RUN/datagram"
}
for i in 2 3 4 5; do
	wait_for echoed "10.8.0.1$i" "10.200.1.$i"
	wait_for echoed "[fd08:0::1$i]" "[fc00::$i]"
	wait_for echoed_reversed "10.8.0.1$i" "10.200.1.$i"
	wait_for echoed_reversed "fd08:0::1$i" "fc00::$i"
done
