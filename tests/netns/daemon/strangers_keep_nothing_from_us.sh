#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What another user of the host can do in the bpffs and the state directory neither keeps the
# daemon from starting nor gives a file away.
. "$(dirname "$0")/../lib.sh"

ID=54321		# the daemon's
STRANGER=54322

lab up -b 1
config <<EOT
interfaces: [eth0]
services:
  web:
    vip: $VIP4:80/tcp
    mode: nat
    backends: {b1: $(lab address b1)}
EOT
MAPS=$RUN/bpf/tc/globals
cp "$BUILD"/xring{,d} "$RUN/"
mkdir "$RUN"/{user,state}
chown $ID:$STRANGER "$RUN/state"
chown $ID:$ID "$RUN/user"
chmod 755 "$RUN" "$RUN/user"
chmod 750 "$RUN/state"

stranger() {
	setpriv --reuid $STRANGER --regid $STRANGER --clear-groups -- "$@"
}

THREE=-all,+bpf,+net_admin,+perfmon
as_user() {
	lb setpriv --reuid $ID --regid $ID --clear-groups --bounding-set $THREE \
		--inh-caps $THREE --ambient-caps $THREE -- "$@"
}
as_user true || skip "setpriv does not know the capabilities bpf and perfmon"

serves() {
	as_user timeout 60 "$RUN/xringd" -f "$RUN/xring.yaml" --bpffs "$RUN/bpf" \
		--socket "$RUN/user/sock" --state "$RUN/state" >"$RUN/xringd.log" 2>&1 &
	wait_for "$BUILD/xring" --socket "$RUN/user/sock" status
	"$BUILD/xring" --socket "$RUN/user/sock" --json status | jq .pid >"$RUN/xringd.pid"
	stop
}

prepare() {
	"$TOP/system/prepare-bpffs" $ID "$RUN/bpf"
}

echo "directories made before the first start"
rm -rf "$RUN/bpf/tc"	# of `ip link`
stranger mkdir -p "$RUN/bpf/xring/prog" "$MAPS/xring_homes"
stranger ln -s "$RUN/state" "$MAPS/xring_evil"
prepare 2>"$RUN/said" || fail "$(cat "$RUN/said")"
grep -q "$RUN/bpf/xring is neither root's nor $ID's: removed" "$RUN/said" || fail "$(cat "$RUN/said")"
equal "owners" "$(stat -c '%u %a' "$RUN/bpf/xring" "$MAPS" | xargs)" "$ID 700 $ID 755"
serves

echo "locks"
stranger flock -n "$RUN/bpf/xring" true 2>/dev/null && fail "a stranger locks the directory of pins"
stranger flock -n "$RUN/state" true 2>/dev/null && fail "a member of the group locks the state"
serves

echo "names of maps"
stranger mkdir "$MAPS/xring_more" 2>/dev/null && fail "a stranger makes directories among the maps"
stranger ln -s /etc/passwd "$MAPS/xring_more" 2>/dev/null && fail "a stranger makes links among the maps"

echo "links, directories and pins of others, from when they could be made"
echo secret >"$RUN/victim"
chmod 600 "$RUN/victim"
ln -s "$RUN/victim" "$MAPS/xring_evil"
chown -h $STRANGER "$MAPS/xring_evil"
ln -s "$RUN/victim" "$MAPS/xring_root"
mkdir "$MAPS/xring_homes_old"
chown $STRANGER "$MAPS/xring_homes_old"
prepare 2>"$RUN/said"
equal "the file behind the link" "$(stat -c '%u %a' "$RUN/victim")" "0 600"
equal "what is left" "$(find "$MAPS" ! -type f -path '*xring_*')" ""
equal "owners of pins" "$(stat -c %u "$MAPS"/xring_* "$RUN/bpf/xring"/* | sort -u)" $ID
serves
chown $STRANGER "$RUN/bpf/xring"
code=0
prepare 2>"$RUN/said" || code=$?
equal "a directory with pins" "$code $(cat "$RUN/said")" \
	"1 $RUN/bpf/xring is neither root's nor $ID's: want it removed"
fails 1 "$RUN/bpf/xring belongs to user $STRANGER: want it to be user" \
	timeout 10 nsenter --net="/run/netns/xring-$LAB-lb" -- "$BUILD/xringd" -f "$RUN/xring.yaml" \
	--bpffs "$RUN/bpf" --socket "$RUN/sock" --state "$RUN/state"
