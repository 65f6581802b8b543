#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is pinned is gone, or something else of its name: each start serves, says what it found,
# and attaches again. (The files of the state directory: tests/unit/test_state.c.)
. "$(dirname "$0")/../lib.sh"

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
pins=$RUN/bpf/tc/globals
tried=0

gone() { rm -r "$1"; }
directory() { rm "$1" && mkdir "$1"; }
full_directory() { rm "$1" && mkdir "$1" && mkdir "$1/more"; }
dangling() { rm "$1" && ln -s /nowhere/at/all "$1"; }
a_map() { # of another type
	rm "$1" && bpftool map create "$1" type hash key 4 value 65536 entries 3 name strange
}
a_program() {
	rm "$1" && bpftool prog load "$BUILD/pass.bpf.o" "$1" type xdp
}

serves() { # WHAT
	equal "backends that answer, $1" \
		"$(for _ in {1..20}; do fetch $VIP4; done | sort -u | wc -l)" 2
	equal "interfaces, $1" "$(status '[.interfaces[].name] | sort | join(" ")')" "eth0 eth1"
}

spoil() { # PATH DAMAGE...
	local path=$1 damage
	shift
	for damage; do
		[ -e "$path" ] || fail "there is no $path"
		stop
		"$damage" "$path" >/dev/null 2>&1 || fail "$damage $path"
		start || fail "$damage of ${path##*/}: no start"
		wait_for resolved
		serves "$damage of ${path##*/}"
		[ "$damage" = gone ] || [[ $damage == a_map && $path == "$pins"/* ]] ||
			said "${path##*/} is no pinned" || fail "$damage of ${path##*/}: not a word"
		tried=$((tried + 1))
	done
}

start
wait_for resolved
serves "at first"
kinds="directory dangling"
for name in link-eth0 prog; do
	# shellcheck disable=SC2086
	spoil "$RUN/bpf/xring/$name" $kinds full_directory a_map
done
spoil "$RUN/bpf/xring/link-eth0" a_program
for name in cells since keys config vips; do
	# shellcheck disable=SC2086
	spoil "$pins/xring_$name" gone $kinds a_map a_program
done
echo "$tried starts"
