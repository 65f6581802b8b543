#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A version whose maps have another layout takes over from a running one, and gives back to
# it: no packet is lost, no connection breaks. The other version is this one with templates,
# cells and VIPs laid out otherwise; or with XRING_OTHER=DIR the build of a real one.
. "$(dirname "$0")/../lib.sh"

other=$(mktemp -d)
cleanup() { rm -rf "$other"; }

build_other() {
	local abi=$other/include/xring
	mkdir -p "$other/tests"
	cp -r "$TOP/Makefile" "$TOP/CHANGELOG.md" "$TOP/user" "$TOP/bpf" "$TOP/include" "$other"
	cp "$TOP/tests/tests.mk" "$other/tests"
	sed -i 's/^#define XRING_ABI .*/#define XRING_ABI 99/' "$abi/abi.h"
	sed -i 's/^#define XRING_VIP_BITS 15/#define XRING_VIP_BITS 14/
		s/(33u << 18)/(33u << 17)/' "$abi/sizes.h"
	sed -i 's/^\t__u16 generation;.*/\t__u16 pad2;/
		s/^\t__u8 ip\[40\];/&\n\t__u16 generation;\n\t__u8 more[6];/
		s/== 64, "one cache line"/== 72, "more"/; s/== 128, "two cache lines"/== 144, "more"/
		s/backend, head) << 3 & sizeof/&/' "$abi/backend.h"
	sed -i 's/head_kind(head) << 3 & sizeof(struct xring_template)/(head_kind(head) >> 3 \& 1) * 72/' \
		"$other/bpf/forward.h"
	make -s -C "$other" BUILD="$other/build" CFLAGS=-O1 "$other/build/xringd" >"$other/log" 2>&1 ||
		fail "build: $(cat "$other/log")"
	ln -s "$BUILD/xring" "$other/build/xring"
}
if [ -n "${XRING_OTHER:-}" ]; then
	ln -s "$XRING_OTHER" "$other/build"
else
	build_other
fi

lab up -b 4
lab nginx
lab vip
lab decap
config <<EOT
interfaces: [eth0]
services:
  web:
    vip: $VIP4:80/tcp
    mode: ipip
    backends: {b1: $(lab address b1), b2: $(lab address b2), b3: $(lab address b3)}
  talk:
    vip: $VIP4:7000/tcp
    mode: ipip
    backends: {b1: $(lab address b1), b2: $(lab address b2), b3: $(lab address b3)}
  udp:
    vip: $VIP4:53/udp
    mode: ipip
    backends: {b1: $(lab address b1), b2: $(lab address b2), b3: $(lab address b3)}
EOT
BUILD=$other/build start --test-clock
wait_for resolved
for host in b1 b2 b3 b4; do
	on $host "$BUILD/tests/tools/talk" server 0.0.0.0 7000 $host >"$RUN/server-$host" 2>&1 &
	on $host "$BUILD/tests/tools/talk" server $VIP4 53 --udp $host >>"$RUN/server-$host" 2>&1 &
done
listening() { on "$1" ss -Hltn "sport = 7000" | grep -q . && on "$1" ss -Hlun "sport = 53" | grep -q .; }
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

flows() { xring --json stats "$1" | jq .flows; }
lost() { # packets that found no service, no backend, or no end
	xring --json stats | jq '.packets.drop + ([.reasons[] |
		select(.name == "pass_no_service" or .name == "pass_no_backend").packets] | add)'
}
held() { [ "$(xring --json stats | jq .pins.count)" -ge "$1" ]; }
over() { [ "$(xring --json changes | jq '[.[] | select(.stage != "done" and .stage != "cleanup")] | length')" = 0 ]; }
answers() { wc -l <"$RUN/answers"; }
more_answers() { [ "$(answers)" -gt "$1" ]; }

wait_for equals 40 flows talk
lost=$(lost)	# before the daemon knew all next hops

takes_over() { # BUILD
	local program
	program=$(status .program.id)
	stop
	BUILD=$1 start --test-clock
	said "the pinned program is replaced" || fail "the program is not replaced"
	[ "$(status .program.id)" != "$program" ] || fail "the same program"
	equal "adopted" "$(status .adopted)" true
	wait_for more_answers $(($(answers) + 50))
	equal "lost" "$(lost)" "$lost"
	equal "flows" "$(flows talk)" 40
	equal "left aside" "$(find "$RUN/bpf" -name '*_old' -o -name '*_new')" ""
}

if [ -n "${XRING_OTHER:-}" ]; then
	echo "in the middle of a change"
	xring backend add talk b4 "$(lab address b4)" --now
	wait_for held 4
fi
echo "this version takes over"
takes_over "$BUILD"
said "xring_vips is carried over" || fail "the layout is the same"

if [ -n "${XRING_OTHER:-}" ]; then
	sleep 1
	for seconds in 100 100 100 100 100; do
		advance $seconds
		sleep 0.5
	done
	wait_for over
else
	echo "a change, and its flows are held"
	xring backend add talk b4 "$(lab address b4)" --now
	wait_for held 4
	wait_for more_answers $(($(answers) + 100))	# all have shown themselves
	echo "the other one takes over again, and this one from it"
	takes_over "$other/build"
	takes_over "$BUILD"
fi

echo "not one connection broke"
touch "$RUN/enough"
wait $stream
equal "requests that failed" "$(grep -Evc '^b[1-4]$' "$RUN/answers" || true)" 0
for kind in udp tcp; do
	kill -TERM "$(cat "$RUN/talk-$kind.pid")"
	wait "$(cat "$RUN/talk-$kind.pid")" || fail "$kind: $(tail -n 3 "$RUN/$kind")"
done
equal "TCP connections broken" "$(tail -n 1 "$RUN/tcp" | jq .tcp_broken)" 0
equal "UDP flows that moved" "$(tail -n 1 "$RUN/udp" | jq .udp_wrong)" 0
