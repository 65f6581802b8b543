#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One call of a start, a reload or a death fails, once: for want of memory, descriptors, buffers or
# space. What was to be done is done all the same, or is refused in a sentence and done when it is
# asked for again; and the daemon does not crash. A crash within a library is listed.
#
# XRING_CALLS: so many calls of each function and phase (1), spread over all; "all": each.
. "$(dirname "$0")/../lib.sh"

FAIL=$BUILD/tests/tools/fail_call
[ -x "$FAIL" ] || skip "no $FAIL: want make $FAIL $FAIL.so"
export FAIL_CALL=$RUN/call
ENOMEM=12 EMFILE=24 ENOSPC=28 ENOBUFS=105 EIO=5
CASES="socket:$EMFILE sendto:$ENOBUFS recvmsg:$ENOBUFS open:$EMFILE mmap:$ENOMEM malloc:$ENOMEM
calloc:$ENOMEM realloc:$ENOMEM bpf:$ENOMEM epoll_ctl:$ENOSPC timerfd_create:$EMFILE write:$ENOSPC
rename:$EIO fsync:$EIO connect:$ENOBUFS accept4:$EMFILE"

lab up -b 3
: >"$RUN/xringd.pid"
weights() { # B1 B2 B3
	config <<-EOT
		interfaces: [eth0, eth1]
		services:
		  web:
		    vip: $VIP4:80/tcp
		    mode: nat
		    check: {type: tcp, port: 7000, interval: 100ms, timeout: 100ms, rise: 1, fall: 2}
		    backends:
		      b1: {address: $(lab address b1), weight: $1}
		      b2: {address: $(lab address b2), weight: $2}
		      b3: {address: $(lab address b3), weight: $3}
		  dns:
		    vip: $VIP4:53/udp
		    mode: ipip
		    backends: {b1: $(lab address b1), b2: $(lab address b2)}
	EOT
}
weights 1 1 1

listener() { # BACKEND
	nsenter --net="/run/netns/xring-$LAB-$1" -- socat TCP-LISTEN:7000,fork,reuseaddr /dev/null >/dev/null 2>&1 &
	echo $! >"$RUN/listener-$1"
	wait_for on "$1" bash -c 'exec 3<>/dev/tcp/127.0.0.1/7000'
}
listener b1
listener b2
listener b3

fresh() {
	rm -rf "$RUN/bpf"/{xring,tc} "$RUN/state"
}

# Begins a daemon whose calls are counted; it may end.
begin() {
	: >"$RUN/xringd.log"
	nsenter --net="/run/netns/xring-$LAB-lb" -- env LD_PRELOAD="$FAIL.so" "$BUILD/xringd" -f "$RUN/xring.yaml" --bpffs "$RUN/bpf" \
		--socket "$RUN/sock" --state "$RUN/state" >>"$RUN/xringd.log" 2>&1 &	# its own pid
	echo $! >"$RUN/xringd.pid"
}

answers() { xring status >/dev/null 2>&1; }
over() { answers || ended "$(daemon_pid)"; }

crashes=
# The daemon is there, or has said why not: 1, and it is gone.
lives() { # CASE
	[ -s "$RUN/xringd.pid" ] || return 1
	local code=0 place
	ended "$(daemon_pid)" || return 0
	wait "$(daemon_pid)" || code=$?
	if [ $code -gt 128 ]; then
		# glibc's look-up of users does not survive its own first malloc (2.36).
		place=$(grep -m 1 'libc.so.*(__nss_' "$RUN/xringd.log") ||
			place=$(grep -Ev 'fail_call.so|libc.so|linux-vdso' "$RUN/xringd.log" | grep -m 1 '(.*) *\[0x') || true
		[[ $place != */xringd* ]] || fail "$1: a crash in xringd: $(cat "$RUN/xringd.log")"
		crashes+="$1: $place"$'\n'
	else
		[ -s "$RUN/xringd.log" ] || fail "$1: ended with $code without a word"
	fi
	return 1
}

as_wanted() { # WEIGHTS HEALTH-OF-B3
	xring --json backend list web 2>/dev/null | jq -e --arg weights "$1" --arg health "$2" \
		'(map(.weight | floor | tostring) | join(" ")) == $weights and .[2].health == $health and
		all(.[]; .next_hop.state == "resolved")' >/dev/null
}

arm() { # FUNCTION N ERRNO
	"$FAIL" "$FAIL_CALL" set "$@"
}

# The phases: each is done once, and says what must come of it.
start_up() {
	fresh
	begin
	wait_for over
}
start_down() {
	answers && stop
	true
}
turn=1
reload_up() {
	turn=$((3 - turn))
	weights $turn 1 1
	kill -HUP "$(daemon_pid)" 2>/dev/null || true
}
death_up() {
	kill "$(cat "$RUN/listener-b3")"
	wait "$(cat "$RUN/listener-b3")" 2>/dev/null || true
}

# Waits until the phase is done; asks again, as an operator would, where it was refused.
settle() { # CASE WEIGHTS HEALTH
	local tries=0
	until as_wanted "$2" "$3"; do
		if ! lives "$1"; then
			begin		# as systemd does
			wait_for over
		elif [ $((tries += 1)) = 40 ]; then
			grep -q . "$RUN/xringd.log" || fail "$1: refused without a word"
			kill -HUP "$(daemon_pid)"	# refused: asked again
		elif [ $tries -gt 120 ]; then
			fail "$1: wanted $2 $3, got $(xring backend list 2>&1)"
		fi
		sleep 0.05
	done
}

phase() { # NAME FUNCTION N ERRNO
	local case="$1, $2 number $3"
	case $1 in
	start)
		start_down
		arm "$2" "$3" "$4"
		start_up
		settle "$case" "$turn 1 1" up
		;;
	reload)
		arm "$2" "$3" "$4"
		reload_up
		settle "$case" "$turn 1 1" up
		;;
	death)
		arm "$2" "$3" "$4"
		death_up
		settle "$case" "$turn 1 1" down
		calls=$("$FAIL" "$FAIL_CALL" calls)
		arm none 0 0
		listener b3
		settle "$case" "$turn 1 1" up
		return
		;;
	esac
	calls=$("$FAIL" "$FAIL_CALL" calls)
}

asked() { # the call that fails was made
	[ "$("$FAIL" "$FAIL_CALL" left)" = 0 ]
}

arm none 0 0
begin
wait_for as_wanted "1 1 1" up
routes=0
echo "a question to the kernel that fails says nothing of the way"
for call in "sendto $ENOBUFS" "recvmsg $ENOBUFS" "recvmsg 11"; do
	read -r function err <<<"$call"
	for number in 1 2 3; do		# the route, the link, the neighbour
		arm "$function" $number "$err"
		lb ip route add "198.18.0.$((routes += 1))/32" dev eth1
		wait_for asked
		wait_for as_wanted "1 1 1" up
	done
done
said "no route to it" && fail "a failed question was taken for no route"
said "its interface is down" && fail "a failed question was taken for a link that is down"
said "does not answer" && fail "a failed question was taken for silence"

done_count=0
for name in start reload death; do
	for of in $CASES; do
		function=${of%:*} err=${of#*:}
		arm none 0 0
		lives "before $name" || { begin; wait_for answers; settle "before $name" "$turn 1 1" up; }
		phase $name "$function" 0 0
		of_phase=$calls
		some=${XRING_CALLS:-1}
		[ "$some" != all ] && [ "$some" -lt "$of_phase" ] || some=$of_phase
		for ((i = 0; i < some; i++)); do
			phase $name "$function" $((1 + (2 * i + 1) * of_phase / (2 * some) % of_phase)) "$err"
			done_count=$((done_count + 1))
		done
	done
	echo "$name: $done_count calls failed so far"
done
[ -z "$crashes" ] || echo "crashes in libraries:"$'\n'"$crashes"
