#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The tools of the end-to-end tests see what they are made to see: a connection that
# breaks, a datagram from another server; and a flood's packets are good ones.
. "$(dirname "$0")/../lib.sh"

mkdir -p "$RUN"
ip netns add "xring-$LAB-client"
client ip link set lo up
client ip address add 10.9.9.9/32 dev lo
client ip address add fd09::9/128 dev lo nodad
cd "$RUN"
inside=(nsenter --net="/run/netns/xring-$LAB-client" --)	# in the background: $! is the tool's
talk() { client "$BUILD/tests/tools/talk" "$@"; }
flood() { client "$BUILD/tests/tools/flood" "$@"; }

serve() { # NAME ADDRESS: in the background
	"${inside[@]}" "$BUILD/tests/tools/talk" server "$2" 7000 --udp "$1" >"$1.counts" 2>"$1.said" &
	echo $! >"$1.pid"
	wait_for serving "$1"
}
serving() { # that process, and not the last one on this port
	client ss -Htlnp sport = 7000 | grep -q "pid=$(cat "$1.pid"),"
}
finish() { # NAME [SIGNAL]
	kill "-${2:-TERM}" "$(cat "$1.pid")"
	wait_for ended "$(cat "$1.pid")"
}
counts() { # FILTER FILE
	tail -n 1 "$2" | jq -c "$1"
}
begin() { # OPTION...: a client in the background; orders go to fd 5
	[ -p orders ] || mkfifo orders
	exec 5<>orders
	"${inside[@]}" "$BUILD/tests/tools/talk" client "$@" --rate 20 <orders >counts 2>said 5>&- &
	pid=$!
}
living() { # COUNT NAME: asks the client
	echo count >&5
	sleep 0.1
	[ "$(counts ".names.$2" counts)" = "$1" ]
}
result() { # CODE: how the client ended
	local code=0
	kill -TERM "$pid" 2>/dev/null || true
	wait "$pid" || code=$?
	equal "exit code of the client" "$code" "$1"
}
seen='[.tcp_broken, .udp_wrong, .udp_lost, .excused]'

echo "all is well, by both families, and from a source of choice"
serve alpha ::
for address in 10.9.9.9 fd09::9; do
	talk client $address 7000 --tcp 50 --udp 20 --seconds 1 --rate 20 --source $address </dev/null >counts
	equal "seen" "$(counts "$seen" counts)" "[0,0,0,0]"
	equal "names" "$(counts .names counts)" '{"alpha":70}'
	[ "$(counts .records counts)" -gt 400 ] || fail "few records: $(cat counts)"
done
client ip address add 10.9.9.10/32 dev lo
begin 10.9.9.9 7000 --tcp 6 --source 10.9.9.9 --sources 2
wait_for living 6 alpha
for address in 10.9.9.9 10.9.9.10; do
	equal "from $address" "$(client ss -Htn src $address dport = 7000 | wc -l)" 3
done
result 0
echo alpha >names
talk client 10.9.9.9 7000 --tcp 3 --seconds 1 --expect-file names </dev/null >/dev/null
echo gamma >names
fails 1 "a name that was not expected" talk client 10.9.9.9 7000 --tcp 1 --seconds 1 --expect-file names
finish alpha

echo "short connections follow one another, and are counted once each"
serve short ::
begin 10.9.9.9 7000 --tcp 20 --life 0.2
lived() { # at least N since it was last asked
	echo count >&5
	sleep 0.1
	total=$((total + $(counts '.names.short // 0' counts)))
	[ "$total" -ge "$1" ]
}
total=0
wait_for lived 100
equal "counted" "$(counts .opened counts | awk -v n="$total" '{ print ($1 - n <= 20) }')" 1
result 0
equal "seen" "$(counts "$seen" counts)" "[0,0,0,0]"
opened=$(counts .opened counts)
finish short
equal "of the server" "$(counts '[.accepted, .closed, .reset, .gaps]' short.counts)" "[$opened,$opened,0,0]"
begin 10.9.9.9 7000 --tcp 5 --life 0.2
refused() { [ "$(grep -c "Connection refused" said)" -ge 10 ]; }
wait_for refused
result 1
[ "$(counts .tcp_broken counts)" -ge 10 ] || fail "nobody was there: $(cat counts)"
fails 2 "want no --udp" talk client 10.9.9.9 7000 --udp 1 --life 1
serve alpha ::

echo "forged packets are no part of it"
begin 10.9.9.9 7000 --tcp 20
wait_for living 20 alpha
port=$(client ss -Htn dport = 7000 | awk 'NR == 1 { sub(/.*:/, "", $4); print $4 }')
for flags in rst fin syn ack; do
	equal "sent" "$(flood 10.9.9.9 7000 --tuple "10.9.9.9:$port" --flags $flags --count 100 | jq .sent)" 100
done
result 0
equal "seen" "$(counts "$seen" counts)" "[0,0,0,0]"
finish alpha
equal "of the server" "$(counts '[.open, .reset, .gaps]' alpha.counts)" "[0,0,0]"

echo "a server dies"
serve alpha ::
begin fd09::9 7000 --tcp 20 --udp 10
wait_for living 30 alpha
finish alpha KILL
broken() { [ "$(grep -c "tcp port [0-9]* on alpha: " said)" = 20 ]; }
wait_for broken
serve beta ::
wrong() { grep -q "udp port [0-9]* on alpha: answered by beta" said; }
wait_for wrong
result 1
equal "seen" "$(counts "[.tcp_broken, .udp_wrong > 0, .excused]" counts)" "[20,true,0]"

echo "a server dies, and that is known"
begin 10.9.9.9 7000 --tcp 20 --udp 10
wait_for living 30 beta
echo "dead beta" >&5
finish beta KILL
serve alpha ::
wait_for living 30 alpha
result 0
# Lost are datagrams, and no more than those, that were sent while nobody was there.
equal "seen" "$(counts "[.tcp_broken, .udp_wrong]" counts)" "[0,0]"
[ "$(counts .excused counts)" -ge 30 ] || fail "excused: $(cat counts)"

echo "a number is missing"
{
	printf 'client\0\0\0\0\0\0\0\0\0\1'
	printf 'client\0\0\0\0\0\0\0\0\0\3'
} | client nc -N 10.9.9.9 7000 >/dev/null
missing() { grep -q "a gap after record 1" alpha.said; }
wait_for missing
finish alpha
equal "gaps" "$(counts .gaps alpha.counts)" 1
gap() { # a server that leaves out one
	printf 'gamma\n'
	printf 'gamma\0\0\0\0\0\0\0\0\0\0\1'
	printf 'gamma\0\0\0\0\0\0\0\0\0\0\2'
	printf 'gamma\0\0\0\0\0\0\0\0\0\0\4'
	sleep 2
}
gap | client nc -l 10.9.9.9 7000 >/dev/null &
listening() { client ss -Htln sport = 7000 | grep -q .; }
wait_for listening
fails 1 "on gamma: a gap, or another server, after record 2" talk client 10.9.9.9 7000 --tcp 1 --seconds 1

echo "floods"
segments() { # in, and of those bad ones
	client cat /proc/net/snmp | awk '/^Tcp: [0-9]/ { print $11, $14 }'
}
for address in 10.9.9.9 fd09::9; do
	read -r in bad < <(segments)
	equal "sent" "$(flood $address 7001 --syn 5000 | jq -c '[.sent, .errors]')" "[5000,0]"
	read -r in2 bad2 < <(segments)
	[ $((in2 - in)) -ge 5000 ] || fail "$((in2 - in)) of 5000 SYNs to $address came"
	equal "bad ones" "$bad2" "$bad"
	flood $address 7001 --syn 100 --udp >/dev/null
done
[ "$(flood 10.9.9.9 7001 --syn 100 --pps 200 | jq '.seconds > 0.3')" = true ] || fail "pps"
fails 2 "want rst, fin, syn or ack" flood 10.9.9.9 1 --tuple 10.9.9.9:1 --flags urg --count 1
fails 2 "both addresses of one family" flood 10.9.9.9 1 --tuple "[fd09::9]:1" --flags rst --count 1
