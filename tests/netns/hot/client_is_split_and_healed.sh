#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A client that opens many connections is found, split over the backends and healed again:
# no connection breaks, those that it had stay where they were, and so do all other clients.
. "$(dirname "$0")/../talkers.sh"

BACKENDS=10 OTHERS=20 LONG=30 SHORT=300 HOLD=4
lab up -b $BACKENDS
lab vip
lab decap
HOT=10.1.2.10	# of its 100 shards no backend has more than 13
mapfile -t others < <(for ((i = 1; i <= OTHERS; i++)); do echo "10.1.1.$i"; done)
client_address $HOT "${others[@]}"
mapfile -t hosts < <(for ((i = 1; i <= BACKENDS; i++)); do echo "b$i"; done)
talk_servers "${hosts[@]}"
config <<EOT
interfaces: [eth0]
services:
  web:
    vip: $VIP4:7000/tcp
    mode: ipip
    key: client
    tcp_idle: $(idle_time 4)
    udp_idle: $(idle_time 2)
    hot: {hold: ${HOLD}s, auto: false}
    backends: {$(backends_of "${hosts[@]}")}
EOT
start
wait_for resolved
home=$(ring_owner web "$HOT")

for i in "${!others[@]}"; do
	talker "other$i" --tcp 15 --rate 1 --source "${others[i]}"
done
talker long --tcp $LONG --rate 1 --source "$HOT"
for i in "${!others[@]}"; do
	wait_for lives "other$i" 15
done
wait_for lives long $LONG

# All of them, and those that they open now.
others_at_home() {
	local i owner pids=()
	for i in "${!others[@]}"; do
		client "$TALK" client $VIP4 7000 --tcp 5 --seconds 0.3 --source "${others[i]}" \
			</dev/null >"$RUN/new$i" 2>&1 &
		pids+=($!)
	done
	for i in "${!others[@]}"; do
		wait "${pids[i]}" || fail "new ones of ${others[i]}: $(cat "$RUN/new$i")"
	done
	for i in "${!others[@]}"; do
		owner=$(ring_owner web "${others[i]}")
		equal "new ones of ${others[i]}" "$(jq -c '[.names, .tcp_broken]' "$RUN/new$i")" \
			"[{\"$owner\":5},0]"
		equal "live ones of ${others[i]}" "$(counts "other$i" '[.names, .tcp_broken]')" \
			"[{\"$owner\":15},0]"
	done
}
is() { # STATE: of the hot client's key
	[ "$(hot_key web "$HOT" .state)" = "\"$1\"" ]
}
whole() { [[ "$(hot_key web "$HOT" .shards)" =~ ^(0|null)$ ]]; }
gone() { [ "$(hot_key web "$HOT" .)" = null ]; }

# New ones go where their shards are, to each backend as many as chance (5 sigma) would have.
spread() {
	local busiest
	opens short 1000 >"$RUN/spread"
	busiest=$(skew $BACKENDS <"$RUN/spread")
	echo "busiest of the new ones / average: $busiest / 100"
	[ "$busiest" -le 160 ] || fail "new ones are not spread: $(cat "$RUN/spread")"
	xring --json hot shards web "$HOT" | jq -e --slurpfile got "$RUN/spread" '
		($got[0] | add) as $n | length as $shards | group_by(.backend) |
		map({(.[0].backend): (length / $shards * $n)}) | add |
		keys == ($got[0] | keys) and
		all(to_entries[]; .value as $want | ($got[0][.key] - $want | fabs) < 5 * ($want | sqrt))' \
		>/dev/null || fail "new ones are not where their shards are: $(cat "$RUN/spread")"
}

echo "no key is hot yet"
equal "keys" "$(xring --json hot)" "[]"

echo "it is hot, but nobody is to split it"
talker short --tcp $SHORT --rate 1 --life 1 --source "$HOT"
within 5 is hot
equal "new ones before the split" "$(opens short 500 | jq -c keys)" "[\"$home\"]"
equal "state" "$(hot_key web "$HOT" '[.state, .by, .shards, .backends]')" '["hot","auto",0,1]'
equal "shards" "$(xring hot shards web "$HOT" | cut -f 1,3)" "0	$home"

echo "it is split"
xring service set web --hot auto=true --now
within 2 is split
equal "shards" "$(hot_key web "$HOT" '[.by, .shards, .backends]')" "[\"auto\",100,$BACKENDS]"
equal "positions" "$(xring hot shards web "$HOT" | cut -f 2 | sort -u | wc -l)" 100
spread

echo "killed while it moves"
xring hot split web "$HOT" --shards 50 >/dev/null
stop KILL
start
is split || fail "after the kill: $(hot_key web "$HOT" .)"
equal "by hand" "$(hot_key web "$HOT" '[.by, .shards]')" '["hand",50]'
xring hot clear web "$HOT" >/dev/null
within 5 is split
equal "shards" "$(hot_key web "$HOT" '[.by, .shards]')" '["auto",100]'
stop KILL
start
equal "after the kill" "$(hot_key web "$HOT" '[.state, .by, .shards]')" '["split","auto",100]'
spread
equal "long ones" "$(counts long '[.names, .tcp_broken]')" "[{\"$home\":$LONG},0]"
others_at_home

echo "the heat is gone"
talker_end short
within $((HOLD + 2)) whole
within 6 gone
equal "long ones" "$(counts long '[.names, .tcp_broken]')" "[{\"$home\":$LONG},0]"
others_at_home
within 10 at_rest

talker_end long
for i in "${!others[@]}"; do
	talker_end "other$i"
done
equal "dropped" "$(xring --json stats | jq .packets.drop)" 0
