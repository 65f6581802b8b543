#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A daemon that root starts becomes a user without root's rights over files, and all that it did it
# does still. What that user cannot read is refused at the start.
. "$(dirname "$0")/../lib.sh"

lab up -b 2
lab nginx
write() { # LIST: a file of networks
	config <<EOT
interfaces: [eth0, eth1]
services:
  web:
    vip: $VIP4:80/tcp
    mode: nat
    placement: [{clients: $1, strategy: geo}]
    backends: {b1: $(lab address b1), b2: $(lab address b2)}
EOT
}
echo 203.0.113.0/24 >"$RUN/list.txt"
write list.txt
of() { # FIELD: of the daemon's process
	awk -v field="$1:" '$1 == field { print $2 }' "/proc/$(daemon_pid)/status"
}
nobody=$(id -u nobody)
serves() { [[ $(fetch $VIP4) == b* ]]; }

start --user root
equal "user" "$(of Uid)" 0
wait_for resolved
wait_for serves
stop

echo "the pins and the state of root's daemon are taken over"
start --user nobody
equal "user" "$(of Uid)" "$nobody"
equal "group" "$(of Gid)" "$(id -g nobody)"
equal "capabilities" "$(of CapPrm)" 000000c000003000
equal "no new privileges" "$(of NoNewPrivs)" 1
wait_for resolved
wait_for serves
xring backend set web b1 --weight 3 --now
xring detach eth1
xring attach eth1
wait_for serves
stop KILL
start --user nobody
equal "weight" "$(xring --json backend list web | jq '.[] | select(.name == "b1").weight')" 3
wait_for serves
equal "attached" "$(xring --json status | jq '.interfaces | length')" 2
stop

echo "what the user cannot read"
refused() { # CODE TEXT OPTION...
	fails "$1" "$2" lb timeout 20 "$BUILD/xringd" -f "$RUN/xring.yaml" --bpffs "$RUN/bpf" \
		--socket "$RUN/sock" --state "$RUN/state" "${@:3}"
}
chmod 600 "$RUN/list.txt"
refused 2 "list.txt: want a file that can be read: Permission denied" --user nobody
chmod 644 "$RUN/list.txt"
chmod 600 "$RUN/xring.yaml"
refused 2 "xring.yaml: Permission denied" --user nobody
chmod 644 "$RUN/xring.yaml"
refused 2 "want a user of this host" --user nosuch

echo "another user, and root, do not take what is that user's"
refused 1 "want it to be user 0's" --user root
chown root "$RUN/bpf/xring" "$RUN/bpf/tc/globals"
start --user root
equal "user" "$(of Uid)" 0
wait_for serves
