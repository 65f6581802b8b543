#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A balancer with several entrances: clients come in by each of them, and a network of clients
# that moves from one to another is served wherever it enters.
. "$(dirname "$0")/../talkers.sh"

VIP2=10.200.1.2
ROAM=203.0.113.5 ROAM6=2001:db8:5::5
hosts=(b1 b2)
fails 1 "want 1 to 3" lab up --entrances 4
fails 1 "want 1 to 3" lab up --entrances
fails 1 "want 2 arms" lab up -a 1 --entrances 2
lab up -b ${#hosts[@]} --entrances 3
lab vip
lab decap
talk_servers "${hosts[@]}"
for host in "${hosts[@]}"; do
	on "$host" ip addr add $VIP2/32 dev lo
done
config <<EOT
interfaces: [eth0, eth1, eth2]
services:
  tunnel:
    vip: [$VIP4:7000/tcp, $VIP4:7000/udp, "[$VIP6]:7000/tcp"]
    mode: ipip
    backends: {$(backends_of "${hosts[@]}")}
  direct:
    vip: $VIP2:7000/tcp
    mode: l2
    backends: {$(backends_of "${hosts[@]}")}
EOT
start
wait_for resolved
equal "entrances" "$(xring --json status | jq -c '[.interfaces[].name]')" '["eth0","eth1","eth2"]'

serves() { # HOST VIP OPTION...: ten connections, each answered
	local got
	got=$(on "$1" timeout 10 "$TALK" client "$2" 7000 --tcp 10 --seconds 0.3 "${@:3}" </dev/null) || true
	equal "$*" "$(jq -c '[([.names[]] | add), .tcp_broken]' <<<"$got")" "[10,0]"
}

echo "each client host is served through its own entrance"
for host in client client2 client3; do
	serves $host $VIP4
	serves $host $VIP6
	serves $host $VIP2
done

echo "a network that roams is served where it enters"
fails 1 "want one of client client2 client3, or nobody" lab roam 203.0.113.0/24 b1
for host in client2 client client3; do
	lab roam 203.0.113.0/24 $host
	lab roam 2001:db8:5::/64 $host
	serves $host $VIP4 --source $ROAM
	serves $host $VIP2 --source $ROAM --sources 7
	serves $host $VIP6 --source $ROAM6
done

echo "what it sends by the other entrances arrives, too"
lab roam 203.0.113.0/24 nobody
sent() { xring --json stats | jq .packets.tx; }
sent_over() { [ "$(sent)" -ge "$1" ]; }
arrives() { # HOST: datagrams of it, and no answer
	local before talk
	before=$(sent)
	nsenter --net="/run/netns/xring-$LAB-$1" -- "$TALK" client $VIP4 7000 --udp 5 --rate 10 \
		--source $ROAM </dev/null >"$RUN/udp" 2>&1 &
	talk=$!
	wait_for sent_over $((before + 20))
	kill -TERM $talk
	wait $talk || true
	equal "answers" "$(jq -c .names "$RUN/udp")" "{}"
}
for host in client client2 client3; do
	arrives $host
done
lab roam 203.0.113.0/24 client
serves client $VIP4 --source $ROAM
equal "dropped" "$(xring --json stats | jq .packets.drop)" 0
