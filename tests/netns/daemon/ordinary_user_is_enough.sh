#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The daemon as an ordinary user with three capabilities, root having made its
# directories; without them it says which are missing.
. "$(dirname "$0")/../lib.sh"

ID=54321	# nobody's

lab up -b 2
lab nginx
config <<EOT
interfaces: [eth0, eth1]
services:
  web:
    vip: $VIP4:80/tcp
    mode: nat
    backends: {b1: $(lab address b1), b2: $(lab address b2)}
EOT
mkdir -p "$RUN"/bpf/{xring,tc/globals} "$RUN"/{user,state}
cp "$BUILD"/xring{,d} "$RUN/"

as_user() { # CAPABILITIES COMMAND...
	lb setpriv --reuid $ID --regid $ID --clear-groups --bounding-set "-all$1" \
		--inh-caps "-all$1" --ambient-caps "-all$1" -- "${@:2}"
}

daemon() { # CAPABILITIES
	as_user "$1" timeout 60 "$RUN/xringd" -f "$RUN/xring.yaml" --bpffs "$RUN/bpf" \
		--socket "$RUN/user/sock" --state "$RUN/state"
}

xring() {
	as_user "" "$RUN/xring" --socket "$RUN/user/sock" "$@"
}

THREE=,+bpf,+net_admin,+perfmon
as_user $THREE true || skip "setpriv does not know the capabilities bpf and perfmon"

echo "without capabilities"
chown $ID:$ID "$RUN/user"
fails 1 "capabilities are missing: cap_bpf cap_net_admin cap_perfmon" daemon ""
fails 1 "capabilities are missing: cap_perfmon" daemon ,+bpf,+net_admin
as_user "" "$RUN/xringd" --check -f "$RUN/xring.yaml" >/dev/null
[ ! -e "$RUN/bpf/xring/prog" ] || fail "something is pinned"

serve() {
	daemon $THREE >"$RUN/xringd.log" 2>&1 &
	wait_for xring status
	status .pid >"$RUN/xringd.pid"
}

echo "without its directories"
fails 1 "$RUN/bpf/" daemon $THREE
chown -R $ID:$ID "$RUN/bpf/xring" "$RUN/bpf/tc"
serve
equal "keeps changes" "$(status .keeping.kept)" false
fails 1 "state directory $RUN/state: running.yaml: Permission denied" \
	xring backend set web b1 --weight 2
chown $ID:$ID "$RUN/state"
wait_for equals true status .keeping.kept
xring backend set web b1 --weight 2
stop

echo "with both"
serve
equal "user" "$(stat -c %u "/proc/$(daemon_pid)")" $ID
equal "capabilities" "$(awk '/^Cap(Prm|Eff)/ { print $2 }' "/proc/$(daemon_pid)/status" | uniq)" \
	000000c000001000
wait_for resolved
follows_ring web $VIP4 10 20000
xring backend set web b1 --weight 3 --now
xring detach eth0
xring attach eth0 >/dev/null
follows_ring web $VIP4 10 20100

echo "and again, after a kill"
stop KILL
serve
equal "adopted" "$(status .adopted)" true
equal "cells written" "$(status .writes.cells_written)" 0
equal "weight" "$(xring --json service show web | jq '.backends[0].weight')" 3
said "the pinned program is replaced" && fail "the same build replaces the program"
follows_ring web $VIP4 10 20200
kill -HUP "$(daemon_pid)"
wait_for said "xring.yaml: loaded"
stop

echo "root keeps no more than these three either"
mkdir "$RUN/bpf-root"
mount -t bpf bpf "$RUN/bpf-root"
lb "$BUILD/xringd" -f "$RUN/xring.yaml" --bpffs "$RUN/bpf-root" --socket "$RUN/root-sock" \
	--state "$RUN/state-root" >"$RUN/xringd.log" 2>&1 &
wait_for "$BUILD/xring" --socket "$RUN/root-sock" status
pid=$("$BUILD/xring" --socket "$RUN/root-sock" --json status | jq .pid)
equal "capabilities" "$(awk '/^CapEff/ { print $2 }' "/proc/$pid/status")" 000000c000003000
kill "$pid"
wait_for ended "$pid"
umount "$RUN/bpf-root"
