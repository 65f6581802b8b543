#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What scripts/place-lab shows is so, in a day of 25 steps; and what is drawn is what was
# measured.
. "$(dirname "$0")/../lib.sh"

mkdir -p "$RUN"
plot() { "$TOP/scripts/plot-shares" "$@"; }

echo "text"
cat >"$RUN/measured" <<EOT
0 east 0.25
0 west 0.75
13.5 east 1
24 west 0.5
24 east 0.5
EOT
equal "rows" "$(plot text "$RUN/measured")" \
"00:00  # east  25.0%  = west  75.0%  ##########==============================
13:30  # east 100.0%  = west   0.0%  ########################################
24:00  # east  50.0%  = west  50.0%  ####################===================="
equal "a label" "$(plot text <<<"now east 1" | cut -d' ' -f1)" now
equal "nothing" "$(plot text </dev/null)" ""
fails 2 "want text or svg" plot
fails 2 "want MEASURED" plot svg

# FILE: as much is drawn, and all that is open is closed again
drawn() { # FILE POINTS
	equal "points of $1" "$(grep -c '<circle cx="[0-9.]*" cy="[0-9.]*" r="2.6"/>' "$1")" "$2"
	[ "$(wc -c <"$1")" -lt 30000 ] || fail "$1 has $(wc -c <"$1") bytes"
	! grep -Eiq 'nan|inf[^o]|""' "$1" || fail "no numbers in $1"
	equal "elements of $1" "$(grep -oE '<(svg|g|text)\b' "$1" | wc -l)" \
		"$(grep -oE '</(svg|g|text)>' "$1" | wc -l)"
}

echo "a picture"
plot svg -t "a < b & c" "$RUN/measured" "$RUN/measured" >"$RUN/plot.svg"
drawn "$RUN/plot.svg" 3
grep -q '>a &lt; b &amp; c<' "$RUN/plot.svg" || fail "the title"
plot svg "$RUN/measured" >"$RUN/plot.svg"
drawn "$RUN/plot.svg" 0

echo "the regions at work"
STEP=60 TICK=0.4 SVG=$RUN/day.svg "$TOP/scripts/place-lab" >"$RUN/said" 2>&1 || fail "$(tail -n 40 "$RUN/said")"
says() {
	grep -Eq "$1" "$RUN/said" || fail "'$1' is not in: $(cat "$RUN/said")"
}
says '^ *80 of 80 answered, by b1, b2, b3, b4$'
says '^ *0 of 80 answered$'
says 'drop_residency\): [1-9][0-9]*; sent to New York and Tokyo: 0;$'
says ' by their own counts: 0$'
says '^ *0/4  *# dublin +0.0%  = new-york 100.0%'
says '^ *again  # dublin 100.0%'
equal "hours" "$(grep -Ec '^ *[0-9][0-9]:00  # dublin' "$RUN/said")" 25
says '^ *connections opened: [0-9]{4,}, broken: 0;$'
says '^ *of the 60 that lasted all day, broken: 0$'
drawn "$RUN/day.svg" 50
