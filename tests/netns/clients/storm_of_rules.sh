#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Live flows of several client sets through a storm of changes: rules, networks of sets, regions,
# weights, drains and deaths of backends, many of them overlapping, with restarts and kills of
# the daemon between. Nothing breaks that its rule allows, no strict client reaches what its
# rule forbids, and the end is that of a daemon that starts from nothing. TIME (25): seconds;
# `make soak` has it go on for minutes.
. "$(dirname "$0")/../talkers.sh"

TIME=${TIME:-25} SEED=${SEED:-$RANDOM}
RANDOM=$SEED
echo "seed $SEED: $TIME s"

lab up -b 7 --entrances 2
lab vip
lab decap
talk_servers b1 b2 b3 b4 b5 b6 b7
client_address 10.1.{2,3,4,5,6,7}.10

# What the next configuration says. Backends 1 and 2 are always in the east, 3 and 4 in the
# west; 5 is anywhere, 6 comes and goes, 7 dies and lives again.
declare -A REGION=([b1]=east [b2]=east [b3]=west [b4]=west [b5]=west [b6]=west [b7]=west)
declare -A WEIGHT=([b1]=1 [b2]=1 [b3]=1 [b4]=1 [b5]=1 [b6]=1 [b7]=1)
FIRST=west SECOND=east MORE='' RULES=yes SPILL='' ENTRANCE=east SIX=yes SEVEN=yes
backends_text() {
	local b
	for b in b1 b2 b3 b4 b5 b6 b7; do
		[[ $b = b6 && -z $SIX ]] ||
			echo "      $b: {address: $(lab address $b), region: ${REGION[$b]}, weight: ${WEIGHT[$b]}}"
	done
}
rules_text() {
	[ "$RULES" ] || return 0
	cat <<EOT
    placement:
      - {clients: [10.1.2.0/24], constraints: [+region=east]}
      - {clients: [10.1.6.0/24], constraints: [-region=west]}
      - {clients: [10.1.3.0/24$MORE], preferences: [$FIRST, $SECOND]$SPILL}
      - {clients: [10.1.5.0/24], preferences: [$SECOND, $FIRST]}
      - {clients: [10.1.7.0/24, 10.2.0.0/16], strategy: geo}
EOT
}
service_text() { # NAME VIP
	cat <<EOT
  $1:
    vip: $2
    mode: ipip
    tcp_idle: $(idle_time 3)
    udp_idle: $(idle_time 2)
    drain: 1d
    check: {type: tcp, interval: 0.5s, timeout: 0.5s, fall: 3, rise: 1}
$(rules_text)
    backends:
$(backends_text)
EOT
}
write_config() {
	config <<EOT
interfaces:
  - {name: eth0, region: $ENTRANCE}
  - {name: eth1, region: west}
flush: {interval: 0.1}
regions:
  east: {timezone: America/New_York}
  west: {timezone: Europe/Dublin}
services:
$(service_text web "$VIP4:7000/tcp")
$(service_text gram "$VIP4:7000/udp")
EOT
}
write_config
start
wait_for resolved

TALKERS=(east strict west other second geo rest far)
declare -A SOURCE=([east]=10.1.2.10 [strict]=10.1.6.10 [west]=10.1.3.10 [other]=10.1.4.10
	[second]=10.1.5.10 [geo]=10.1.7.10)
for name in "${TALKERS[@]}"; do
	from=client
	[ $name = far ] && from=client2
	# shellcheck disable=SC2086
	FROM=$from talker $name --tcp 15 --udp 6 --rate 4 ${SOURCE[$name]:+--source ${SOURCE[$name]}}
done
for name in "${TALKERS[@]}"; do
	wait_for lives $name 21
done
equal "strict clients" "$(counts east '.names | keys | join(" ")')" '"b1 b2"'

loads() { grep -Fc "xring.yaml: loaded" "$RUN/xringd.log" || true; }
pick() { echo "${@:RANDOM % $# + 1:1}"; }
services() { pick web gram; }

reload() { kill -HUP "$(daemon_pid)"; }
tell() { # ORDER: all talkers
	local name
	for name in "${TALKERS[@]}"; do
		echo "$1" >&"${TALKER_ORDERS[$name]}"
	done
}
# Its flows are let go first, and opened elsewhere.
seven_turns() {
	if [ "$SEVEN" ]; then
		tell "dead b7"
		kill "${SERVER_PID[b7]}"
		wait "${SERVER_PID[b7]}" || true
		SEVEN=''
	else
		talk_servers b7
		SEVEN=yes
		seven_is up
		tell "alive b7"
	fi
	deaths=$((deaths + 1))
}
seven_is() { # HEALTH
	for service in web gram; do
		wait_for equals "$1" seven_health $service
	done
}
seven_health() { xring --json backend list "$1" | jq -r '.[] | select(.name == "b7").health'; }

file_changes=0 commands=0 restarts=0 deaths=0
# One change, whatever comes of it.
one() {
	local b
	case $((RANDOM % 13)) in
	0 | 1) [ "$MORE" ] && MORE='' || MORE=", 10.1.4.0/24" ;;
	2 | 3) b=$FIRST FIRST=$SECOND SECOND=$b ;;
	4) REGION[b5]=$(pick east west) ;;
	5) [ "$RULES" ] && RULES='' || RULES=yes ;;
	6) SPILL=$(pick "" ", spillover: waterfall, threshold: 0.$((RANDOM % 40 + 55))") ;;
	7) ENTRANCE=$(pick east west) ;;
	8) WEIGHT[$(pick b1 b2 b3 b4 b7)]=$((RANDOM % 3 + 1)) ;;
	9) [ "$SIX" ] && SIX='' || SIX=yes ;;
	10)
		seven_turns
		return
		;;
	*)
		b=$(pick b3 b4 b7)
		xring backend "$(pick drain undrain undrain)" "$(services)" $b >/dev/null 2>&1
		commands=$((commands + 1))
		return
		;;
	esac
	write_config
	reload
	file_changes=$((file_changes + 1))
}
restart() {
	sleep "0.$((RANDOM % 4))"
	stop "$(pick KILL KILL TERM)"
	[ $((RANDOM % 2)) = 0 ] && write_config
	start
	restarts=$((restarts + 1))
}
leaked() {
	for service in web gram; do
		xring --json placement show $service
	done | jq -s '[.[].rules[] | select(.strict).regions[] | select(.region == "west").packets] | add // 0'
}
alone() { # what strict flows live on
	equal "where strict flows live" "$(counts east '.names | keys')" '["b1","b2"]'
	equal "where strict flows live" "$(counts strict '.names | keys')" '["b1","b2"]'
	xring placement audit >"$RUN/audit" || fail "it leaks: $(cat "$RUN/audit")"
	equal "packets of strict clients" "$(leaked)" 0
}

end=$((SECONDS + TIME))
while [ $SECONDS -lt $end ]; do
	one
	[ $((RANDOM % 6)) = 0 ] && restart
	[ $((RANDOM % 5)) = 0 ] && alone
	sleep "0.$((RANDOM % 7))"
done
echo "$file_changes changes of the file, $commands commands, $restarts restarts and kills," \
	"$deaths deaths and returns of a backend"

# All settles: as a daemon that starts from nothing would have it.
[ "$SEVEN" ] || seven_turns
write_config
reload
for service in web gram; do
	for b in b3 b4 b7; do
		xring backend undrain $service $b >/dev/null 2>&1 || true
	done
done
closed() {
	[ "$(xring --json stats | jq -c '[.pins.cells_moving, .rules.classes_moving, .writes.pending]')" = '[0,0,0]' ]
}
sleep "$(idle_time 4)"
wait_for closed
alone
for name in "${TALKERS[@]}"; do
	talker_end $name
done
equal "dropped packets" "$(xring --json stats | jq '.packets.drop - (.reasons[] |
	select(.name == "drop_no_next_hop").packets)')" 0
snapshot() {
	local service client
	for service in web gram; do
		xring --json placement show $service | jq -cS 'del(.. | .packets?, .bytes?, .dropped?, .at?)'
		for client in 10.1.{2,3,4,5,6,7,9}.10 10.2.0.2; do
			xring --json placement explain $service "$client:1234,$VIP4:7000" | jq -cS .
		done
	done
	xring --json stats | jq -c .rules
}
snapshot >"$RUN/got"
stop
start
wait_for resolved
equal "cells that a restart writes" "$(xring --json stats | jq .writes.cells_written)" 0
snapshot | diff "$RUN/got" - || fail "a restart changes it"
stop
rm -rf "$RUN/bpf/xring" "$RUN/bpf/tc" "$RUN/state"
start
wait_for resolved
seven_is up
snapshot | diff - "$RUN/got" || fail "it is not what a new daemon makes of it"
