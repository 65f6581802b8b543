#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Weights of 100 and more make too many points: --check and the start say so in the same words, and
# name the weight_unit with which there is room. With it the rings are those of weight 1.
. "$(dirname "$0")/../lib.sh"

lab up -b 1
file() { # SERVICES BACKENDS WEIGHT [UNIT]
	local s b
	config < <(
		echo "services:"
		for ((s = 1; s <= $1; s++)); do
			printf '  s%s:\n    vip: 10.200.2.%s:80/tcp\n    mode: ipip\n' "$s" "$s"
			[ -z "${4-}" ] || echo "    weight_unit: $4"
			echo "    backends:"
			for ((b = 1; b <= $2; b++)); do
				echo "      b$b: {address: 10.9.$s.$b, weight: $3}"
			done
		done
	)
}
check() { "$BUILD/xringd" --check -f "$RUN/xring.yaml" 2>&1 | grep -v "hash_key is that of the example"; }
refused() { # UNIT
	local said
	said=$(check) && [[ $said == *": ok" ]] && fail "--check: $said"
	[[ $said == *", or weight_unit: $1" ]] || fail "--check names no unit of $1: $said"
	start >"$RUN/said" 2>&1 && fail "it starts"
	grep -Fq "${said#*: }" "$RUN/xringd.log" || fail "--check: $said; the start: $(cat "$RUN/xringd.log")"
}
rings() { # SERVICES: what tells two rings apart
	local s
	for ((s = 1; s <= $1; s++)); do
		xring --json ring show "s$s" | jq -c '[.backends[] | {name, vnodes, share}]'
	done
	xring ring lookup s1 -n 3 10.0.0.{1..50}:1,10.200.2.1:80
}
running() { # WANTED SERVICES: starts, and compares the rings
	start
	rings "$2" >"$RUN/$1"
	stop
	rm -rf "$RUN/state" "$RUN/bpf/xring"
}

for case in "50 5 100" "20 10 100" "4 20 256" "1 16 1000"; do
	read -r services backends weight <<<"$case"
	echo "$services services of $backends backends of weight $weight"
	file "$services" "$backends" "$weight"
	refused "$weight"
	file "$services" "$backends" 1
	running one "$services"
	file "$services" "$backends" "$weight" "$weight"
	[[ $(check) == *": ok" ]] || fail "--check: $(check)"
	running unit "$services"
	cmp "$RUN/one" "$RUN/unit" || fail "the rings differ"
	[ "$(wc -l <"$RUN/one")" -gt "$services" ] || fail "no ring was seen"
done

echo "another unit is a change as another number of virtual nodes is"
file 1 3 2 2
start
first=$(rings 1)
xring service set s1 --weight-unit 4 --now
xring changes | grep -Fq "weight_unit 4" || fail "no change of it: $(xring changes)"
equal "virtual nodes" "$(xring --json ring show s1 | jq -c '[.backends[].vnodes]')" "[75,75,75]"
xring service set s1 --weight-unit 2 --now
equal "ring" "$(rings 1)" "$first"
fails 2 "weight_unit 0: want 1 to 1000 in steps of 0.001" xring service set s1 --weight-unit 0
