#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# As the linker sees it, no two files need each other, however long the way round, and no
# file needs one of a folder that stands above its own in user/FOLDERS.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
wrong=0

# "USER DEFINER" of all objects of a program: who needs a symbol of whom.
arrows() { # PROGRAM
	local folder
	awk -v program="$1" '$1 !~ /^#/ && ($2 == program || $2 == "both") { print $1 }' user/FOLDERS |
		while read -r folder; do
			for source in user/"$folder"/*.c; do
				object=$build/${source%.c}.o
				[ -e "$object" ] && nm -A "$object"
			done
		done | awk '
		{ sub(/^.*\/user\//, "user/"); split($1, file, /\.o:/); name = $NF; kind = $(NF - 1) }
		kind ~ /^[TDBRVWC]$/ { definer[name] = file[1] }
		kind == "U" { needs[file[1] SUBSEP name] }
		END { for (pair in needs) {
			split(pair, p, SUBSEP)
			if (p[2] in definer && definer[p[2]] != p[1])
				print p[1], definer[p[2]]
		} }' | sort -u
}

for program in xring xringd xring-backend; do
	pairs=$(arrows $program)
	[ -n "$pairs" ] || { echo "$build: no objects of $program: want it built"; exit 1; }
	if ! loops=$(tsort <<<"$pairs" 2>&1 >/dev/null); then
		echo "$program: files that need each other:"
		echo "$loops"
		wrong=1
	fi
	up=$(awk 'FNR == NR { if ($1 !~ /^#/ && NF) place["user/" $1] = ++n; next }
		function folder(file) { sub(/\/[^\/]*$/, "", file); return file }
		place[folder($2)] > place[folder($1)] { print $1 " needs " $2 ", which stands above it" }' \
		user/FOLDERS - <<<"$pairs")
	[ -z "$up" ] || { echo "$up"; wrong=1; }
done
exit $wrong
