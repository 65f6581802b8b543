#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The daemon is killed at a step of its writes while rules change under live flows of several
# client sets: networks come and go, rules are swapped, a backend's region changes, the last
# rule goes, the first one comes. The next daemon finishes it: no flow breaks, no strict client
# reaches what its rule forbids, and what is then there is what it is without a kill. STEPS (1):
# kills in each of the changes, spread over its steps; `make soak` takes more, in LANES beside
# one another, of which this is number LANE.
. "$(dirname "$0")/../talkers.sh"

STEPS=${STEPS:-1} LANES=${LANES:-1} LANE=${LANE:-0} SEED=${SEED:-$RANDOM}
RANDOM=$SEED
STATES=(base more fewer swap region none)
NEVER=1000000000
echo "seed $SEED"

lab up -b 5 --entrances 2
lab vip
lab decap
talk_servers b1 b2 b3 b4 b5
client_address 10.1.{2,3,4,5,7}.10 10.1.2.11

rules_of() { # STATE
	local more='' first=west second=east strict=+region=east
	case $1 in
	none) return ;;
	more) more=", 10.1.4.0/24" ;;
	swap | region) first=east second=west strict=-region=west ;;	# another ring, the same backends
	esac
	cat <<EOT
    placement:
      - {clients: [10.1.2.0/24], constraints: [$strict]}
      - {clients: [10.1.3.0/24$more], preferences: [$first, $second]}
      - {clients: [10.1.5.0/24], preferences: [$second, $first]}
      - {clients: [10.1.7.0/24, 10.2.0.0/16], strategy: geo}
EOT
}
service_of() { # STATE NAME VIP
	local fifth=west
	[[ $1 = region || $1 = none ]] && fifth=east
	cat <<EOT
  $2:
    vip: $3
    mode: ipip
    vnodes: 6
    tcp_idle: $(idle_time 4)
    udp_idle: $(idle_time 4)
$(rules_of "$1")
    backends:
      b1: {address: $(lab address b1), region: east}
      b2: {address: $(lab address b2), region: east}
      b3: {address: $(lab address b3), region: west}
      b4: {address: $(lab address b4), region: west}
      b5: {address: $(lab address b5), region: $fifth}
EOT
}
config_of() { # STATE [REGION]: one more, which nobody is in
	config <<EOT
interfaces:
  - {name: eth0, region: east}
  - {name: eth1, region: west}
flush: {interval: 0}
limits: {cells: 8192, backends: 64}
regions:
${2:+  $2: {timezone: UTC\}}
  east: {timezone: America/New_York}
  west: {timezone: Europe/Dublin}
services:
$(service_of "$1" web "$VIP4:7000/tcp")
$(service_of "$1" gram "$VIP4:7000/udp")
EOT
}

# ---- time ----

loads() { grep -Fc "xring.yaml: loaded" "$RUN/xringd.log" || true; }
loaded_or_dead() { ended "$(daemon_pid)" || [ "$(loads)" -gt "$1" ]; }

# Past the settle time, in which all speak.
time_goes() {
	for _ in 1 2 3; do
		ended "$(daemon_pid)" && return
		ask '{"do":"clock","advance":1.5}' || true
		sleep 0.3
	done
} >/dev/null 2>&1
closed() {
	[ "$(xring --json stats | jq -c '[.pins.cells_moving, .rules.classes_moving, .writes.pending]')" = '[0,0,0]' ]
}
settle() {
	time_goes
	wait_for closed
}

# ---- what is there ----

snapshot() {
	local service client
	for service in web gram; do
		xring --json placement show $service |
			jq -cS 'del(.. | .packets?, .bytes?, .dropped?, .at?)'
		for client in 10.1.{2,3,4,5,7,9}.10 10.2.0.2; do
			xring --json placement explain $service "$client:1234,$VIP4:7000" | jq -cS .
		done
		xring --json backend list $service |
			jq -c '.[] | [.name, .address, .region, .state, .weight, .share, .next_hop]'
	done
}
leftovers() { xring --json stats | jq -c .rules; }
# Packets of the first rule's clients outside of the east.
leaked() {
	for service in web gram; do
		xring --json placement show $service
	done | jq -s '[.[].rules[] | select(.rule == 1).regions[] | select(.region != "east").packets] | add // 0'
}
names() { counts "$1" '.names | keys | join(" ")' | jq -r .; }

as_promised() { # WHEN STATE
	local name
	for name in "${TALKERS[@]}"; do
		[ "$(counts "$name" '[.tcp_broken, .udp_wrong]')" = '[0,0]' ] ||
			fail "$1: $(tail -n 3 "$RUN"/*.said)"
	done
	equal "$1: strict clients" "$(names east)" "b1 b2"
	equal "$1: packets of strict clients" "$([ "$2" = none ] || leaked)" "$([ "$2" = none ] || echo 0)"
	xring placement audit >"$RUN/audit" || fail "$1: it leaks: $(cat "$RUN/audit")"
	equal "$1: dropped" "$(xring --json stats | jq .packets.drop)" "$dropped"
}

# ---- changes ----

turn_to() { # STATE [STEP]: the daemon there may die of it
	local before
	before=$(loads)
	[ -z "${2:-}" ] || ask "{\"do\":\"clock\",\"die\":$2}" >/dev/null
	config_of "$1"
	kill -HUP "$(daemon_pid)"
	wait_for loaded_or_dead "$before"
	ended "$(daemon_pid)" || time_goes
}

again() { # the daemon ends, if it has not yet, and another finds nothing to do
	stop
	start --test-clock
	wait_for resolved
}

config_of base
start --test-clock
wait_for resolved
TALKERS=(east west other second geo rest far)
source_of() { # TALKER
	case $1 in
	east) echo --source 10.1.2.10 ;;
	west) echo --source 10.1.3.10 ;;
	other) echo --source 10.1.4.10 ;;
	second) echo --source 10.1.5.10 ;;
	geo) echo --source 10.1.7.10 ;;
	esac
}
for name in "${TALKERS[@]}"; do
	from=client
	[ "$name" = far ] && from=client2
	# shellcheck disable=SC2046	# two words or none
	FROM=$from talker "$name" --tcp 20 --udp 8 --rate 8 $(source_of "$name")
done
# Some of theirs are cut, where a backend goes west.
talker short --tcp 4 --life 0.5 --rate 8 --source 10.1.2.11
for name in "${TALKERS[@]}"; do
	wait_for lives "$name" 28
done
equal "geo, by eth0" "$(names geo)" "b1 b2"
[[ $(names far) =~ ^b3\ b4|b5 ]] || fail "geo, by eth1: $(names far)"
dropped=$(xring --json stats | jq .packets.drop)

# Once around without a kill: what is to be there, and how many steps there are.
declare -A TOTAL
again
settle
for state in "${STATES[@]:1}" base; do
	turn_to "$state" $NEVER
	settle
	left=$(ask '{"do":"clock","die":0}' | jq .data.left)
	TOTAL[$state]=$((NEVER - left))
	[ "${TOTAL[$state]}" -gt 5 ] || fail "$state: only ${TOTAL[$state]} steps"
	snapshot >"$RUN/wanted-$state"
	again
	leftovers >"$RUN/wanted-rules-$state"
	as_promised "$state, no kill" "$state"
	echo "$state: ${TOTAL[$state]} steps; $(cat "$RUN/wanted-rules-$state")"
done

kills=0
kill_at() { # STATE STEP
	turn_to "$1" "$2"
	if ended "$(daemon_pid)"; then kills=$((kills + 1)); else stop KILL; fi
	start --test-clock
	wait_for resolved
	settle
	snapshot >"$RUN/got"
	diff "$RUN/wanted-$1" "$RUN/got" || fail "$1, step $2: it ends otherwise"
	as_promised "$1, step $2" "$1"
	again
	equal "$1, step $2: cells written" "$(xring --json stats | jq .writes.cells_written)" 0
	equal "$1, step $2: in the maps" "$(leftovers)" "$(cat "$RUN/wanted-rules-$1")"
	snapshot | diff "$RUN/wanted-$1" - || fail "$1, step $2: a restart changes it"
}
for ((k = LANE; k < STEPS; k += LANES)); do
	for state in "${STATES[@]:1}" base; do
		step=$((1 + (k * TOTAL[$state] + RANDOM % TOTAL[$state]) / STEPS))
		kill_at "$state" $step
	done
done

echo "killed when of a service's classes its own is left, which goes when the next program has taken over"
turn_to region
settle
kill_at none $((TOTAL[none] - 106))
turn_to base
settle

echo "regions that get other numbers behind the daemon's back are not counted as others"
config_of base africa
kill -HUP "$(daemon_pid)"
short_goes() { [ "$(east_packets)" -gt 0 ]; }
east_packets() {
	xring --json placement show web |
		jq '[.rules[] | select(.rule == 1).regions[] | select(.region == "east").packets] | add'
}
sleep 0.5
wait_for short_goes
stop KILL
config_of base
start --test-clock
wait_for resolved
equal "packets of strict clients" "$(leaked)" 0
as_promised "other regions" base

for name in "${TALKERS[@]}"; do
	talker_end "$name"
done
echo "killed $kills times"
