#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A million networks of clients: loaded under traffic, changed, adopted after a kill, refused
# with their line where one of them is wrong.
. "$(dirname "$0")/../talkers.sh"

lab up -b 4
lab vip
lab decap
talk_servers b1 b2 b3 b4
# Of those, the client's own are in one place each: 10.1.2.0/24 east, 10.1.3.0/24 west.
networks() { # SEED
	awk -v seed="$1" 'BEGIN {
		srand(seed)
		while (n < 1000000) {
			bits = rand() < 0.6 ? 24 : 17 + int(8 * rand())
			address = int(rand() * 3758096384)
			address -= address % 2 ^ (32 - bits)
			a = int(address / 16777216)
			if (a == 0 || a == 10 || a == 127 || (address, bits) in seen)
				continue
			seen[address, bits]
			n++
			printf "%d.%d.%d.%d/%d\n", a, int(address / 65536) % 256,
			       int(address / 256) % 256, address % 256, bits
		}
	}'
}
networks 1 >"$RUN/all.txt"
{ awk 'NR % 2' "$RUN/all.txt"; echo 10.1.2.0/24; } >"$RUN/east.txt"
{ awk 'NR % 2 == 0' "$RUN/all.txt"; echo 10.1.3.0/24; } >"$RUN/west.txt"
config_of() { # RULES
	config <<EOT
interfaces: [eth0]
flush: {interval: 0.2}
regions:
  east: {prefixes: east.txt}
  west: {prefixes: west.txt}
services:
  web:
    vip: $VIP4:7000/tcp
    mode: ipip
    tcp_idle: 60s
    udp_idle: 2s
    check: {type: tcp, interval: 0.2s, timeout: 0.1s, fall: 1, rise: 1}
$1
    backends:
      b1: {address: $(lab address b1), region: east}
      b2: {address: $(lab address b2), region: east}
      b3: {address: $(lab address b3), region: west}
      b4: {address: $(lab address b4), region: west}
EOT
}
config_of ""
start
wait_for resolved
client_address 10.1.2.10 10.1.3.10 10.1.4.10
for host in 2 3 4; do
	talker c$host --tcp 40 --rate 4 --source 10.1.$host.10
	wait_for lives c$host 40
done

writes() { xring --json stats | jq .writes.flushes; }
flushed() { [ "$(writes)" -gt "$1" ] && [ "$(xring --json stats | jq .writes.pending)" = 0 ]; }
reload_within() { # SECONDS: to the last write
	local before
	before=$(writes)
	kill -HUP "$(daemon_pid)"
	within "$1" flushed "$before"
}

RULES="    placement: [{clients: region=east, preferences: [east, west]}, {clients: region=west, preferences: [west, east]}]"

refused() { # TIMES
	[ "$(grep -Ec "need [0-9]+ MiB of tables, there are 1: want a larger limits.networks, or a restart" \
		"$RUN/xringd.log")" = "$1" ]
}

echo "a few more than there is room for are refused, and nothing is tried"
mv "$RUN/east.txt" "$RUN/east.all"
mv "$RUN/west.txt" "$RUN/west.all"
sed -n 1,6300p "$RUN/east.all" >"$RUN/east.txt"
sed -n 1,6300p "$RUN/west.all" >"$RUN/west.txt"
config_of "$RULES"
kill -HUP "$(daemon_pid)"
wait_for refused 1
! said "could not be brought" || fail "half of it was done"
mv "$RUN/east.all" "$RUN/east.txt"
mv "$RUN/west.all" "$RUN/west.txt"

echo "where there is no room for them, a restart makes it"
config_of "$RULES"
kill -HUP "$(daemon_pid)"
wait_for refused 2
stop
start
wait_for resolved
config_of ""
reload_within 10

echo "a million networks, under traffic"
config_of "$RULES"
reload_within 10
check_owner() { # CLIENT NAMES
	local backend
	for backend in $(client bash -c "for i in {1..12}; do timeout 2 curl -s --http0.9 --interface $1 http://$VIP4:7000/ | head -c 2; echo; done" | sort -u); do
		[[ " $2 " == *" $backend "* ]] || fail "$1 was sent to $backend"
	done
}
check_owner 10.1.2.10 "b1 b2"
check_owner 10.1.3.10 "b3 b4"
equal "of a network in the list" \
	"$(xring --json placement explain web "$(sed -n '7s/\/.*//p' "$RUN/west.txt")" | jq -r '.ways[0].route' | cut -d' ' -f1)" west
xring placement explain web 10.1.2.10 | grep -q "10.1.2.0/24 is the longest network" ||
	fail "$(xring placement explain web 10.1.2.10)"

echo "one network changes sides"
sed -i '/^10.1.2.0\/24$/d' "$RUN/east.txt"
echo 10.1.2.0/24 >>"$RUN/west.txt"
reload_within 10
check_owner 10.1.2.10 "b3 b4"

echo "a bad line in the middle is told with its place, and nothing changes"
cp "$RUN/west.txt" "$RUN/west.good"
sed -i '373001s/.*/192.0.2.1\/24/' "$RUN/west.txt"
kill -HUP "$(daemon_pid)"
wait_for said "west.txt:373001:1: 192.0.2.1/24: want 192.0.2.0/24, the network that it is in"
check_owner 10.1.2.10 "b3 b4"
mv "$RUN/west.good" "$RUN/west.txt"

echo "the next daemon adopts them"
stop KILL
before=$(now_ms)
start
echo "ready after $(($(now_ms) - before)) ms"
check_owner 10.1.2.10 "b3 b4"
check_owner 10.1.3.10 "b3 b4"
for host in 2 3 4; do
	talker_end c$host
done

echo "meanwhile no backend was taken for dead"
! grep ' is down' "$RUN/xringd.log" || fail "it was"
