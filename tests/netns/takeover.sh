# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Beside lib.sh, for tests in which another version of the daemon takes over: how that is made,
# and connections, UDP flows and requests to the services talk, udp and web, which must not
# notice it.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

other=$(mktemp -d)
cleanup() { rm -rf "$other"; }

# A copy of what xringd is made of, to be changed before it is built.
other_copy() {
	mkdir -p "$other/tests"
	cp -r "$TOP/Makefile" "$TOP/CHANGELOG.md" "$TOP/user" "$TOP/bpf" "$TOP/include" "$other"
	cp "$TOP/tests/tests.mk" "$other/tests"
}

other_edit() { # FILE SED-SCRIPT: which finds what it is to change
	sed -i.as_it_was "$2" "$other/$1"
	! cmp -s "$other/$1" "$other/$1.as_it_was" || fail "$1 has nothing for: $2"
}

other_build() {
	make -s -C "$other" BUILD="$other/build" CFLAGS=-O1 "$other/build/xringd" >"$other/log" 2>&1 ||
		fail "build: $(cat "$other/log")"
	ln -s "$BUILD/xring" "$other/build/xring"
}

listening() { on "$1" ss -Hltn "sport = 7000" | grep -q . && on "$1" ss -Hlun "sport = 53" | grep -q .; }

traffic_begin() {
	local host kind port count
	for host in b1 b2 b3 b4; do
		on $host "$BUILD/tests/tools/talk" server 0.0.0.0 7000 $host >"$RUN/server-$host" 2>&1 &
		on $host "$BUILD/tests/tools/talk" server $VIP4 53 --udp $host >>"$RUN/server-$host" 2>&1 &
	done
	for host in b1 b2 b3 b4; do
		wait_for listening $host
	done
	for kind in tcp udp; do
		port=7000 count=40
		[ $kind = tcp ] || port=53 count=20
		nsenter --net="/run/netns/xring-$LAB-client" -- "$BUILD/tests/tools/talk" client $VIP4 $port \
			--$kind $count --seconds 250 --rate 5 </dev/null >"$RUN/$kind" 2>&1 &
		echo $! >"$RUN/talk-$kind.pid"
	done
	while [ ! -e "$RUN/enough" ]; do
		client curl -sS -m 5 "http://$VIP4/" 2>&1 || true
	done >"$RUN/answers" &
	stream=$!
}

lost() { # packets that found no service, no backend, or no end
	xring --json stats | jq '.packets.drop + ([.reasons[] |
		select(.name == "pass_no_service" or .name == "pass_no_backend").packets] | add)'
}

not_one_broke() { # and the traffic ends
	local kind
	touch "$RUN/enough"
	wait $stream
	equal "requests that failed" "$(grep -Evc '^b[1-4]$' "$RUN/answers" || true)" 0
	for kind in udp tcp; do
		kill -TERM "$(cat "$RUN/talk-$kind.pid")"
		wait "$(cat "$RUN/talk-$kind.pid")" || fail "$kind: $(tail -n 3 "$RUN/$kind")"
	done
	equal "TCP connections broken" "$(tail -n 1 "$RUN/tcp" | jq .tcp_broken)" 0
	equal "UDP flows that moved" "$(tail -n 1 "$RUN/udp" | jq .udp_wrong)" 0
}
