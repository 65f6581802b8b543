#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A version whose maps have another layout takes over from a running one, and gives back to
# it: no packet is lost, no connection breaks. The other version is this one with templates,
# cells and VIPs laid out otherwise; or with XRING_OTHER=DIR the build of a real one.
. "$(dirname "$0")/../takeover.sh"

build_other() {
	local abi=include/xring
	other_copy
	other_edit $abi/abi.h 's/^#define XRING_ABI .*/#define XRING_ABI 99/'
	other_edit $abi/sizes.h 's/^#define XRING_VIP_BITS 15/#define XRING_VIP_BITS 14/'
	other_edit $abi/sizes.h 's/(33u << 18)/(33u << 17)/'
	other_edit $abi/backend.h 's/^\t__u16 generation;.*/\t__u16 pad2;/'
	other_edit $abi/backend.h 's/^\t__u8 ip\[40\];/&\n\t__u16 generation;\n\t__u8 more[6];/'
	other_edit $abi/backend.h 's/== 64, "one cache line"/== 72, "more"/; s/== 128, "two cache lines"/== 144, "more"/'
	other_edit bpf/head.h 's/head_kind(head) << 3 & sizeof(struct xring_template)/(head_kind(head) >> 3 \& 1) * 72/'
	other_build
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
traffic_begin

flows() { xring --json stats "$1" | jq .flows; }
held() { [ "$(xring --json stats | jq .pins.count)" -ge "$1" ]; }
over() { [ "$(xring --json changes | jq '[.[] | select(.stage != "done" and .stage != "cleanup")] | length')" = 0 ]; }
answers() { wc -l <"$RUN/answers"; }
more_answers() { [ "$(answers)" -gt "$1" ]; }

wait_for equals 40 flows talk
lost=$(lost)	# before the daemon knew all next hops

# A daemon that is killed before a step of its writes; the old program serves on.
mortal() { # BUILD STEP
	BUILD=$1 lab xringd -f "$RUN/xring.yaml" --test-clock --test-die "$2" >"$RUN/mortal" 2>&1 || true
	grep -q Killed "$RUN/mortal" || fail "step $2: not killed: $(cat "$RUN/mortal")"
}

takes_over() { # BUILD [STEP...]
	local program step
	program=$(status .program.id)
	stop
	for step in "${@:2}"; do
		mortal "$1" "$step"
	done
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
echo "this version takes over, behind eight that are killed on their way"
takes_over "$BUILD" 2 3 5 12 21 33 45 58
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
not_one_broke
