#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Dropped packets can be looked at: of whom, why, the last one, and samples as a file that tcpdump and tshark
# read. Of those that were forwarded there is nothing.
. "$(dirname "$0")/../lib.sh"

lab up -b 2
lab vip
lab decap
lab nginx
config <<EOT
interfaces: [eth0]
services:
  web: {vip: $VIP4:80/tcp, mode: ipip, backends: {b1: $(lab address b1), b2: $(lab address b2)}}
  empty: {vip: $VIP4:81/tcp, mode: ipip, all_down: drop, backends: {}}
  six: {vip: "[$VIP6]:81/udp", mode: ipip, all_down: drop, backends: {}}
EOT
start
wait_for resolved
rows() { # FILTER: of what is dropped
	xring --json drops | jq -c "[.drops[] | $1]"
}
equal "at first" "$(xring drops)" "nothing was dropped"
client curl -sS -m 5 "http://$VIP4/" >/dev/null
equal "of what went on" "$(xring --json drops -n 1024 | jq '.samples | length')" 0

echo "a service without a backend"
here=$(lab address client)
client curl -sS -m 1 --local-port 40001 "http://$VIP4:81/" >/dev/null 2>&1 || true
client bash -c "echo hello > /dev/udp/$VIP6/81"
seen() { [ "$(rows 'select(.service == "'"$1"'" and .reason == "drop_no_backend") | .last | objects | 1')" = "[1]" ]; }
wait_for seen empty
wait_for seen six
last=$(rows 'select(.service == "empty") | .last')
equal "from" "$(jq -r '.[0].from' <<<"$last")" "$here:40001"
equal "to" "$(jq -r '.[0].to' <<<"$last")" "$VIP4:81"
equal "of" "$(jq -c '.[0] | [.protocol, .interface]' <<<"$last")" '["tcp","eth0"]'
equal "the other" "$(rows 'select(.service == "six") | [.packets, .last.protocol, .last.to]')" "[[1,\"udp\",\"[$VIP6]:81\"]]"
xring drops empty | grep -Eq "^drop_no_backend +empty +- +[0-9]+ +[0-9.]+s +$here:40001 +$VIP4:81 " ||
	fail "the table: $(xring drops empty)"
xring drops empty | grep -q six && fail "of one service: $(xring drops empty)"
equal "by reason" "$(xring --json drops --reason drop_ttl | jq '.drops | length')" 0
fails 1 "service nobody: no such service" xring drops nobody

echo "they are followed"
xring drops --follow -n 1 >"$RUN/followed" &
follows() { [ -s "$RUN/followed" ]; }
wait_for follows
client bash -c "echo again > /dev/udp/$VIP6/81"
comes() { [ "$(grep -Ec "drop_no_backend  six  .* > \[$VIP6\]:81  udp, [0-9]+ bytes, in by eth0" "$RUN/followed")" = 2 ]; }
wait_for comes

xring --json drops six --follow >"$RUN/lines" &
more_come() { client bash -c "echo more > /dev/udp/$VIP6/81"; sleep 0.2; jq -e 'select(.service == "six")' "$RUN/lines"; }
wait_for more_come

echo "as a file"
xring drops -w "$RUN/drops.pcapng"
equal "whose file" "$(stat -c %a "$RUN/drops.pcapng")" 600
count=$(xring --json drops -n 1024 | jq '.samples | length')
[ "$count" -ge 3 ] || fail "$count samples"
if command -v tcpdump >/dev/null; then
	equal "tcpdump reads" "$(tcpdump -nr "$RUN/drops.pcapng" 2>/dev/null | wc -l)" "$count"
	tcpdump -nr "$RUN/drops.pcapng" 2>/dev/null | grep -q "$here.40001 > $VIP4.81: Flags \[S\]" ||
		fail "tcpdump: $(tcpdump -nr "$RUN/drops.pcapng" 2>&1)"
	xring drops -w - | tcpdump -nr - 2>/dev/null | grep -q "$here.40001 > $VIP4.81" || fail "by a pipe"
fi
if command -v tshark >/dev/null; then
	shark() { tshark -r "$RUN/drops.pcapng" "$@" 2>/dev/null; }
	equal "verdicts" "$(shark -Y 'frame.verdict.ebpf_xdp == 1' | wc -l)" "$count"
	equal "comments" "$(shark -Y 'frame.comment contains "drop_no_backend; service empty"' | wc -l)" \
		"$(xring --json drops empty -n 1024 | jq '.samples | length')"
	shark -T fields -e frame.interface_name | sort -u | grep -qx eth0 || fail "no interface"
fi
fails 1 "No such file or directory" xring drops -w /nowhere/at/all
fails 2 "n 0: want 1 to 1024" xring drops -n 0

echo "a flood: so many samples, and the counters have all"
N=3000
before=$(rows 'select(.service == "six") | .packets' | jq '.[0]')
client bash -c "for i in {1..$N}; do echo x; done > /dev/udp/$VIP6/81" 2>/dev/null || true
all() { [ "$(rows 'select(.service == "six") | .packets')" = "[$((before + N))]" ]; }
wait_for all
[ "$(xring --json drops six -n 1024 | jq '.samples | length')" -lt 1024 ] || fail "too many samples"

echo "the next daemon has new ones, and the old counts"
stop KILL
client bash -c "echo alone > /dev/udp/$VIP6/81"
start
equal "counted meanwhile" "$(rows 'select(.service == "six") | .packets')" "[$((before + N + 1))]"
client bash -c "echo again > /dev/udp/$VIP6/81"
wait_for seen six
