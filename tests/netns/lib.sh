# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the end-to-end tests share. Each has a lab of its own, which goes when
# the test ends, however it ends. A failed check says what it wanted.

set -euo pipefail

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
LAB=t$$
BUILD=${BUILD:-$TOP/build}
BUILD=$(cd "$BUILD" && pwd)
RUN=/run/xring-$LAB
VIP4=10.200.1.1
VIP6=fc00::1
export LAB BUILD

lab() { "$TOP/scripts/lab" "$@"; }
xring() { "$BUILD/xring" --socket "$RUN/sock" "$@"; }
client() { nsenter --net="/run/netns/xring-$LAB-client" -- "$@"; }
lb() { nsenter --net="/run/netns/xring-$LAB-lb" -- "$@"; }
on() { # HOST COMMAND...
	local host=$1
	shift
	nsenter --net="/run/netns/xring-$LAB-$host" -- "$@"
}

fail() {
	local message="FAILED: $*"
	echo "${message:0:4000}" >&2	# also seen where the output of a step is taken
	exit 1
}

skip() {
	echo "$*"
	exit 77
}

at_exit() {
	local code=$?
	if [ "$code" != 0 ] && [ "$code" != 77 ] && [ -e "$RUN/xringd.log" ]; then
		echo "--- xringd"
		cat "$RUN/xringd.log"
		timeout 5 "$BUILD/xring" --socket "$RUN/sock" stats 2>&1 || true
		timeout 5 "$BUILD/xring" --socket "$RUN/sock" hot 2>&1 | tail -n 20 || true
	fi
	jobs -rp | xargs -r kill 2>/dev/null || true	# the number of one that ended may be another's
	lab down
	if declare -F cleanup >/dev/null; then
		cleanup		# what a test has beside its lab
	fi
	exit "$code"
}
trap at_exit EXIT
# timeout sends it twice, to this process and to its group: the second is not to end at_exit.
trap 'trap : TERM; exit 143' TERM

# Waits for a condition: 200 tries, but no longer than a minute, and XRING_PATIENCE times as much
# beside other tests.
wait_for() {
	local tries=0 patience=${XRING_PATIENCE:-1} begun=$SECONDS
	until "$@" >/dev/null 2>&1; do
		[ $((tries += 1)) -le $((200 * patience)) ] && [ $((SECONDS - begun)) -le $((60 * patience)) ] ||
			fail "waited in vain for: $*"
		sleep 0.05
	done
}

# Of flows: beside other tests a client may be kept from speaking for as many times as long.
idle_time() { # SECONDS
	echo "$(($1 * ${XRING_PATIENCE:-1}))s"
}

equal() { # WHAT GOT WANTED
	[ "$2" = "$3" ] || fail "$1: got '$2', wanted '$3'"
}

# fails CODE TEXT COMMAND...: ends with that code and says that
fails() {
	local code=0 wanted=$1 text=$2 said
	shift 2
	said=$("$@" 2>&1) || code=$?
	equal "exit code of $*" "$code" "$wanted"
	[[ $said == *"$text"* ]] || fail "$*: said '$said', wanted '$text'"
}

config() { # the services, below the keys that every test has
	{
		echo "hash_key: 00112233445566778899aabbccddeeff"
		cat
	} >"$RUN/xring.yaml"
}

start() {
	lab xringd -f "$RUN/xring.yaml" "$@"
}

daemon_pid() { cat "$RUN/xringd.pid"; }

# Has that process ended? A zombie has, whenever it is reaped.
ended() {
	[ ! -e "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"
}

stop() { # [SIGNAL]: ends the daemon, and waits until it has ended
	local pid
	pid=$(daemon_pid)
	kill "-${1:-TERM}" "$pid"
	wait_for ended "$pid"
}

status() { # FILTER of jq
	xring --json status | jq -r "$1"
}

ask() { # JSON: a request to the daemon, as it is
	printf '%s\n' "$1" | socat -t 10 - "UNIX:$RUN/sock"
}

# The clock of a daemon started with --test-clock, and of its datapath. Long times go by in parts,
# as a handshake that is under way has a minute.
advance() { # SECONDS, whole ones
	local left=$1 part
	while [ "$left" -gt 0 ]; do
		part=$((left < 50 ? left : 50))
		[ "$(ask "{\"do\":\"clock\",\"advance\":$part}")" = '{"ok":true}' ] ||
			fail "the clock stands"
		left=$((left - part))
	done
}

equals() { # WANTED COMMAND...: for wait_for
	[ "$("${@:2}")" = "$1" ]
}

said() { # TEXT: the daemon's log has it
	grep -Fq "$1" "$RUN/xringd.log"
}

resolved() { # every backend has its next hop
	! xring backend list | grep -Eq 'unresolved|not in the maps'
}

# What the balancer itself sends back, a veth takes at once only where a program runs at its far end.
client_is_told() {
	client ip link set eth0 xdp obj "$BUILD/pass.bpf.o" sec xdp
}

# Which backend answers a web request to that VIP, from a port of ours if given.
fetch() { # VIP [PORT]
	local host=$1
	[[ $1 == *:* ]] && host="[$1]"
	client curl -sS -m 5 ${2:+--local-port "$2"} "http://$host/"
}

ring_owner() { # SERVICE KEY
	xring ring lookup "$1" -n 1 "$2" | cut -f 3
}

# The ring's word for a flow: what `fetch` must find.
owner() { # SERVICE VIP PORT [VIP-PORT]
	local src dst
	if [[ $2 == *:* ]]; then
		src="[$(lab address client 6)]:$3" dst="[$2]:${4:-80}"
	else
		src="$(lab address client):$3" dst="$2:${4:-80}"
	fi
	ring_owner "$1" "$src,$dst"
}

# N requests to a VIP from ports of ours: each goes where the ring says, and
# they do not all go to one place.
follows_ring() { # SERVICE VIP N FIRST-PORT (fresh ports: a closed one rests for a minute)
	local port got seen=""
	for ((port = $4; port < $4 + $3; port++)); do
		got=$(fetch "$2" "$port") || fail "no answer from $2, port $port"
		equal "backend of $2, port $port" "$got" "$(owner "$1" "$2" "$port")"
		[[ " $seen " == *" $got "* ]] || seen="$seen $got"
	done
	[ "$(wc -w <<<"$seen")" -gt 1 ] || fail "all of $3 flows went to$seen"
}

counter() { # NAME: packets of it
	xring --json stats | jq ".reasons[] | select(.name == \"$1\").packets"
}
