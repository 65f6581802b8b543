#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What somebody else has pinned under a name of xring's is looked at before it is read: a map of
# another size or type is replaced by one of xring's, anything else is set aside.
. "$(dirname "$0")/../lib.sh"

BPFTOOL=$(command -v bpftool || echo /usr/sbin/bpftool)
"$BPFTOOL" version >/dev/null 2>&1 || skip "no bpftool"

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

clean() {
	rm -rf "$RUN"/bpf/{xring,tc} "$RUN/state"
	mkdir -p "$RUN/bpf/xring" "$MAPS"
}

pin() { # NAME TYPE KEY-BYTES VALUE-BYTES ENTRIES [OPTION...]
	"$BPFTOOL" map create "$MAPS/$1" type "$2" key "$3" value "$4" entries "$5" \
		name "${1:0:15}" "${@:6}"
}

starts() {
	start
	equal "layout" "$("$BPFTOOL" -j map lookup pinned "$MAPS/xring_config" key 0 0 0 0 |
		jq -r '.value[0] != "0x00"')" true
	stop
	clean
}

refused() { # TEXT
	local code=0
	timeout 20 nsenter --net="/run/netns/xring-$LAB-lb" -- "$BUILD/xringd" -f "$RUN/xring.yaml" \
		--bpffs "$RUN/bpf" --socket "$RUN/sock" --state "$RUN/state" >"$RUN/said" 2>&1 || code=$?
	equal "exit code" "$code" 1
	grep -Fq "$1" "$RUN/said" || fail "said '$(cat "$RUN/said")', wanted '$1'"
	clean
}

clean
echo "values that are longer than any version's"
pin xring_config array 4 65536 1
starts

echo "a configuration that is no array, or has no number in it"
pin xring_config percpu_array 4 8 1
starts
pin xring_config array 4 2 1
starts

echo "maps of other types, sizes and flags"
pin xring_pins hash 40 4 100
pin xring_homes hash 8 1 100
pin xring_syns lru_hash 1 1 100
pin xring_vips percpu_array 4 32768 1
pin xring_cells hash 64 64 100
pin xring_counters array 4 8 1
pin xring_loads array 4 8 16384
starts

echo "a layout whose maps are for each CPU"
pin xring_config array 4 4 1
"$BPFTOOL" map update pinned "$MAPS/xring_config" key 0 0 0 0 value 2 0 0 0
"$BPFTOOL" map show pinned "$MAPS/xring_config" >/dev/null
pin xring_vips percpu_array 4 32768 1
refused "$MAPS/xring_config: 4 bytes a value, want an array of"

echo "other things are set aside"
start
stop
mv "$RUN/bpf/xring/prog" "$MAPS/xring_cells"
pin xring_more array 4 8 1
mv "$MAPS/xring_more" "$RUN/bpf/xring/prog"
start
said "$MAPS/xring_cells is no pinned map: it is bad_xring_cells now" || fail "nothing is said of a map"
said "$RUN/bpf/xring/prog is no pinned program: it is bad_prog now" || fail "nothing is said of the program"
